"""What the process with the clock does while workers elsewhere send: hint, look at the brake, say what is wrong.

It never sends. Any number may oversee one edition.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from sqlalchemy.orm import Session

from newsletter import logs, plural
from newsletter.config import Limits
from newsletter.db import Database
from newsletter.delivery.ledger import claiming, finishing, settling
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import crew
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.pace import brake
from newsletter.delivery.wire import standstill, takeover, teaching
from newsletter.delivery.wire.blackbox import Boxes
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.hints import Hints
from newsletter.delivery.wire.patience import Patience, outlast
from newsletter.delivery.wire.teaching import Learn
from newsletter.editions import shelf, watch

log = logs.get_logger(__name__)

#: seconds between two hints; who is at work needs none, and who is not looks for themselves after some seconds
_LOOK = 2.0
#: seconds between two looks at leases, figures and who is at work
_SWEEP = 5.0
#: seconds without a worker, or without the broker, before somebody is told
_ALONE = 10.0
_rng = random.Random()  # noqa: S311 (it scatters waits, it keeps no secret)


@dataclass(frozen=True, slots=True)
class Charge:
    """What overseeing needs to know of one edition."""

    edition_id: int
    limits: Limits
    #: who keeps what refusals say about people
    learn: Learn = teaching.forget


def oversee(
    database: Database,
    hints: Hints,
    charge: Charge,
    *,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda recipients: None,
    boxes: Boxes | None = None,
    patience: Patience = Patience(),
) -> Ended:
    """See an edition through while workers send it, until it is complete, paused or cancelled, or *stop* is set."""
    return _Overseer(database, hints, charge, clock, stop or Event(), on_progress, boxes, patience).go()


@dataclass(frozen=True, slots=True)
class _Seen:
    """How one edition stands."""

    state: SendingState
    #: something of it may go now
    due: bool


class _Overseer:
    def __init__(
        self,
        database: Database,
        hints: Hints,
        charge: Charge,
        clock: Callable[[], datetime],
        stop: Event,
        on_progress: Callable[[int], None],
        boxes: Boxes | None,
        patience: Patience,
    ) -> None:
        self.database, self.hints, self.charge, self.clock = database, hints, charge, clock
        self.stop, self.on_progress, self.boxes, self.patience = stop, on_progress, boxes, patience
        self.swept_at = -_SWEEP
        self.done: int | None = None
        #: since when there is no worker, and no broker, by the monotonic clock; None while there is
        self.alone_since: float | None = None
        self.deaf_since: float | None = None
        self.deaf = ""
        #: hints that were given, and how many of them are in the database
        self.given = self.counted = 0
        self.noted = ""

    def go(self) -> Ended:
        while True:
            seen = outlast(self._look, seconds=self.patience.database, stop=self.stop)
            if seen.state is not SendingState.RUNNING or self.stop.is_set():
                return outlast(self._end, seconds=self.patience.database, stop=self.stop)
            if seen.due:
                self._hint()
            self.stop.wait(_LOOK)

    def _look(self) -> _Seen:
        """Bring on what is over from time to time; see what there is to do each time."""
        now = self.clock()
        if time.monotonic() - self.swept_at >= _SWEEP:
            with self.database.write() as session:
                seen = self._see(session, now)
                if seen.state is SendingState.RUNNING:
                    self._sweep(session, seen, now)
                    seen = self._see(session, now)
                stands = balance(session, self.charge.edition_id)
            self._tell(stands)
            self.swept_at = time.monotonic()
            return seen
        with self.database.read() as session:
            return self._see(session, now)

    def _see(self, session: Session, now: datetime) -> _Seen:
        state = claiming.state(session, self.charge.edition_id)
        return _Seen(state, due=self.charge.edition_id in claiming.due(session, now=now))

    def _sweep(self, session: Session, seen: _Seen, now: datetime) -> None:
        edition_id = self.charge.edition_id
        takeover.inherit(session, self.boxes, learn=self.charge.learn, now=now, rng=_rng)
        settling.expire(session, now=now, edition_id=edition_id)
        brake.look(session, edition_id, self.charge.limits, now=now)
        finishing.finish(session, edition_id, now=now)
        self._watch(session, seen, now)

    def _watch(self, session: Session, seen: _Seen, now: datetime) -> None:
        """Say that no worker is there, or that the broker is not, once it lasts."""
        edition = shelf.get(session, self.charge.edition_id)
        workers = crew.at_work(session, crew.WORKER, now=now, newsletter=edition.newsletter)
        self.alone_since = None if workers or not seen.due else self.alone_since or time.monotonic()
        alone = crew.NOBODY if _lasts(self.alone_since) else ""
        if alone != self.noted:
            standstill.note(session, edition.id, alone, now=now)
            self.noted = alone
        if alone:
            text = f"{shelf.name(edition)} is being sent, and nothing moves: {crew.NOBODY}"
            watch.ring(session, f"no worker {shelf.name(edition)} {now:%Y-%m-%d %H}", text, now)
        self._count(session, now)
        watch.beat(session, crew.BROKER, now, ok=not self.deaf, result=self.deaf or plural.counted(self.given, "hint"))
        if _lasts(self.deaf_since):
            text = (
                f"the broker takes no hints ({self.deaf}); workers look for themselves every {crew.EVERY:.0f} seconds"
            )
            watch.ring(
                session, f"no broker {now:%Y-%m-%d %H}", f"{shelf.name(edition)} is being sent, but {text}.", now
            )

    def _hint(self) -> None:
        why = self.hints.give(self.charge.edition_id)
        if why and not self.deaf:
            log.warning("broker.away", edition=self.charge.edition_id, error=why)
        elif self.deaf and not why:
            log.info("broker.back", edition=self.charge.edition_id)
        self.deaf_since = (self.deaf_since or time.monotonic()) if why else None
        self.deaf = why
        self.given += not why

    def _count(self, session: Session, now: datetime) -> None:
        """Write down the hints that were given since."""
        if self.given > self.counted:
            newsletter = shelf.get(session, self.charge.edition_id).newsletter
            crew.gave(session, newsletter, self.given - self.counted, now=now)
            self.counted = self.given

    def _tell(self, stands: Balance) -> None:
        self.on_progress(stands.done - (stands.done if self.done is None else self.done))
        self.done = stands.done

    def _end(self) -> Ended:
        with self.database.write() as session:
            self._count(session, self.clock())
            sending = session.get_one(Sending, self.charge.edition_id)
            stands = balance(session, sending.edition_id)
            reason = sending.reason or ("stopped" if sending.state is SendingState.RUNNING else "")
            state = sending.state
        self._tell(stands)
        return Ended(state, reason, stands)


def _lasts(since: float | None) -> bool:
    return since is not None and time.monotonic() - since >= _ALONE
