"""A worker on Celery: takes hints, and does with each batch what the process with the clock would do."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from newsletter import logs
from newsletter.app import App
from newsletter.delivery.ledger import owners
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.wire import handover, hints
from newsletter.delivery.wire.handover import Route
from newsletter.delivery.wire.parcel import Careful
from newsletter.errors import ConfigError
from newsletter.jobs import sending

if TYPE_CHECKING:
    from celery import Celery

log = logs.get_logger(__name__)


class Worker:
    """One process: its connections, and the editions it has met. Safe to call from several threads at once."""

    def __init__(self, app: App, *, clock: Callable[[], datetime]) -> None:
        if app.database.is_sqlite:
            raise ConfigError("workers on several machines need PostgreSQL: set database_url to postgresql+psycopg://…")
        self._app, self._clock = app, clock
        self._sender = app.sender()
        self._owner = owners.name()
        self._box = app.boxes.open(pages=4 * self._sender.window, copies=self._sender.batch_size)
        if self._box is not None:
            self._box.sign(self._owner, careful=isinstance(self._sender, Careful))
        self._routes: dict[tuple[int, str], Route] = {}
        self._rng = random.Random()  # noqa: S311 (it scatters waits, it keeps no secret)

    @property
    def threads(self) -> int:
        """Batches to hand over at once."""
        return self._sender.window

    def send_batch(self, edition_id: int, number: int) -> bool:
        """Send the batch if the ledger lets us; False where there was nothing to do."""
        route = self._route(edition_id)
        if route is None:
            return False
        return handover.send_batch(
            self._app.database,
            self._sender,
            route,
            number,
            owner=self._owner,
            clock=self._clock,
            rng=self._rng,
            box=self._box,
        )

    def close(self) -> None:
        self._sender.close()
        if self._box is not None:  # not before: what is still being said must not be taken over
            self._box.close()

    def _route(self, edition_id: int) -> Route | None:
        """What sending needs to know of the edition; only the hour can change while it is being sent."""
        now = self._clock()
        key = (edition_id, f"{now:%Y-%m-%d %H}")
        if key not in self._routes:
            with self._app.database.read() as session:
                found = session.get(Sending, edition_id)
                if found is None or found.state is not SendingState.RUNNING:
                    return None  # a hint of another time
                self._routes[key] = sending.route(session, self._app, edition_id, now=now)
        return self._routes[key]


def celery(app: App, worker: Worker) -> "Celery":
    """The Celery application whose task calls *worker*."""
    application = hints.celery(app.settings.broker_url.get_secret_value())

    @application.task(name=hints.TASK)  # type: ignore[untyped-decorator]
    def send_batch(edition_id: int, number: int) -> None:
        sent = worker.send_batch(edition_id, number)
        log.info("batch.sent" if sent else "hint.stale", edition=edition_id, batch=number)

    return application


def run(app: App, *, clock: Callable[[], datetime], threads: int | None = None) -> None:
    """Take hints until SIGTERM; then finish the batches in hand and come back."""
    worker = Worker(app, clock=clock)
    try:
        celery(app, worker).worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={threads or worker.threads}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--loglevel=WARNING",
            ]
        )
    finally:
        worker.close()
