"""A clock that is wrong: nothing is given up for good by it, nothing is sent by it, and somebody is told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.models import Allowance
from newsletter.editions import timekeeping
from newsletter.editions.models import Alarm, Job, Slot, SlotState, State
from newsletter.editions.timekeeping import Counter, Reading, Trust
from newsletter.stories.models import Source
from tests import factories
from tests.scheduler.world import DAY, HOUR, MINUTE, Process, a_week, alarms, edition, outbox, utc

ASSEMBLE, LOCK, SEND = (f"{job} friday/2021-11-26" for job in ("assemble", "lock", "send"))


@pytest.fixture
def process(app: App) -> Process:
    a_week(app)
    return Process(app)


@pytest.mark.parametrize("ahead", [DAY + 8 * HOUR, 7 * DAY, 60 * DAY, 400 * DAY])
def test_after_a_clock_that_was_ahead_the_coming_friday_is_sent_all_the_same(
    process: Process, ahead: timedelta
) -> None:
    process.tick("2021-11-25 15:00")
    for later in (timedelta(0), 11 * MINUTE, 12 * MINUTE):
        process.tick(f"{utc('2021-11-25 15:00') + ahead + later:%Y-%m-%d %H:%M}")
    assert process.tick("2021-11-25 16:05") == [ASSEMBLE]
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    assert process.tick_until("2021-11-26 09:30", every=HOUR / 2) == [LOCK, SEND]
    assert (edition(process.app).state, len(outbox(process.app, "reader"))) == (State.SENT, 3)


def test_the_fridays_after_it_come_in_their_turn(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    for at in ("2022-01-24 15:00", "2022-01-24 15:11", "2021-11-25 15:05"):
        process.tick(at)
    done = process.tick_until("2021-12-04 00:00")
    assert [name for name in done if name.startswith("send")] == [SEND, "send friday/2021-12-03"]


def test_a_missed_friday_that_rings_under_a_wrong_clock_rings_again_when_it_is_true(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    for at in ("2021-11-29 15:00", "2021-11-29 15:11", "2021-11-25 15:05", "2021-11-26 22:00"):
        process.tick(at)
    with process.app.database.read() as session:
        missed = session.scalars(select(Alarm.at).where(Alarm.key == "missed friday/2021-11-26 send")).all()
    assert missed == [utc("2021-11-26 22:00")]


def test_a_friday_that_was_sent_is_not_sent_again_when_the_clock_goes_back(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    process.tick_until("2021-11-26 10:00")
    for at in ("2021-11-24 10:00", "2021-11-25 16:00", "2021-11-26 08:00", "2021-11-26 09:00", "2021-11-26 09:01"):
        process.tick(at)
    assert len(outbox(process.app, "reader")) == 3


def test_what_was_done_long_ago_is_not_called_missed_after_a_clock_fell_back_to_its_first_day(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-26 10:00")
    told = len(alarms(process.app))
    for at in ("1970-01-01 00:01", "2021-11-29 10:00", "2021-11-29 10:11"):
        process.tick(at)
    with process.app.database.read() as session:
        states = session.scalars(select(Slot.state).where(Slot.date == factories.FRIDAY)).all()
    assert states == [SlotState.DONE] * 3
    assert all("clock" in text for text in alarms(process.app)[told:])


def test_what_the_clock_held_too_early_is_looked_at_again(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    process.tick("2021-11-26 08:30")  # a day ahead of the truth
    process.tick("2021-11-26 09:00")
    assert edition(process.app).state is State.HELD
    process.tick("2021-11-25 16:10")
    assert edition(process.app).state is State.IN_REVIEW


def test_what_waits_for_a_time_by_the_wrong_clock_waits_no_longer(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    far = utc("2022-01-24 15:00")
    with process.app.database.write() as session:
        source = session.scalars(select(Source)).first()
        assert source is not None
        source.fetched_at, source.next_fetch_at = far, far + HOUR
        session.add(Allowance(key="smtp held", tat=far.timestamp()))
    process.tick("2022-01-24 15:00")
    process.tick("2021-11-25 15:05")
    with process.app.database.read() as session:
        due = session.get_one(Source, source.id).next_fetch_at
        held = session.get_one(Allowance, "smtp held").tat
    assert due is not None
    assert (due < utc("2021-11-26 15:05"), held) == (True, utc("2021-11-25 15:05").timestamp())


# the judgement itself


def _read(at: str, seconds: float = 0, boot: str = "a boot") -> Reading:
    return Reading(utc(at), Counter(boot, seconds))


@pytest.mark.parametrize(
    ("before", "seen", "witness", "trust"),
    [
        (None, _read("2021-11-25 15:00"), None, Trust.STEADY),
        (_read("2021-11-25 15:00"), _read("2021-11-25 15:01", 60), None, Trust.STEADY),
        # a machine that slept for a week, and whose counter says so
        (_read("2021-11-25 15:00"), _read("2021-12-02 15:00", 7 * 86400), None, Trust.STEADY),
        # a jump of an hour, though nothing but a minute passed
        (_read("2021-11-25 15:00"), _read("2021-11-25 16:01", 60), None, Trust.SETTLING),
        # another start of the machine: an hour may have passed
        (_read("2021-11-25 15:00"), _read("2021-11-25 16:00", 1, "another boot"), None, Trust.STEADY),
        (_read("2021-11-25 15:00"), _read("2022-01-24 15:00", 1, "another boot"), None, Trust.SILENCE),
        # a second clock settles it
        (_read("2021-11-25 15:00"), _read("2022-01-24 15:00", 60), "2022-01-24 15:01", Trust.STEADY),
        (_read("2021-11-25 15:00"), _read("2022-01-24 15:00", 60), "2021-11-25 15:01", Trust.DISPUTED),
        (None, _read("2022-01-24 15:00"), "2021-11-25 15:01", Trust.DISPUTED),
        (_read("2021-11-25 15:00"), _read("2021-11-25 14:00", 60), None, Trust.WENT_BACK),
        (_read("2021-11-25 15:00"), _read("2021-11-25 14:00", 60), "2021-11-25 14:00", Trust.WENT_BACK),
        # a few seconds to and fro are what time synchronisation does
        (_read("2021-11-25 15:00"), Reading(utc("2021-11-25 14:59")), None, Trust.STEADY),
        # read earlier, and asked late: the process was frozen
        (_read("2021-11-25 15:00", 7200), _read("2021-11-25 13:30", 1800), None, Trust.STEADY),
    ],
)
def test_a_clock_is_believed_as_far_as_it_can_be(
    before: Reading | None, seen: Reading, witness: str | None, trust: Trust
) -> None:
    assert timekeeping.judge(before, timekeeping.STEADY, seen, utc(witness) if witness else None).trust is trust


def test_after_a_jump_nothing_goes_out_until_the_new_time_has_held(process: Process) -> None:
    tick = _with_counter(process)
    tick("2021-11-25 15:59", 0)
    tick("2021-11-25 16:00", 60)
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    assert tick("2021-11-26 09:00", 120) == []
    assert tick("2021-11-26 09:09", 660) == []
    assert outbox(process.app, "reader") == []
    assert LOCK in tick("2021-11-26 09:11", 780)


def test_after_days_of_silence_nothing_is_given_up_before_the_time_has_held(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-29 15:00")
    at_once = [text for text in alarms(process.app) if "missed" in text]
    process.tick("2021-11-29 15:10")
    held = [text for text in alarms(process.app) if "send of friday/2021-11-26 was missed" in text]
    assert (at_once, len(held)) == ([], 1)


def test_after_days_of_silence_what_is_in_time_is_done_at_once(process: Process) -> None:
    process.tick("2021-11-24 15:00")
    with process.app.database.write() as session:
        factories.an_edition(session, state=State.IN_REVIEW)
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-24 16:00"))
    done = [process.tick(at) for at in ("2021-11-26 17:00", "2021-11-26 17:01", "2021-11-26 17:02")]
    assert done == [[ASSEMBLE], [LOCK], [SEND]]


def test_a_jump_is_told(process: Process) -> None:
    tick = _with_counter(process)
    tick("2021-11-25 15:00", 0)
    tick("2022-01-24 15:00", 60)
    assert alarms(process.app) == [
        (
            "The clock jumped ahead from 2021-11-25 15:00:00 UTC to 2022-01-24 15:00:00 UTC."
            " Nothing is sent and nothing is given up by it before 15:10 UTC; if it is"
            " wrong, set it right until then."
        )
    ]


def test_a_clock_that_the_databases_contradicts_does_nothing(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    found = jobs.tick(
        process.app, now=utc("2022-01-24 15:00"), owner="one", witness=lambda _session: utc("2021-11-25 15:01")
    )
    assert [work.name for work in found] == ["letters"]
    assert process.tick("2021-11-25 16:00") == [ASSEMBLE]


def test_postgresql_has_a_clock_of_its_own_and_sqlite_has_none(session: Session) -> None:
    told = timekeeping.of_the_database(session)
    assert (told is not None) == (session.get_bind().dialect.name == "postgresql")


def test_this_machines_counter_runs_on() -> None:
    first, second = timekeeping.counter(), timekeeping.counter()
    assert first is not None and second is not None
    assert (first.boot, first.seconds <= second.seconds) == (second.boot, True)


def _with_counter(process: Process) -> Callable[[str, float], list[str]]:
    def tick(at: str, seconds: float) -> list[str]:
        now: datetime = utc(at)
        found = jobs.tick(process.app, now=now, owner="one", counter=Counter("a boot", seconds))
        for work in found:
            jobs.run(process.app, work, owner="one", clock=lambda: now)
        return [work.name for work in found if work.name not in {"collect", "letters", "figures"}]

    return tick


def test_the_send_of_a_missed_week_stays_missed_where_its_time_is_past_by_both_clocks(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-27 10:00")
    process.tick("2021-11-27 09:00")
    with process.app.database.read() as session:
        states = dict(session.execute(select(Slot.job, Slot.state)).all())
    assert states[Job.SEND] is SlotState.MISSED


def test_a_source_that_was_read_by_hand_under_a_wrong_clock_is_read_again(app: App) -> None:
    now = utc("2021-11-25 15:00")
    with app.database.write() as session:
        source = factories.a_source(session)
        source.fetched_at, source.next_fetch_at = now + 60 * DAY, now + 60 * DAY + HOUR
    report = jobs.collect(app, now=now)
    assert [one.name for one in report.visited] == ["Retail Dive"]
