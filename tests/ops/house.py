"""Operators, their browsers, and a week that went as weeks go."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest

from newsletter.app import App
from newsletter.delivery.models import Process
from newsletter.doctor import Finding, Level
from newsletter.editions import watch
from newsletter.editions.models import ClockReading, Job, Matter, Slot, SlotState, State
from newsletter.staff.models import Role
from tests.factories import FRIDAY, an_edition
from tests.ops.test_metrics import counted
from tests.staff.conftest import Browser, Clock, a_colleague

#: what the doctor found a minute before
FOUND = (
    Finding("settings", Level.GOOD, "/srv/newsletter/newsletter.toml"),
    Finding("public_url", Level.NOTE, "http://news.example.com: one-click leaving needs https"),
    Finding("sender", Level.BAD, "mail.example.com:587 can't be reached: Connection refused"),
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock(now: datetime) -> Clock:
    """Friday, an hour before the sending."""
    return Clock(now.replace(day=26, hour=8))


@pytest.fixture
def operator(app: App, browser: Browser, clock: Clock) -> Browser:
    """Somebody who may do what operators do, signed in."""
    browser.sign_in(a_colleague(app, "olga@example.com", Role.OPERATOR, now=clock()))
    return browser


@pytest.fixture
def admin(app: App, browser: Browser, clock: Clock) -> Browser:
    """Somebody who may do everything, signed in."""
    browser.sign_in(a_colleague(app, "boss@example.com", Role.ADMIN, now=clock()))
    return browser


def queries(app: App, browser: Browser, path: str) -> list[str]:
    """What a page asks the database, less the look at changed settings, which is due once a second."""
    with counted(app) as asked:
        assert browser.open(path).status_code == 200
    return [one for one in asked if "setting_change" not in one and one != "BEGIN"]


@pytest.fixture
def week(app: App, clock: Clock) -> int:
    """Drafted on Thursday, locked on Friday, a sending that waits; processes, rounds, a jump; the edition's number."""
    nine = clock()
    with app.database.write() as session:
        edition = an_edition(session, "Walmart goes live", state=State.IN_REVIEW)
        session.add_all(
            [
                Slot(
                    newsletter="friday", week=FRIDAY, date=FRIDAY, job=Job.ASSEMBLE, due_at=nine - 17 * HOUR,
                    state=SlotState.DONE, finished_at=nine - 17 * HOUR + MINUTE, result="5 stories, in review",
                ),
                Slot(
                    newsletter="friday", week=FRIDAY, date=FRIDAY, job=Job.LOCK, due_at=nine - HOUR,
                    state=SlotState.MISSED, finished_at=nine, result="nothing ran in time",
                ),
                Slot(newsletter="friday", week=FRIDAY, date=FRIDAY, job=Job.SEND, due_at=nine + HOUR),
                Process(
                    name="mail1/4711", kind="scheduler", version="1.2", doing="collect", started_at=nine - DAY,
                    seen_at=nine - timedelta(seconds=4),
                ),
                Process(
                    name="mail2/12", kind="worker", version="1.2", doing="waiting", started_at=nine - DAY,
                    seen_at=nine - timedelta(seconds=2), ahead=3.4, hints=1200, stale=7,
                ),
                Process(
                    name="mail3/9", kind="worker", version="1.1", started_at=nine - DAY, seen_at=nine - 30 * MINUTE
                ),
                ClockReading(name="tick", at=nine - timedelta(seconds=4)),
                Matter(key=f"not approved friday/{FRIDAY}", text=f"friday/{FRIDAY} is not approved", since=nine - HOUR),
                Matter(key="clock", text="the clock has jumped, and is not believed yet", since=nine - 3 * DAY,
                       over_at=nine - 2 * DAY),
            ]
        )  # fmt: skip
        jumped, late = "The clock jumped ahead from 09:00 to 11:00.", f"friday/{FRIDAY} is not approved: approve it."
        watch.ring(session, "clock settling 2021-11-23 09", jumped, nine - 3 * DAY)
        watch.ring(session, f"not approved friday/{FRIDAY}", late, nine - HOUR)
        watch.told(session, 1, ["editor@news.example.com"], "", nine - 3 * DAY + MINUTE)
        watch.take_turn(session, "tick", MINUTE, nine - timedelta(seconds=4))
        watch.beat(session, "tick", nine - timedelta(seconds=4), result="collect")
        watch.beat(session, "doctor", nine - MINUTE, result=json.dumps([asdict(finding) for finding in FOUND]))
        watch.take_turn(session, "collect", MINUTE, nine - 20 * MINUTE)
        watch.beat(session, "collect", nine - 19 * MINUTE, ok=False, result="3 new articles, 1 source failed")
        return edition.id
