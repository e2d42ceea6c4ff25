"""Two who act on one edition or one setting at one moment: one of them is done, and the other is told."""

from dataclasses import replace
from datetime import datetime

import pytest

from newsletter import jobs
from newsletter.app import App
from newsletter.editions import shelf
from newsletter.editions import words as wording
from newsletter.editions.models import State
from newsletter.errors import WrongState
from newsletter.jobs import deciding, sending, setting
from newsletter.staff.acts import Doer
from newsletter.web.app import create
from newsletter.web.desk import diary
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Posted, Visitor
from tests.factories import a_subscriber, an_edition

EVA = Doer("Eva", "desk")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer anyway
def test_what_an_editor_changes_while_its_sending_begins_is_not_sent_unapproved(app: App, now: datetime) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.IN_REVIEW).id
        a_subscriber(session)
    deciding.approve(app, number, by="Eva", now=now)
    with app.database.write() as clock, pytest.raises(WrongState, match="approve it first"):
        seen = shelf.get(clock, number)
        with app.database.write() as session:
            edition = shelf.get(session, number, lock=True)
            said = wording.of(edition)
            jobs.rewrite(session, edition, replace(said, subject="Another"), by="Ada", now=now)
        sending.begin(clock, app, seen, app.sender(), by="clock", now=now)
    with app.database.read() as session:
        assert shelf.get(session, number).state is State.IN_REVIEW


def test_days_off_that_somebody_else_added_meanwhile_are_kept(app: App, now: datetime) -> None:
    ground = create(app, clock=lambda: now).state.ground
    setting.put(app, {"newsletters.friday.blackout": ["2021-12-24"]}, by=EVA, now=now)
    form = Filled((("newsletter", "friday"), ("first", "2021-12-31")))
    answer = diary.days_off(Posted(Visitor(ground, EVA, None, "", "/desk/calendar"), form))
    assert (answer.status_code, app.current().newsletter("friday").blackout) == (409, ("2021-12-24",))
