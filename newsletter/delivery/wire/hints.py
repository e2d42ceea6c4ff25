"""Hints to workers on other machines: a message says that an edition is being sent, and the ledger decides.

Hints may be lost, doubled, late or stale: one is given every moment while something may go, and each is forgotten
after a few seconds. So the broker's whole state may vanish and nobody is missed; a worker that hears none looks at
the ledger by itself.
"""

from typing import TYPE_CHECKING, Any, Protocol

from newsletter import logs
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from celery import Celery
    from kombu import Queue

log = logs.get_logger(__name__)

#: what a hint asks for; the worker's side of it is in `newsletter.workers`
TASK = "newsletter.come"
#: what every queue of ours is bound to
EXCHANGE = "newsletter.hints"
#: seconds after which a hint that nobody took is forgotten
LIFE = 10
#: seconds a broker may take to say that it has a hint, or that it is there at all
PATIENCE = 4.0
#: seconds between two signs of life on a connection; half-open ones are noticed after two or three
_HEARTBEAT = 5
#: seconds after which a queue that nobody uses any more is forgotten
_QUEUE_LIFE = 7 * 24 * 3600


class Hints(Protocol):
    """A way to tell workers of an edition that is being sent."""

    def give(self, edition_id: int) -> str:
        """Tell whoever is free; raises nothing. Returns why it could not, in words, or nothing."""
        ...


class CeleryHints:
    """Hints by way of a broker, into one queue. They carry one number each, and no address."""

    def __init__(self, application: "Celery", queue: "Queue") -> None:
        self._celery, self._queue = application, queue
        self._connection: Any = None
        self._producer: Any = None
        self._blocked = ""

    def give(self, edition_id: int) -> str:
        try:
            self._connect()
            self._celery.send_task(
                TASK,
                args=(edition_id,),
                queue=self._queue,
                producer=self._producer,
                retry=False,
                delivery_mode="transient",
                confirm_timeout=PATIENCE,
                ignore_result=True,
            )
        except troubles() as error:
            why = self._blocked or said(error)
            self._drop()
            return why
        return ""

    def close(self) -> None:
        """Give back the connection."""
        self._drop()
        self._celery.close()

    def _connect(self) -> None:
        if self._connection is None:
            self._blocked = ""
            self._connection = self._celery.connection_for_write(
                connect_timeout=PATIENCE,
                transport_options={
                    "confirm_publish": True,
                    "read_timeout": PATIENCE,
                    "write_timeout": PATIENCE,
                    "on_blocked": self._block,
                },
            )
            self._connection.connect()
            self._producer = self._celery.amqp.Producer(self._connection)

    def _block(self, reason: str) -> None:
        self._blocked = full(reason)

    def _drop(self) -> None:
        """Forget the connection, without a word to a broker that may not be listening."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.collect(socket_timeout=0.5)


def troubles() -> tuple[type[Exception], ...]:
    """What may be raised where a broker is away, or says no."""
    from amqp.exceptions import AMQPError
    from kombu.exceptions import KombuError

    return AMQPError, KombuError, OSError


def full(reason: str) -> str:
    """What it means that the broker has blocked us."""
    return f"it takes no messages, for its memory or its disk is nearly used up ({reason})"


def said(error: BaseException) -> str:
    """An error with its kind, for people who look it up."""
    return f"{type(error).__name__}: {error}".strip(": ")


def celery(broker_url: str) -> "Celery":
    """The Celery application, as both sides must see it; nothing is connected yet."""
    try:
        from celery import Celery
    except ModuleNotFoundError as error:
        raise ConfigError("workers on Celery need the extra: in the tree, pip install '.[workers]'") from error
    application = Celery("newsletter", broker=broker_url, set_as_current=False)
    application.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        # Celery binds every queue to an exchange; named like the queues, one permission is enough for both
        task_default_exchange=EXCHANGE,
        enable_utc=True,
        broker_heartbeat=_HEARTBEAT,
        broker_connection_timeout=PATIENCE,
        # who lost the broker comes back by a way of its own, which also sees to what is said meanwhile
        broker_connection_retry=False,
        broker_connection_retry_on_startup=False,
        # its queue is exclusive: a worker that comes back on a new connection would meet its own old one
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
    )
    return application


def queue(install: str, newsletter: str, *, life: int = _QUEUE_LIFE) -> "Queue":
    """Where hints at editions of *newsletter* wait; *install* keeps those of others on the same broker apart.

    Unused, it is forgotten after *life* seconds.
    """
    from kombu import Exchange, Queue

    return Queue(
        f"newsletter.{install}.{newsletter}",
        Exchange(""),
        routing_key=f"newsletter.{install}.{newsletter}",
        queue_arguments={"x-queue-type": "classic", "x-message-ttl": LIFE * 1000, "x-expires": life * 1000},
    )
