"""The scheduler as a process: it ticks, it does what is due, it drains on SIGTERM, and kill -9 loses nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import calendar, days
from newsletter.editions.models import Edition, Heartbeat, Job, Slot, SlotState
from tests import factories

SETTINGS = """\
database_url = "{url}"
secret = "a secret for tests"
public_url = "https://news.example.com"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "Europe/London"
"""
#: seconds; generous, for two busy cores
PATIENCE = 60


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Path:
    (tmp_path / "newsletter.toml").write_text(SETTINGS.format(url=database_url))
    return tmp_path


@contextmanager
def started(home: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """The scheduler, ended when the block ends; what it says goes to log.txt."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    with (home / "log.txt").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=home, env=environ, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def said(home: Path) -> str:
    return (home / "log.txt").read_text()


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if what():
            return
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def last_tick(app: App) -> datetime | None:
    with app.database.read() as session:
        return session.scalar(select(Heartbeat.finished_at).where(Heartbeat.name == "tick"))


def state(app: App, job: Job) -> SlotState | None:
    with app.database.read() as session:
        return session.scalar(select(Slot.state).where(Slot.job == job))


def _ticked_since(app: App, moment: datetime | None) -> bool:
    return last_tick(app) != moment


def due_now(app: App, newsletter: Newsletter) -> date:
    """A slot to assemble the next edition, due a second ago, and an article to tell of."""
    now = datetime.now(UTC)
    friday = next(days.weeks(newsletter, now.date() - timedelta(days=1)))
    opens, closes = (calendar.due(newsletter, Job.ASSEMBLE, friday - timedelta(days=ago)) for ago in (7, 0))
    with app.database.write() as session:
        slot = Slot(newsletter="friday", week=friday, date=friday, job=Job.ASSEMBLE, due_at=now - timedelta(seconds=1))
        session.add(slot)
        for name in ("Retail Dive", "Essential Retail"):
            source = factories.a_source(session, name)
            source.next_fetch_at = now + timedelta(days=1000)
            text = f"{name} has learned that Walmart sells live on Twitter"
            factories.an_article(session, source, "Walmart goes live", text, published_at=opens + (closes - opens) / 2)
    return friday


@pytest.mark.parametrize("command", [("scheduler", "--tick", "0.2"), ("newsletter", "scheduler")])
def test_it_ticks_and_ends_well_on_sigterm(app: App, home: Path, command: tuple[str, ...]) -> None:
    with started(home, *command) as process:
        wait_for(lambda: last_tick(app), process)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert (process.returncode, "scheduler.stopped" in said(home)) == (0, True)


def test_ctrl_c_ends_it_well(app: App, home: Path) -> None:
    with started(home, "scheduler", "--tick", "0.2") as process:
        wait_for(lambda: last_tick(app), process)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    assert process.returncode == 0


def test_it_does_what_is_due(app: App, home: Path) -> None:
    friday = due_now(app, app.newsletter())
    with started(home, "scheduler", "--tick", "0.2") as process:
        wait_for(lambda: state(app, Job.ASSEMBLE) is SlotState.DONE, process)
    with app.database.read() as session:
        assert session.scalars(select(Edition.date)).all() == [friday]


def test_settings_that_are_wrong_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("nonsense = 1\n")
    with started(tmp_path, "scheduler") as process:
        process.wait(PATIENCE)
    assert process.returncode == 1
    assert said(tmp_path) == f"error: {tmp_path / 'newsletter.toml'}: nonsense is not a setting\n"


@pytest.mark.long
def test_killed_at_any_moment_and_started_again_it_makes_one_edition(app: App, home: Path) -> None:
    due_now(app, app.newsletter())
    rng = random.Random(7)  # noqa: S311
    for _ in range(12):
        before = last_tick(app)
        with started(home, "scheduler", "--tick", "0.05") as process:
            wait_for(partial(_ticked_since, app, before), process)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
    with started(home, "scheduler", "--tick", "0.05") as process:
        wait_for(lambda: state(app, Job.ASSEMBLE) is SlotState.DONE, process)
    with app.database.read() as session:
        assert len(session.scalars(select(Edition)).all()) == 1


@pytest.mark.long
def test_two_processes_at_once_make_one_edition(app: App, home: Path) -> None:
    due_now(app, app.newsletter())
    with started(home, "scheduler", "--tick", "0.05") as one, started(home, "scheduler", "--tick", "0.05"):
        wait_for(lambda: state(app, Job.ASSEMBLE) is SlotState.DONE, one)
        time.sleep(1)
    with app.database.read() as session:
        assert len(session.scalars(select(Edition)).all()) == 1
        assert session.scalars(select(Slot.epoch).where(Slot.job == Job.ASSEMBLE)).all() == [1]
