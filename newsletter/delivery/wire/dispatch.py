"""The dispatcher: the one place with concurrency. It moves batches from the ledger to the wire and results back.

One loop, one short transaction for each turn of it: results of finished batches are written and the next
batches claimed and fenced together, while others are on the wire. Never more than `sender.window`
batches are past the fence at once.
"""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy.orm import Session

from newsletter import logs, traces
from newsletter.db import Database
from newsletter.delivery.ledger import claiming, finishing, settling
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.pace import brake
from newsletter.delivery.wire import handover, standstill, takeover
from newsletter.delivery.wire.blackbox import BlackBox
from newsletter.delivery.wire.flight import Flight
from newsletter.delivery.wire.handover import Answer, Route
from newsletter.delivery.wire.parcel import Careful, Sender
from newsletter.delivery.wire.patience import Patience, outlast
from newsletter.delivery.wire.stock import Stock

log = logs.get_logger(__name__)

#: seconds between two looks at the database while nothing is due
_LOOK = 0.25
#: seconds to wait for more answers once one has come
_GATHER = 0.02
#: seconds between two looks for leases that are over
_SWEEP = 2.0
#: a limit that holds everything back for so many seconds is told
_LONG_WAIT = 5.0
#: seconds between two looks at the figures
_BRAKE = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How things stood when a run came back."""

    state: SendingState
    #: why it did not finish, in words; empty where it did
    reason: str
    balance: Balance


def run(
    database: Database,
    sender: Sender,
    route: Route,
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda recipients: None,
    rng: random.Random | None = None,
    patience: Patience = Patience(),
    box: BlackBox | None = None,
) -> Ended:
    """Send what is due of one edition until nothing is left, it is paused or cancelled, or *stop* is set.

    After *stop* nothing more is claimed and what is on the wire is finished and written down, which takes
    at most `sender.deadline` seconds. *on_progress* is told how many recipients were settled each time. The *box*
    is for this run alone; close it when the sender is closed.
    """
    return _Run(database, sender, route, owner, clock, stop or Event(), on_progress, rng, patience, box).go()


class _Run:
    """One worker's loop over one edition."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        route: Route,
        owner: str,
        clock: Callable[[], datetime],
        stop: Event,
        on_progress: Callable[[int], None],
        rng: random.Random | None,
        patience: Patience,
        box: BlackBox | None,
    ) -> None:
        self.database, self.sender, self.route = database, sender, route
        #: this run and no other, for it disowns what it holds by this name and did not hand over
        self.owner = f"{owner[:55]}#{secrets.token_hex(3)}"
        self.clock, self.stop, self.on_progress, self.patience = clock, stop, on_progress, patience
        self.rng = rng or random.Random()  # noqa: S311 (it scatters waits, it keeps no secret)
        self.box = box
        if box is not None:
            box.sign(self.owner, careful=isinstance(sender, Careful))
        self.flight = Flight(sender, route, box)
        self.stock = Stock(route.edition_id, owner=self.owner, batch_size=sender.batch_size)
        #: answers that are not written down yet
        self.answers: list[tuple[Fenced, Answer]] = []
        self.failures = 0
        #: what the last failure said, and why nothing moves as it stands in the database
        self.last_words = ""
        self.stuck: str | None = None
        self.calm_until = 0.0
        self.swept_at = self.looked_at = 0.0
        self.canaries = True
        self.idle_since = time.monotonic()
        #: what is left is due so much later that waiting for it is somebody else's business
        self.rests = False

    def go(self) -> Ended:
        with traces.span("send", edition=self.route.edition_id, sender=self.sender.name) as sending:
            ended = self._go()
            sending.tell(state=ended.state.value)
        return ended

    def _go(self) -> Ended:
        with self.flight:
            while True:
                turn = outlast(self._turn, seconds=self.patience.database, stop=self.stop)
                for fenced in turn.fenced:
                    self.flight.begin(fenced, deadline=turn.began + handover.MARGIN / 2)
                if not self.flight and (turn.state is not SendingState.RUNNING or self.stop.is_set() or self._idle()):
                    break
                self._wait(turn.wait)
        return outlast(self._end, seconds=self.patience.database, stop=self.stop)

    def _end(self) -> Ended:
        """Let others have what was not begun, and see how things stand."""
        with self.database.write() as session:
            self.stock.give_back(session)
            sending = session.get_one(Sending, self.route.edition_id)
            why = sending.reason or self._why(sending.state)
            return Ended(sending.state, why, balance(session, sending.edition_id))

    def _turn(self) -> "_Turn":
        """One transaction: write the answers, then claim and fence what may go next."""
        self.answers += self.flight.land()
        began, now = time.monotonic(), self.clock()
        with self.database.write() as session:
            settled = handover.write_all(session, self.route, self.answers, now=now, rng=self.rng)
            turn = self._next(session, began=began, now=now)
            why = self._say_why(session, turn, now=now)
        self.stuck = why
        self._count_failures()
        written, self.answers = self.answers, []
        if self.box is not None:
            for fenced, _ in written:
                self.box.release(fenced.attempt)
        if settled:
            self.on_progress(settled)
        if written or turn.fenced or self.flight:
            self.idle_since = began
        return turn

    def _count_failures(self) -> None:
        for _, answer in self.answers:
            self.failures = self.failures + 1 if answer.nothing_was_sent else 0
            self.last_words = str(answer.failure) if answer.nothing_was_sent else ""
        if self.failures and self.answers:
            self.calm_until = time.monotonic() + min(2.0 ** min(self.failures - 1, 6) / 4, 15)

    def _say_why(self, session: Session, turn: "_Turn", *, now: datetime) -> str:
        """Write down why nothing moves, or that something does, where that has changed."""
        why = self.flight.trouble or self.last_words
        if not why and turn.wait >= _LONG_WAIT and not self.flight:
            why = f"a limit of the settings is reached: the next copies may go in {turn.wait:.0f} seconds"
        if turn.state is not SendingState.RUNNING:
            why = ""
        if why != self.stuck:
            standstill.note(session, self.route.edition_id, why, now=now)
        return why

    def _next(self, session: Session, *, began: float, now: datetime) -> "_Turn":
        edition_id = self.route.edition_id
        self._sweep(session, now=now)
        self._brake(session, now=now)
        state = claiming.state(session, edition_id)
        room = self.sender.window - len(self.flight)
        if self.stop.is_set() or state is not SendingState.RUNNING:
            self.stock.give_back(session)
            self.flight.recall()
            if state is SendingState.CANCELLED:
                controls.close(session, edition_id, now=now)
            return _Turn(began, state)
        if room < 1 or began < self.calm_until:
            return _Turn(began, state)
        taken = handover.take(session, self.sender, self.route, owner=self.owner, limit=room, now=now, stock=self.stock)
        if not taken.fenced and not self.flight and not taken.wait:
            if finishing.finish(session, edition_id, now=now):
                state = SendingState.COMPLETE
            else:
                until = now + timedelta(seconds=self.patience.idle)
                self.rests = finishing.rests(session, edition_id, until=until)
        return _Turn(began, state, taken.fenced, taken.wait)

    def _sweep(self, session: Session, *, now: datetime) -> None:
        if time.monotonic() - self.swept_at >= _SWEEP:
            edition_id, in_hand = self.route.edition_id, [*self.flight.numbers, *self.stock.numbers]
            if self.box is not None:
                takeover.inherit(session, self.box.boxes, learn=self.route.learn, now=now, rng=self.rng)
            settling.expire(session, now=now, edition_id=edition_id)
            settling.disown(session, edition_id, self.owner, in_hand=in_hand, now=now)
            self.swept_at = time.monotonic()

    def _brake(self, session: Session, *, now: datetime) -> None:
        """Look at the figures from time to time, and whenever the canaries may be back."""
        waiting = not self.flight and self.canaries
        if waiting or time.monotonic() - self.looked_at >= _BRAKE:
            brake.look(session, self.route.edition_id, self.route.throttle.limits, now=now)
            self.canaries = session.get_one(Sending, self.route.edition_id).canary_passed_at is None
            self.looked_at = time.monotonic()

    def _wait(self, least: float) -> None:
        """Until something comes back, or a limit allows more, or for a moment."""
        timeout = min(least or _LOOK, _LOOK)
        if self.flight:
            self.flight.wait(timeout, gather=_GATHER)
        elif not self.answers:
            self.stop.wait(timeout)

    def _idle(self) -> bool:
        return self.rests or time.monotonic() - self.idle_since > self.patience.idle

    def _why(self, state: SendingState) -> str:
        if state is not SendingState.RUNNING:
            return ""
        return "stopped" if self.stop.is_set() else "what is left is due later, or in another worker's hands"


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn of the loop came to."""

    #: by the monotonic clock, before the fence
    began: float
    state: SendingState
    fenced: Sequence[Fenced] = ()
    #: seconds until a limit allows more
    wait: float = 0.0
