"""SendGrid's posts: read, told apart by whose they are, and given to the evidence, in one transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.models import Batch
from newsletter.tracking import copies, evidence, ownership, quarantine, sendgrid
from newsletter.tracking.heard import Heard
from newsletter.tracking.links import told as opens_and_clicks
from newsletter.tracking.models import Watermark
from newsletter.tracking.quarantine import Unreadable
from newsletter.tracking.sendgrid import PROVIDER
from subscribers import rows

_AT_ONCE = 1000
_LONGEST_PIECE = 4000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a post brought."""

    #: events that were new, and events that we had
    new: int = 0
    known: int = 0
    #: of the new ones, events of another install on the same account, which change nobody here
    foreign: int = 0
    #: pieces that could not be read, now in quarantine
    unreadable: int = 0
    #: batches whose fate is known by it
    settled: int = 0


def record(
    session: Session,
    raw_events: Sequence[Mapping[str, Any]],
    *,
    unreadable: Sequence[Unreadable] = (),
    account_is_ours: bool = False,
    rules: Lessons | None = None,
    now: datetime,
    trouble_at: datetime | None = None,
) -> Recorded:
    """Store each of SendGrid's events once, and let the new ones settle batches, move statuses and teach.

    The order, the number of copies and the cut of the posts make no difference to where things stand
    afterwards. Only what is about a copy or a person of ours moves anything (see `ownership`). *unreadable*:
    what else stood in the post. *account_is_ours* and *rules*: the settings. *trouble_at*: when a post was last
    turned away through our own fault.
    """
    told, odd = _read(raw_events, now=now)
    quarantine.keep(session, PROVIDER, [*unreadable, *odd], now=now)
    heard = [each for each, _ in told]
    _own(session, told, account_is_ours=account_is_ours)
    noted = evidence.record(session, heard, rules=rules, now=now)
    opens_and_clicks.take(session, noted.new)
    _move_watermark(session, heard, now=now, trouble_at=trouble_at)
    return Recorded(
        new=len(noted.new),
        known=len(raw_events) - len(noted.new) - len(odd),
        foreign=sum(not each.is_ours for each in noted.new),
        unreadable=len(unreadable) + len(odd),
        settled=noted.settled,
    )


#: an event, and the same as SendGrid told it
_Told = tuple[Heard, Mapping[str, Any]]


def _read(raw_events: Sequence[Mapping[str, Any]], *, now: datetime) -> tuple[list[_Told], list[Unreadable]]:
    told, odd = list[_Told](), list[Unreadable]()
    for event in raw_events:
        try:
            told.append((sendgrid.read(event, now=now), event))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            odd.append(Unreadable(repr(event)[:_LONGEST_PIECE], f"{type(error).__name__}: {error}"))
    return told, odd


def _own(session: Session, told: Sequence[_Told], *, account_is_ours: bool) -> None:
    """Find out which are ours: most carry an attempt that we know, the others are looked at one by one."""
    known = _known_attempts(session, {each.attempt for each, _ in told})
    strangers = list[_Told]()
    for pair in told:
        each = pair[0]
        if each.attempt in known:
            each.is_ours = each.knows_attempt = True
        else:
            strangers.append(pair)
    people = ownership.people(session, [each for each, _ in strangers])
    for each, raw in strangers:
        named = sendgrid.names_a_copy(raw)
        ownership.claim(each, people, names_a_copy=named, account_is_ours=account_is_ours)
        if sendgrid.is_late_bounce(raw):
            each.proves = False
            if each.subscriber_id is not None:
                each.edition_id = copies.newest(session, each.subscriber_id, sender=PROVIDER, before=each.at)


def _known_attempts(session: Session, attempts: Collection[str]) -> set[str]:
    wanted, known = sorted(filter(None, attempts)), set[str]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = {"attempts": wanted[start : start + _AT_ONCE]}
        known.update(session.connection().execute(_KNOWN_ATTEMPTS, some).scalars())
    return known


_KNOWN_ATTEMPTS = select(Batch.attempt).where(Batch.attempt.in_(bindparam("attempts", expanding=True)))


def _move_watermark(session: Session, heard: Iterable[Heard], *, now: datetime, trouble_at: datetime | None) -> None:
    """Remember the newest event time, but never one that lies ahead of our own clock."""
    newest = max((each.at for each in heard if each.is_dated), default=None)
    if newest is not None:
        _watermark(session, at=min(newest, now), trouble_at=trouble_at)


def trouble(session: Session, *, now: datetime) -> None:
    """A post was turned away that SendGrid will bring again: silence means nothing for a while."""
    _watermark(session, at=_BEGINNING, trouble_at=now)


#: before every event
_BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _watermark(session: Session, *, at: datetime, trouble_at: datetime | None) -> None:
    connection = session.connection()
    values = {"provider": PROVIDER, "at": at, "trouble_at": trouble_at}
    connection.execute(_forwards(connection.dialect.name), values)


@cache
def _forwards(dialect: str) -> Any:
    """An upsert that only moves forwards."""
    statement = rows.insert(dialect, Watermark)
    new, later = statement.excluded, func.greatest if dialect == "postgresql" else func.max
    return statement.on_conflict_do_update(
        index_elements=["provider"],
        set_={
            "at": later(new.at, Watermark.at),
            # SQLite's max of two is NULL where one is
            "trouble_at": func.coalesce(
                later(new.trouble_at, Watermark.trouble_at), new.trouble_at, Watermark.trouble_at
            ),
        },
        where=or_(new.at > Watermark.at, new.trouble_at.is_not(None)),
    )
