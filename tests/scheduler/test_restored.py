"""A backup from the middle of a sending is restored: nobody gets a second copy, and nobody is forgotten."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from newsletter import app as product
from newsletter import jobs
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.delivery import models
from newsletter.delivery.models import Act
from newsletter.delivery.operations import crew
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.editions.models import Edition, Job, Slot, SlotState, State
from newsletter.rendering import proofs
from newsletter.testing.sendgrid import Lookalike, lookalike
from newsletter.testing.sendgrid_events import Outcome
from tests.factories import a_subscriber, an_edition
from tests.scheduler.world import Process, utc
from tests.web.site import served

NINE = utc("2021-11-26 09:00")
READERS = [f"{name}@example.com" for name in ("ada", "bob", "cat", "dan", "eve", "silent-fay")]
SETTINGS = """\
secret = "a secret for tests"
public_url = "https://news.example.com"
sender = "sendgrid"
[sendgrid]
api_key = "{key}"
host = "{url}"
webhook_key = "{webhook_key}"
batch_size = 2
connections = 1
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "Europe/London"
limits = {{ canary_share = 0 }}
"""


@dataclass
class Newsroom:
    """A folder with settings and an SQLite file, which can be backed up and restored."""

    home: Path
    sendgrid: Lookalike

    @property
    def file(self) -> Path:
        return self.home / "newsletter.db"

    def open(self) -> closing[App]:
        return closing(product.start(self.home))

    def send(self, *, to_the_end: bool = True) -> Balance:
        """Send; if not *to_the_end*, stop at the first answer, when the second of three requests is on the wire."""
        stop = Event()

        def on_progress(_recipients: int) -> None:
            if not to_the_end:
                stop.set()

        with self.open() as app:
            return jobs.send(
                app, 1, by="ed", owner="one", clock=lambda: NINE, stop=stop, on_progress=on_progress
            ).balance

    def back_up(self) -> None:
        with self.open() as app, app.database.writer.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"VACUUM INTO '{self.home / 'backup.db'}'")

    def restore(self) -> dict[str, Any]:
        """The backup in place of the file, made safe; what the command says."""
        for left in self.home.glob("newsletter.db-*"):
            left.unlink()
        shutil.copy(self.home / "backup.db", self.file)
        said = self.type("db", "restored", "--by", "ops", "--json")
        return dict(json.loads(said))

    def type(self, *words: str) -> str:
        answer = CliRunner().invoke(program, ["--home", str(self.home), *words])
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    def hear(self) -> None:
        with self.open() as app, served(app, lambda: NINE) as site:
            self.sendgrid.tell(f"{site.base_url}/hooks/sendgrid")

    def stands(self) -> Balance:
        with self.open() as app, app.database.read() as session:
            return balance(session, 1)

    def copies(self) -> Counter[str]:
        return Counter(copy.to for copy in self.sendgrid.copies)


@pytest.fixture
def newsroom(tmp_path: Path, sqlite_template: Path) -> Iterator[Newsroom]:
    """An approved edition and six readers, of whom one leaves no trace with the provider."""
    with lookalike(clock=NINE.timestamp, outcomes=[("silent", Outcome.SILENT)]) as sendgrid:
        (tmp_path / "newsletter.toml").write_text(
            SETTINGS.format(key=sendgrid.key, url=sendgrid.url, webhook_key=sendgrid.public_key)
        )
        shutil.copy(sqlite_template, tmp_path / "newsletter.db")
        room = Newsroom(tmp_path, sendgrid)
        with room.open() as app, app.database.write() as session:
            for reader in READERS:
                a_subscriber(session, reader)
            edition = an_edition(session, state=State.APPROVED)
            proofs.make(session, edition, app.newsletter(), app.settings, now=NINE)
        yield room


def test_after_a_restore_in_mid_sending_nothing_unproved_is_sent_again(newsroom: Newsroom) -> None:
    newsroom.send(to_the_end=False)
    newsroom.back_up()
    newsroom.send()
    said = newsroom.restore()
    again = newsroom.send()

    assert said == {"unknown": 2, "held": [], "given_up": 0}
    assert again == Balance(planned=6, accepted=4, unknown=2)
    assert newsroom.copies() == Counter(READERS)


def test_events_that_still_come_settle_what_they_name(newsroom: Newsroom) -> None:
    newsroom.send(to_the_end=False)
    newsroom.back_up()
    newsroom.send()
    newsroom.restore()
    newsroom.hear()
    assert newsroom.stands() == Balance(planned=6, accepted=5, unknown=1)


def test_silence_after_a_restore_sends_nobody_a_second_copy(newsroom: Newsroom) -> None:
    newsroom.send(to_the_end=False)
    newsroom.back_up()
    newsroom.send()
    newsroom.restore()
    newsroom.hear()
    with newsroom.open() as app:
        ticked = Process(app).tick_until("2021-11-27 09:00")
    assert ([name for name in ticked if name.startswith(("dispatch", "canary"))], newsroom.copies()) == (
        ["dispatch 1"],  # which finds nothing to do, and sets the last mark
        Counter(READERS),
    )


def test_what_was_approved_in_the_backup_and_sent_since_is_held(newsroom: Newsroom) -> None:
    newsroom.back_up()
    newsroom.send()
    said = newsroom.restore()
    with newsroom.open() as app:
        Process(app).tick("2021-11-26 09:01")
        with app.database.read() as session:
            state = session.scalars(select(Edition.state)).one()
    assert (said["held"], state, newsroom.copies()) == (["friday/2021-11-26"], State.HELD, Counter(READERS))


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.APPROVED])
def test_what_a_backup_calls_unsent_may_be_out_and_is_held(newsroom: Newsroom, state: State) -> None:
    with newsroom.open() as app, app.database.write() as session:
        session.scalars(select(Edition)).one().state = state
    newsroom.back_up()
    assert newsroom.restore()["held"] == ["friday/2021-11-26"]


@pytest.mark.parametrize("state", [State.HELD, State.SKIPPED, State.CANCELLED])
def test_what_a_person_had_decided_stays(newsroom: Newsroom, state: State) -> None:
    with newsroom.open() as app, app.database.write() as session:
        session.scalars(select(Edition)).one().state = state
    newsroom.back_up()
    assert newsroom.restore()["held"] == []


def test_the_clock_does_not_catch_up_on_a_sending_of_the_backup(newsroom: Newsroom) -> None:
    with newsroom.open() as app, app.database.write() as session:
        session.add(Slot(newsletter="friday", date=NINE.date(), job=Job.SEND, due_at=NINE))
    newsroom.back_up()
    said = newsroom.restore()
    with newsroom.open() as app, app.database.read() as session:
        slot = session.scalars(select(Slot)).one()
    assert (said["given_up"], slot.state, "a backup was restored" in slot.result) == (1, SlotState.DONE, True)


def test_who_made_it_safe_and_what_it_touched_is_kept(newsroom: Newsroom) -> None:
    newsroom.send(to_the_end=False)
    newsroom.back_up()
    newsroom.restore()
    with newsroom.open() as app, app.database.read() as session:
        act = session.scalars(select(Act).where(Act.verb == "safe mode")).one()
    assert (act.by, act.recipients) == ("ops", 2)


def test_it_says_what_it_did(newsroom: Newsroom) -> None:
    newsroom.back_up()
    newsroom.restore()
    assert newsroom.type("db", "restored").splitlines() == [
        "0 readers' copies are unknown now",
        "held, for they may have been sent: no edition",
    ]


def test_who_was_at_work_when_the_backup_was_made_is_not_missed(newsroom: Newsroom) -> None:
    with newsroom.open() as app, app.database.write() as session:
        session.add(models.Process(name="mail1/7/9f", kind="scheduler", started_at=NINE, seen_at=NINE))
    newsroom.back_up()

    newsroom.restore()

    with newsroom.open() as app, app.database.read() as session:
        assert crew.known(session) == []
