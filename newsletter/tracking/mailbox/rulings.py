"""A person's word on a letter: first what would follow from it, then that, and who said so; no rule is made of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.tracking import evidence
from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson, Meaning
from newsletter.tracking.heard import MAILBOX
from newsletter.tracking.mailbox import intake, shelf
from newsletter.tracking.mailbox.whose import KnownBy, Owner
from newsletter.tracking.models import Returned, ReturnedRuling
from subscribers import returned, roll
from subscribers.models import Consent, Subscriber, Suppression

#: what a person may say → what that means
WORDS = {
    "dead": Judgement(Action.FAILED, Meaning.DEAD, Lesson.SUPPRESS),
    "full": Judgement(Action.FAILED, Meaning.FULL, Lesson.COUNT),
    "temporary": Judgement(Action.FAILED, Meaning.TEMPORARY, Lesson.COUNT),
    "no-host": Judgement(Action.FAILED, Meaning.NO_HOST, Lesson.COUNT),
    "policy": Judgement(Action.FAILED, Meaning.POLICY, Lesson.ALARM),
    "too-large": Judgement(Action.FAILED, Meaning.TOO_LARGE, Lesson.ALARM),
    "failed": Judgement(Action.FAILED, Meaning.OTHER, Lesson.NONE),
    "delayed": Judgement(Action.DELAYED, Meaning.TEMPORARY, Lesson.NONE),
    "complaint": Judgement(Action.COMPLAINT, None, Lesson.SUPPRESS),
    "unsubscribe": Judgement(Action.UNSUBSCRIBE),
    "auto-reply": Judgement(Action.AUTO_REPLY),
    "seen": Judgement(Action.UNRECOGNISED),
}
#: what a ruling says that takes the one before it back
TAKEN_BACK = "taken back"
_RESTORED = ("action", "meaning", "lesson", "known_by", "edition_id", "subscriber_id", "is_odd")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would follow."""

    letter: Returned
    word: str
    judgement: Judgement
    edition_id: int | None
    subscriber_id: int | None
    #: lists to be left
    leaves: tuple[str, ...]
    #: what follows, as a person would say it, without names
    sentence: str


@dataclass(frozen=True, slots=True)
class Back:
    """What would follow if the last verdict on a letter were taken back."""

    letter: Returned
    ruling: ReturnedRuling
    sentence: str


def plan(
    session: Session, settings: Settings, number: int, word: str, *, address: str = "", about: int | None = None
) -> Plan:
    """What would follow if letter *number* were *word* (see WORDS), about whom it is, or *about* or at *address*.

    Changes nothing. Raises NotFound; BadInput where it needs to be said whom it is about.
    """
    if word not in WORDS:
        raise BadInput(f"{word!r} is nothing a letter can be: say one of {', '.join(WORDS)}")
    letter, judgement = shelf.get(session, number), WORDS[word]
    subscriber_id = roll.get(session, address).id if address else about if about is not None else letter.subscriber_id
    edition_id = letter.edition_id if subscriber_id == letter.subscriber_id else None
    touches = judgement.action in (Action.FAILED, Action.DELAYED, Action.COMPLAINT, Action.UNSUBSCRIBE)
    if touches and subscriber_id is None:
        raise BadInput(f"nobody knows whom letter {number} is about: say whose address it is (--address)")
    if touches and session.get(Subscriber, subscriber_id) is None:
        raise NotFound(f"the reader whom letter {number} is about is not here any more")
    leaves = _leaves(session, settings, edition_id, subscriber_id) if judgement.action is Action.UNSUBSCRIBE else ()
    sentence = _sentence(session, judgement, subscriber_id, leaves) + _stands(session, letter, judgement)
    return Plan(letter, word, judgement, edition_id, subscriber_id, leaves, sentence)


def rule(session: Session, settings: Settings, decided: Plan, *, by: str, now: datetime) -> None:
    """Do what was planned, and write down who said so."""
    letter, judgement = decided.letter, decided.judgement
    ruling = ReturnedRuling(
        returned_id=letter.id,
        at=now,
        by=by[:64],
        before={name: getattr(letter, name) for name in _RESTORED},
        said=decided.word,
        came_of_it=decided.sentence,
    )
    session.add(ruling)
    session.flush()
    if decided.leaves and decided.subscriber_id is not None:
        roll.unsubscribe(session, decided.subscriber_id, decided.leaves, source=_source(by), now=now)
    owner = Owner(KnownBy.HAND, decided.edition_id, decided.subscriber_id)
    key = _key(letter, ruling)
    evidence.record(session, intake.heard_of(key, judgement, owner, letter.at), rules=settings.lessons, now=now)
    if judgement.action is not Action.UNRECOGNISED:
        letter.action, letter.meaning = judgement.action.value, judgement.meaning or ""
        letter.lesson, letter.known_by = judgement.lesson.value, KnownBy.HAND.value
        letter.edition_id, letter.subscriber_id = decided.edition_id, decided.subscriber_id
        returned.belongs(session, letter.digest, decided.subscriber_id)
    letter.is_odd = False


def plan_back(session: Session, number: int) -> Back:
    """What would follow if what was said last of letter *number* were taken back; raises NotFound, WrongState."""
    letter, rulings = shelf.get(session, number), list[ReturnedRuling]()
    query = select(ReturnedRuling).where(ReturnedRuling.returned_id == letter.id).order_by(ReturnedRuling.id)
    for ruling in session.scalars(query):
        if ruling.said != TAKEN_BACK:
            rulings.append(ruling)
        elif rulings:
            rulings.pop()
    if not rulings:
        raise WrongState(f"nobody has said what letter {number} is, so there is nothing to take back")
    last = rulings[-1]
    return Back(letter, last, _sentence_back(session, letter, last))


def take_back(session: Session, settings: Settings, back: Back, *, by: str, now: datetime) -> None:
    """Let things stand as if it had not been said; that it was, and who took it back, stays written down."""
    letter, last = back.letter, back.ruling
    person = letter.subscriber_id
    evidence.retract(session, _key(letter, last), rules=settings.lessons, now=now)
    if person is not None and last.said == "unsubscribe":
        source = f"verdict taken back by {by}"[:64]
        roll.take_back(session, person, left_by=_source(last.by), source=source, now=now)
    before = {name: getattr(letter, name) for name in _RESTORED}
    session.add(
        ReturnedRuling(
            returned_id=letter.id, at=now, by=by[:64], before=before, said=TAKEN_BACK, came_of_it=back.sentence
        )
    )
    for name in _RESTORED:
        if name in last.before:
            setattr(letter, name, last.before[name])
    letter.is_odd = last.before.get("is_odd", True)
    returned.belongs(session, letter.digest, letter.subscriber_id)


def _key(letter: Returned, ruling: ReturnedRuling) -> str:
    """Under what the evidence of a person's word is kept."""
    return f"{letter.digest}-ruled-{ruling.id}"


def _source(by: str) -> str:
    return f"letter, read by {by}"[:64]


def _sentence_back(session: Session, letter: Returned, last: ReturnedRuling) -> str:
    reader = f"reader {letter.subscriber_id}"
    rests = select(Suppression.id).where(Suppression.evidence == f"{MAILBOX}/{_key(letter, last)}")
    if session.scalar(rests) is not None:
        return f"{reader} may be mailed again, unless something else on record says otherwise"
    if last.said == "unsubscribe":
        return f"{reader} stands on the lists as before, where nothing was changed since"
    if letter.lesson == Lesson.COUNT:
        return f"it is not counted against {reader} any more"
    return "the letter waits for a verdict again; nobody is touched"


def _leaves(session: Session, settings: Settings, edition_id: int | None, subscriber_id: int | None) -> tuple[str, ...]:
    """The lists of the letter's newsletter that the person is on; all of theirs, where we don't know which it was."""
    edition = session.get(Edition, edition_id) if edition_id else None
    newsletter = settings.newsletters.get(edition.newsletter) if edition else None
    standing = roll.subscriptions(session, subscriber_id or 0)
    return tuple(
        slug
        for slug, consent in standing.items()
        if consent is not Consent.UNSUBSCRIBED and (newsletter is None or slug in newsletter.lists)
    )


def _sentence(session: Session, judgement: Judgement, subscriber_id: int | None, leaves: tuple[str, ...]) -> str:
    reader = f"reader {subscriber_id}"
    if judgement.action is Action.UNSUBSCRIBE:
        return f"{reader} leaves {', '.join(leaves)}" if leaves else f"{reader} is on no list of it any more"
    if judgement.lesson is Lesson.SUPPRESS:
        why = "said it is spam" if judgement.action is Action.COMPLAINT else "has an address that does not exist"
        if _is_suppressed(session, subscriber_id):
            return f"{reader} {why}; no mail goes there as it is"
        return f"{reader} {why}, and is not mailed again"
    match judgement.lesson, judgement.action:
        case Lesson.COUNT, _:
            return (
                f"one more copy to {reader} came back ({judgement.meaning}); enough of them, and it is not mailed again"
            )
        case Lesson.ALARM, _:
            return f"a copy to {reader} was refused ({judgement.meaning}); the reader is not touched"
        case _, Action.FAILED:
            return f"a copy to {reader} came back; the reader is not touched"
        case _, Action.DELAYED:
            return f"a copy to {reader} waits; the reader is not touched"
    return "nobody is touched"


def _stands(session: Session, letter: Returned, judgement: Judgement) -> str:
    """What the verdict before has done is not undone by another."""
    if letter.lesson != Lesson.SUPPRESS or judgement.lesson is Lesson.SUPPRESS:
        return ""
    if not _is_suppressed(session, letter.subscriber_id):
        return ""
    return "; that no mail goes there stays so, until the verdict before is taken back or the suppression lifted"


def _is_suppressed(session: Session, subscriber_id: int | None) -> bool:
    query = (
        select(Suppression.id)
        .join(Subscriber, Subscriber.email_key == Suppression.email_key)
        .where(Subscriber.id == subscriber_id)
    )
    return session.scalar(query) is not None
