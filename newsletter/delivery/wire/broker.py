"""The broker looked at: how the queues of hints stand, and whether this user may do all that hints need.

Every step has an end: a broker that does not answer is left after some seconds.
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from newsletter.delivery.wire import hints
from newsletter.delivery.wire.hints import PATIENCE, said

if TYPE_CHECKING:
    from kombu import Connection, Queue

#: as the documents give it; the first pattern covers our queues and our exchange
GRANT = "sudo rabbitmqctl set_permissions -p '{vhost}' '{user}' '^newsletter\\..*' '.*' '.*'"


@dataclass(frozen=True, slots=True)
class Depth:
    """What is in one queue: hints that nobody took yet, and workers that listen."""

    waiting: int
    listening: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding, with what to do where it is bad."""

    works: bool
    text: str


def measure(broker_url: str, install: str, newsletters: Sequence[str]) -> dict[str, Depth]:
    """How the queue of each newsletter stands, once the broker took a message for nobody; nothing is made.

    A queue that is not there has nothing in it.     Raises what `hints.troubles` names.
    """
    with _connected(broker_url) as connection:
        with connection.channel() as channel:
            _publish(channel, _trial(install))
        return {slug: _depth(connection, hints.queue(install, slug)) for slug in newsletters}


def examine(broker_url: str, install: str, newsletters: Sequence[str]) -> Iterator[Seen]:
    """Do all that workers and the scheduler will, on our queues and on one that is thrown away; raises nothing."""
    try:
        with _connected(broker_url) as connection:
            missing = list(dict.fromkeys(_missing(connection, install, newsletters)))
            if missing:
                user, vhost = connection.userid, connection.virtual_host or "/"
                grant = GRANT.format(user=user, vhost=vhost)
                yield Seen(False, f"user {user} may not {'; '.join(missing)}: {grant}")
                return
            depths = {slug: _depth(connection, hints.queue(install, slug)) for slug in newsletters}
            _try(connection, install)
    except hints.troubles() as error:
        yield Seen(False, _unreached(error))
        return
    yield Seen(True, f"takes hints and gives them; {spoken(depths)}")


def spoken(depths: dict[str, Depth]) -> str:
    """The queues in one line: "friday: 0 waiting, 2 listening"."""
    return "; ".join(f"{slug}: {one.waiting} waiting, {one.listening} listening" for slug, one in depths.items())


def _missing(connection: "Connection", install: str, newsletters: Sequence[str]) -> Iterator[str]:
    """What this user may not do, step by step, as the permissions of RabbitMQ name it."""
    trial = _trial(install)
    exchange = f"exchange {hints.EXCHANGE}"
    for queue in [*(hints.queue(install, slug) for slug in newsletters), trial]:
        bound = _as_celery_binds(connection, queue)
        name = f"queue {queue.name if queue is not trial else hints.queue(install, '…').name}"
        yield from _refused(connection, f"configure {exchange}", lambda channel, q=bound: q.exchange(channel).declare())
        if made := list(_refused(connection, f"configure {name}", lambda channel, q=bound: q(channel).queue_declare())):
            yield from made
            continue
        yield from _refused(
            connection, f"write to {name} or read from {exchange}", lambda channel, q=bound: q(channel).queue_bind()
        )
        yield from _refused(connection, f"read from {name}", lambda channel, q=bound: _peek(channel, q))
    yield from _refused(connection, "write to exchange amq.default", lambda channel: _publish(channel, trial))


def _peek(channel: Any, queue: "Queue") -> None:
    """Ask for what is there, as who reads does, and put it back: hints that are in it are for workers."""
    tag = secrets.token_hex(4)
    channel.basic_qos(0, 1, False)
    channel.basic_consume(queue.name, consumer_tag=tag, callback=lambda message: None)
    channel.basic_cancel(tag)


def _try(connection: "Connection", install: str) -> None:
    """One message by way of a queue that is thrown away; raises where it does not come back."""
    trial = _as_celery_binds(connection, _trial(install))
    with connection.channel() as channel:
        bound = trial(channel)
        bound.declare()
        try:
            _publish(channel, trial)
            if channel.basic_get(trial.name, no_ack=True) is None:
                raise OSError("a message that it took did not come back")
        finally:
            bound.delete()


def _publish(channel: Any, queue: "Queue") -> None:
    from amqp import Message

    channel.confirm_select()
    channel.basic_publish_confirm(Message(b"a trial"), exchange="", routing_key=queue.name)


def _trial(install: str) -> "Queue":
    """A queue beside those of the newsletters, which nobody else knows."""
    return hints.queue(install, f"doctor/{secrets.token_hex(4)}", life=30)


def _as_celery_binds(connection: "Connection", queue: "Queue") -> "Queue":
    from kombu import Exchange, Queue

    return Queue(
        queue.name,
        Exchange(hints.EXCHANGE, type="direct"),
        routing_key=queue.name,
        queue_arguments=queue.queue_arguments,
    )


def _refused(connection: "Connection", what: str, do: Any) -> Iterator[str]:
    """*what*, if that is refused for want of a permission; each step has a channel of its own, which a no closes."""
    from amqp.exceptions import AccessRefused, NotFound

    channel = connection.channel()
    try:
        do(channel)
    except AccessRefused:
        yield what
    except NotFound:
        pass  # it could not be made, which was told by then
    else:
        channel.close()


def _depth(connection: "Connection", queue: "Queue") -> Depth:
    from amqp.exceptions import NotFound

    with contextlib.suppress(NotFound), connection.channel() as channel:
        told = channel.queue_declare(queue.name, passive=True)
        return Depth(told.message_count, told.consumer_count)
    return Depth(0, 0)


@contextmanager
def _connected(broker_url: str) -> Iterator["Connection"]:
    blocked: list[str] = []
    application = hints.celery(broker_url)
    connection = application.connection_for_write(
        connect_timeout=PATIENCE,
        transport_options={
            "confirm_publish": True,
            "read_timeout": PATIENCE,
            "write_timeout": PATIENCE,
            "on_blocked": blocked.append,
        },
    )
    try:
        connection.connect()
        yield connection
    except hints.troubles() as error:
        if blocked:
            raise OSError(hints.full(blocked[0])) from error
        raise
    finally:
        connection.collect(socket_timeout=0.5)
        application.close()


def _unreached(error: BaseException) -> str:
    from amqp.exceptions import AccessRefused, NotAllowed, PreconditionFailed

    match error:
        case AccessRefused():
            return f"refuses the user or the password of broker_url ({said(error)})"
        case NotAllowed():
            return f"has no such virtual host, or this user may not enter it ({said(error)})"
        case PreconditionFailed():
            return f"has a queue of ours that was made otherwise ({said(error)}): sudo rabbitmqctl delete_queue NAME"
        case _:
            return f"can't be used ({said(error)})"
