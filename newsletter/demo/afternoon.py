"""Thursday afternoon in the demo: the draft waits at the desk, and once somebody approves it Friday comes.

The time is the week's own: it runs as ours does, and is put forward to Friday at nine when there is something to send.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock

from sqlalchemy import select

from newsletter.app import App
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import friday
from newsletter.demo.friday import FRIDAY_MORNING, THURSDAY_AFTERNOON, Step
from newsletter.editions import watch
from newsletter.editions.models import Edition, State
from newsletter.errors import NewsletterError
from newsletter.jobs import sending
from newsletter.rendering import proofs

#: seconds between an approval and Friday morning, in which it can be taken back
_NIGHT = 8.0
#: seconds between two looks
_LOOK = 0.3
_BEAT = timedelta(seconds=10)


class WeekClock:
    """What time it is in the demo; can be put forward, never back."""

    def __init__(self, begins: datetime) -> None:
        self._lock = Lock()
        self._at, self._since = begins, time.monotonic()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now()

    def put_forward(self, to: datetime) -> None:
        """Let it be *to*, unless it is later already."""
        with self._lock:
            self._at, self._since = max(to, self._now()), time.monotonic()

    def _now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)


def begin(app: App) -> WeekClock:
    """Let *app* live in the demo's week as far as it has come; once everything is out, in our own time again."""
    with app.database.read() as session:
        states = set(session.scalars(select(Edition.state)))
    if State.SENDING in states:
        clock = WeekClock(FRIDAY_MORNING)
    elif State.SENT in states:  # what readers and providers do now is of now
        clock = WeekClock(app.clock())
    else:
        clock = WeekClock(THURSDAY_AFTERNOON)
    app.kept["clock"] = clock
    return clock


@dataclass(frozen=True, slots=True)
class Watching:
    """Whom to tell what is going on while editors are at the desk."""

    on_step: Callable[[Step], None]
    #: of readers whose copy is done with, and how many there are in all
    on_send: Callable[[int, int], None]
    #: of where an edition stands when nothing is left of it to send
    on_end: Callable[[Balance], None]
    #: of why nothing more will be sent
    on_trouble: Callable[[str], None]


def wait_for_editors(app: App, clock: WeekClock, stop: Event, told: Watching, *, night: float = _NIGHT) -> None:
    """Send what is approved, and go on with what was stopped and let go, until *stop* is set.

    An approval can be taken back for *night* seconds; then it is Friday morning.
    """
    try:
        _wait(app, clock, stop, told, night)
    except NewsletterError as error:
        told.on_trouble(str(error))


def _wait(app: App, clock: WeekClock, stop: Event, told: Watching, night: float) -> None:
    beat_at = clock() - _BEAT
    while not stop.wait(_LOOK):
        if clock() - beat_at >= _BEAT:
            beat_at = clock()
            beat(app, beat_at)
        for edition_id in _approved(app, told):
            if _stays_approved(app, edition_id, stop, night):
                clock.put_forward(FRIDAY_MORNING)
                _send(app, edition_id, clock, stop, told)
        with app.database.read() as session:
            under_way = sending.under_way(session, now=clock())
        for edition_id in under_way:
            _send(app, edition_id, clock, stop, told)


def beat(app: App, now: datetime) -> None:
    """Be the scheduler that the desk looks for."""
    with app.database.write() as session:
        watch.take_turn(session, "tick", timedelta(0), now)
        watch.beat(session, "tick", now, result="the demo's own clock")


def _approved(app: App, told: Watching) -> list[int]:
    with app.database.read() as session:
        approved = session.scalars(select(Edition).where(Edition.state == State.APPROVED)).all()
        for edition in approved:
            if (proof := proofs.latest(session, edition.id, edition.revision)) is not None:
                told.on_step(Step("approved", friday.figures(proof)))
        return [edition.id for edition in approved]


def _stays_approved(app: App, edition_id: int, stop: Event, night: float) -> bool:
    """Whether it is still approved when the night is over."""
    over = time.monotonic() + night
    while time.monotonic() < over:
        if stop.wait(_LOOK) or _state(app, edition_id) is not State.APPROVED:
            return False
    return _state(app, edition_id) is State.APPROVED


def _state(app: App, edition_id: int) -> State:
    with app.database.read() as session:
        return session.get_one(Edition, edition_id).state


def _send(app: App, edition_id: int, clock: WeekClock, stop: Event, told: Watching) -> None:
    def progress(recipients: int) -> None:
        with app.database.read() as session:
            planned = session.get_one(Sending, edition_id).planned
        told.on_send(recipients, planned)

    ended = sending.send(app, edition_id, by="demo", owner="demo", clock=clock, stop=stop, on_progress=progress)
    if not stop.is_set():
        told.on_step(Step("sent", f"by {app.settings.sender}, {ended.state}"))
    if ended.state is SendingState.COMPLETE:
        told.on_end(ended.balance)
