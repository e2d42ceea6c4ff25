"""Leaving by letter: a message to the mailbox that List-Unsubscribe names, with a link's token in it."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.app import App
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


def by_letter(app: App, raw: bytes, *, now: datetime) -> Outcome:
    """Take one message, as a mail server hands it over; again does no harm."""
    message = message_from_bytes(raw, policy=policy.default)
    if _is_automatic(message):
        return Outcome.AUTOMATIC
    secret = app.settings.secret.get_secret_value()
    for token in _tokens(message):
        try:
            edition_id, subscriber_id = links.read(secret, token)
        except BadInput:
            continue
        with app.database.write() as session:
            return _leave(session, app, edition_id, subscriber_id, now=now)
    return Outcome.UNKNOWN


def _leave(session: Session, app: App, edition_id: int, subscriber_id: int, *, now: datetime) -> Outcome:
    edition, person = session.get(Edition, edition_id), session.get(Subscriber, subscriber_id)
    if person is None:
        return Outcome.GONE
    newsletter = app.settings.newsletters.get(edition.newsletter) if edition else None
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
    automatic = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return automatic != "no" or message.get_content_type() == "multipart/report"


def _tokens(message: EmailMessage) -> list[str]:
    """What looks like a token, in the subject, then among the recipients, then in the words."""
    heads = [str(value) for name in ("Subject", "To", "Delivered-To") for value in message.get_all(name, [])]
    return [token for text in (*heads, _words(message)) for token in _TOKEN.findall(text)]


def _words(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    try:
        return str(body.get_content())[:_BODY] if body else ""
    except (LookupError, ValueError):  # a character set that nobody knows
        return ""
