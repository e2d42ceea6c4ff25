"""Signed links by which people confirm that they want to be on lists: double opt-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from newsletter.config import Settings
from newsletter.errors import BadInput

#: who has not answered within a month has forgotten what they asked for
LIFETIME = timedelta(days=30)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Whose(StrEnum):
    """What an invitation's number means."""

    #: a person who is here and waits, from a file or by hand
    PERSON = "p"
    #: a request by a form
    SIGN_UP = "s"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link stands for: whoever has that number asked to be on these lists, by slug."""

    whose: Whose
    number: int
    lists: tuple[str, ...]
    #: when they were asked: what they have decided since stands
    asked_at: datetime


def sign(settings: Settings, number: int, lists: Sequence[str], *, at: datetime, whose: Whose = Whose.PERSON) -> str:
    """The invitation, written at that moment, as text for a link."""
    return _serializer(settings).dumps([whose.value, number, (at - _EPOCH) // timedelta(microseconds=1), *lists])


def link(settings: Settings, number: int, lists: Sequence[str], *, at: datetime, whose: Whose = Whose.PERSON) -> str:
    """Where the person goes; the page asks before it acts, for mail scanners follow links too."""
    return f"{settings.public_url}/c/{sign(settings, number, lists, at=at, whose=whose)}"


def read(settings: Settings, token: str, *, now: datetime) -> Invitation:
    """What *token* stands for; raises BadInput where it is not ours, or too old."""
    try:
        whose, number, asked, *lists = _serializer(settings).loads(token)
        asked_at = _EPOCH + timedelta(microseconds=int(asked))
        given = Invitation(Whose(whose), int(number), tuple(str(slug) for slug in lists), asked_at)
    except (BadData, TypeError, ValueError, OverflowError) as error:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.") from error
    if now - given.asked_at > LIFETIME:
        raise BadInput("This link is more than a month old: please ask for a new one.")
    return given


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.invitations")
