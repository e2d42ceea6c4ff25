"""Signed links for editors: one stands for one verb on one revision of one edition, until its time is over."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.errors import BadInput
from newsletter.staff import users
from newsletter.staff.roles import ROLES, May

#: a draft's week
LIFETIME = timedelta(days=7)


class Verb(StrEnum):
    """What the bearer may do."""

    APPROVE = "approve"
    HOLD = "hold"
    EDIT = "edit"


#: what an account must be allowed to do for it
NEEDS = {Verb.APPROVE: May.APPROVE, Verb.HOLD: May.APPROVE, Verb.EDIT: May.DRAFT}


def verbs(session: Session, editor: str) -> frozenset[Verb]:
    """What a link that is mailed to *editor* may be for: all there is where they have no account."""
    user = users.find(session, editor)
    if user is None:
        return frozenset(Verb)
    may = frozenset[May]() if user.closed_at else ROLES[user.role]
    return frozenset(verb for verb, needed in NEEDS.items() if needed in may)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link stands for; *editor* is the address it was mailed to."""

    verb: Verb
    edition_id: int
    revision: int
    editor: str
    #: seconds since 1970, when its time is over; 0 for a new one
    until: int = field(default=0, compare=False)


def sign(settings: Settings, given: Pass, *, now: datetime) -> str:
    """*given* as text for a link: good for LIFETIME, or as long as the pass it was made from."""
    until = given.until or int((now + LIFETIME).timestamp())
    return _serializer(settings).dumps([given.verb.value, given.edition_id, given.revision, given.editor, until])


def link(settings: Settings, given: Pass, *, now: datetime) -> str:
    """Where the editor goes; the page asks before it acts, for mail scanners follow links too."""
    return f"{settings.public_url}/desk/{given.verb.value}/{sign(settings, given, now=now)}"


def read(settings: Settings, token: str, *, now: datetime) -> Pass:
    """What *token* stands for; raises BadInput where it is not ours, or too old."""
    try:
        verb, edition_id, revision, editor, until = _serializer(settings).loads(token)
        given = Pass(Verb(verb), int(edition_id), int(revision), str(editor), int(until))
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.") from error
    if now.timestamp() > until:
        raise BadInput("This link is more than a week old: open the edition at the desk.")
    return given


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.passes")
