"""Heartbeats, turns and alarms."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import watch
from newsletter.editions.models import Alarm, Heartbeat

HALF_HOUR = timedelta(minutes=30)


def test_a_turn_is_taken_once_in_its_time(session: Session, now: datetime) -> None:
    turns = [watch.take_turn(session, "collect", HALF_HOUR, now + n * timedelta(minutes=15)) for n in range(5)]
    assert turns == [True, False, True, False, True]


def test_a_clock_set_back_does_not_stop_the_turns(session: Session, now: datetime) -> None:
    watch.take_turn(session, "collect", HALF_HOUR, now)
    assert watch.take_turn(session, "collect", HALF_HOUR, now - timedelta(days=1))


def test_the_last_run_and_its_result_are_a_row(session: Session, now: datetime) -> None:
    watch.take_turn(session, "collect", HALF_HOUR, now)
    watch.beat(session, "collect", now + timedelta(seconds=9), ok=False, result="no network")
    row = session.get_one(Heartbeat, "collect")
    assert (row.started_at, row.finished_at, row.ok, row.result) == (
        now,
        now + timedelta(seconds=9),
        False,
        "no network",
    )


def test_one_matter_rings_once(session: Session, now: datetime) -> None:
    assert watch.ring(session, "held friday 2021-11-26", "Nobody approved it.", now)
    assert not watch.ring(session, "held friday 2021-11-26", "Nobody approved it, still.", now)
    assert [alarm.text for alarm in session.scalars(select(Alarm))] == ["Nobody approved it."]
