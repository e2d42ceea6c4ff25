"""Another hour for one edition: the timetable agrees, whatever stood in it, and only before its sending begins."""

from dataclasses import replace
from datetime import time

import pytest

from newsletter import jobs
from newsletter.app import App
from newsletter.editions import hours, shelf
from newsletter.editions.models import Job, SlotState, State
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import rescheduling
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from tests.scheduler.world import Process, a_week, edition, slots, utc

EVA = Doer("Eva", "desk")
SEND = ["send friday/2021-11-26"]


@pytest.fixture
def process(app: App) -> Process:
    """With a draft of Friday's edition."""
    a_week(app)
    process = Process(app)
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    return process


def _approve(process: Process, at: str) -> None:
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc(at))


def _choose(process: Process, hour: str, at: str) -> None:
    chosen = hours.read(hour) if hour else None
    rescheduling.to_hour(process.app, edition(process.app).id, chosen, by=EVA, why="the fair opens", now=utc(at))
    process.app = process.app.current()  # as every process does before each tick


def _state(process: Process) -> State:
    with process.app.database.read() as session:
        return shelf.get(session, edition(process.app).id).state


def test_a_later_hour_is_kept_and_its_approval_stays(process: Process) -> None:
    _approve(process, "2021-11-25 18:00")
    process.tick("2021-11-26 08:00")
    _choose(process, "11:30", "2021-11-26 08:30")
    early = process.tick("2021-11-26 09:00") + process.tick("2021-11-26 11:29")

    assert (early, process.tick("2021-11-26 11:30"), _state(process)) == ([], SEND, State.SENT)


def test_an_earlier_hour_is_kept(process: Process) -> None:
    _approve(process, "2021-11-25 18:00")
    _choose(process, "07:15", "2021-11-26 06:00")

    assert (process.tick("2021-11-26 07:14"), process.tick("2021-11-26 07:15")) == ([], SEND)


def test_what_was_held_at_its_hour_goes_out_at_the_new_one_and_not_at_its_approval(process: Process) -> None:
    process.tick("2021-11-26 08:00")
    process.tick("2021-11-26 09:00")
    held = _state(process)
    _choose(process, "12:00", "2021-11-26 09:30")
    _approve(process, "2021-11-26 10:00")

    assert (held, process.tick("2021-11-26 10:00"), process.tick("2021-11-26 12:00")) == (State.HELD, [], SEND)


def test_the_usual_hour_comes_back(process: Process) -> None:
    _approve(process, "2021-11-25 18:00")
    _choose(process, "11:30", "2021-11-25 19:00")
    _choose(process, "", "2021-11-25 20:00")
    process.tick("2021-11-26 08:00")

    assert (process.tick("2021-11-26 09:00"), process.app.newsletter().hours) == (SEND, ())


def test_it_is_one_editions_hour_and_no_others(process: Process) -> None:
    _choose(process, "11:30", "2021-11-25 19:00")
    of, day = process.app.newsletter(), edition(process.app).date

    assert [of.hour(one) for one in (day, day.replace(day=19))] == [time(11, 30), time(9)]


def test_who_chose_it_and_why_is_written_down(process: Process) -> None:
    _choose(process, "11:30", "2021-11-25 19:00")
    with process.app.database.read() as session:
        act = acts.lately(session, limit=1)[0]

    assert (act.who, act.did, act.what, act.details) == (
        "Eva",
        "chose another hour",
        "friday/2021-11-26",
        {"hour": "11:30", "reason": "the fair opens"},
    )


def test_an_hour_that_is_past_is_refused_and_nothing_changes(process: Process) -> None:
    with pytest.raises(BadInput, match="is past"):
        _choose(process, "08:00", "2021-11-26 08:30")
    assert process.app.current().newsletter().hours == ()


def test_once_its_sending_has_begun_its_hour_stands(process: Process) -> None:
    _approve(process, "2021-11-25 18:00")
    process.tick("2021-11-26 08:00")
    process.tick("2021-11-26 09:00")
    with pytest.raises(WrongState, match="can't be changed any more"):
        _choose(process, "11:30", "2021-11-26 09:01")


def test_a_worker_that_took_the_slot_just_before_waits_for_the_new_hour(process: Process) -> None:
    _approve(process, "2021-11-25 18:00")
    process.tick("2021-11-26 08:00")
    process.now = utc("2021-11-26 09:00")
    (work,) = (one for one in jobs.tick(process.app, now=process.now, owner=process.owner) if one.name == SEND[0])
    later = process.app.settings.newsletters["friday"].model_copy(update={"hours": ("2021-11-26 11:30",)})
    moved = replace(process.app, settings=process.app.settings.model_copy(update={"newsletters": {"friday": later}}))
    jobs.run(moved, work, owner=process.owner, clock=lambda: process.now)

    assert (_state(process), slots(process.app)[Job.SEND]) == (State.APPROVED, SlotState.RUNNING)


@pytest.mark.parametrize("text", ["", "25:00", "9", "09:60", "9:5", "nine", "09:00:00", "٠٩:٠٠"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not an hour"):
        hours.read(text)


@pytest.mark.parametrize(("text", "hour"), [("7:05", time(7, 5)), (" 23:59 ", time(23, 59)), ("00:00", time(0))])
def test_an_hour_is_read_as_people_write_it(text: str, hour: time) -> None:
    assert hours.read(text) == hour
