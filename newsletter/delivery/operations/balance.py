"""The balance: planned = accepted + skipped + refused + unknown + to do, counted from the batches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Batch, BatchState, Progress, Sending, Status
from newsletter.editions import review, shelf
from newsletter.editions.models import Edition, State
from newsletter.errors import NotFound


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the recipients of one edition stand; `holds` says whether they are all accounted for."""

    planned: int
    accepted: int = 0
    skipped: int = 0
    refused: int = 0
    unknown: int = 0
    to_do: int = 0
    #: of those to do, how many may be on the wire now
    in_flight: int = 0

    @property
    def holds(self) -> bool:
        return self.planned == self.accepted + self.skipped + self.refused + self.unknown + self.to_do

    @property
    def done(self) -> int:
        """Recipients nothing more will be tried for."""
        return self.planned - self.to_do

    def __str__(self) -> str:
        return (
            f"planned {self.planned} = accepted {self.accepted} + skipped {self.skipped} + refused {self.refused}"
            f" + unknown {self.unknown} + to do {self.to_do}"
        )


def balance(session: Session, edition_id: int) -> Balance:
    """The balance of one edition; raises NotFound where nothing was planned."""
    found = balances(session, [edition_id]).get(edition_id)
    if found is None:
        raise NotFound(unplanned(session, shelf.get(session, edition_id)))
    return found


def balances(session: Session, edition_ids: Collection[int]) -> dict[int, Balance]:
    """The balance of each of the editions of which something was planned, in as many queries as for one."""
    planned = session.execute(
        select(Sending.edition_id, Sending.planned).where(Sending.edition_id.in_(edition_ids))
    ).all()
    rows = session.execute(
        select(Batch.edition_id, Batch.state, func.sum(Batch.size), func.sum(Batch.skipped), func.sum(Batch.refused))
        .where(Batch.edition_id.in_(edition_ids))
        .group_by(Batch.edition_id, Batch.state)
    )
    sums: dict[int, dict[BatchState, tuple[int, int, int]]] = {}
    for edition_id, state, size, skipped, refused in rows:
        sums.setdefault(edition_id, {})[state] = (int(size), int(skipped), int(refused))
    return {edition_id: _balance(count, sums.get(edition_id, {})) for edition_id, count in planned}


def _balance(planned: int, sums: Mapping[BatchState, tuple[int, int, int]]) -> Balance:
    left = {state: size - skipped - refused for state, (size, skipped, refused) in sums.items()}
    return Balance(
        planned=planned,
        accepted=left.get(BatchState.ACCEPTED, 0),
        skipped=sum(skipped for _, skipped, _ in sums.values()) + left.get(BatchState.CANCELLED, 0),
        refused=sum(refused for _, _, refused in sums.values()) + left.get(BatchState.REFUSED, 0),
        unknown=left.get(BatchState.UNKNOWN, 0),
        to_do=sum(left.get(state, 0) for state in rules.OPEN),
        in_flight=left.get(BatchState.SENDING, 0),
    )


def unplanned(session: Session, edition: Edition) -> str:
    """That no copy was planned here, by where the edition stands; after a restore it may be out all the same."""
    name = shelf.name(edition)
    match edition.state:
        case State.HELD | State.SKIPPED | State.CANCELLED:
            stood = review.standing(session, edition)
            because = f" ({stood.reason})" if stood and stood.reason else ""
            return (
                f"nothing of {name} was planned here; it is {edition.state.spoken}{because}:"
                f" newsletter editions show {name} says by whom"
            )
        case State.APPROVED:
            return f"nothing of {name} was planned yet: it is approved, and newsletter send {name} sends it"
        case _:
            return f"nothing of {name} was planned yet: approve it, and newsletter send {name} sends it"


def progress(session: Session, edition_id: int) -> Mapping[Status, int]:
    """How many accepted copies the provider has told what of: delivered, bounced and so on."""
    rows = session.execute(
        select(Progress.status, func.count()).where(Progress.edition_id == edition_id).group_by(Progress.status)
    )
    return {status: count for status, count in rows}  # noqa: C416 (a Row is not a pair to the type checker)
