"""One person, from every room: what is held, what happened, in order, with a plain sentence for each."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Sending, Status
from newsletter.delivery.operations import sendlog
from newsletter.delivery.operations.sendlog import Line
from newsletter.editions.models import Edition
from newsletter.tracking import footings
from newsletter.tracking.footings import Footing
from newsletter.tracking.links.models import Link, Visit
from newsletter.tracking.models import Event
from subscribers import addresses, history, preferences, returned, roll, strangers, suppressions
from subscribers import standing as standings
from subscribers.errors import NoSuchSubscriber
from subscribers.history import Step
from subscribers.models import Barred, Consent, Rhythm, SignUp, Subscriber, Suppression, SuppressionReason
from subscribers.standing import Standing

#: what became of a copy, as a person says it
BECAME = {
    Status.PLANNED: "is planned; nothing was handed over yet",
    Status.SENDING: "is on the wire",
    Status.SKIPPED: "was not sent",
    Status.REFUSED: "was refused",
    Status.UNKNOWN: "was handed over, and the answer was lost: nobody knows whether it arrived",
    Status.ACCEPTED: "was handed over, and the other side took it",
    Status.DEFERRED: "waits: their server said to come back later",
    Status.DELIVERED: "was delivered",
    Status.BOUNCED: "came back",
    Status.DROPPED: "was given up by the provider",
    Status.COMPLAINED: "was reported as spam",
}
SUPPRESSED = {
    SuppressionReason.HARD_BOUNCE: "the address does not exist",
    SuppressionReason.COMPLAINT: "they reported a letter as spam",
    SuppressionReason.GIVEN_UP: "mail came back too often, from a full mailbox or one that could not be reached",
    SuppressionReason.MANUAL: "somebody here decided so",
}
BARRED = {
    Barred.HARD_BOUNCE: "the address does not exist",
    Barred.COMPLAINT: "a letter to it was reported as spam",
    Barred.GIVEN_UP: "mail to it came back too often",
    Barred.MANUAL: "somebody decided so",
    Barred.UNSUBSCRIBED: "they left, or moved to another address",
    Barred.ERASED: "they were erased",
}
_STANDS = {
    Consent.PENDING: "asked to be on {list}, and waits for their yes",
    Consent.CONFIRMED: "is on {list}",
    Consent.UNSUBSCRIBED: "has left {list}",
}
_MOVED = {
    Consent.PENDING: "was put on {list}, to be asked for their yes",
    Consent.CONFIRMED: "said yes to {list}",
    Consent.UNSUBSCRIBED: "left {list}",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    #: "consent", "suppression", "copy", "event", "sign-up", "address", "reason"
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Biography:
    """One address: how it stands now, in sentences, and what happened, oldest first."""

    address: str
    subscriber_id: int | None
    stands: tuple[str, ...]
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """One of a reader's copies."""

    #: "friday/2021-11-26"
    edition: str
    line: Line


@dataclass(frozen=True, slots=True)
class Profile:
    """One reader, for a page about them: however much is on record, the number of queries is the same."""

    person: Subscriber
    standing: Standing
    #: every change of consent and every suppression, the newest first
    moments: tuple[Moment, ...]
    #: of the newest editions
    copies: tuple[Copy, ...]
    stop: Suppression | None
    #: what that rests on, where it was not decided here and is still held
    footing: Footing | None


def profile(session: Session, number: int, *, editions: int = 10) -> Profile:
    """Reader *number*, with their copies of the newest *editions*; raises NoSuchSubscriber."""
    person = session.get(Subscriber, number)
    standing = standings.of_number(session, number).person
    if person is None or standing is None:
        raise NoSuchSubscriber(f"there is no reader {number}: they were erased, or never here")
    stop = suppressions.of(session, number)
    lines = {line.edition_id: line for line in sendlog.of_reader(session, number, editions=editions)}
    names = select(Edition.id, Edition.newsletter, Edition.date).where(Edition.id.in_(sorted(lines)))
    copies = [
        Copy(f"{newsletter}/{day}", lines[edition_id])
        for edition_id, newsletter, day in session.execute(names.order_by(Edition.date.desc(), Edition.id.desc()))
    ]
    footing = footings.of(session, [stop.evidence]).get(stop.evidence) if stop else None
    moments = sorted(_changes(standing), key=lambda moment: moment.at, reverse=True)
    return Profile(person, standing, tuple(moments), tuple(copies), stop, footing)


def _changes(standing: Standing) -> Iterator[Moment]:
    yield Moment(standing.since, "person", "came here")
    for step in standing.steps:
        yield Moment(step.at, "consent", said(step))
    for change in standing.changes:
        yield Moment(change.at, "address", f"moved from {change.old} to {change.new}")
    if stop := standing.suppression:
        yield Moment(stop.at, "suppression", _must_not(stop.reason, stop.note))
    for over in standing.over:
        yield Moment(over.stop.at, "suppression", _must_not(over.stop.reason, over.stop.note))
        yield Moment(over.at, "suppression", f"may be mailed again: {over.why}")


def _must_not(reason: SuppressionReason, note: str) -> str:
    return f"must not be mailed any more: {SUPPRESSED[reason]}{f', in their words: {note}' if note else ''}"


def everything(session: Session, person: Subscriber) -> dict[str, Any]:
    """All that is held about *person*, as values that JSON can take."""
    suppression = _suppression(session, person.email_key)
    return asdict(history.everything(session, person)) | {
        "suppression": {"reason": suppression.reason.value, "evidence": suppression.note, "at": _iso(suppression.at)}
        if suppression
        else None,
        "suppressions_lifted": [
            {
                "reason": lift.reason.value,
                "evidence": lift.note,
                "from": _iso(lift.suppressed_at),
                "until": _iso(lift.at),
                "because": lift.why,
            }
            for lift in suppressions.lifts(session, person.id)
        ],
        "what_was_sent": [
            {"edition": name, "status": line.status.value, "in_their_words": line.reason, "at": _iso(line.at)}
            for name, line in _copies(session, person.id)
        ],
        "what_was_heard": [
            {"at": _iso(event.at), "provider": event.provider, "kind": event.kind, "in_their_words": event.reason}
            for event in _events(session, person.id)
        ],
        "what_was_followed": [
            {
                "at": _iso(visit.at),
                "edition_id": visit.edition_id,
                "leads_to": url or "the picture that says it was opened",
            }
            for visit, url in session.execute(
                select(Visit, Link.url)
                .outerjoin(Link, and_(Link.edition_id == Visit.edition_id, Link.number == Visit.number))
                .where(Visit.subscriber_id == person.id)
                .order_by(Visit.at, Visit.id)
            )
        ],
        "letters_that_came_back": [
            {"at": _iso(letter.kept_at), "beginning": letter.raw.decode("utf-8", "replace")}
            for letter in returned.of(session, person.id)
        ],
    }


def biography(session: Session, address: str) -> Biography:
    """What is known of *address*; raises NoSuchSubscriber where nothing is."""
    key, person = addresses.key(address), roll.find(session, address)
    moments = [*_requests(session, key), *_barred_moments(session, key)]
    stands = list(_stands(session, key, person))
    if person is not None:
        moments += _of_person(session, person)
    if not stands and not moments:
        raise NoSuchSubscriber(f"nothing is known here of {address.strip()}: no person, no request, no suppression")
    ordered = sorted(moments, key=lambda moment: moment.at)
    return Biography(
        person.email if person else address.strip(), person.id if person else None, tuple(stands), tuple(ordered)
    )


def _stands(session: Session, key: str, person: Subscriber | None) -> Iterator[str]:
    if person is not None:
        chosen = preferences.of(session, person)
        for slug, consent in roll.subscriptions(session, person.id).items():
            yield _STANDS[consent].format(list=slug)
        if chosen.rhythm is Rhythm.MONTHLY:
            yield "wants the first edition of each month only"
        if chosen.paused_until:
            yield f"wants nothing before {chosen.paused_until}"
        if chosen.plain_text:
            yield "gets plain text only"
        if chosen.topics:
            yield f"cares about {', '.join(sorted(chosen.topics))}"
        if suppression := _suppression(session, key):
            why = SUPPRESSED[suppression.reason]
            in_spite = " --despite-complaint" if suppression.reason is SuppressionReason.COMPLAINT else ""
            yield f"no mail goes out: {why}; newsletter subscribers unsuppress --why …{in_spite} lifts it"
    elif barred := strangers.barred(session, [key]).get(key):
        yield (
            f"is nobody here, and no file brings the address in: {BARRED[barred]}. Their own sign-up does,"
            " or newsletter subscribers add, on purpose"
        )


def _of_person(session: Session, person: Subscriber) -> Iterator[Moment]:
    yield Moment(person.created_at, "person", "came here")
    for step in history.steps(session, person.id):
        yield Moment(step.at, "consent", said(step))
    for change in history.address_changes(session, person.id):
        yield Moment(change.asked_at, "address", f"asked to be written to at {change.new_email}")
        if change.changed_at:
            yield Moment(change.changed_at, "address", f"moved from {change.old_email} to {change.new_email}")
    for departure in history.departures(session, person.id):
        yield Moment(departure.at, "reason", f"said why they left {departure.newsletter}: {departure.why.spoken}")
    if suppression := _suppression(session, person.email_key):
        yield Moment(suppression.at, "suppression", _must_not(suppression.reason, suppression.note))
    for lift in suppressions.lifts(session, person.id):
        evidence = f", in their words: {lift.note}" if lift.note else ""
        yield Moment(lift.suppressed_at, "suppression", f"was not to be mailed: {SUPPRESSED[lift.reason]}{evidence}")
        yield Moment(lift.at, "suppression", f"may be mailed again: {lift.why}")
    for name, line in _copies(session, person.id):
        words = f": {line.reason}" if line.reason else ""
        yield Moment(line.at or person.created_at, "copy", f"their copy of {name} {BECAME[line.status]}{words}")
    for event in _events(session, person.id):
        words = f": {event.reason}" if event.reason else ""
        yield Moment(event.at, "event", f"{event.provider} told of a copy: {event.kind}{words}")


def said(step: Step) -> str:
    parts = [f"{_MOVED[step.consent].format(list=step.slug)}, by {step.source}"]
    if step.form:
        parts.append(f"in {step.form}")
    if step.given_from:
        parts.append(f"from {step.given_from}")
    if step.given_at and step.given_at != step.at:
        parts.append(f"given on {step.given_at:%Y-%m-%d %H:%M}")
    if step.wording:
        parts.append(f"to the words “{step.wording}” (version {step.version})")
    return ", ".join(parts)


def _requests(session: Session, key: str) -> Iterator[Moment]:
    for row in session.scalars(select(SignUp).where(SignUp.email_key == key).order_by(SignUp.id)):
        came_to = f"said yes on {row.confirmed_at:%Y-%m-%d %H:%M}" if row.confirmed_at else "has not said yes"
        mailed = f"was asked by letter on {row.mailed_at:%Y-%m-%d %H:%M}" if row.mailed_at else "waits for the letter"
        yield Moment(row.asked_at, "sign-up", f"asked for {row.newsletter} in {row.form}; {mailed}, {came_to}")


def _barred_moments(session: Session, key: str) -> Iterator[Moment]:
    if found := strangers.why(session, key):
        yield Moment(found.at, "suppression", f"{BARRED[found.reason]} (known by: {found.source or 'nothing said'})")


def _suppression(session: Session, key: str) -> Suppression | None:
    return session.scalar(select(Suppression).where(Suppression.email_key == key))


def _copies(session: Session, subscriber_id: int) -> Iterator[tuple[str, Line]]:
    """Edition by edition, because that is how the rows lie."""
    query = (
        select(Edition.id, Edition.newsletter, Edition.date)
        .join(Sending, Sending.edition_id == Edition.id)
        .order_by(Edition.date, Edition.id)
    )
    for edition_id, newsletter, day in session.execute(query).all():
        for line in sendlog.lines(session, edition_id=edition_id, subscriber_ids=[subscriber_id]):
            yield f"{newsletter}/{day}", line


def _events(session: Session, subscriber_id: int) -> Iterator[Event]:
    editions = list(session.scalars(select(Sending.edition_id)))
    for start in range(0, len(editions), 500):
        query = select(Event).where(
            Event.edition_id.in_(editions[start : start + 500]), Event.subscriber_id == subscriber_id
        )
        yield from session.scalars(query.order_by(Event.at, Event.id))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
