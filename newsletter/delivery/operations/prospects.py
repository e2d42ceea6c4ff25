"""What an act of operations would mean, in readers, before it is done; only looked at, nothing is changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Sending, Status
from newsletter.delivery.operations import balance, controls
from newsletter.delivery.operations.controls import Verb
from newsletter.editions import shelf
from newsletter.errors import NotFound
from subscribers import audience

#: of more readers than that, nobody is looked up one by one before an act
_LOOKED_UP = 10_000
#: of the other side's words, as many as a person reads
_WORDS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the readers, or of the others, and what becomes of them."""

    readers: int
    says: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an act would come to."""

    verb: Verb
    #: whom it would touch
    readers: int
    parts: tuple[Part, ...]
    #: which copies these are, where that matters: as many others, or the same ones once more, are told apart by it
    which: str = ""

    @property
    def seen(self) -> str:
        """The numbers that somebody decides about, as a form carries them."""
        return f"{self.verb}.{self.readers}" + (f".{self.which}" if self.which else "")

    def holds(self, seen: str) -> bool:
        """Whether somebody who saw those numbers may decide now.

        While copies go out, who asks to stop them finds fewer than they saw, and may: nothing else happens to anybody.
        """
        if self.verb is Verb.PAUSE:
            return True
        verb, _, rest = seen.partition(".")
        readers, _, which = rest.partition(".")
        if (
            verb != self.verb
            or which != self.which
            or not (readers.isascii() and readers.isdigit() and len(readers) < 19)
        ):
            return False
        return self.readers <= int(readers) if self.verb is Verb.CANCEL else self.readers == int(readers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who may have the edition today: readers on any of these lists, who have not paused beyond its day."""

    lists: Sequence[str]
    day: date


def of(
    session: Session,
    edition_id: int,
    verb: Verb,
    wanted: Wanted,
    *,
    code: str = "",
    now: datetime,
    most: int = _LOOKED_UP,
) -> Prospect:
    """What *verb* would come to; *code* is which refusals are tried again. Of at most *most* is told who gets nothing.

    Raises NotFound where nothing was planned, WrongState where it can't be done as the sending stands.
    """
    sending = session.get(Sending, edition_id)
    if sending is None:
        raise NotFound(balance.unplanned(session, shelf.get(session, edition_id)))
    controls.refuse(session, sending, verb)
    stands = balance.balance(session, edition_id)
    match verb:
        case Verb.PAUSE:
            return Prospect(verb, stands.to_do - stands.in_flight, tuple(_pause(stands)))
        case Verb.RESUME:
            return Prospect(verb, stands.to_do, tuple(_resume(session, sending, stands, now)))
        case Verb.CANCEL:
            return Prospect(verb, stands.to_do - stands.in_flight, tuple(_cancel(stands)))
        case Verb.ASSUME_ACCEPTED:
            return Prospect(verb, stands.unknown, tuple(_words(session, edition_id)), _which(session, edition_id))
        case Verb.RESEND:
            parts = [*_words(session, edition_id), *_resent(session, edition_id)]
            parts += _barred(session, wanted, most, _unknown(edition_id))
            return Prospect(verb, stands.unknown, tuple(parts), _which(session, edition_id))
        case Verb.RETRY:
            low, high = controls.codes(code)
            whole = (Batch.state == BatchState.REFUSED, Batch.code >= low, Batch.code <= high)
            alone = _refused_alone(edition_id, low, high)
            readers = _left(session, edition_id, *whole) + _count(session, alone)
            parts = list(_barred(session, wanted, most, _whole(edition_id).where(*whole), alone))
            return Prospect(verb, readers, tuple(parts), _which(session, edition_id, *whole, alone=alone))


def refusals(session: Session, edition_id: int) -> list[tuple[int, int, str]]:
    """Every code that readers of an edition were refused with, how many, and the words that came with it; most first.

    What came without a code can't be tried again by one, and is left out.
    """
    left = Batch.size - Batch.skipped - Batch.refused
    whole = select(Batch.code, func.sum(left), func.min(Batch.reply)).where(
        Batch.edition_id == edition_id, Batch.state == BatchState.REFUSED, Batch.code.is_not(None)
    )
    alone = select(Outcome.code, func.count(), func.min(Outcome.reason)).where(
        Outcome.edition_id == edition_id, Outcome.status == Status.REFUSED, Outcome.code.is_not(None)
    )
    found: dict[int | None, tuple[int, str]] = {}
    for query, column in ((whole, Batch.code), (alone, Outcome.code)):
        for code, readers, words in session.execute(query.group_by(column)):
            before, said = found.get(code, (0, ""))
            found[code] = (before + int(readers), said or words)
    rows = [(code, readers, words) for code, (readers, words) in found.items() if readers and code]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _pause(stands: balance.Balance) -> Iterator[Part]:
    yield from _on_the_wire(stands)
    if stands.accepted:
        yield Part(stands.accepted, f"{_readers(stands.accepted, 'has', 'have')} it already.")


def _resume(session: Session, sending: Sending, stands: balance.Balance, now: datetime) -> Iterator[Part]:
    later = _left(
        session, sending.edition_id, Batch.state == BatchState.QUEUED, Batch.not_before > now, Batch.attempts == 0
    )
    if later:
        yield Part(later, f"{_readers(later, 'waits', 'wait')} for a later hour of their own.")
    again = _left(session, sending.edition_id, Batch.state.in_(rules.STOPPABLE), Batch.attempts > 0)
    if again:
        yield Part(
            again, f"{_readers(again, 'was', 'were')} tried before, and the other side asked to be tried again later."
        )
    handed = stands.accepted + stands.refused + stands.unknown
    if handed and controls.finds_good(session, sending):
        yield Part(
            handed,
            f"The first slice ({plural.counted(handed, 'copy', 'copies')}) counts as looked at and found good:"
            " the rest follows at once.",
        )
    if sending.reason:
        yield Part(0, f"It was stopped because: {sending.reason}. The brake counts anew from now on.")


def _cancel(stands: balance.Balance) -> Iterator[Part]:
    yield from _on_the_wire(stands)
    if stands.accepted:
        yield Part(stands.accepted, f"{_readers(stands.accepted, 'has', 'have')} their copy, and keep it.")


def _on_the_wire(stands: balance.Balance) -> Iterator[Part]:
    if stands.in_flight:
        copies = plural.counted(stands.in_flight, "copy is", "copies are")
        yield Part(stands.in_flight, f"{copies} on the wire now: what is begun is finished, and counted.")


def _words(session: Session, edition_id: int) -> Iterator[Part]:
    """Why nobody knows."""
    left = func.sum(Batch.size - Batch.skipped - Batch.refused)
    rows = session.execute(
        select(Batch.reply, left)
        .where(Batch.edition_id == edition_id, Batch.state == BatchState.UNKNOWN)
        .group_by(Batch.reply)
        .order_by(left.desc(), Batch.reply)
        .limit(_WORDS)
    )
    for words, readers in rows:
        yield Part(int(readers), f"{plural.counted(int(readers), 'copy', 'copies')}: {words or 'no answer came'}.")


def _resent(session: Session, edition_id: int) -> Iterator[Part]:
    again = _left(session, edition_id, Batch.state == BatchState.UNKNOWN, Batch.resends > 0)
    if again:
        yield Part(again, f"{_readers(again, 'was', 'were')} sent it a second time already.")


def _barred(session: Session, wanted: Wanted, most: int, *whose: Select[int]) -> Iterator[Part]:
    """Who of them has left, was suppressed or erased since, and is skipped; by reason, where they are few enough."""
    ids = [one for query in whose for one in session.scalars(query.limit(most + 1))]
    if len(ids) > most:
        return
    _, barred = audience.mailable(session, ids, wanted.lists, day=wanted.day)
    by_reason: dict[str, int] = {}
    for reason in barred.values():
        by_reason[reason] = by_reason.get(reason, 0) + 1
    for reason, readers in sorted(by_reason.items(), key=lambda row: (-row[1], row[0])):
        yield Part(readers, f"{_readers(readers, 'gets', 'get')} nothing: {reason}.")


def _which(session: Session, edition_id: int, *whole: ColumnElement[bool], alone: Select[int] | None = None) -> str:
    """Which copies an act is about: other ones, and the same ones that were tried once more since, say otherwise.

    Of two who looked at one number of unknown copies, the second would else send a third copy to everybody.
    """
    of_batches = (func.count(), func.sum(Batch.number), func.sum(Batch.resends), func.max(Batch.settled_at))
    conditions = whole or (Batch.state == BatchState.UNKNOWN,)
    found: list[Any] = [*session.execute(select(*of_batches).where(Batch.edition_id == edition_id, *conditions)).one()]
    if alone is not None:
        of_readers = (func.count(), func.sum(Outcome.subscriber_id), func.max(Outcome.at))
        found += session.execute(alone.with_only_columns(*of_readers)).one()
    return sha256("|".join(map(str, found)).encode()).hexdigest()[:16]


def _unknown(edition_id: int) -> Select[int]:
    return _whole(edition_id).where(Batch.state == BatchState.UNKNOWN)


def _whole(edition_id: int) -> Select[int]:
    """Readers of batches who share their batch's fate."""
    exception = and_(Outcome.edition_id == Delivery.edition_id, Outcome.subscriber_id == Delivery.subscriber_id)
    return (
        select(Delivery.subscriber_id)
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .outerjoin(Outcome, exception)
        .where(Delivery.edition_id == edition_id, Outcome.subscriber_id.is_(None))
    )


def _refused_alone(edition_id: int, low: int, high: int) -> Select[int]:
    return select(Outcome.subscriber_id).where(
        Outcome.edition_id == edition_id, Outcome.status == Status.REFUSED, Outcome.code >= low, Outcome.code <= high
    )


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _left(session: Session, edition_id: int, *conditions: ColumnElement[bool]) -> int:
    total = func.sum(Batch.size - Batch.skipped - Batch.refused)
    return int(session.scalar(select(total).where(Batch.edition_id == edition_id, *conditions)) or 0)


def _readers(number: int, one: str, many: str) -> str:
    return plural.counted(number, f"reader {one}", f"readers {many}")
