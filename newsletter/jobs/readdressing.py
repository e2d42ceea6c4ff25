"""Signed links by which a new address says yes to being written to."""

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from newsletter.config import Settings
from newsletter.errors import BadInput


@dataclass(frozen=True, slots=True)
class Change:
    """What a link stands for; how long it is good for stands with the wish itself."""

    change_id: int
    subscriber_id: int


def link(settings: Settings, change: Change) -> str:
    """Where the person goes; the page asks before it acts."""
    token = _serializer(settings).dumps([change.change_id, change.subscriber_id])
    return f"{settings.public_url}/a/{token}"


def read(settings: Settings, token: str) -> Change:
    """What *token* stands for; raises BadInput where it is not ours."""
    try:
        change_id, subscriber_id = _serializer(settings).loads(token)
        return Change(int(change_id), int(subscriber_id))
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.") from error


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.readdressing")
