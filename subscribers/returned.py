"""Letters that came back to the mailbox, as they lay there: their beginnings, until a person in them is forgotten."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from . import addresses
from .models import ReturnedMail
from .rows import upsert

#: bytes that are kept of a letter
_KEPT = 16 * 1024
#: somewhere words are not what they look like
_ENCODED = re.compile(rb"base64|quoted-printable|=\?", re.IGNORECASE)
#: what stands around an address, as mail writes it
_AROUND = re.compile(r"[\s<>()\[\]\",;:]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it came, and whom it is about, where that is known."""

    digest: str
    raw: bytes
    subscriber_id: int | None = None


def keep(session: Session, letters: Iterable[Letter], *, now: datetime) -> None:
    """Keep the beginning of each of *letters*, unless it is here."""
    rows = [
        {
            "digest": letter.digest,
            "subscriber_id": letter.subscriber_id,
            "kept_at": now,
            "mentions": _mentions(letter.raw[:_KEPT]),
            "raw": letter.raw[:_KEPT],
        }
        for letter in letters
    ]
    if rows:
        statement = upsert(session, ReturnedMail).on_conflict_do_nothing(index_elements=["digest"])
        session.connection().execute(statement, rows)


def read(session: Session, digest: str) -> bytes:
    """The beginning of the letter; empty where it has been forgotten."""
    return session.scalar(select(ReturnedMail.raw).where(ReturnedMail.digest == digest)) or b""


def read_all(session: Session, digests: Sequence[str]) -> dict[str, bytes]:
    """The beginnings of many letters, by digest, of those that are kept."""
    query = select(ReturnedMail.digest, ReturnedMail.raw).where(ReturnedMail.digest.in_(digests))
    return dict(session.execute(query).all())


def belongs(session: Session, digest: str, subscriber_id: int | None) -> None:
    """Somebody found out whom it is about."""
    session.connection().execute(
        update(ReturnedMail).where(ReturnedMail.digest == digest).values(subscriber_id=subscriber_id)
    )


def forget(session: Session, key: str) -> None:
    """Forget every letter in which the address with *key* stands."""
    named = ReturnedMail.mentions.contains(f" {key} ", autoescape=True)
    session.connection().execute(delete(ReturnedMail).where(named))


def forget_old(session: Session, *, before: datetime) -> int:
    """Forget the letters that came before that moment; how many."""
    return session.connection().execute(delete(ReturnedMail).where(ReturnedMail.kept_at < before)).rowcount


def of(session: Session, subscriber_id: int) -> list[ReturnedMail]:
    """Those about one person, oldest first."""
    query = select(ReturnedMail).where(ReturnedMail.subscriber_id == subscriber_id).order_by(ReturnedMail.id)
    return list(session.scalars(query))


def _mentions(raw: bytes) -> str:
    """Every address in the letter, in its headers and its words, however these are encoded."""
    texts = [raw.decode("utf-8", "replace")]
    if _ENCODED.search(raw):
        texts += _decoded(raw)
    found = set[str]()
    for text in texts:
        for word in _AROUND.split(text):
            if "@" in word:
                found.update(_spellings(word.strip(".'")))
    return f" {' '.join(sorted(found))} ".replace("\0", "")


def _spellings(word: str) -> Iterator[str]:
    """The keys of what may be an address in *word*: "to=ada@…" holds one, and Postfix writes + as +2B."""
    local, _, domain = word.rpartition("@")
    for each in {local, local.rpartition("=")[2], local.replace("+2B", "+")}:
        yield addresses.key(f"{each}@{domain}")


def _decoded(raw: bytes) -> Iterable[str]:
    try:
        parts = list(message_from_bytes(raw, policy=policy.compat32).walk())
    except RecursionError:  # parts within parts without end, which is nobody's letter
        return
    for part in parts:
        yield from (_words(value) for value in part.values() if "=?" in str(value))
        if part.get_content_maintype() == "text" or part.get_content_type() == "message/delivery-status":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield payload.decode("utf-8", "replace")


def _words(value: object) -> str:
    """A header as a person reads it; as it stands, where it can't be read."""
    try:
        return str(make_header(decode_header(str(value))))
    except (HeaderParseError, LookupError, ValueError):
        return str(value)
