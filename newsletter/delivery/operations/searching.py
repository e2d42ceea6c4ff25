"""The send log searched, a page at a time, over all editions: by reader, edition, status, words and time.

Newest edition first, and in it the highest number of a reader first. Where no index leads to what is asked for, a page
looks at so many copies and no more, and says how far it came: `Page.looked_to`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, and_, func, null, or_, select, tuple_
from sqlalchemy.orm import Session

from newsletter.delivery.models import ASTRAY, WORDED, Batch, Delivery, Outcome, Progress, Sending, Status
from newsletter.delivery.operations import sendlog
from newsletter.delivery.operations.sendlog import MEANING, Line, Place
from subscribers import domains
from subscribers.models import Subscriber

#: what is told of few
_ASTRAY = (Status.DEFERRED, Status.BOUNCED, Status.DROPPED, Status.COMPLAINED)
_DIFFERS = (Status.SKIPPED, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one page looks at, so that it takes a tenth of a second whatever is asked for."""

    #: a span of time in which so few copies moved is read whole
    few: int = 5_000
    #: batches of so few copies in all are read whole
    few_copies: int = 20_000
    #: rows of what differs from its batch, from each source
    told: int = 25_000
    #: rows of the ledger itself
    copies: int = 10_000


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for; what is None or empty asks for nothing."""

    #: readers, by number; empty is nobody
    readers: Sequence[int] | None = None
    edition_id: int | None = None
    #: of that edition
    batch: int | None = None
    statuses: frozenset[Status] = frozenset()
    #: the readers' own, in small letters
    domain: str = ""
    #: stands somewhere in the words about the copy, in whatever case
    words: str = ""
    since: datetime | None = None
    #: and before that moment
    until: datetime | None = None

    @property
    def filters(self) -> bool:
        """Whether it asks how a copy fared, and not only for whom it was."""
        return bool(self.statuses or self.words or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the log, the newest first."""

    lines: Sequence[Line]
    #: from where to ask for what is newer, and older; None where there is nothing
    newer: Place | None = None
    older: Place | None = None
    #: the last copy that was looked at, where the page was given up before it was full
    looked_to: Place | None = None


def page(
    session: Session,
    search: Search,
    *,
    after: Place | None = None,
    before: Place | None = None,
    limit: int,
    bounds: Bounds = Bounds(),
) -> Page:
    """Up to *limit* copies that are older than *after*, or the next newer ones than *before*."""
    back = before is not None
    found: set[Place] = set()
    ends: list[Place] = []
    for source in _sources(session, search, _Walk(search.edition_id, before if back else after, bounds, back=back)):
        places = [Place(*row) for row in session.execute(source.meant(session, search, limit + 1))]
        found.update(places)
        if len(places) <= limit and (last := source.end(session, search)) is not None:
            ends.append(last)
    # beyond where one source was given up nobody knows what lies between
    end = (min if back else max)(ends, default=None)
    places = sorted((one for one in found if end is None or (one <= end if back else one >= end)), reverse=not back)
    is_full, places = len(places) > limit, places[:limit]
    onward, looked_to = (places[-1], None) if is_full else (end, end)
    places.sort(reverse=True)
    lines = _lines(session, places)
    if back:
        return Page(lines, onward, places[-1] if places else None, looked_to)
    return Page(lines, places[0] if after and places else None, onward, looked_to)


def _lines(session: Session, places: Sequence[Place]) -> list[Line]:
    """The lines at *places*, in their order."""
    if not places:
        return []
    together = groupby(sorted(places), key=lambda place: place.edition_id)
    which = [
        and_(Delivery.edition_id == edition_id, Delivery.subscriber_id.in_([place.subscriber_id for place in some]))
        for edition_id, some in together
    ]
    lines = [Line(*row) for row in session.execute(sendlog.joined().where(or_(*which)))]
    return sorted(lines, key=lambda line: line.place, reverse=True)


@dataclass(frozen=True, slots=True)
class _Walk:
    """From where, in which direction, within which editions."""

    edition_id: int | None
    place: Place | None
    limits: Bounds
    back: bool
    #: no copy of a later edition can be meant
    newest: int | None = None

    def along(self, query: Select[*tuple[Any, ...]], edition: Any, subscriber: Any) -> Select[*tuple[Any, ...]]:
        """*query* in the order of this walk, from where it begins."""
        query = query.where(*self.bounds(edition))
        if self.place is not None:
            here, copy = tuple_(*self.place), tuple_(edition, subscriber)
            query = query.where(copy > here if self.back else copy < here)
        return self.ordered(query, edition, subscriber)

    def bounds(self, edition: Any) -> list[ColumnElement[bool]]:
        """Of which editions copies can be met."""
        found = []
        if self.edition_id is not None:
            found.append(edition == self.edition_id)
        if self.newest is not None:
            found.append(edition <= self.newest)
        if self.place is not None:
            found.append(edition >= self.place.edition_id if self.back else edition <= self.place.edition_id)
        return found

    def ordered(self, query: Select[*tuple[Any, ...]], edition: Any, subscriber: Any) -> Select[*tuple[Any, ...]]:
        """*query* in the order of this walk."""
        if self.back:
            return query.order_by(edition, subscriber)
        return query.order_by(edition.desc(), subscriber.desc())


@dataclass(frozen=True, slots=True)
class _Source:
    """Where copies that may be meant stand in order."""

    #: edition_id, subscriber_id; where *table* decides also its status, words and at; else the batch
    keys: Select[*tuple[Any, ...]]
    walk: _Walk
    #: of these, one page looks at so many
    most: int
    #: what says alone whether a copy is meant
    table: type[Progress] | type[Outcome] | None = None

    def meant(self, session: Session, search: Search, limit: int) -> Select[*tuple[Any, ...]]:
        """The places of up to *limit* copies that are meant."""
        if self.is_whole(search):
            return self.keys.with_only_columns(*self._place(self.keys.selected_columns)).limit(limit)
        keys = self.keys.limit(self.most).subquery()
        edition, subscriber = self._place(keys.c)
        query = select(edition, subscriber)
        if self.table is None:
            query = query.join(Batch, and_(Batch.edition_id == edition, Batch.number == keys.c.batch))
            query = query.outerjoin(Outcome, self._same(Outcome, keys)).outerjoin(Progress, self._same(Progress, keys))
            query = query.where(*_meant(search, sendlog.status(), sendlog.words(), sendlog.moment()))
        else:
            query = query.where(*_meant(search, keys.c.status, keys.c.words, keys.c.at))
        if self.table is Outcome:
            # what was told since outdoes it, and is another source
            query = query.outerjoin(Progress, self._same(Progress, keys)).where(Progress.edition_id.is_(None))
        if search.domain:
            query = query.join(Subscriber, Subscriber.id == subscriber)
            query = query.where(domains.domain(session) == search.domain)
        return self.walk.ordered(query, edition, subscriber).limit(limit)

    def end(self, session: Session, search: Search) -> Place | None:
        """The last of the keys that are looked at, where there are more."""
        if self.is_whole(search):
            return None
        keys = self.keys.with_only_columns(*self._place(self.keys.selected_columns), maintain_column_froms=True)
        last = session.execute(keys.offset(self.most - 1).limit(1)).one_or_none()
        return Place(*last) if last else None

    def is_whole(self, search: Search) -> bool:
        """Whether all of the keys are meant."""
        return self.table is None and not search.filters and not search.domain

    def _place(self, columns: Any) -> tuple[Any, Any]:
        return columns.edition_id, columns.subscriber_id

    def _same(self, table: type[Progress] | type[Outcome], keys: Any) -> ColumnElement[bool]:
        # said of the other table too, or it may be read from its very end
        bounds = self.walk.bounds(table.edition_id)
        return and_(table.edition_id == keys.c.edition_id, table.subscriber_id == keys.c.subscriber_id, *bounds)


def _meant(search: Search, status: Any, words: Any, at: Any) -> list[ColumnElement[bool]]:
    found = []
    if search.statuses:
        found.append(status.in_(sorted(search.statuses)))
    if search.words:
        found.append(words.icontains(search.words, autoescape=True))
    if search.since is not None:
        found.append(at >= search.since)
    if search.until is not None:
        found.append(at < search.until)
    return found


def _sources(session: Session, search: Search, walk: _Walk) -> Iterator[_Source]:
    """Where to look: together they hold all that is meant, and maybe more."""
    if search.readers is not None:
        if search.readers:
            begun = Delivery.edition_id.in_(select(Sending.edition_id))
            yield _copies(walk, Delivery.subscriber_id.in_(search.readers), begun)
        return
    if search.batch is not None or not search.filters:
        yield _copies(walk, *([] if search.batch is None else [Delivery.batch == search.batch]))
        return
    if search.until is not None and walk.edition_id is None:
        newest = session.scalar(select(func.max(Sending.edition_id)).where(Sending.started_at < search.until))
        walk = replace(walk, newest=newest or 0)
    wanted = search.statuses or frozenset(Status)
    spans = search.since is not None or search.until is not None
    if spans and not _moved_little(session, search, walk.limits.few):
        if search.statuses or search.words:
            yield from _told(search, walk, wanted)
            yield from _of_batches(session, search, walk, wanted)
        else:
            yield _copies(walk)
        return
    if spans:
        yield _deciding(walk, Progress, *_span(search, Progress.at))
        yield from (_deciding(walk, Outcome, Outcome.status == one) for one in _DIFFERS if one in wanted)
    else:
        yield from _told(search, walk, wanted)
    yield from _of_batches(session, search, walk, wanted)


def _told(search: Search, walk: _Walk, wanted: frozenset[Status]) -> Iterator[_Source]:
    """What differs from its batch, or was told since."""
    if search.words and not search.statuses:
        yield _deciding(walk, Progress, WORDED)
    else:
        if Status.DELIVERED in wanted:
            yield _deciding(walk, Progress)  # of what was told nearly all is that
        yield from (_deciding(walk, Progress, Progress.status == one, ASTRAY) for one in _ASTRAY if one in wanted)
    yield from (_deciding(walk, Outcome, Outcome.status == one) for one in _DIFFERS if one in wanted)


def _of_batches(session: Session, search: Search, walk: _Walk, wanted: frozenset[Status]) -> Iterator[_Source]:
    """Copies that are as their batch is."""
    states = [state for state, meaning in MEANING.items() if meaning in wanted]
    if not states:
        return
    of_batch = [Batch.state.in_(states), *_span(search, func.coalesce(Batch.settled_at, Batch.fenced_at))]
    if search.words:
        of_batch.append(Batch.reply.icontains(search.words, autoescape=True))
    if walk.edition_id is not None:
        of_batch.append(Batch.edition_id == walk.edition_id)
    copies = session.scalar(select(func.coalesce(func.sum(Batch.size), 0)).where(*of_batch)) or 0
    if not copies:
        return
    if copies <= walk.limits.few_copies:
        keys = select(Delivery.edition_id, Delivery.subscriber_id, Delivery.batch).join(
            Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch)
        )
        keys = keys.where(*of_batch)
        yield _Source(walk.along(keys, Delivery.edition_id, Delivery.subscriber_id), walk, walk.limits.few_copies)
        return
    yield _copies(walk, Delivery.edition_id.in_(select(Batch.edition_id).where(*of_batch)))


def _copies(walk: _Walk, *which: ColumnElement[bool]) -> _Source:
    keys = select(Delivery.edition_id, Delivery.subscriber_id, Delivery.batch).where(*which)
    return _Source(walk.along(keys, Delivery.edition_id, Delivery.subscriber_id), walk, walk.limits.copies)


def _deciding(walk: _Walk, table: type[Progress] | type[Outcome], *which: ColumnElement[bool] | TextClause) -> _Source:
    keys = select(table.edition_id, table.subscriber_id, table.status, table.reason.label("words"), table.at).where(
        *which
    )
    return _Source(walk.along(keys, table.edition_id, table.subscriber_id), walk, walk.limits.told, table)


def _span(search: Search, at: Any) -> list[ColumnElement[bool]]:
    return [
        *([at >= search.since] if search.since is not None else []),
        *([at < search.until] if search.until is not None else []),
    ]


def _moved_little(session: Session, search: Search, few: int) -> bool:
    moved = select(null()).where(*_span(search, Progress.at)).select_from(Progress).limit(few + 1).subquery()
    return (session.scalar(select(func.count()).select_from(moved)) or 0) <= few
