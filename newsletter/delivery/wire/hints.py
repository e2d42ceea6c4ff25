"""Hints to workers on other machines: a message names a batch that is due, and the ledger decides.

Hints may be lost, doubled, late or stale; `oversee` gives them again until the ledger says that nothing
is left, so the broker's whole state may vanish and nobody is missed.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.db import Database
from newsletter.delivery.ledger import claiming, finishing, settling
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.pace import brake
from newsletter.delivery.wire import takeover
from newsletter.delivery.wire.blackbox import Boxes
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.handover import Route
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from celery import Celery

log = logs.get_logger(__name__)

#: what a hint asks for; the worker's side of it is in `newsletter.workers`
TASK = "newsletter.send_batch"
QUEUE = "newsletter.send"

#: hints that may wait at the broker at once
_AHEAD = 200
#: seconds between two looks at the ledger
_LOOK = 0.5
_rng = random.Random()  # noqa: S311 (it scatters waits, it keeps no secret)


class Hints(Protocol):
    """A way to tell workers what is due."""

    def give(self, edition_id: int, numbers: Sequence[int]) -> None:
        """Name these batches to whoever is free; raises nothing that a later hint would not mend."""
        ...


class CeleryHints:
    """Hints by way of a broker. They carry two numbers each, and no address."""

    def __init__(self, celery: "Celery") -> None:
        self._celery = celery

    def give(self, edition_id: int, numbers: Sequence[int]) -> None:
        from kombu.exceptions import OperationalError

        try:
            with self._celery.producer_pool.acquire(block=True, timeout=10) as producer:
                for number in numbers:
                    self._celery.send_task(TASK, args=(edition_id, number), producer=producer, retry=False)
        except (OperationalError, OSError) as error:
            log.warning("broker.away", error=str(error))

    def close(self) -> None:
        """Give back the connections."""
        self._celery.close()


def celery(broker_url: str) -> "Celery":
    """The Celery application, as both sides must see it; nothing is connected yet."""
    try:
        from celery import Celery
    except ModuleNotFoundError as error:
        raise ConfigError("workers on Celery need the extra: pip install 'newsletter[workers]'") from error
    application = Celery("newsletter", broker=broker_url, set_as_current=False)
    application.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_default_queue_type="quorum",
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={"confirm_publish": True},
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        enable_utc=True,
    )
    return application


def oversee(
    database: Database,
    hints: Hints,
    route: Route,
    *,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda recipients: None,
    again: float = 30.0,
    boxes: Boxes | None = None,
) -> Ended:
    """See an edition through while workers send it: hint at what is due, look at the brake, set the last mark.

    A batch that nobody took for *again* seconds is hinted at again. Comes back when the edition is
    complete, paused or cancelled, or *stop* is set. Any number may oversee one edition.
    """
    stop = stop or Event()
    hinted: dict[int, float] = {}
    done = None
    while True:
        with database.write() as session:
            state, due, stands = _look(session, route, boxes, clock())
        on_progress(stands.done - (stands.done if done is None else done))
        done = stands.done
        if state is not SendingState.RUNNING or stop.is_set():
            with database.read() as session:
                reason = session.get_one(Sending, route.edition_id).reason
            return Ended(state, reason or ("stopped" if state is SendingState.RUNNING else ""), stands)
        fresh = [number for number in due if time.monotonic() - hinted.get(number, -again) >= again]
        hints.give(route.edition_id, fresh)
        hinted = {number: at for number, at in hinted.items() if number in set(due)}
        hinted |= dict.fromkeys(fresh, time.monotonic())
        stop.wait(_LOOK)


def _look(
    session: Session, route: Route, boxes: Boxes | None, now: datetime
) -> tuple[SendingState, list[int], Balance]:
    """Bring on what is over, and see what is due."""
    edition_id = route.edition_id
    takeover.inherit(session, boxes, learn=route.learn, now=now, rng=_rng)
    settling.expire(session, now=now, edition_id=edition_id)
    brake.look(session, edition_id, route.throttle.limits, now=now)
    finishing.finish(session, edition_id, now=now)
    state = session.get_one(Sending, edition_id, populate_existing=True).state
    return state, claiming.due(session, edition_id, limit=_AHEAD, now=now), balance(session, edition_id)
