"""Hints heard by way of Celery, in a thread of its own: whatever becomes of the broker, the worker goes on.

Celery's own ways of coming back to a broker are not used: they take up to half a minute, and end the process where
they fail.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

from newsletter import logs
from newsletter.delivery.wire import hints

if TYPE_CHECKING:
    from kombu import Queue

log = logs.get_logger(__name__)

#: seconds between two tries to reach the broker
_AGAIN = 2.0
#: seconds that the farewell to a broker may take
_FAREWELL = 3.0


class Listener:
    """Calls *hear* with the edition of each hint in *queues* of the broker at *url*, until it is closed."""

    def __init__(self, url: str, queues: Sequence["Queue"], hear: Callable[[int], None], *, name: str) -> None:
        self._application, self._name = hints.celery(url), name
        self._application.conf.task_queues = list(queues)

        @self._application.task(name=hints.TASK)  # type: ignore[untyped-decorator]
        def come(edition_id: int) -> None:
            hear(edition_id)

        self._stop = Event()
        #: why no hint is heard at the moment; empty while they are, and before the first try has failed
        self.trouble = ""
        self.is_connected = False
        self._thread = threading.Thread(target=self._listen, name="hints", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more."""
        from celery.worker import state

        self._stop.set()
        state.should_stop = True
        self._thread.join(_FAREWELL)  # a broker that does not answer is left without a word

    def _listen(self) -> None:
        # what it says of a lost connection is said here in one line
        logging.getLogger("celery.worker").setLevel(logging.CRITICAL + 1)
        while not self._stop.is_set():
            try:
                self._hear_until_it_breaks()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - Celery would end the process; the worker goes on
                self._broke(error.__cause__ or error)
            self._stop.wait(_AGAIN)

    def _hear_until_it_breaks(self) -> None:
        # a worker is not made for a broker that is away
        with self._application.connection_for_read() as connection:
            connection.connect()
        controller = _controller()(
            app=self._application,
            hostname=self._name,
            pool_cls="solo",
            concurrency=1,
            loglevel=logging.WARNING,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda _consumer: self._ready(),
        )
        try:
            controller.start()
        finally:
            controller.terminate()  # not `stop`, which waits for ever for a broker that does not answer

    def _ready(self) -> None:
        log.info("broker.connected")
        self.trouble, self.is_connected = "", True

    def _broke(self, error: BaseException) -> None:
        why = f"{type(error).__name__}: {error}".strip(": ")
        if not self._stop.is_set() and why != self.trouble:
            log.warning("broker.away", error=why)
        self.trouble, self.is_connected = why, False


def _controller() -> Any:
    """Celery's worker without its way of ending the process: what it meets is raised."""
    from celery.worker import WorkController

    class Controller(WorkController):  # type: ignore[misc]
        def start(self) -> None:
            self.blueprint.start(self)

    return Controller
