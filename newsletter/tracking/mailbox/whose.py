"""Whose copy a letter is about, and how well that is proven: anybody can write to a mailbox, and write anything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.delivery.models import Batch, BatchState, Delivery, Sending
from newsletter.errors import BadInput
from newsletter.rendering import links
from newsletter.tracking.bounces.judgement import Judgement
from subscribers import addresses, readdressing
from subscribers.models import Subscriber

#: a letter is about one of so many of the newest editions
_EDITIONS_BACK = 26


class KnownBy(StrEnum):
    """How we know."""

    #: it came to the copy's own return address, which is signed
    TOKEN = "token"  # noqa: S105
    #: it names the copy's Message-ID, which is signed
    MESSAGE_ID = "message id"
    #: it came from the link that the copy has for leaving, which is signed
    LINK = "link"
    #: it names an address of somebody here, as anybody could
    ADDRESS = "address"
    #: somebody here said so
    HAND = "hand"
    NOTHING = ""

    @property
    def is_proof(self) -> bool:
        """Nobody but us could have written it, and nobody but the copy's own way knows it."""
        return self in (KnownBy.TOKEN, KnownBy.MESSAGE_ID, KnownBy.LINK)


@dataclass(frozen=True, slots=True)
class Owner:
    """A copy, or a person, of ours."""

    by: KnownBy = KnownBy.NOTHING
    edition_id: int | None = None
    subscriber_id: int | None = None
    #: where it went, if that is not where the person is written to now; never stored
    address: str = ""


def find(session: Session, settings: Settings, judgement: Judgement, *, before: datetime) -> Owner:
    """Whose copy *judgement* is about: by its marks, else by the address; somebody who was erased is nobody."""
    secret = settings.secret.get_secret_value()
    for by, mark, read in (
        (KnownBy.TOKEN, judgement.token, links.read_return_mark),
        (KnownBy.MESSAGE_ID, judgement.message_id, links.read_message_id),
    ):
        if copy := _copy(read, secret, mark):
            return of_copy(session, by, *copy, address=judgement.address)
    key = addresses.key(judgement.address)
    person = session.scalar(select(Subscriber.id).where(Subscriber.email_key == key)) if key else None
    if person is None:
        return Owner()
    return Owner(KnownBy.ADDRESS, _newest_copy(session, settings.sender, person, before), person)


def of_copy(session: Session, by: KnownBy, edition_id: int, subscriber_id: int, *, address: str = "") -> Owner:
    """The owner of that copy, *address* being where it went; of somebody who was erased only the edition is known."""
    if session.get(Subscriber, subscriber_id) is None:
        return Owner(by, edition_id)
    # who has moved since is not to suffer for the address they left
    old = address if address and readdressing.has_left(session, subscriber_id, address) else ""
    return Owner(by, edition_id, subscriber_id, old)


def believes_addresses(settings: Settings) -> bool:
    """Whether an address alone is evidence: not where each copy has a return address of its own, which proves more."""
    return not (settings.sender == "smtp" and settings.bounces.address and settings.bounces.separator)


def _copy(read: Callable[[str, str], tuple[int, int]], secret: str, mark: str) -> tuple[int, int] | None:
    try:
        return read(secret, mark) if mark and secret else None
    except BadInput:
        return None


def _newest_copy(session: Session, sender: str, subscriber_id: int, before: datetime) -> int | None:
    """The newest edition that was handed over to this person before that moment."""
    # by edition, because that is how the rows lie: a search by person alone would read them all
    editions = (
        select(Sending.edition_id)
        .where(Sending.sender == sender)
        .order_by(Sending.started_at.desc(), Sending.edition_id.desc())
        .limit(_EDITIONS_BACK)
    )
    return session.scalar(
        select(Delivery.edition_id)
        .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
        .where(
            Delivery.edition_id.in_(session.scalars(editions).all()),
            Delivery.subscriber_id == subscriber_id,
            Batch.state.in_((BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SENDING)),
            Batch.fenced_at <= before,
        )
        .order_by(Batch.fenced_at.desc(), Delivery.edition_id.desc())
        .limit(1)
    )
