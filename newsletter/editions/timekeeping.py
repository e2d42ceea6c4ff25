"""Whether the clock can be believed: what it said last, what the machine's own counter says, what the database says.

A clock that jumped ahead makes the coming weeks look past, and one that went back leaves what was judged
under it standing. So a tick asks here first; what it is told is a value, and the doing is elsewhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.editions import watch
from newsletter.editions.models import ClockReading
from subscribers.rows import upsert

#: clocks that differ by less are the same time; leases outlast it
TOLERANCE = timedelta(minutes=2)
#: after a silence this long, of which nobody can say whether it was one, nothing is given up before SETTLE
LONG_SILENCE = timedelta(days=2)
#: how long a time that came by a jump must hold before it is believed
SETTLE = timedelta(minutes=10)

_KEY = "tick"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Trust(StrEnum):
    """What may be done by the clock."""

    #: everything
    STEADY = "steady"
    #: nothing ran for days, or it jumped ahead, and nobody can say which: everything but giving up
    SILENCE = "silence"
    #: it jumped ahead, and has not held its new time for long enough: nothing
    SETTLING = "settling"
    #: it stands behind what it said before: what was judged since is judged again
    WENT_BACK = "went_back"
    #: the database's clock says another time: nothing, until they agree
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Counter:
    """Seconds since this machine started, sleep included, which no change of the clock touches."""

    boot: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock said at one look, beside the counter where there is one."""

    now: datetime
    counter: Counter | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far the clock can be believed, and in words for a person (empty where all is well)."""

    trust: Trust
    #: until when a jump has to hold
    settles_at: datetime | None = None
    says: str = ""


STEADY = Judgement(Trust.STEADY)

#: another clock, asked in the transaction of a tick; None where there is none
Witness = Callable[[Session], datetime | None]


def counter() -> Counter | None:
    """This machine's counter; None where it has none that runs on through sleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        return Counter(_BOOT.read_text("ascii").strip(), time.clock_gettime(clock)) if clock is not None else None
    except OSError:
        return None


def of_the_database(session: Session) -> datetime | None:
    """The time by the database server's own clock; SQLite has none, for it runs in this process."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    return session.scalar(select(func.clock_timestamp()))


def look(session: Session, seen: Reading, witness: Witness | None = None) -> Judgement:
    """Judge the clock by what it said last, keep what it says now, and ring where it can't be believed."""
    row = session.get(ClockReading, _KEY, with_for_update=True)
    before = _reading(row)
    judged = judge(before, _earlier(row), seen, witness(session) if witness else None)
    if judged.says:
        watch.ring(session, f"clock {judged.trust.value} {seen.now:%Y-%m-%d %H}", judged.says, seen.now)
    if judged.trust is not Trust.DISPUTED and not (before and _is_older(seen, before)):
        _keep(session, row, seen, judged)
    return judged


def last(session: Session) -> datetime | None:
    """What the clock said at the last tick; None before the first."""
    row = session.get(ClockReading, _KEY)
    return row.at if row else None


def has_settled(session: Session, *, now: datetime) -> bool:
    """Whether the clock, as it was judged last, is believed at *now*."""
    row = session.get(ClockReading, _KEY)
    return row is None or row.settles_at is None or now >= row.settles_at


def judge(before: Reading | None, earlier: Judgement, seen: Reading, witness: datetime | None) -> Judgement:
    """How far *seen* can be believed after *before*, which was judged *earlier*."""
    if witness is not None and abs(witness - seen.now) > TOLERANCE:
        return Judgement(Trust.DISPUTED, says=_disputed(seen.now, witness))
    if before is None or _is_older(seen, before):
        return STEADY
    if seen.now < before.now - TOLERANCE:
        return Judgement(Trust.WENT_BACK, None, _went_back(before, seen))
    if witness is not None:
        return STEADY  # two clocks say so
    until = seen.now + SETTLE
    if before.counter and seen.counter and before.counter.boot == seen.counter.boot:
        counted = timedelta(seconds=seen.counter.seconds - before.counter.seconds)
        if seen.now - before.now - counted > TOLERANCE:
            return Judgement(Trust.SETTLING, until, _jumped(before, seen, until))
    elif seen.now - before.now > LONG_SILENCE:
        return Judgement(Trust.SILENCE, until, _silence(before, seen, until))
    has_settled = earlier.settles_at is None or seen.now >= earlier.settles_at
    return STEADY if has_settled else Judgement(earlier.trust, earlier.settles_at)


def _is_older(seen: Reading, before: Reading) -> bool:
    """Whether *seen* was read before: by a process that was frozen between reading the clock and asking here."""
    if not (before.counter and seen.counter):
        return False
    return before.counter.boot == seen.counter.boot and seen.counter.seconds < before.counter.seconds


def _reading(row: ClockReading | None) -> Reading | None:
    if row is None:
        return None
    return Reading(row.at, Counter(row.boot, row.counter) if row.boot else None)


def _earlier(row: ClockReading | None) -> Judgement:
    if row is None or row.settles_at is None:
        return STEADY
    return Judgement(Trust.SETTLING if row.jumped else Trust.SILENCE, row.settles_at)


def _keep(session: Session, row: ClockReading | None, seen: Reading, judged: Judgement) -> None:
    boot, counter = (seen.counter.boot, seen.counter.seconds) if seen.counter else ("", 0.0)
    values = {
        "at": seen.now,
        "settles_at": judged.settles_at,
        "jumped": judged.trust is Trust.SETTLING,
        "boot": boot,
        "counter": counter,
    }
    # by conflict and not by a look before: two schedulers may tick for the first time at once
    statement = upsert(session, ClockReading).values(name=_KEY, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    if row is not None:
        session.refresh(row)


def _jumped(before: Reading, seen: Reading, until: datetime) -> str:
    return (
        f"The clock jumped ahead from {_spoken(before.now)} to {_spoken(seen.now)}. Nothing is sent and nothing is"
        f" given up by it before {until:%H:%M} UTC; if it is wrong, set it right until then."
    )


def _silence(before: Reading, seen: Reading, until: datetime) -> str:
    return (
        f"Nothing ran from {_spoken(before.now)} to {_spoken(seen.now)}, unless the clock jumped. What is past by it is"
        f" given up at {until:%H:%M} UTC; if it is wrong, set it right until then."
    )


def _went_back(before: Reading, seen: Reading) -> str:
    return (
        f"The clock went back from {_spoken(before.now)} to {_spoken(seen.now)}. What was called missed or done too"
        " early by the time before is judged again."
    )


def _disputed(now: datetime, witness: datetime) -> str:
    return (
        f"This machine's clock says {_spoken(now)}, the database's says {_spoken(witness)}. Nothing is done by the"
        " clock until they agree: set the wrong one right (is time synchronisation running?)."
    )


def _spoken(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
