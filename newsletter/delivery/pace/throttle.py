"""How fast and how many: buckets and tallies in the database, so that all workers share them.

A rate is a bucket of a quarter of a second (GCRA): in any *t* seconds no more than rate × t messages go,
plus that quarter and one batch. Messages in an hour and in a day are counted by the minute, and in no
60 minutes and no 24 hours, wherever they begin, do more go than allowed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from newsletter.config import DomainLimits, Limits
from newsletter.delivery.models import Allowance, Batch, BatchState, Sending, Tally
from newsletter.delivery.pace import warm_up
from subscribers.rows import upsert

#: seconds of a rate that may go at once
BURST = 0.25
_HOUR, _DAY = 60, 24 * 60
_NONE = DomainLimits()
#: seconds after which a connection may have become free
_SOON = 0.05
_TAT = select(Allowance.tat).where(Allowance.key == bindparam("key"))
# built once for each database: it runs for every few batches
_tally: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may go now."""

    messages: float = math.inf
    #: where the next batch is larger than that, may it go all the same and be paid for afterwards
    overdraw: bool = True
    #: seconds to wait where nothing may go
    wait: float = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether anything says how many."""
        return self.messages < math.inf


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits of one sender."""

    sender: str
    limits: Limits = field(default_factory=Limits)
    #: the warm-up's allowance of each day that was asked for
    _allowances: dict[date, int | None] = field(default_factory=dict)

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes of batches: the common one, and one for each domain with a limit of its own."""
        return ("", *sorted(self.limits.domains))

    def room(self, session: Session, lane: str, *, now: datetime) -> Room:
        """How many messages of *lane* may go now; holds the sender's row, so that workers ask one after another."""
        rates, counts = self._rates(lane), self._counts(session, lane, now)
        at_once = self._domain(lane).connections
        # without limits there is nothing to ask for in turn
        limited = rates or counts or at_once
        held = _hold(session, self.sender, 0.0) if limited else _tat(session, f"{self.sender} held")
        held -= now.timestamp()
        if held > 0:
            return Room(0, overdraw=False, wait=held)
        rooms = [_in_bucket(session, key, rate, now=now) for key, rate in rates.items()]
        rooms += [_in_count(session, key, most, minutes, now=now) for key, minutes, most in counts]
        rooms += [_on_the_wire(session, self.sender, lane, at_once)] if at_once else []
        return Room(
            min((room.messages for room in rooms), default=math.inf),
            all(room.overdraw for room in rooms),
            max((room.wait for room in rooms), default=0.0),
        )

    def used_up(self, session: Session, *, now: datetime) -> tuple[str, datetime] | None:
        """Which limit of all domains together lets nothing go now, in words, and until when; only looked at."""
        held = _tat(session, f"{self.sender} held") - now.timestamp()
        if held > 0:
            return "the other side asked us to wait", now + timedelta(seconds=held)
        for key, minutes, most in self._counts(session, "", now):
            room = _in_count(session, key, most, minutes, now=now)
            if room.messages <= 0:
                span = "an hour" if minutes == _HOUR else "a day"
                return f"the limit of {most:,} messages in {span} is used up", _frees(session, key, minutes, most, now)
        return None

    def spend(self, session: Session, lane: str, messages: int, *, now: datetime) -> None:
        """Take *messages* out of the buckets, and count them."""
        for key, rate in self._rates(lane).items():
            tat = max(_tat(session, key), now.timestamp() - BURST) + messages / rate
            _upsert(session, Allowance, {"key": key}, {"tat": tat})
        for key in [self.sender] if lane == "" else [self.sender, f"{self.sender} {lane}"]:
            minute = {"key": key, "minute": int(now.timestamp() // 60), "messages": messages}
            session.connection().execute(_counting(session), minute)

    def hold(self, session: Session, seconds: float, *, now: datetime) -> None:
        """Let no worker send before *seconds* have passed: the other side said so."""
        _hold(session, self.sender, now.timestamp() + seconds)

    def _domain(self, lane: str) -> DomainLimits:
        return self.limits.domains.get(lane, _NONE)

    def _rates(self, lane: str) -> Mapping[str, float]:
        rates = {self.sender: self.limits.per_second, f"{self.sender} {lane}": self._domain(lane).per_second}
        return {key: rate for key, rate in rates.items() if rate}

    def _counts(self, session: Session, lane: str, now: datetime) -> list[tuple[str, int, int]]:
        """Which tallies count over how many minutes, and up to how many."""
        day = now.astimezone(UTC).date()
        if day not in self._allowances:
            self._allowances[day] = warm_up.today(session, self.sender, self.limits, now=now)
        domain, of_lane = self._domain(lane), f"{self.sender} {lane}"
        limits = (
            (self.sender, _HOUR, self.limits.per_hour or None),
            (self.sender, _DAY, self.limits.per_day or None),
            (self.sender, _DAY, self._allowances[day]),
            (of_lane, _HOUR, domain.per_hour or None),
            (of_lane, _DAY, domain.per_day or None),
        )
        return [(key, minutes, most) for key, minutes, most in limits if most is not None]


def _in_bucket(session: Session, key: str, rate: float, *, now: datetime) -> Room:
    tokens = min(BURST, now.timestamp() - _tat(session, key)) * rate
    return Room(tokens) if tokens >= 0 else Room(0, overdraw=False, wait=-tokens / rate)


def _in_count(session: Session, key: str, most: int, minutes: int, *, now: datetime) -> Room:
    minute = int(now.timestamp() // 60)
    counted = select(func.sum(Tally.messages)).where(Tally.key == key, Tally.minute >= minute - minutes)
    gone = int(session.scalar(counted) or 0)
    if gone >= most:
        return Room(0, overdraw=False, wait=60 - now.timestamp() % 60)
    return Room(most - gone, overdraw=gone == 0)


def _frees(session: Session, key: str, minutes: int, most: int, now: datetime) -> datetime:
    """When so many of the last *minutes* are forgotten that less than *most* is left."""
    first = int(now.timestamp() // 60) - minutes
    query = select(Tally.minute, Tally.messages).where(Tally.key == key, Tally.minute >= first).order_by(Tally.minute)
    rows = session.execute(query).all()
    over = sum(row.messages for row in rows) - most
    for row in rows:
        over -= row.messages
        if over < 0:
            return datetime.fromtimestamp((row.minute + minutes + 1) * 60, UTC)
    return now


def _on_the_wire(session: Session, sender: str, lane: str, at_once: int) -> Room:
    """How many more of *lane* may be under way, whichever worker has the others."""
    out = select(func.sum(Batch.size - Batch.skipped - Batch.refused)).join(
        Sending, Sending.edition_id == Batch.edition_id
    )
    here = (Batch.state == BatchState.SENDING, Batch.lane == lane, Sending.sender == sender)
    left = at_once - int(session.scalar(out.where(*here)) or 0)
    return Room(left, overdraw=left == at_once) if left > 0 else Room(0, overdraw=False, wait=_SOON)


def _tat(session: Session, key: str) -> float:
    return session.connection().execute(_TAT, {"key": key}).scalar() or 0.0


def _hold(session: Session, sender: str, until: float) -> float:
    """Lock the sender's row and move its moment to *until*, never back; returns where it stands."""
    row = {"key": f"{sender} held"}
    later = func.greatest if session.get_bind().dialect.name == "postgresql" else func.max
    _upsert(session, Allowance, row, {"tat": until}, {"tat": later(Allowance.tat, until)})
    return _tat(session, row["key"])


def _counting(session: Session) -> Any:
    """The statement that counts messages of a minute."""
    name = session.get_bind().dialect.name
    if name not in _tally:
        statement = upsert(session, Tally)
        more = {"messages": Tally.messages + statement.excluded.messages}
        _tally[name] = statement.on_conflict_do_update(index_elements=["key", "minute"], set_=more)
    return _tally[name]


def _upsert(
    session: Session,
    table: type[Allowance],
    key: Mapping[str, Any],
    new: Mapping[str, Any],
    changed: Mapping[str, Any] | None = None,
) -> None:
    statement = upsert(session, table).values(**key, **new)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(changed or new)))
