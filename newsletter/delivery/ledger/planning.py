"""Planning: freeze the audience of an edition into rows of the ledger, once, in one transaction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Result,
    TextClause,
    and_,
    case,
    func,
    insert,
    literal,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from newsletter.config import DomainLimits, Limits, Newsletter
from newsletter.db import Database, Instant
from newsletter.delivery.ledger import receivers
from newsletter.delivery.models import Act, Batch, BatchState, Delivery, Sending, SendingState
from newsletter.delivery.pace import throttle
from newsletter.editions.models import Edition
from newsletter.errors import NewsletterError
from subscribers.audience import Issue, audience
from subscribers.models import Subscriber
from subscribers.rows import upsert
from subscribers.segments import shelf as segments


@dataclass(frozen=True, slots=True)
class _Group:
    """Readers kept together in batches of their own: one morning, one domain with a limit of its own."""

    not_before: datetime
    lane: str
    zones: frozenset[str]
    members: int
    batch_size: int
    #: they get the text part alone, which an API can't mix with the others
    plain: bool = False


@dataclass(frozen=True, slots=True)
class _People:
    """Readers who get the same parts, with what decides about their groups."""

    readers: FromClause
    plain: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive batch numbers, from *first* to where the next run begins."""

    first: int
    group: _Group
    canary: bool = False


def plan(
    session: Session,
    edition_id: int,
    newsletter: Newsletter,
    *,
    sender: str,
    batch_size: int,
    now: datetime,
    morning: date | None = None,
) -> Sending:
    """Freeze the audience of the edition; planning again changes nothing and returns what stands.

    With *morning*, each batch waits for the newsletter's sending hour of that date in its readers' own
    time zone; readers whose zone is unknown get the newsletter's. Who has paused beyond the edition's date,
    wants only the first of a month that this is not, or is outside the edition's segment, is left out.
    """
    if not _begin(session, edition_id, sender, now=now):
        return session.get_one(Sending, edition_id, populate_existing=True)
    edition = session.get_one(Edition, edition_id)
    if edition.corrects is not None:
        receivers.refuse_while_it_goes_out(session, edition.corrects)
    issue = issue_of(session, edition, newsletter, now=now)
    runs: list[_Run] = []
    for people in _kinds(session, newsletter, issue):
        groups = _groups(session, newsletter, people, batch_size=batch_size, now=now, morning=morning)
        runs += _write_deliveries(session, edition_id, people, groups, first=_end(runs))
    canaries = _set_canaries_apart(session, edition_id, newsletter, runs, now=now)
    planned = _write_batches(session, edition_id, runs + canaries)
    sending = session.get_one(Sending, edition_id, populate_existing=True)
    sending.planned, sending.audience_complete_at, sending.state = planned, now, SendingState.RUNNING
    sending.canary_passed_at = None if canaries else now
    reason = f"segment {edition.segment}: {segments.get(session, edition.segment).query}" if edition.segment else ""
    session.add(Act(edition_id=edition_id, verb="plan", by=sender, reason=reason, recipients=planned, at=now))
    session.flush()
    return sending


def issue_of(session: Session, edition: Edition, newsletter: Newsletter, *, now: datetime) -> Issue:
    """What of *edition* decides about who wants it; raises NoSuchSegment, BadSegment."""
    if edition.corrects is not None:
        whom = Subscriber.id.in_(receivers.having(edition.corrects, unknown_too=edition.unknown_too))
        # of a wish that began since, the day it goes out counts
        return Issue(max(edition.date, now.astimezone(newsletter.zone).date()), within=whom)
    within = None
    if edition.segment:
        within = segments.compiled(session, segments.get(session, edition.segment).query, on=newsletter.lists)
    return Issue(edition.date, first_of_month=earlier_in_month(session, edition) is None, within=within)


def earlier_in_month(session: Session, edition: Edition) -> date | None:
    """The date of the first edition of that newsletter to go out in its month before it; None: it is the first."""
    return session.scalar(
        select(func.min(Edition.date))
        .join(Sending, Sending.edition_id == Edition.id)
        .where(
            Sending.state != SendingState.CANCELLED,
            Edition.newsletter == edition.newsletter,
            # a special edition for some is not the one that the others wait for
            Edition.segment == "",
            Edition.correction == 0,
            Edition.date >= edition.date.replace(day=1),
            Edition.date < edition.date,
        )
    )


def look_at_the_figures(database: Database) -> None:
    """Let SQLite learn how the rows lie; without it, it takes a wrong index and a batch costs 100 times more."""
    if not database.is_sqlite:
        return
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA analysis_limit=2000")
        for table in (Delivery.__tablename__, Batch.__tablename__):
            connection.exec_driver_sql(f"ANALYZE {table}")


def _begin(session: Session, edition_id: int, sender: str, *, now: datetime) -> bool:
    """Write the sending's row; False where another planned before us."""
    row = {"edition_id": edition_id, "sender": sender, "state": SendingState.PLANNING, "started_at": now}
    statement = upsert(session, Sending).values(row).on_conflict_do_nothing().returning(Sending.edition_id)
    return session.scalars(statement).one_or_none() is not None


def _kinds(session: Session, newsletter: Newsletter, issue: Issue) -> list[_People]:
    """The audience by what its copies are made of: an API can't mix plain texts with the others in one request."""
    # as the index says it: SQLite takes no index for "= 1"
    plain = text("subscriber.plain_text")
    if session.scalar(select(Subscriber.id).where(plain).limit(1)) is None:
        return [_People(_readers(newsletter, issue), plain=False)]
    return [
        _People(_readers(newsletter, issue, plain, few=True), plain=True),
        _People(_readers(newsletter, issue, text("NOT subscriber.plain_text")), plain=False),
    ]


def _groups(
    session: Session, newsletter: Newsletter, people: _People, *, batch_size: int, now: datetime, morning: date | None
) -> list[_Group]:
    """The groups in the order of their batches' numbers, with how many readers each has."""
    limits = newsletter.limits
    if not morning and not limits.domains:  # one group; how many it has is known when they are written
        return [_Group(now, "", frozenset(), 0, _size(batch_size, limits, ""), people.plain)]
    readers = people.readers
    zone = readers.c.time_zone if morning else literal("")
    found: dict[tuple[datetime, str], dict[str, int]] = {}
    for name, lane, members in session.execute(
        select(zone, readers.c.lane, func.count()).group_by(zone, readers.c.lane)
    ):
        moment = max(now, _morning(newsletter, name, morning)) if morning else now
        found.setdefault((moment, lane), {})[name] = members
    return [
        _Group(
            not_before,
            lane,
            frozenset(members),
            sum(members.values()),
            _size(batch_size, limits, lane),
            people.plain,
        )
        for (not_before, lane), members in sorted(found.items())
    ]


def _readers(
    newsletter: Newsletter, issue: Issue, *only: ColumnElement[bool] | TextClause, few: bool = False
) -> FromClause:
    """The audience, with what decides about a reader's group."""
    domains = sorted(newsletter.limits.domains)
    lane = (
        case(*((Subscriber.email_key.endswith(f"@{domain}"), domain) for domain in domains), else_="")
        if domains
        else literal("")
    )
    found = audience(newsletter.lists, issue, few=few).where(*only)
    return found.add_columns(Subscriber.time_zone, lane.label("lane")).subquery()


def _morning(newsletter: Newsletter, zone_name: str, day: date) -> datetime:
    try:
        zone = ZoneInfo(zone_name) if zone_name else newsletter.zone
    except (KeyError, ValueError, OSError):  # not a zone, or none that this machine knows
        zone = newsletter.zone
    return datetime.combine(day, newsletter.hour(day), zone).astimezone(UTC)


def _size(batch_size: int, limits: Limits, lane: str) -> int:
    """No batch larger than what may go at once, or each of them would break a limit."""
    domain = limits.domains.get(lane, DomainLimits())
    at_once = [rate * throttle.BURST for rate in (limits.per_second, domain.per_second) if rate]
    counts = [limits.per_hour, limits.per_day, limits.warm_up, domain.per_hour, domain.per_day, domain.connections]
    counts = [count for count in counts if count]
    return max(1, min([batch_size, *map(int, at_once), *counts]))


def _write_deliveries(
    session: Session, edition_id: int, people: _People, groups: Sequence[_Group], *, first: int
) -> list[_Run]:
    """One INSERT … SELECT: rows in the order of ids, cut into batches from *first* on, group after group."""
    if not groups:
        return []
    readers = people.readers
    place = _place(readers, groups)
    position = func.row_number().over(partition_by=place if len(groups) > 1 else None, order_by=readers.c.id)
    rows = select(readers.c.id, place.label("place"), position.label("position")).subquery()
    runs = _runs(groups, first)
    begins = _by_place(rows.c.place, [run.first for run in runs])
    size = _by_place(rows.c.place, [group.batch_size for group in groups])
    written = session.execute(
        insert(Delivery).from_select(
            ["edition_id", "batch", "subscriber_id"],
            select(literal(edition_id), begins + _whole(rows.c.position - 1) // size, rows.c.id),
        ),
        execution_options={"preserve_rowcount": True},
    )
    if len(groups) == 1:
        return _runs([replace(groups[0], members=_count(written))], first)
    return runs


def _runs(groups: Sequence[_Group], first: int) -> list[_Run]:
    """Which batch numbers, from *first* on, belong to which group."""
    runs = []
    for group in groups:
        runs.append(_Run(first, group))
        first += -(-group.members // group.batch_size)
    return runs


def _count(result: Result[Any]) -> int:
    return int(getattr(result, "rowcount", 0))


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    """A whole number, so that dividing it drops the rest, without a FLOOR that not every SQLite has."""
    return type_coerce(number, Integer)


def _place(readers: FromClause, groups: Sequence[_Group]) -> ColumnElement[int]:
    """Which group a reader belongs to; who moved to an unheard-of zone this very second goes with the last."""
    if len(groups) == 1:
        return literal(0)
    local = any(zone for group in groups for zone in group.zones)
    return case(
        *(
            (and_(readers.c.lane == group.lane, readers.c.time_zone.in_(group.zones) if local else true()), place)
            for place, group in enumerate(groups)
        ),
        else_=len(groups) - 1,
    )


def _by_place(place: ColumnElement[int], values: Sequence[int]) -> ColumnElement[int]:
    return literal(values[0]) if len(values) == 1 else case(dict(enumerate(values)), value=place)


def _set_canaries_apart(
    session: Session, edition_id: int, newsletter: Newsletter, runs: Sequence[_Run], *, now: datetime
) -> list[_Run]:
    """Move an even spread of the earliest readers, and the seed addresses, into batches of their own."""
    if not runs:
        return []
    limits = newsletter.limits
    total = sum(run.group.members for run in runs)
    wanted = max(limits.canary_least, math.ceil(limits.canary_share * total)) if limits.canary_share else 0
    earliest = [run for run in runs if run.group.not_before == runs[0].group.not_before]
    stride = max(1, sum(run.group.members for run in earliest) // wanted) if wanted else 0
    chosen = [(run.group, _spread(edition_id, run, stride)) for run in earliest] if stride else []
    size = runs[0].group.batch_size
    for plain in sorted({run.group.plain for run in runs}):
        seeds = _seeds(edition_id, newsletter, plain=plain, before=_end(runs))
        chosen.append((_Group(now, "", frozenset(), 0, size, plain), seeds))
    last, canaries = _end(runs), []
    for group, readers in chosen:
        batches = _move(session, edition_id, readers, first=last, size=group.batch_size)
        if batches:
            canaries.append(_Run(last, group, canary=True))
            last += batches
    return canaries


def _end(runs: Sequence[_Run]) -> int:
    """The first batch number after *runs*."""
    if not runs:
        return 1
    last = runs[-1]
    return last.first + -(-last.group.members // last.group.batch_size)


def _spread(edition_id: int, run: _Run, stride: int) -> FromClause:
    """Each *stride*-th reader of the run, numbered from 1."""
    end = _end([run])
    every = (
        select(Delivery.subscriber_id, func.row_number().over(order_by=Delivery.subscriber_id).label("position"))
        .where(Delivery.edition_id == edition_id, Delivery.batch >= run.first, Delivery.batch < end)
        .subquery()
    )
    return (
        select(every.c.subscriber_id, (_whole(every.c.position) // literal(stride)).label("position"))
        .where(every.c.position % stride == 0)
        .subquery()
    )


def _seeds(edition_id: int, newsletter: Newsletter, *, plain: bool, before: int) -> FromClause:
    """The seed addresses that are on the lists and not among the canaries yet, numbered from 1."""
    position = func.row_number().over(order_by=Delivery.subscriber_id).label("position")
    return (
        select(Delivery.subscriber_id, position)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            Delivery.edition_id == edition_id,
            Delivery.batch < before,
            Subscriber.email_key.in_([seed.casefold() for seed in newsletter.seeds]),
            Subscriber.plain_text.is_(plain),
        )
        .subquery()
    )


def _move(session: Session, edition_id: int, chosen: FromClause, *, first: int, size: int) -> int:
    """Put the *chosen* rows into batches from number *first* on; returns how many batches those are."""
    result = session.execute(
        update(Delivery)
        .where(Delivery.edition_id == edition_id, Delivery.subscriber_id == chosen.c.subscriber_id)
        .values(batch=first + _whole(chosen.c.position - 1) // literal(size)),
        execution_options={"synchronize_session": False},
    )
    return -(-_count(result) // size)


def _write_batches(session: Session, edition_id: int, runs: Sequence[_Run]) -> int:
    """A row for each batch number in use; returns how many recipients they hold."""
    if not runs:
        return 0
    number: ColumnElement[int] = Delivery.__table__.c.batch
    columns: Mapping[str, ColumnElement[Any]] = {
        "edition_id": literal(edition_id),
        "number": number,
        "size": func.count(),
        "state": literal(BatchState.QUEUED, Batch.state.type),
        "not_before": _of_run(number, runs, [literal(run.group.not_before, Instant) for run in runs]),
        "lane": _of_run(number, runs, [literal(run.group.lane) for run in runs]),
        "canary": _of_run(number, runs, [literal(run.canary) for run in runs]),
    }
    session.execute(
        insert(Batch).from_select(
            list(columns),
            select(*columns.values()).where(Delivery.edition_id == edition_id).group_by(number),
            include_defaults=True,
        )
    )
    rows = session.scalar(select(func.count()).where(Delivery.edition_id == edition_id)) or 0
    inside = session.scalar(select(func.sum(Batch.size)).where(Batch.edition_id == edition_id)) or 0
    if rows != inside:
        raise NewsletterError(f"edition {edition_id}: {rows} rows were planned but the batches hold {inside}")
    return rows


def _of_run(
    number: ColumnElement[int], runs: Sequence[_Run], values: Sequence[ColumnElement[Any]]
) -> ColumnElement[Any]:
    """The value of the last run that begins at or before a batch's number."""
    if len(runs) == 1:
        return values[0]
    pairs = sorted(zip(runs, values, strict=True), key=lambda pair: -pair[0].first)
    return case(*((number >= run.first, value) for run, value in pairs[:-1]), else_=pairs[-1][1])
