"""Signed links by which people confirm that they want to be on lists: double opt-in."""

from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from newsletter.config import Settings
from newsletter.errors import BadInput

#: seconds; who has not answered within a month has forgotten what they asked for
LIFETIME = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link stands for: this person asked to be on these lists, by slug."""

    subscriber_id: int
    lists: tuple[str, ...]


def sign(settings: Settings, subscriber_id: int, lists: Sequence[str]) -> str:
    """The invitation as text for a link."""
    return _serializer(settings).dumps([subscriber_id, *lists])


def link(settings: Settings, subscriber_id: int, lists: Sequence[str]) -> str:
    """Where the person goes; the page asks before it acts, for mail scanners follow links too."""
    return f"{settings.public_url}/c/{sign(settings, subscriber_id, lists)}"


def read(settings: Settings, token: str) -> Invitation:
    """What *token* stands for; raises BadInput where it is not ours, or too old."""
    try:
        subscriber_id, *lists = _serializer(settings).loads(token, max_age=LIFETIME)
        return Invitation(int(subscriber_id), tuple(str(slug) for slug in lists))
    except SignatureExpired as error:
        raise BadInput("This link is more than a month old: please ask for a new one.") from error
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.") from error


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.invitations")
