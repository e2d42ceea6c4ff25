"""Who has an edition, as far as the ledger knows: whom a correction of it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Sending, SendingState, Status
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import WrongState
from subscribers.audience import Issue, audience

_Row = TypeVarTuple("_Row")
#: the provider took it, and then told that it did not arrive
_CAME_BACK = (Status.BOUNCED, Status.DROPPED)
#: nothing more of it goes out
_OVER = frozenset({SendingState.COMPLETE, SendingState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a correction would go to now."""

    #: readers who have the edition
    have: int
    #: nobody can say whether they have it
    unknown: int
    #: its copy never went out, was refused, or came back
    have_not: int
    #: of those it is for, who left, or may not be mailed any more
    gone: int
    #: who gets the correction
    readers: int


def having(edition_id: int, *, unknown_too: bool) -> Select[int]:
    """The ids of the readers who have the edition; with *unknown_too*, of whom nobody can say whether they have."""
    whom = or_(_HAS, _UNKNOWN) if unknown_too else _HAS
    return _known(select(Delivery.subscriber_id)).where(Delivery.edition_id == edition_id, whom)


def reach(session: Session, edition_id: int, lists: Sequence[str], issue: Issue, *, unknown_too: bool) -> Reach:
    """Whom a correction of the edition goes to, in numbers: *issue* is the correction's own."""
    counted = select(func.count().filter(_HAS), func.count().filter(_UNKNOWN), func.count()).select_from(Delivery)
    has, unknown, copies = session.execute(_known(counted).where(Delivery.edition_id == edition_id)).one()
    readers = session.scalar(select(func.count()).select_from(audience(lists, issue).subquery())) or 0
    meant = has + (unknown if unknown_too else 0)
    return Reach(has, unknown, copies - has - unknown, meant - readers, readers)


def is_over(session: Session, edition_id: int) -> bool:
    """Whether nothing more of the edition goes out, so that who has it is known."""
    return session.scalar(select(Sending.state).where(Sending.edition_id == edition_id)) in _OVER


def refuse_while_it_goes_out(session: Session, edition_id: int) -> None:
    """Raise WrongState while copies of the edition may still leave: whoever gets one then would miss the correction."""
    if not is_over(session, edition_id):
        name = shelf.name(session.get_one(Edition, edition_id))
        raise WrongState(
            f"{name} is still being sent, so nobody knows yet who has it: let it come to its end, or stop it for good"
            f" (newsletter cancel-sending {name})"
        )


def _known(query: Select[*_Row]) -> Select[*_Row]:
    """*query* of copies, with all that is known of each beside it."""
    query = query.join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
    for told in (Outcome, Progress):
        same = and_(told.edition_id == Delivery.edition_id, told.subscriber_id == Delivery.subscriber_id)
        query = query.outerjoin(told, same)
    return query


_TAKEN = and_(Batch.state == BatchState.ACCEPTED, Outcome.subscriber_id.is_(None))
_HAS = or_(
    and_(_TAKEN, or_(Progress.status.is_(None), Progress.status.not_in(_CAME_BACK))),
    # an event knows it better than a batch that was given up
    Progress.status.in_((Status.DELIVERED, Status.COMPLAINED)),
)
_UNKNOWN = and_(Batch.state == BatchState.UNKNOWN, Outcome.subscriber_id.is_(None), Progress.subscriber_id.is_(None))
