"""What was taken in, for people: listed, counted, shown with its words while these are kept."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.errors import NotFound
from newsletter.tracking.models import Returned, ReturnedRuling
from subscribers import returned


@dataclass(frozen=True, slots=True)
class Shown:
    """One letter, and what people have said of it."""

    letter: Returned
    #: its beginning; empty where it has been forgotten
    raw: bytes
    rulings: tuple[ReturnedRuling, ...]


def counts(session: Session) -> Mapping[str, int]:
    """Action → letters that ever came."""
    query = select(Returned.action, func.count()).group_by(Returned.action).order_by(Returned.action)
    return dict(session.execute(query).all())


def unclear(session: Session) -> int:
    """How many letters a person should look at."""
    return session.scalar(select(func.count()).where(Returned.is_odd)) or 0


def newest(
    session: Session, *, everything: bool, action: str = "", before: int | None = None, limit: int
) -> list[Returned]:
    """The newest letters that a person should look at, or all; of one *action*, or *before* one, where that is said."""
    query = select(Returned).order_by(Returned.id.desc()).limit(limit)
    if not everything and not action:
        query = query.where(Returned.is_odd)
    if action:
        query = query.where(Returned.action == action)
    if before is not None:
        query = query.where(Returned.id < before)
    return list(session.scalars(query))


def subjects(session: Session, letters: Sequence[Returned]) -> Mapping[int, str]:
    """Id → what stands above the letter, for those that are kept."""
    kept = beginnings(session, letters)
    return {letter.id: subject(kept[letter.id]) for letter in letters}


def beginnings(session: Session, letters: Sequence[Returned]) -> Mapping[int, bytes]:
    """Id → the beginning of the letter; empty where it has been forgotten."""
    kept = returned.read_all(session, [letter.digest for letter in letters])
    return {letter.id: kept.get(letter.digest, b"") for letter in letters}


def get(session: Session, number: int, *, lock: bool = False) -> Returned:
    """The letter with that number, *lock*ed where somebody decides about it; raises NotFound."""
    found = session.get(Returned, number, with_for_update=lock)
    if found is None:
        raise NotFound(f"there is no letter {number}; newsletter bounces list --all shows those there are")
    return found


def show(session: Session, number: int) -> Shown:
    """One letter; raises NotFound."""
    letter = get(session, number)
    rulings = select(ReturnedRuling).where(ReturnedRuling.returned_id == letter.id).order_by(ReturnedRuling.id)
    return Shown(letter, returned.read(session, letter.digest), tuple(session.scalars(rulings)))


def judged(session: Session, *, limit: int) -> list[tuple[ReturnedRuling, Returned]]:
    """What people said of letters, the newest first."""
    query = select(ReturnedRuling, Returned).join(Returned, Returned.id == ReturnedRuling.returned_id)
    rows = session.execute(query.order_by(ReturnedRuling.id.desc()).limit(limit))
    return [(ruling, letter) for ruling, letter in rows]


def readable(raw: bytes) -> str:
    """A letter as text, without what a terminal or a page would obey."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(sign if sign in "\n\t" or sign.isprintable() else "�" for sign in text)


def excerpt(raw: bytes, *, letters: int = 240) -> str:
    """How the words below the headers begin, on one line."""
    words = " ".join(readable(raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2][: 8 * letters]).split())
    return words if len(words) <= letters else f"{words[:letters]}…"


def subject(raw: bytes) -> str:
    """What stands in its Subject, as a person reads it."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    said = str(message_from_bytes(head)["Subject"] or "")
    with suppress(HeaderParseError, LookupError, ValueError):  # else it is shown as it stands
        said = str(make_header(decode_header(said)))
    # a terminal, or a page, must not obey it
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:200]
