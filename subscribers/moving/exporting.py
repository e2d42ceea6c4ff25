"""The roll as CSV files: people, every change of their consent, and who must not be mailed.

Cells that a spreadsheet would run as formulas get an apostrophe, which an import takes away again.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from subscribers import intake
from subscribers.models import (
    Consent,
    ConsentEvent,
    List,
    Stranger,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)

from .sheets import safe

_CHUNK = 1000
_COLUMNS = ("email", "name", "language", "time zone", "lists", "pending", "unsubscribed", "suppressed")
#: column of an export → the consent that its lists have
_CONSENTS = {"lists": Consent.CONFIRMED, "pending": Consent.PENDING, "unsubscribed": Consent.UNSUBSCRIBED}


def subscribers(session: Session, stream: TextIO, *, slug: str | None = None) -> int:
    """Write everybody, or everybody who is or was on the list *slug*, a row each; how many there were."""
    only = None if slug is None else intake.list_ids(session, [slug])
    write = _Table(stream, _COLUMNS)
    count, last = 0, 0
    while rows := session.execute(_page(last, only)).all():
        standing = _standing(session, [row.id for row in rows], only)
        for row in rows:
            lists = [" ".join(standing.get((row.id, consent), ())) for consent in _CONSENTS.values()]
            write.row([row.email, row.name, row.language, row.time_zone, *lists, row.reason or ""])
        count, last = count + len(rows), rows[-1].id
    return count


def consent(session: Session, stream: TextIO, *, slug: str | None = None) -> int:
    """Write every change of consent, in their order, to all lists or to *slug*; how many there were."""
    only = None if slug is None else intake.list_ids(session, [slug])[slug]
    write = _Table(stream, ("email", "list", "consent", "source", "at", "given at", "given from"))
    query = (
        select(ConsentEvent, Subscriber.email, List.slug)
        .join(Subscriber, Subscriber.id == ConsentEvent.subscriber_id)
        .join(List, List.id == ConsentEvent.list_id)
        .order_by(ConsentEvent.id)
        .execution_options(yield_per=_CHUNK)
    )
    count = 0
    for event, email, on in session.execute(query if only is None else query.where(ConsentEvent.list_id == only)):
        given = event.given_at.isoformat() if event.given_at else ""
        write.row([email, on, event.consent, event.source, event.at.isoformat(), given, event.given_from])
        count += 1
    return count


def suppressions(session: Session, stream: TextIO) -> int:
    """Write who must not be mailed: people here by their address, strangers by their hash; how many there were."""
    write = _Table(stream, ("email", "reason", "source", "at", "hash"))
    count = 0
    for row in session.execute(
        select(Suppression).order_by(Suppression.id).execution_options(yield_per=_CHUNK)
    ).scalars():
        write.row([row.email_key, row.reason, row.note, row.at.isoformat(), ""])
        count += 1
    strangers = select(Stranger).order_by(Stranger.at, Stranger.digest).execution_options(yield_per=_CHUNK)
    for stranger in session.execute(strangers).scalars():
        write.row(["", stranger.reason, stranger.source, stranger.at.isoformat(), stranger.digest])
        count += 1
    return count


class _Table:
    def __init__(self, stream: TextIO, columns: Iterable[str]) -> None:
        self._writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180 section 2
        self._writer.writerow(columns)

    def row(self, cells: Iterable[str]) -> None:
        self._writer.writerow([safe(cell) for cell in cells])


def _page(after: int, only: Mapping[str, int] | None) -> Select[int, str, str, str, str, SuppressionReason]:
    page = (
        select(
            Subscriber.id,
            Subscriber.email,
            Subscriber.name,
            Subscriber.language,
            Subscriber.time_zone,
            Suppression.reason,
        )
        .outerjoin(Suppression, Suppression.email_key == Subscriber.email_key)
        .where(Subscriber.id > after)
        .order_by(Subscriber.id)
        .limit(_CHUNK)
    )
    if only is None:
        return page
    on_it = select(Subscription.subscriber_id).where(Subscription.list_id.in_(only.values()))
    return page.where(Subscriber.id.in_(on_it))


def _standing(
    session: Session, ids: Sequence[int], only: Mapping[str, int] | None
) -> dict[tuple[int, Consent], list[str]]:
    """(Subscriber id, consent) → slugs of the lists where that is so."""
    query = (
        select(Subscription.subscriber_id, Subscription.consent, List.slug)
        .join(List, List.id == Subscription.list_id)
        .where(Subscription.subscriber_id.in_(ids))
        .order_by(List.slug)
    )
    standing: dict[tuple[int, Consent], list[str]] = {}
    for id_, consent, slug in session.execute(query):
        if only is None or slug in only:
            standing.setdefault((id_, consent), []).append(slug)
    return standing
