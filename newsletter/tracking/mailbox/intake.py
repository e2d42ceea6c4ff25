"""A batch of letters becomes verdicts, kept for ever, and evidence; each letter once, whatever was cut off before."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.config import Settings
from newsletter.delivery.wire import replies
from newsletter.tracking import evidence, heard
from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson
from newsletter.tracking.heard import Heard
from newsletter.tracking.mailbox import leaving, whose
from newsletter.tracking.mailbox.digests import digest
from newsletter.tracking.mailbox.places import Letter, Name
from newsletter.tracking.mailbox.whose import KnownBy, Owner
from newsletter.tracking.models import Returned
from subscribers import returned
from subscribers.rows import upsert

log = logs.get_logger(__name__)

#: what a person wrote, and no `bounces.Action`
REPLY = "reply"
#: a letter says when it was written; what is older, or still to come, is not believed
_BELIEVED = timedelta(days=60)
_DATE = re.compile(rb"^date:[ \t]*+([^\n]{1,100})", re.IGNORECASE | re.MULTILINE)
#: what says something of a copy
_OF_A_COPY = frozenset({Action.FAILED, Action.DELAYED, Action.COMPLAINT})

#: the bytes of a message → what it says, one judgement for each recipient
Understand = Callable[[bytes], Sequence[Judgement]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    #: what nobody has to look at, and what somebody should
    done: tuple[Name, ...] = ()
    odd: tuple[Name, ...] = ()
    #: action → letters that were new
    new: Counter[str] = field(default_factory=Counter)
    #: letters that had been taken in before
    known: int = 0
    #: the letters that somebody should look at, less those that had been taken in before
    unclear: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is made of one letter."""

    digest: str
    raw: bytes
    at: datetime
    action: str
    judgement: Judgement
    owner: Owner
    #: of what it says, nothing is counted, because nothing proves that it answers to a copy of ours
    unproven: bool = False
    #: what it says of other recipients
    others: tuple[tuple[Judgement, Owner], ...] = ()

    @property
    def is_odd(self) -> bool:
        """Whether a person should look at it."""
        if self.action == Action.UNSUBSCRIBE:
            return self.owner.by is KnownBy.NOTHING
        return self.action in (Action.UNRECOGNISED, REPLY) or (self.unproven and self.action in _OF_A_COPY)


def take_in(
    session: Session,
    settings: Settings,
    place_id: int,
    letters: Sequence[Letter],
    understand: Understand,
    now: datetime,
) -> Taken:
    """Judge the *letters* that are new, keep the verdicts, and let them move and teach; all in this transaction."""
    by_digest = {letter.name: digest(letter.raw) for letter in letters}
    odd = _known(session, by_digest.values())
    fresh = {by_digest[letter.name]: letter for letter in letters if by_digest[letter.name] not in odd}
    said = {key: _understood(understand, letter.raw) for key, letter in fresh.items()}
    people = whose.people(session, settings, (each for judgements in said.values() for each in judgements))
    find = partial(whose.find, session, settings, people, before=now)
    verdicts = [_judge(session, settings, letter.raw, key, said[key], find, now) for key, letter in fresh.items()]
    new = _store(session, place_id, verdicts, now=now)
    returned.keep(session, [_text(verdict) for verdict in new if not _is_forgotten(verdict)], now=now)
    evidence.record(session, list(_heard(new)), rules=settings.lessons, now=now)
    odd |= {verdict.digest: verdict.is_odd for verdict in verdicts}
    return Taken(
        done=tuple(name for name, key in by_digest.items() if not odd[key]),
        odd=tuple(name for name, key in by_digest.items() if odd[key]),
        new=Counter(verdict.action for verdict in new),
        known=len(letters) - len(new),
        unclear=sum(verdict.is_odd for verdict in new),
    )


def _known(session: Session, digests: Iterable[str]) -> dict[str, bool]:
    """Digest of what was taken in before → whether a person should look at it."""
    query = select(Returned.digest, Returned.is_odd).where(Returned.digest.in_(sorted(set(digests))))
    return dict(session.execute(query).all())


def _judge(
    session: Session,
    settings: Settings,
    raw: bytes,
    key: str,
    judgements: Sequence[Judgement],
    find: Callable[[Judgement], Owner],
    now: datetime,
) -> Verdict:
    at = _written(raw, now)
    first, *others = judgements
    owner = find(first)
    if first.action in (Action.UNRECOGNISED, Action.UNSUBSCRIBE):
        left = leaving.leave(session, settings, raw, heads_only=True, now=now)
        if left.copy is not None:
            return Verdict(key, raw, at, Action.UNSUBSCRIBE, first, whose.of_link(session, left.copy))
        if first.action is Action.UNRECOGNISED and owner.by.is_proof:
            return Verdict(key, raw, at, REPLY, first, owner)
    known = [(other, find(other)) for other in others]
    # an alias leads to several, and what each of them says is about the one copy that went there
    believed = tuple((other, of) for other, of in known if of != owner and _counts(settings, of))
    return Verdict(key, raw, at, first.action, first, owner, not _counts(settings, owner), believed)


def _counts(settings: Settings, owner: Owner) -> bool:
    """Whether what a letter says of somebody is believed."""
    return owner.by is not KnownBy.ADDRESS or whose.believes_addresses(settings)


def _understood(understand: Understand, raw: bytes) -> Sequence[Judgement]:
    try:
        return understand(raw)
    except Exception as error:  # noqa: BLE001
        # one letter of a stranger's must never keep the others from being read; its words are not for the log
        log.error("letter.odd", kind=type(error).__name__)  # noqa: TRY400
        return [Judgement(Action.UNRECOGNISED)]


def _store(session: Session, place_id: int, verdicts: Sequence[Verdict], *, now: datetime) -> list[Verdict]:
    """Write down what is new, and return it; another process may have been faster."""
    if not verdicts:
        return []
    statement = upsert(session, Returned).on_conflict_do_nothing(index_elements=["digest"]).returning(Returned.digest)
    # always in the same order, so that two processes can't block each other
    rows = [_row(place_id, verdict, now) for verdict in sorted(verdicts, key=lambda verdict: verdict.digest)]
    new = set(session.connection().execute(statement, rows).scalars())
    return [verdict for verdict in verdicts if verdict.digest in new]


def _row(place_id: int, verdict: Verdict, now: datetime) -> dict[str, Any]:
    judgement, owner = verdict.judgement, verdict.owner
    return {
        "digest": verdict.digest,
        "place_id": place_id,
        "taken_at": now,
        "at": verdict.at,
        "action": verdict.action,
        "meaning": judgement.meaning or "",
        "code": judgement.code[:16],
        "lesson": judgement.lesson if _teaches(verdict) else "none",
        "known_by": owner.by,
        "edition_id": owner.edition_id,
        "subscriber_id": owner.subscriber_id,
        "is_odd": verdict.is_odd,
        "words": replies.tidy(judgement.words),
    }


def _teaches(verdict: Verdict) -> bool:
    return _says(verdict.judgement) is not None and not verdict.unproven and verdict.owner.subscriber_id is not None


def _says(judgement: Judgement) -> Action | None:
    """What it says of a copy, if it does: a receipt that counts says it did not arrive."""
    if judgement.action is Action.MDN and judgement.lesson is Lesson.COUNT:
        return Action.FAILED
    return judgement.action if judgement.action in _OF_A_COPY else None


def _text(verdict: Verdict) -> returned.Letter:
    return returned.Letter(verdict.digest, verdict.raw, verdict.owner.subscriber_id)


def _is_forgotten(verdict: Verdict) -> bool:
    """It is about somebody who was erased: their address is not to come back in by a letter."""
    return verdict.owner.by.is_proof and verdict.owner.subscriber_id is None


def _heard(verdicts: Iterable[Verdict]) -> Iterable[Heard]:
    for each in verdicts:
        yield from heard_of(each.digest, each.judgement, each.owner, each.at, unproven=each.unproven)
        for number, (judgement, owner) in enumerate(each.others, start=2):
            yield from heard_of(f"{each.digest}-{number}", judgement, owner, each.at)


def heard_of(key: str, judgement: Judgement, owner: Owner, at: datetime, *, unproven: bool = False) -> list[Heard]:
    """What a letter says of one copy, as evidence, if it does; what is *unproven* is stored and changes nobody."""
    action = _says(judgement)
    if action is None:
        return []
    said = heard.by_mail(
        key,
        action=action,
        meaning=judgement.meaning or "",
        lesson=judgement.lesson,
        edition_id=None if unproven else owner.edition_id,
        subscriber_id=None if unproven else owner.subscriber_id,
        at=at,
        words=replies.tidy(judgement.words),
        address=owner.address,
        payload={"code": judgement.code, "known_by": owner.by},
    )
    return [said if said.is_ours else replace(said, lesson=None)]


def _written(raw: bytes, now: datetime) -> datetime:
    """When it was written, by its own word; now, where that can't be."""
    head = raw[:65_536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _DATE.search(head)
    try:
        said = parsedate_to_datetime(found[1].decode("ascii", "replace") if found else "")
    except (TypeError, ValueError, IndexError, OverflowError, LookupError, AttributeError):
        return now
    said = said.replace(tzinfo=UTC) if said.tzinfo is None else said
    return said if now - _BELIEVED <= said <= now else now
