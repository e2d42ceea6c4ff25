"""Answers to programs, kept for a day: the same request with the same key is done once, and answered alike.

What is kept can be read with the token and the key alone, which are not in the database. Who dies between beginning
and answering leaves a lease: once it is over, the next to ask does it again, or is told that nobody knows how far it
came, where doing it twice would matter.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, WrongState
from newsletter.staff import secrets
from newsletter.staff.models import ApiAnswer
from subscribers.rows import upsert

#: how long an answer is kept, and how long somebody may be at one
KEPT, LEASE = timedelta(hours=24), timedelta(minutes=2)


class AnotherRequest(BadInput):
    """The key was used for something else."""


class InFlight(WrongState):
    """Somebody is at that very request; they have *seconds* more."""

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class CutOff(WrongState):
    """Who was at it died, and how far it came is not known."""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may be sent again: by which token, under which key, and what it asks."""

    token_id: int
    #: the token's own words, and the client's key: what is kept is sealed with both
    token: str
    key: str
    #: method, path, query and body
    asked: bytes

    @property
    def row(self) -> tuple[int, str]:
        return self.token_id, secrets.digest(self.key)

    @property
    def request(self) -> str:
        return hmac.new(self.token.encode(), self.asked, sha256).hexdigest()

    @property
    def box(self) -> Fernet:
        key = HKDF(SHA256(), 32, salt=self.key.encode(), info=b"newsletter.answers").derive(self.token.encode())
        return Fernet(base64.urlsafe_b64encode(key))


@dataclass(frozen=True, slots=True)
class Begun:
    """Whoever holds it is to answer."""

    of: Repeatable
    epoch: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def begin(session: Session, of: Repeatable, *, once: bool = False, now: datetime) -> Begun | Answer:
    """Take a request on, or give the answer that it had; *once* where it must not be done again unasked.

    Raises AnotherRequest, InFlight, CutOff.
    """
    token_id, key = of.row
    fresh = {"request": of.request, "began_at": now, "lease_until": now + LEASE}
    new = upsert(session, ApiAnswer).values(token_id=token_id, key=key, epoch=1, sealed="", **fresh)
    if session.scalar(new.on_conflict_do_nothing().returning(ApiAnswer.epoch)) is not None:
        return Begun(of, 1)
    # one at a time: who waits here sees what the other decided
    mine = (ApiAnswer.token_id == token_id) & (ApiAnswer.key == key)
    row = session.scalar(select(ApiAnswer).where(mine).with_for_update())
    if row is None:  # let go at this very moment
        return begin(session, of, once=once, now=now)
    if row.began_at <= now - KEPT:
        return _again(session, of, row, fresh)
    if not hmac.compare_digest(row.request, of.request):
        raise AnotherRequest("This Idempotency-Key was used for another request: take a new one for each.")
    if row.status is not None:
        return _opened(of, row)
    if now < row.lease_until:
        left = max(1, round((row.lease_until - now).total_seconds()))
        raise InFlight("That very request is being worked on: ask again in a moment.", seconds=left)
    if once:
        raise CutOff(
            "Whoever worked on that request was cut off, and how far it came is not known. Look what was done; to do "
            "it again, send it with a new Idempotency-Key."
        )
    return _again(session, of, row, {"lease_until": now + LEASE})


def keep(session: Session, begun: Begun, answer: Answer) -> bool:
    """Keep what is answered; False where somebody else took the request over meanwhile."""
    kept = json.dumps([dict(answer.headers), base64.b64encode(answer.body).decode()])
    sealed = begun.of.box.encrypt(kept.encode()).decode()
    statement = update(ApiAnswer).where(*_still(begun)).values(status=answer.status, sealed=sealed)
    return session.connection().execute(statement).rowcount == 1


def let_go(session: Session, begun: Begun) -> None:
    """Nothing was done: the same key may try again."""
    session.connection().execute(delete(ApiAnswer).where(*_still(begun)))


def forget(session: Session, *, now: datetime) -> None:
    """Answers older than a day."""
    session.execute(delete(ApiAnswer).where(ApiAnswer.began_at <= now - KEPT))


def _again(session: Session, of: Repeatable, row: ApiAnswer, values: Mapping[str, object]) -> Begun:
    for name, value in values.items():
        setattr(row, name, value)
    row.status, row.sealed, row.epoch = None, "", row.epoch + 1
    session.flush()
    return Begun(of, row.epoch)


def _opened(of: Repeatable, row: ApiAnswer) -> Answer:
    headers, body = json.loads(of.box.decrypt(row.sealed.encode()))
    return Answer(row.status or 0, headers, base64.b64decode(body))


def _still(begun: Begun) -> tuple[ColumnElement[bool], ...]:
    token_id, key = begun.of.row
    return (
        ApiAnswer.token_id == token_id,
        ApiAnswer.key == key,
        ApiAnswer.epoch == begun.epoch,
        ApiAnswer.status.is_(None),
    )
