"""What is set at the desk reaches the scheduler and the workers while they run; many who set at once lose nothing."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select

from newsletter import app as apps
from newsletter.app import App
from newsletter.changes import standing
from newsletter.editions.models import Job, Slot
from newsletter.jobs import setting
from newsletter.staff.acts import Doer
from newsletter.workers.worker import Worker
from tests.desk.test_settings_command import home

__all__ = ["home"]

EVA = Doer("Eva", "desk")
FRIDAY = "newsletters.friday"
#: for the slowest machine
_PATIENCE = 120.0


def _minutes(app: App) -> set[int]:
    """Past which minute of the hour the clock will send."""
    with app.database.read() as session:
        return {at.minute for at in session.scalars(select(Slot.due_at).where(Slot.job == Job.SEND))}


def _becomes(app: App, wanted: set[int]) -> bool:
    until = time.monotonic() + _PATIENCE
    while _minutes(app) != wanted:
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def test_the_scheduler_goes_by_it_at_its_next_tick(home: Path) -> None:
    command = [sys.executable, "-m", "scheduler", "--home", str(home), "--tick", "0.5"]
    # what is planned ahead is not far ahead
    soon = f"{datetime.now(UTC) + timedelta(days=1):%a}".lower()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    app = apps.start(home)
    try:
        app = setting.put(app, {f"{FRIDAY}.send": f"{soon} 23:00"}, by=EVA, now=datetime.now(UTC))
        planned = _becomes(app, {0})
        setting.put(app, {f"{FRIDAY}.send": f"{soon} 23:37"}, by=EVA, now=datetime.now(UTC))
        followed = _becomes(app, {37})
    finally:
        running.terminate()
        running.wait()
        app.close()
    assert (planned, followed) == (True, True)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_goes_by_it_at_its_next_look_and_is_no_stranger_for_it(app: App, now: datetime) -> None:
    worker = Worker(app, clock=lambda: now)
    before = worker.process.settings
    setting.put(app, {f"{FRIDAY}.title": "Other"}, by=EVA, now=now)
    worker.look()
    another = Worker(app.current(), clock=lambda: now, name="another")
    assert (worker.app.newsletter("friday").title, another.process.settings) == ("Other", before)


def test_many_at_once_lose_nothing(app: App, now: datetime) -> None:
    keys = [f"{FRIDAY}.{name}" for name in ("stories", "links_days", "limits.per_day", "limits.per_hour")] * 3
    together = Barrier(len(keys))

    def change(number: int) -> None:
        together.wait()
        setting.put(app, {keys[number]: 6 + number}, by=EVA, now=now)

    with ThreadPoolExecutor(len(keys)) as threads:
        list(threads.map(change, range(len(keys))))
    with app.database.read() as session:
        counting = {key: standing.value(one) for key, one in standing.counting(session).items()}
        found = standing.lately(session, limit=100)
    assert (set(counting), len(found), app.current().change) == (set(keys), len(keys), found[0].id)
