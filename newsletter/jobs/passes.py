"""Signed links for editors: one stands for one verb on one revision of one edition, until its time is over."""

from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from newsletter.config import Settings
from newsletter.errors import BadInput

#: seconds; a draft's week
LIFETIME = 7 * 24 * 3600


class Verb(StrEnum):
    """What the bearer may do."""

    APPROVE = "approve"
    HOLD = "hold"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link stands for; *editor* is the address it was mailed to."""

    verb: Verb
    edition_id: int
    revision: int
    editor: str


def sign(settings: Settings, given: Pass) -> str:
    """*given* as text for a link."""
    return _serializer(settings).dumps([given.verb.value, given.edition_id, given.revision, given.editor])


def link(settings: Settings, given: Pass) -> str:
    """Where the editor goes; the page asks before it acts, for mail scanners follow links too."""
    return f"{settings.public_url}/desk/{given.verb.value}/{sign(settings, given)}"


def read(settings: Settings, token: str) -> Pass:
    """What *token* stands for; raises BadInput where it is not ours, or too old."""
    try:
        verb, edition_id, revision, editor = _serializer(settings).loads(token, max_age=LIFETIME)
        return Pass(Verb(verb), int(edition_id), int(revision), str(editor))
    except SignatureExpired as error:
        raise BadInput("This link is more than a week old: open the edition at the desk.") from error
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.") from error


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.passes")
