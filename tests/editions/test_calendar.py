"""Slots: each job of each date once, through restarts, second schedulers, silent workers and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter, Settings
from newsletter.db import Database
from newsletter.editions import calendar, days, forecast, timetable
from newsletter.editions.models import Alarm, Job, Slot, SlotState
from newsletter.errors import WrongState

HOUR = timedelta(hours=1)
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


@pytest.fixture
def newsletter(settings: Settings) -> Newsletter:
    return settings.newsletters["friday"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(session: Session) -> list[tuple[date, Job, SlotState]]:
    session.expire_all()
    return [(slot.date, slot.job, slot.state) for slot in session.scalars(select(Slot).order_by(Slot.due_at))]


@pytest.mark.parametrize(
    ("day", "at", "zone", "moment"),
    [
        (date(2021, 11, 26), time(9), LONDON, "2021-11-26 09:00"),
        (date(2021, 7, 2), time(9), LONDON, "2021-07-02 08:00"),
        (date(2022, 3, 27), time(1, 30), LONDON, "2022-03-27 01:30"),  # left out: 02:30 summer time
        (date(2022, 10, 30), time(1, 30), LONDON, "2022-10-30 00:30"),  # comes twice: the first
        (date(2022, 10, 30), time(1, 30, fold=1), LONDON, "2022-10-30 00:30"),
        (date(2022, 3, 13), time(2, 30), NEW_YORK, "2022-03-13 07:30"),  # left out: 03:30 summer time
        (date(2022, 11, 6), time(1, 30), NEW_YORK, "2022-11-06 05:30"),  # comes twice: the first
        (date(2022, 3, 14), time(0), NEW_YORK, "2022-03-14 04:00"),  # the day after is not lost
    ],
)
def test_a_local_time_is_one_moment_whatever_the_clocks_do(day: date, at: time, zone: ZoneInfo, moment: str) -> None:
    assert days.instant(day, at, zone) == utc(moment)


def test_the_jobs_of_an_edition_fall_before_its_sending(newsletter: Newsletter, friday: date) -> None:
    assert [calendar.due(newsletter, job, friday) for job in Job] == [
        utc("2021-11-25 16:00"),
        utc("2021-11-26 08:00"),
        utc("2021-11-26 09:00"),
    ]


def test_a_job_later_than_sending_on_the_same_weekday_is_of_the_week_before(
    newsletter: Newsletter, friday: date
) -> None:
    late = Newsletter.model_validate({**newsletter.model_dump(), "assemble": "fri 10:00"})
    assert calendar.due(late, Job.ASSEMBLE, friday) == utc("2021-11-19 10:00")


@pytest.mark.parametrize(
    ("zone", "first", "expected"),
    [
        ("Europe/London", "2022-03-20", ["03-25 09:00", "04-01 08:00", "04-08 08:00"]),
        ("Europe/London", "2022-10-24", ["10-28 08:00", "11-04 09:00", "11-11 09:00"]),
        ("America/New_York", "2022-03-07", ["03-11 14:00", "03-18 13:00", "03-25 13:00"]),
        ("America/New_York", "2022-10-31", ["11-04 13:00", "11-11 14:00", "11-18 14:00"]),
    ],
)
def test_nine_in_the_morning_stays_nine_across_both_clock_changes(
    session: Session, newsletter: Newsletter, zone: str, first: str, expected: list[str]
) -> None:
    there = newsletter.model_copy(update={"time_zone": zone})
    ahead = forecast.forecast(session, there, utc(first), editions=3).coming
    moments = [one.at for one in ahead if one.job is Job.SEND]
    assert [f"{at:%m-%d %H:%M}" for at in moments] == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2021-11-22 12:00", date(2021, 11, 26)),
        ("2021-11-26 08:59", date(2021, 11, 26)),
        ("2021-11-26 09:00", date(2021, 12, 3)),
    ],
)
def test_the_next_day_is_the_next_that_is_not_sent_yet(
    session: Session, newsletter: Newsletter, now: str, expected: date
) -> None:
    assert calendar.next_day(session, newsletter, utc(now)) == expected


def test_slots_are_planned_ahead_and_once(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    assert timetable.plan(session, newsletter, now - HOUR) == 3
    assert timetable.plan(session, newsletter, now) == 0
    assert slots(session) == [(friday, job, SlotState.PLANNED) for job in Job]


def test_on_the_first_day_nothing_is_planned_that_is_past(
    session: Session, newsletter: Newsletter, friday: date
) -> None:
    timetable.plan(session, newsletter, utc("2021-11-26 08:30"))
    assert slots(session) == [(friday, Job.SEND, SlotState.PLANNED)]


def test_planning_goes_on_from_the_last_slot_however_long_nothing_ran(session: Session, newsletter: Newsletter) -> None:
    timetable.plan(session, newsletter, utc("2021-11-25 12:00"))
    timetable.plan(session, newsletter, utc("2021-12-16 12:00"))
    sends = [day for day, job, _ in slots(session) if job is Job.SEND]
    assert sends == [date(2021, 11, 26), date(2021, 12, 3), date(2021, 12, 10), date(2021, 12, 17)]


def test_a_slot_not_taken_yet_follows_a_changed_timetable(
    session: Session, newsletter: Newsletter, now: datetime
) -> None:
    timetable.plan(session, newsletter, now)
    later = Newsletter.model_validate({**newsletter.model_dump(), "send": "fri 10:30"})
    timetable.plan(session, later, now)
    session.expire_all()
    assert session.scalars(select(Slot.due_at).where(Slot.job == Job.SEND)).all() == [utc("2021-11-26 10:30")]


def test_another_weekday_replaces_what_was_planned_for_the_old_one(
    session: Session, newsletter: Newsletter, now: datetime
) -> None:
    timetable.plan(session, newsletter, now)
    saturday = Newsletter.model_validate({**newsletter.model_dump(), "send": "sat 09:00"})
    timetable.plan(session, saturday, now)
    assert [day for day, job, _ in slots(session) if job is Job.SEND] == [date(2021, 11, 27)]


def test_a_slot_taken_already_does_not_follow(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.claim(session, now, "one")
    later = Newsletter.model_validate({**newsletter.model_dump(), "assemble": "thu 20:00"})
    timetable.plan(session, later, now)
    assert slots(session)[0] == (date(2021, 11, 26), Job.ASSEMBLE, SlotState.RUNNING)


def test_nothing_is_claimed_before_it_is_due(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    assert calendar.claim(session, now - timedelta(seconds=1), "one") is None


def test_of_two_workers_one_gets_the_slot(database: Database, newsletter: Newsletter, now: datetime) -> None:
    with database.write() as session:
        timetable.plan(session, newsletter, now - HOUR)
    with database.write() as session:
        first = calendar.claim(session, now, "one")
    with database.write() as session:
        second = calendar.claim(session, now, "two")
    assert (first and (first.job, first.epoch), second) == ((Job.ASSEMBLE, 1), None)


def test_a_silent_workers_slot_is_taken_over_and_its_finish_refused(
    database: Database, newsletter: Newsletter, now: datetime
) -> None:
    with database.write() as session:
        timetable.plan(session, newsletter, now - HOUR)
        first = calendar.claim(session, now, "one")
    with database.write() as session:
        second = calendar.claim(session, now + calendar.LEASE, "two")
    assert first is not None
    assert second is not None
    with pytest.raises(WrongState, match="taken over"), database.write() as session:
        calendar.finish(session, first, "done by one", now + HOUR)
    with database.write() as session:
        calendar.finish(session, second, "done by two", now + HOUR)
    with database.read() as session:
        assert session.scalars(select(Slot.result).where(Slot.state == SlotState.DONE)).all() == ["done by two"]


def test_the_same_worker_started_again_is_fenced_from_its_former_self(
    session: Session, newsletter: Newsletter, now: datetime
) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    before = calendar.claim(session, now, "one")
    calendar.claim(session, now + calendar.LEASE, "one")
    assert before is not None
    with pytest.raises(WrongState, match="taken over"):
        calendar.finish(session, before, "", now)


def test_a_worker_that_says_it_is_alive_keeps_its_slot(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    held = calendar.claim(session, now, "one")
    assert held is not None
    assert calendar.renew(session, held, now + calendar.LEASE / 2)
    assert calendar.claim(session, now + calendar.LEASE, "two") is None


def test_a_dead_workers_slot_is_free_at_once(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.claim(session, now, "dead")
    assert calendar.release(session, lambda owner: owner == "dead", now) == 1
    assert calendar.claim(session, now, "two") is not None


def test_a_living_workers_slot_is_not_released(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.claim(session, now, "alive")
    assert calendar.release(session, lambda owner: owner == "dead", now) == 0
    assert calendar.claim(session, now, "two") is None


def test_the_jobs_of_one_edition_go_in_order(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    late = utc("2021-11-26 09:05")
    assembling = calendar.claim(session, late, "one")
    assert assembling is not None
    assert calendar.claim(session, late, "two") is None
    calendar.finish(session, assembling, "", late)
    lock = calendar.claim(session, late, "two")
    assert lock is not None
    assert lock.job is Job.LOCK


def test_a_slot_given_back_is_tried_again_after_a_while(
    session: Session, newsletter: Newsletter, now: datetime
) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    held = calendar.claim(session, now, "one")
    assert held is not None
    calendar.give_back(session, held, "the disk is full", now, timedelta(minutes=2))
    assert calendar.claim(session, now + timedelta(minutes=1), "one") is None
    assert calendar.claim(session, now + timedelta(minutes=2), "one") is not None


@pytest.mark.parametrize(("hours", "state"), [(12, SlotState.PLANNED), (13, SlotState.MISSED)])
def test_a_friday_is_caught_up_inside_the_window_and_missed_after_it(
    session: Session, newsletter: Newsletter, friday: date, now: datetime, hours: int, state: SlotState
) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.miss(session, {"friday": newsletter}, utc("2021-11-26 09:00") + hours * HOUR)
    assert slots(session) == [(friday, job, state) for job in Job]


def test_what_is_missed_is_told_once(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.miss(session, {"friday": newsletter}, now + 7 * 24 * HOUR)
    calendar.miss(session, {"friday": newsletter}, now + 7 * 24 * HOUR)
    told = {alarm.key: alarm.text for alarm in session.scalars(select(Alarm))}
    assert sorted(told) == [f"missed friday/2021-11-26 {job}" for job in ("assemble", "lock", "send")]
    assert told["missed friday/2021-11-26 send"] == (
        "send of friday/2021-11-26 was missed: nothing ran in time (it was due 2021-11-26 09:00 UTC)"
    )


def test_a_missed_slot_says_why_it_failed_before(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    held = calendar.claim(session, now, "one")
    assert held is not None
    calendar.give_back(session, held, "the disk is full", now, HOUR)
    calendar.miss(session, {"friday": newsletter}, now + 7 * 24 * HOUR)
    alarm = session.scalars(select(Alarm).where(Alarm.key.endswith("assemble"))).one()
    assert alarm.text == "assemble of friday/2021-11-26 was missed: the disk is full"


def test_what_a_worker_is_doing_is_not_missed(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    week_later = now + 7 * 24 * HOUR
    calendar.claim(session, week_later, "one")
    calendar.miss(session, {"friday": newsletter}, week_later)
    assert slots(session)[0][2] is SlotState.RUNNING


def test_a_newsletter_that_is_gone_is_not_waited_for(session: Session, newsletter: Newsletter, now: datetime) -> None:
    timetable.plan(session, newsletter, now - HOUR)
    calendar.miss(session, {}, now + timedelta(seconds=1))
    assert slots(session)[0][2] is SlotState.MISSED
