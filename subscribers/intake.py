"""People taken in, many at a time: the one way by which subscribers and subscriptions come to be.

Nobody who left is brought back here, whoever asks and by whatever file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from . import addresses, details, strangers
from .errors import NoSuchList
from .models import Consent, ConsentEvent, List, Model, Subscriber, Subscription
from .rows import upsert

#: What may follow what without the person's own new confirmation; None is "not on the list".
MAY_FOLLOW: Mapping[Consent | None, frozenset[Consent]] = {
    None: frozenset(Consent),
    Consent.PENDING: frozenset({Consent.CONFIRMED, Consent.UNSUBSCRIBED}),
    Consent.CONFIRMED: frozenset({Consent.UNSUBSCRIBED}),
    Consent.UNSUBSCRIBED: frozenset(),
}


class Outcome(StrEnum):
    """What taking somebody in came to."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as somebody hands them in, checked; `entry` makes one."""

    email: str
    key: str
    name: str = ""
    language: str = ""
    time_zone: str = ""
    #: list slug → what is asked for
    consents: Mapping[str, Consent] = field(default_factory=dict)


def entry(
    email: str, *, name: str = "", language: str = "", time_zone: str = "", consents: Mapping[str, Consent]
) -> Entry:
    """Check and normalise what is known of a person; raises BadAddress or BadDetail."""
    email = addresses.check(email)
    return Entry(
        email=email,
        key=addresses.key(email),
        name=details.name(name),
        language=details.language(language),
        time_zone=details.time_zone(time_zone),
        consents=consents,
    )


def list_ids(session: Session, slugs: Iterable[str]) -> dict[str, int]:
    """Slug → id of each list; raises NoSuchList, which names the lists there are."""
    wanted = list(dict.fromkeys(slugs))
    known = dict(session.execute(select(List.slug, List.id).order_by(List.slug)).all())
    for slug in wanted:
        if slug not in known:
            there = f"there are {', '.join(known)}" if known else "there is none yet"
            raise NoSuchList(f"there is no list {slug!r}: {there}; newsletter subscribers lists --create makes one")
    return {slug: known[slug] for slug in wanted}


def take_in(
    session: Session, entries: Sequence[Entry], *, overwrite: bool, source: str, now: datetime
) -> list[Outcome]:
    """Add or bring up to date each of *entries*, whose keys differ; one outcome for each, in their order.

    A person's details are filled in where they were empty, and replaced only with *overwrite*.
    """
    lists = list_ids(session, [slug for entry in entries for slug in entry.consents])
    before = _known(session, entries)
    _add_people(session, [entry for entry in entries if entry.key not in before], now)
    ids = {**before, **_known(session, [entry for entry in entries if entry.key not in before])}
    strangers.welcome(session, [entry.key for entry in entries if entry.key not in before])
    amended = _amend_people(session, [entry for entry in entries if entry.key in before], before, overwrite)
    wanted = {
        (ids[entry.key].id, lists[slug]): consent for entry in entries for slug, consent in entry.consents.items()
    }
    moved = _subscribe(session, wanted, source, now)
    return [
        Outcome.ADDED
        if entry.key not in before
        else Outcome.UPDATED
        if entry.key in amended or ids[entry.key].id in moved
        else Outcome.UNCHANGED
        for entry in entries
    ]


def once(session: Session, table: type[Model]) -> Any:
    """An INSERT that leaves out each row that somebody else has put there already."""
    return upsert(session, table).on_conflict_do_nothing()


def note(session: Session, changes: Mapping[tuple[int, int], Consent], source: str, now: datetime) -> None:
    """Write the history of *changes*: (subscriber id, list id) → consent."""
    way = details.source(source)
    rows = [
        {"subscriber_id": person, "list_id": on, "consent": consent, "source": way, "at": now}
        for (person, on), consent in changes.items()
    ]
    if rows:
        session.execute(insert(ConsentEvent), rows)


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    name: str
    language: str
    time_zone: str


def _known(session: Session, entries: Sequence[Entry]) -> dict[str, _Known]:
    columns = (Subscriber.email_key, Subscriber.id, Subscriber.name, Subscriber.language, Subscriber.time_zone)
    query = select(*columns).where(Subscriber.email_key.in_([entry.key for entry in entries]))
    rows = session.execute(query) if entries else ()
    return {key: _Known(id_, name, language, zone) for key, id_, name, language, zone in rows}


def _add_people(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    rows = [
        {
            "email": entry.email,
            "email_key": entry.key,
            "name": entry.name,
            "language": entry.language,
            "time_zone": entry.time_zone,
            "created_at": now,
        }
        for entry in entries
    ]
    if rows:
        session.connection().execute(once(session, Subscriber), rows)


def _amend_people(
    session: Session, entries: Sequence[Entry], before: Mapping[str, _Known], overwrite: bool
) -> set[str]:
    """Bring details up to date; the keys of those whom it changed."""
    rows = []
    for entry in entries:
        old = before[entry.key]
        new = _Known(old.id, *(_merged(old, entry, detail, overwrite) for detail in ("name", "language", "time_zone")))
        if new != old:
            rows.append(
                {"key": entry.key, "new_name": new.name, "new_language": new.language, "new_zone": new.time_zone}
            )
    if rows:
        statement = (
            update(Subscriber)
            .where(Subscriber.email_key == bindparam("key"))
            .values(name=bindparam("new_name"), language=bindparam("new_language"), time_zone=bindparam("new_zone"))
        )
        session.connection().execute(statement, rows)
        session.expire_all()  # what the session already holds of them is old
    return {row["key"] for row in rows}


def _merged(old: _Known, entry: Entry, detail: str, overwrite: bool) -> str:
    was, given = getattr(old, detail), getattr(entry, detail)
    return str((given or was) if overwrite else (was or given))


def _subscribe(session: Session, wanted: Mapping[tuple[int, int], Consent], source: str, now: datetime) -> set[int]:
    """Bring subscriptions to what is *wanted* where that may be; the ids of the people whom it moved."""
    query = select(Subscription.subscriber_id, Subscription.list_id, Subscription.consent).where(
        Subscription.subscriber_id.in_({person for person, _ in wanted})
    )
    there = {(person, on): consent for person, on, consent in session.execute(query)} if wanted else {}
    changes = {pair: consent for pair, consent in wanted.items() if consent in MAY_FOLLOW[there.get(pair)]}
    rows = [
        {"subscriber_id": person, "list_id": on, "consent": consent, "changed_at": now}
        for (person, on), consent in changes.items()
        if (person, on) not in there
    ]
    if rows:
        session.connection().execute(once(session, Subscription), rows)
    _move(session, {pair: consent for pair, consent in changes.items() if pair in there}, now)
    note(session, changes, source, now)
    return {person for person, _ in changes}


def _move(session: Session, changes: Mapping[tuple[int, int], Consent], now: datetime) -> None:
    rows = [{"person": person, "on": on, "to": consent} for (person, on), consent in changes.items()]
    if rows:
        statement = (
            update(Subscription)
            .where(Subscription.subscriber_id == bindparam("person"), Subscription.list_id == bindparam("on"))
            .values(consent=bindparam("to"), changed_at=now)
        )
        session.connection().execute(statement, rows)
        session.expire_all()
