"""Leaving by letter: a message to the mailbox that List-Unsubscribe names, with a link's token in it."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.editions.models import Edition
from newsletter.errors import BadInput
from newsletter.rendering import links
from subscribers import roll
from subscribers.models import Consent, Subscriber

_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{42}(?![0-9a-f])")
#: as far as anybody's own words go; what follows is quoted, and may be somebody else's copy
_BODY = 4_000


class Outcome(StrEnum):
    """What a letter came to."""

    LEFT = "left"
    #: they had left before, or are not here any more
    GONE = "gone"
    #: an automatic answer or a bounce: nobody asked for anything
    AUTOMATIC = "automatic"
    #: no link of ours is in it
    UNKNOWN = "unknown"

    @property
    def understood(self) -> bool:
        """Whether nobody has to look at it."""
        return self is not Outcome.UNKNOWN

    @property
    def spoken(self) -> str:
        """For the one who looks."""
        return {
            "left": "unsubscribed",
            "gone": "had left before, or is not here any more",
            "automatic": "an automatic answer; nobody was changed",
            "unknown": "no link of ours is in it; nobody was changed: look at it yourself",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Left:
    """What a letter came to, and whose link was in it: (edition id, subscriber id)."""

    outcome: Outcome
    copy: tuple[int, int] | None = None


def by_letter(database: Database, settings: Settings, raw: bytes, *, now: datetime) -> Outcome:
    """Take one message, as a mail server hands it over; again does no harm."""
    with database.write() as session:
        return leave(session, settings, raw, now=now).outcome


def leave(session: Session, settings: Settings, raw: bytes, *, heads_only: bool = False, now: datetime) -> Left:
    """Who wrote *raw* from a link of ours leaves.

    *heads_only*: in a mailbox that gets answers of all kinds, what stands in the words may be no more than our own
    mail, quoted; there only a token in the subject or the recipient's address is a wish to leave.
    """
    message = message_from_bytes(raw, policy=policy.default)
    if _is_automatic(message):
        return Left(Outcome.AUTOMATIC)
    for token in _tokens(message, heads_only=heads_only):
        try:
            edition_id, subscriber_id = links.read(settings.secret.get_secret_value(), token)
        except BadInput:
            continue
        outcome = _leave(session, settings, edition_id, subscriber_id, now=now)
        return Left(outcome, (edition_id, subscriber_id))
    return Left(Outcome.UNKNOWN)


def _leave(session: Session, settings: Settings, edition_id: int, subscriber_id: int, *, now: datetime) -> Outcome:
    edition, person = session.get(Edition, edition_id), session.get(Subscriber, subscriber_id)
    if person is None:
        return Outcome.GONE
    newsletter = settings.newsletters.get(edition.newsletter) if edition else None
    standing = roll.subscriptions(session, person.id)
    leaving = [
        slug
        for slug, consent in standing.items()
        if consent is not Consent.UNSUBSCRIBED and (newsletter is None or slug in newsletter.lists)
    ]
    if not leaving:
        return Outcome.GONE
    roll.unsubscribe(session, person.id, leaving, source="letter", now=now)
    return Outcome.LEFT


def _is_automatic(message: EmailMessage) -> bool:
    automatic = _head(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return automatic not in ("", "no") or message.get_content_type() == "multipart/report"


def _tokens(message: EmailMessage, *, heads_only: bool) -> list[str]:
    """What looks like a token, in the subject, then among the recipients, then in the words."""
    heads = [_head(message, name) for name in ("Subject", "To", "Delivered-To", "X-Original-To")]
    words = "" if heads_only else _words(message)
    return [token for text in (*heads, words) for token in _TOKEN.findall(text)]


def _head(message: EmailMessage, name: str) -> str:
    try:
        return "\n".join(str(value) for value in message.get_all(name, []))
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):  # the library's, for odd headers
        return ""


def _words(message: EmailMessage) -> str:
    try:
        body = message.get_body(("plain",))
        return str(body.get_content())[:_BODY] if body else ""
    except (AttributeError, LookupError, TypeError, ValueError):  # an unknown character set, or parts in disorder
        return ""
