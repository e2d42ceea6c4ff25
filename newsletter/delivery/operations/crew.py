"""Who is at work: the processes that oversee and send, their last word, and what is wrong with them.

Each says a word every few seconds; nothing depends on it but what people are told. The ledger alone decides.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter import clocks, plural
from newsletter.config import Settings
from newsletter.delivery.ledger.owners import is_dead
from newsletter.delivery.models import HintQueue, Install, Process
from newsletter.editions import watch
from newsletter.editions.models import Heartbeat
from subscribers.rows import upsert

SCHEDULER, WORKER = "scheduler", "worker"
NOBODY = "no worker is running: start newsletter worker, on any machine (docs/scaling.md)"
NO_CLOCK = (
    "no scheduler is at work: what workers have begun goes on, and nothing new is begun by the clock; "
    "start newsletter scheduler"
)
#: the heartbeat that says whether the broker takes hints
BROKER = "broker"
#: how long what it said counts
_HEARD_LATELY = timedelta(minutes=2)
#: seconds between two words of a process
EVERY = 5.0
#: a process that said nothing for so long is not at work, by what it is
SILENT = {SCHEDULER: timedelta(minutes=1), WORKER: timedelta(seconds=20)}
#: how long one that left or fell silent is remembered
_REMEMBERED = timedelta(days=1)
#: of those that fell silent without a word, how long that is worth telling
_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Word:
    """A line about who is at work."""

    text: str
    is_trouble: bool = False


def install(session: Session) -> str:
    """What this install is called among others on the same broker, made up the first time."""
    watch.add_once(session, Install, id=1, name=secrets.token_hex(6))
    return session.get_one(Install, 1).name


def say(session: Session, process: Process) -> bool:
    """Keep the last word of *process*; the counts are what it had until now.

    False where another one lives by its name: nothing is kept then.
    """
    columns = [column.key for column in Process.__table__.columns]
    values: dict[str, Any] = {key: getattr(process, key) for key in columns}
    changed = {key: value for key, value in values.items() if key != "name"}
    free = or_(
        Process.owner == process.owner,
        Process.left_at.is_not(None),
        Process.seen_at < process.seen_at - SILENT[process.kind],
    )
    statement = upsert(session, Process).values(**values)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=changed, where=free)
    return bool(watch.rows_touched(session, statement))


def enter(session: Session, process: Process) -> Process | None:
    """Let *process* be known by its name, or return who has it: one that spoke lately, and may be alive or not."""
    holder = session.get(Process, process.name, populate_existing=True)
    if holder is not None and holder.owner != process.owner and is_dead(holder.owner):
        session.execute(delete(Process).where(Process.name == holder.name, Process.owner == holder.owner))
        holder = None
    return None if say(session, process) else holder or session.get_one(Process, process.name)


def taken(name: str, holder: Process, *, now: datetime) -> str:
    """A sentence for one whose *name* is *holder*'s."""
    where = holder.owner.partition("/")[0] or "another machine"
    silence = max(0.0, (now - holder.seen_at).total_seconds())
    return (
        f"a {holder.kind} called {name} is at work already, on {where} (its last word came {silence:.0f} s ago): "
        "give this one another --name, or stop that one"
    )


def leave(session: Session, name: str, *, now: datetime) -> None:
    """*name* ends, as it was told to."""
    session.execute(update(Process).where(Process.name == name).values(left_at=now, seen_at=now, doing="left"))


def forget(session: Session, *, now: datetime) -> None:
    """Forget those that have been gone for long."""
    session.execute(delete(Process).where(Process.seen_at < now - _REMEMBERED))


def forget_all(session: Session) -> None:
    """Forget every one: a backup tells of who was at work when it was made. Who is says so again within seconds."""
    session.execute(delete(Process))


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


def gave(session: Session, newsletter: str, hints: int, *, now: datetime) -> None:
    """*hints* more were given of editions of *newsletter*."""
    statement = upsert(session, HintQueue).values(newsletter=newsletter, given=hints, given_at=now)
    more = {"given": HintQueue.given + hints, "given_at": now}
    session.execute(statement.on_conflict_do_update(index_elements=["newsletter"], set_=more))


def saw(session: Session, newsletter: str, *, waiting: int, listening: int, now: datetime) -> None:
    """How the queue of hints at editions of *newsletter* stands."""
    since = now if waiting else None
    values = {"seen_at": now, "waiting": waiting, "listening": listening, "waiting_since": since}
    statement = upsert(session, HintQueue).values(newsletter=newsletter, **values)
    lasts = values | {"waiting_since": func.coalesce(HintQueue.waiting_since, now) if waiting else None}
    session.execute(statement.on_conflict_do_update(index_elements=["newsletter"], set_=lasts))


def queues(session: Session, settings: Settings) -> Sequence[HintQueue]:
    """How the queues of hints stood at the last look; none where no workers are used."""
    if settings.workers != "celery":
        return []
    here = HintQueue.newsletter.in_(settings.newsletters)
    return session.scalars(select(HintQueue).where(here).order_by(HintQueue.newsletter)).all()


def traffic(session: Session, settings: Settings, *, now: datetime) -> Iterator[str]:
    """What goes through the broker, a sentence for each newsletter and one for the workers that are there."""
    for one in queues(session, settings):
        given = f"{one.given:,} given" + (f", the last {_ago(now - one.given_at)}" if one.given_at else "")
        if one.seen_at is None or now - one.seen_at > _HEARD_LATELY:
            yield f"hints of {one.newsletter}: {given}; the queue was not looked at lately"
            continue
        since = f" (there was always one since {one.waiting_since:%H:%M:%S} UTC)" if one.waiting_since else ""
        there = f"{one.waiting:,} waiting{since}, {plural.counted(one.listening, 'worker')} listening"
        yield f"hints of {one.newsletter}: {there}, {_ago(now - one.seen_at)}; {given}"
    workers = at_work(session, WORKER, now=now)
    if settings.workers == "celery" and workers:
        heard, stale = sum(one.hints for one in workers), sum(one.stale for one in workers)
        yield f"the workers that are there heard {heard:,}, of which {stale:,} told them nothing new"


def counts(session: Session, settings: Settings, *, now: datetime) -> dict[str, float | None]:
    """The same in figures, of all newsletters together: for a monitor. Empty where no workers are used.

    `waits` is for how many seconds some hint has waited, at every look; None where the queues were not seen lately.
    """
    if settings.workers != "celery":
        return {}
    found, workers = queues(session, settings), at_work(session, WORKER, now=now)
    lately = [one for one in found if one.seen_at and now - one.seen_at <= _HEARD_LATELY]
    since = min((one.waiting_since for one in lately if one.waiting_since), default=None)
    seen: dict[str, float | None] = {
        "waiting": sum(one.waiting for one in lately),
        "listening": sum(one.listening for one in lately),
        "waits": round((now - since).total_seconds(), 1) if since else 0.0,
    }
    return {
        "given": sum(one.given for one in found),
        "heard": sum(one.hints for one in workers),
        "stale": sum(one.stale for one in workers),
        **(seen if lately else dict.fromkeys(seen)),
    }


def words(session: Session, settings: Settings, *, now: datetime, newsletter: str = "") -> Iterator[Word]:
    """Who is at work, a line for each kind, and what is wrong with those who should be."""
    if lacking := missing(session, settings, now=now):
        yield Word(f"workers: {lacking}", is_trouble=True)
    for kind in (SCHEDULER, WORKER):
        there = at_work(session, kind, now=now, newsletter=newsletter)
        if there:
            doing = ", ".join(f"{one.name} ({one.doing})" if one.doing else one.name for one in there)
            yield Word(f"{kind if len(there) == 1 else f'{kind}s'}: {doing}")
    for line in traffic(session, settings, now=now):
        yield Word(line)
    for line in troubles(session, now=now):
        yield Word(line, is_trouble=True)


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
    if clockless(session, now=now):
        yield NO_CLOCK
    for one in known(session):
        if fell_silent(one, now):
            yield f"{one.kind} {one.name} was last heard of at {one.seen_at:%H:%M:%S} UTC, and did not say that it ends"


def clockless(session: Session, *, now: datetime) -> bool:
    """Whether a scheduler fell silent, and no other is there."""
    schedulers = [one for one in known(session) if one.kind == SCHEDULER]
    return any(fell_silent(one, now) for one in schedulers) and not any(is_there(one, now) for one in schedulers)


def _ago(lapse: timedelta) -> str:
    return f"{max(0.0, lapse.total_seconds()):.0f} s ago"


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
