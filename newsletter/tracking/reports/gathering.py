"""The facts about one person and their editions, in a number of queries that nothing on record makes grow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from newsletter.config import Limits, Newsletter, Settings
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import (
    Act,
    Batch,
    BatchState,
    Delivery,
    Outcome,
    Progress,
    Sending,
    SendingState,
)
from newsletter.delivery.operations import unknowns, waits
from newsletter.editions import shelf
from newsletter.editions.models import Edition, EditionEvent, Job, Slot, SlotState
from newsletter.rendering.counted import PIXEL
from newsletter.tracking.heard import MAILBOX
from newsletter.tracking.links.models import Link, Verdict, Visit
from newsletter.tracking.models import Event
from newsletter.tracking.reports.facts import (
    Condition,
    Copy,
    Corrected,
    Facts,
    Heard,
    Hour,
    Issue,
    Moved,
    Run,
    Settling,
    Sign,
    Told,
)
from subscribers.errors import BadSegment, NoSuchSegment
from subscribers.segments import shelf as segments
from subscribers.standing import Found

#: of one copy no more events are told: a scanner may follow its links for ever
_MOST_HEARD = 500
_UTC = ZoneInfo("UTC")
_STEERING = ("pause", "resume", "cancel")


def facts(
    session: Session,
    settings: Settings,
    found: Found,
    editions: Sequence[Edition],
    missed: Sequence[Slot] = (),
    *,
    number: int | None = None,
    now: datetime,
) -> list[Facts]:
    """What is on record about *found* and each of *editions*, and each hour *missed* that no edition was made for."""
    person = found.person.id if found.person else number
    corrected = [one.corrects for one in editions if one.corrects is not None]
    about = _About.of(session, editions, person, corrected=corrected)
    together: list[Facts] = []
    for edition in editions:
        issue = _issue(session, settings, edition, about, person, now)
        copy = about.copies.get(edition.id)
        sender = about.sendings[edition.id].sender if edition.id in about.sendings else settings.sender
        settling = Settling(
            unknowns.settled_by(settings, issue.name, sender=sender),
            hears=bool(settings.sendgrid.webhook_key),
            reads=settings.mailbox.is_read,
        )
        together.append(Facts(now, found, issue, copy, tuple(about.heard.get(edition.id, ())), settling, number))
    together.extend(Facts(now, found, _unmade(settings, slot), number=number) for slot in missed)
    return together or [Facts(now, found, number=number)]


def newest(session: Session, settings: Settings, found: Found, *, now: datetime) -> tuple[list[Edition], list[Slot]]:
    """The newest editions that this person could have had, and hours that were missed since: one of each newsletter.

    Where the newest went to a segment alone, the newest for everybody beside it. Of who is on no list that any
    newsletter goes to, all newsletters.
    """
    wanted = _theirs(settings, found)
    if not wanted:
        return [], []
    begun = Edition.id.in_(select(Sending.edition_id))  # by hand, before its day
    # a correction is no edition that anybody waits for
    mine = (
        Edition.correction == 0,
        or_(*(and_(Edition.newsletter == one.slug, or_(Edition.date <= _today(one, now), begun)) for one in wanted)),
    )
    aimed = Edition.segment != ""
    last = (
        select(Edition.newsletter, func.max(Edition.date).label("date"))
        .where(*mine)
        .group_by(Edition.newsletter, aimed)
    )
    latest = last.subquery()
    rows = session.scalars(
        select(Edition)
        .join(latest, and_(latest.c.newsletter == Edition.newsletter, latest.c.date == Edition.date))
        .where(Edition.correction == 0)
        .order_by(Edition.newsletter, Edition.date.desc())
    ).all()
    editions = [one for one in rows if not any(_hides(other, one) for other in rows)]
    slots = session.scalars(
        select(Slot)
        .where(Slot.newsletter.in_([one.slug for one in wanted]), Slot.job == Job.SEND, Slot.state == SlotState.MISSED)
        .order_by(Slot.date.desc())
        .limit(len(wanted))
    ).all()
    missed = [one for one in slots if not any(e.newsletter == one.newsletter and e.date >= one.date for e in editions)]
    return editions, missed


def hour_of(session: Session, wanted: str) -> Slot | None:
    """The hour of sending that *wanted* ("friday/2021-11-26", "2021-11-26") names, though it has no edition."""
    newsletter, _, day_text = wanted.strip().rpartition("/")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        return None
    query = select(Slot).where(Slot.date == day, Slot.job == Job.SEND).order_by(Slot.newsletter).limit(1)
    return session.scalar(query.where(Slot.newsletter == newsletter) if newsletter else query)


def _theirs(settings: Settings, found: Found) -> list[Newsletter]:
    every = list(settings.newsletters.values())
    person = found.person
    mine = [one for one in every if person is not None and person.places(one.lists)]
    return mine or every


def _today(newsletter: Newsletter, now: datetime) -> date:
    return now.astimezone(newsletter.zone).date()


def _hides(other: Edition, one: Edition) -> bool:
    """A later edition for everybody is the newest that anybody could have had."""
    return other.newsletter == one.newsletter and other.date > one.date and not other.segment


@dataclass(frozen=True, slots=True)
class _About:
    """Rows of all the editions asked about, read together."""

    sendings: Mapping[int, Sending]
    acts: Mapping[int, Sequence[Act]]
    moves: Mapping[int, EditionEvent]
    hours: Mapping[tuple[str, date], Slot]
    copies: Mapping[int, Copy]
    heard: Mapping[int, Sequence[Heard]]

    @classmethod
    def of(
        cls, session: Session, editions: Sequence[Edition], person: int | None, *, corrected: Sequence[int]
    ) -> "_About":
        """*corrected*: the editions that some of them are corrections of, of which only the copies matter."""
        ids = [one.id for one in editions]
        if not ids:
            return cls({}, {}, {}, {}, {}, {})
        sendings = {one.edition_id: one for one in session.scalars(select(Sending).where(Sending.edition_id.in_(ids)))}
        verbs = ("plan", *_STEERING)
        acts = session.scalars(select(Act).where(Act.edition_id.in_(ids), Act.verb.in_(verbs)).order_by(Act.id)).all()
        days = or_(*(and_(Slot.newsletter == one.newsletter, Slot.date == one.date) for one in editions))
        hours = session.scalars(select(Slot).where(days, Slot.job == Job.SEND))
        return cls(
            sendings,
            {edition_id: [act for act in acts if act.edition_id == edition_id] for edition_id in ids},
            _moves(session, editions),
            {(slot.newsletter, slot.date): slot for slot in hours},
            _copies(session, [*ids, *corrected], person) if person is not None else {},
            heard(session, ids, person) if person is not None else {},
        )


def _moves(session: Session, editions: Sequence[Edition]) -> dict[int, EditionEvent]:
    """Who brought each edition to the state it is in: the first of its last events that say so."""
    ids = [one.id for one in editions]
    events = session.scalars(
        select(EditionEvent).where(EditionEvent.edition_id.in_(ids)).order_by(EditionEvent.id.desc())
    )
    states = {one.id: one.state for one in editions}
    found: dict[int, EditionEvent] = {}
    over = set[int]()
    for event in events:
        if event.state is not states[event.edition_id]:
            over.add(event.edition_id)
        elif event.edition_id not in over:
            found[event.edition_id] = event
    return found


def _copies(session: Session, edition_ids: Sequence[int], subscriber_id: int) -> dict[int, Copy]:
    query = (
        select(Delivery.edition_id, Batch, Outcome, Progress)
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .outerjoin(
            Outcome,
            and_(Outcome.edition_id == Delivery.edition_id, Outcome.subscriber_id == Delivery.subscriber_id),
        )
        .outerjoin(
            Progress,
            and_(Progress.edition_id == Delivery.edition_id, Progress.subscriber_id == Delivery.subscriber_id),
        )
        .where(Delivery.edition_id.in_(edition_ids), Delivery.subscriber_id == subscriber_id)
    )
    return {edition_id: _copy(batch, outcome, told) for edition_id, batch, outcome, told in session.execute(query)}


def _copy(batch: Batch, outcome: Outcome | None, told: Progress | None) -> Copy:
    return Copy(
        batch=batch.state,
        outcome=Told(outcome.status, outcome.reason, outcome.at) if outcome else None,
        progress=Told(told.status, told.reason, told.at) if told else None,
        not_before=batch.not_before,
        attempts=batch.attempts,
        fenced_at=batch.fenced_at,
        settled_at=batch.settled_at,
        reply=batch.reply,
        canary=batch.canary,
        lane=batch.lane,
    )


def heard(session: Session, edition_ids: Sequence[int], subscriber_id: int) -> dict[int, list[Heard]]:
    """By edition, what was heard about the copies of *subscriber_id*, oldest first: events, and visits to our doors."""
    query = (
        select(Event)
        .where(Event.edition_id.in_(edition_ids), Event.subscriber_id == subscriber_id)
        .order_by(Event.at, Event.id)
        .limit(_MOST_HEARD)
    )
    found: dict[int, list[Heard]] = {edition_id: [] for edition_id in edition_ids}
    for event in session.scalars(query):
        if event.edition_id is not None:
            found[event.edition_id].append(_heard(event))
    visits = (
        select(Visit, Link.url)
        .outerjoin(Link, and_(Link.edition_id == Visit.edition_id, Link.number == Visit.number))
        .where(Visit.edition_id.in_(edition_ids), Visit.subscriber_id == subscriber_id, Visit.provider == "")
        .order_by(Visit.at, Visit.id)
        .limit(_MOST_HEARD)
    )
    for visit, url in session.execute(visits):
        found[visit.edition_id].append(_visit(visit, url or ""))
    return {edition_id: sorted(told, key=lambda one: one.at) for edition_id, told in found.items()}


def _visit(visit: Visit, url: str) -> Heard:
    """One visit to a link of ours, or to the pixel, as our rules judged it."""
    kind = Sign.OPEN if visit.number == PIXEL else Sign.CLICK
    words = f"{visit.verdict.value}: {visit.reasons}"
    said = f"{url} ({words})" if url else words
    return Heard(visit.at, "our pages", kind.value, said, by_machine=visit.verdict is not Verdict.HUMAN)


def _heard(event: Event) -> Heard:
    payload = event.payload if isinstance(event.payload, dict) else {}
    detail = next((str(payload[key]) for key in ("response", "url", "type", "useragent") if payload.get(key)), "")
    machine = payload.get("sg_machine_open") in (True, "true")
    meaning = str(payload.get("meaning") or "") if event.provider == MAILBOX else ""
    return Heard(event.at, event.provider, event.kind, event.reason, detail, meaning, by_machine=machine)


def _issue(
    session: Session, settings: Settings, edition: Edition, about: _About, person: int | None, now: datetime
) -> Issue:
    newsletter = settings.newsletters.get(edition.newsletter)
    # a correction has no hour
    slot = about.hours.get((edition.newsletter, edition.date)) if edition.corrects is None else None
    moved = about.moves.get(edition.id)
    sending = about.sendings.get(edition.id)
    is_in = edition.id in about.copies
    return Issue(
        newsletter=edition.newsletter,
        title=newsletter.title if newsletter else edition.newsletter,
        day=edition.date,
        zone=newsletter.zone if newsletter else _UTC,
        lists=tuple(newsletter.lists) if newsletter else (),
        edition_id=edition.id,
        state=edition.state,
        moved=Moved(moved.by, moved.reason, moved.at) if moved else None,
        hour=_hour(slot),
        segment=edition.segment,
        conditions=() if is_in or person is None else _conditions(session, edition.segment, person),
        first_of_month=None if is_in or edition.corrects else planning.earlier_in_month(session, edition),
        run=_run(session, sending, about, newsletter.limits if newsletter else Limits(), now) if sending else None,
        corrects=_corrected(session, edition, about),
        correction=edition.correction,
    )


def _corrected(session: Session, edition: Edition, about: _About) -> Corrected | None:
    if edition.corrects is None:
        return None
    of = session.get_one(Edition, edition.corrects)
    return Corrected(shelf.name(of), edition.unknown_too, about.copies.get(of.id))


def _hour(slot: Slot | None) -> Hour | None:
    return Hour(slot.due_at, slot.state, slot.result) if slot else None


def _unmade(settings: Settings, slot: Slot) -> Issue:
    newsletter = settings.newsletters.get(slot.newsletter)
    return Issue(
        newsletter=slot.newsletter,
        title=newsletter.title if newsletter else slot.newsletter,
        day=slot.date,
        zone=newsletter.zone if newsletter else _UTC,
        lists=tuple(newsletter.lists) if newsletter else (),
        hour=_hour(slot),
    )


def _run(session: Session, sending: Sending, about: _About, limits: Limits, now: datetime) -> Run:
    acts = about.acts[sending.edition_id]
    plan = next((act for act in acts if act.verb == "plan"), None)
    last = next((act for act in reversed(acts) if act.verb in _STEERING), None)
    copy = about.copies.get(sending.edition_id)
    waiting = copy is not None and copy.batch in (BatchState.QUEUED, BatchState.CLAIMED)
    stands_still = sending.state in (SendingState.PAUSED, SendingState.RUNNING)
    return Run(
        sender=sending.sender,
        state=sending.state,
        frozen_at=sending.audience_complete_at,
        wait=waits.find(session, sending, limits, now=now) if waiting and stands_still else None,
        segment_then=plan.reason if plan else "",
        by=last.by if last else "",
        reason=sending.reason,
        at=last.at if last else None,
        canary_passed=sending.canary_passed_at is not None,
    )


def _conditions(session: Session, name: str, subscriber_id: int) -> tuple[Condition, ...]:
    """The parts of a saved segment, and whether the person meets each today; nothing where it is not kept any more."""
    if not name:
        return ()
    try:
        parts = segments.parts(session, segments.get(session, name).query)
    except (NoSuchSegment, BadSegment):
        return ()
    row: Any = session.execute(segments.met(parts, subscriber_id)).one_or_none()
    return tuple(Condition(words, bool(holds)) for (words, _), holds in zip(parts, row or [], strict=False))
