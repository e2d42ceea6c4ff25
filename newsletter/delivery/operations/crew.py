"""Who is at work: the processes that oversee and send, their last word, and what is wrong with them.

Each says a word every few seconds; nothing depends on it but what people are told. The ledger alone decides.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter import clocks
from newsletter.config import Settings
from newsletter.delivery.models import Install, Process
from newsletter.editions import watch
from newsletter.editions.models import Heartbeat
from subscribers.rows import upsert

SCHEDULER, WORKER = "scheduler", "worker"
NOBODY = "no worker is running: start newsletter worker, on any machine (docs/scaling.md)"
#: the heartbeat that says whether the broker takes hints
BROKER = "broker"
#: how long what it said counts
_HEARD_LATELY = timedelta(minutes=2)
#: seconds between two words of a process
EVERY = 5.0
#: a process that said nothing for so long is not at work, by what it is
SILENT = {SCHEDULER: timedelta(minutes=2), WORKER: timedelta(seconds=20)}
#: how long one that left or fell silent is remembered
_REMEMBERED = timedelta(days=1)
#: of those that fell silent without a word, how long that is worth telling
_LATELY = timedelta(hours=1)


def install(session: Session) -> str:
    """What this install is called among others on the same broker, made up the first time."""
    watch.add_once(session, Install, id=1, name=secrets.token_hex(6))
    return session.get_one(Install, 1).name


def say(session: Session, process: Process) -> None:
    """Keep the last word of *process*; the counts are what it had until now."""
    columns = [column.key for column in Process.__table__.columns]
    values: dict[str, Any] = {key: getattr(process, key) for key in columns}
    changed = {key: value for key, value in values.items() if key not in {"name", "started_at"}}
    statement = upsert(session, Process).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))


def leave(session: Session, name: str, *, now: datetime) -> None:
    """*name* ends, as it was told to."""
    session.execute(update(Process).where(Process.name == name).values(left_at=now, seen_at=now, doing="left"))


def forget(session: Session, *, now: datetime) -> None:
    """Forget those that have been gone for long."""
    session.execute(delete(Process).where(Process.seen_at < now - _REMEMBERED))


def known(session: Session) -> Sequence[Process]:
    """Every process that is remembered, the newest word first."""
    query = select(Process).order_by(Process.seen_at.desc(), Process.name)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def at_work(session: Session, kind: str, *, now: datetime, newsletter: str = "") -> list[Process]:
    """Those of *kind* that are there, and work for *newsletter* where one is named."""
    return [
        one
        for one in known(session)
        if one.kind == kind
        and is_there(one, now)
        and (not newsletter or not one.newsletters or newsletter in one.newsletters)
    ]


def is_there(process: Process, now: datetime) -> bool:
    """Whether *process* has not left, and spoke lately."""
    return process.left_at is None and now - process.seen_at <= SILENT[process.kind]


def fell_silent(process: Process, now: datetime) -> bool:
    """Whether *process* stopped speaking without a word of farewell, and lately."""
    silence = now - process.seen_at
    return process.left_at is None and SILENT[process.kind] < silence <= _LATELY


def missing(session: Session, settings: Settings, *, now: datetime) -> str:
    """Who is not there although nothing goes out without them, and what to do; empty where all are."""
    if settings.workers == "celery" and not at_work(session, WORKER, now=now):
        return NOBODY
    return ""


def broker(session: Session, *, now: datetime) -> str:
    """Why the broker takes no hints, as whoever gave the last one heard; empty where it does, or nobody tried."""
    beat = session.get(Heartbeat, BROKER)
    if beat is None or beat.ok or beat.finished_at is None or now - beat.finished_at > _HEARD_LATELY:
        return ""
    return f"the broker takes no hints ({beat.result}); workers look by themselves every {EVERY:.0f} seconds"


def troubles(session: Session, *, now: datetime) -> Iterator[str]:
    """What is wrong with those that are there, and with what they need, in sentences."""
    if deaf := broker(session, now=now):
        yield deaf
    there = [one for one in known(session) if is_there(one, now)]
    for one in there:
        if one.trouble:
            yield f"{one.kind} {one.name}: {one.trouble}"
        if abs(one.ahead) > clocks.BOUND.total_seconds():
            yield f"{one.kind} {one.name}: {clock_off(one.ahead)}"
    yield from _unlike(there)
    gone = [one for one in known(session) if fell_silent(one, now)]
    for one in gone:
        yield f"{one.kind} {one.name} was last heard of at {one.seen_at:%H:%M:%S} UTC, and did not say that it ends"


def clock_off(ahead: float) -> str:
    """A sentence for a clock that is off by *ahead* seconds."""
    way = "ahead of" if ahead > 0 else "behind"
    return (
        f"its machine's clock is {abs(ahead):,.0f} s {way} the database's, which counts; "
        "set it right (is time synchronisation running?)"
    )


def fingerprint(settings: Settings) -> str:
    """What must be alike on every machine, as letters and digits: the secret, then the rest. It tells neither."""
    secret = settings.secret.get_secret_value().encode()
    alike = settings.model_dump_json(include={"public_url", "sender", "newsletters"})
    return f"{_digest(secret, 'secret')}.{_digest(secret, alike)}"


def same_secret(one: str, other: str) -> bool:
    """Whether two fingerprints are of one secret."""
    return hmac.compare_digest(one.partition(".")[0], other.partition(".")[0])


def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]


def _unlike(there: Collection[Process]) -> Iterator[str]:
    """Workers whose settings are not the scheduler's."""
    schedulers = [one for one in there if one.kind == SCHEDULER and one.settings]
    if not schedulers:
        return
    newest = max(schedulers, key=lambda one: one.started_at)
    for one in there:
        if one.settings and one.settings != newest.settings:
            yield (
                f"{one.kind} {one.name} goes by other settings than scheduler {newest.name}: "
                "copy newsletter.toml, and restart what was started before the change"
            )
