"""What answers at hand-over say about people: picked out here, and told to whoever keeps the evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from newsletter.delivery.ledger import rules
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.wire.parcel import Report, Words


@dataclass(frozen=True, slots=True)
class Refusal:
    """A copy that the other side will never take, for a reason that says something about its reader."""

    edition_id: int
    subscriber_id: int
    #: the passage through the fence that was answered so
    attempt: str
    words: Words


class Learn(Protocol):
    """What is told of refusals, in the transaction that writes them into the ledger."""

    def __call__(self, session: Session, refusals: Sequence[Refusal], *, now: datetime) -> None: ...


def forget(session: Session, refusals: Sequence[Refusal], *, now: datetime) -> None:
    """Learn nothing."""


def refusals(fenced: Fenced, report: Report) -> list[Refusal]:
    """Those of *report* who will not be tried again, and whose mailbox is why."""
    given_up = report.again if rules.is_last(fenced.attempts) else {}
    final = {**report.refused, **given_up}
    return [
        Refusal(fenced.edition_id, one, fenced.attempt, words)
        for one, words in final.items()
        if words.lesson is not None
    ]
