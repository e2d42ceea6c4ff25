"""What came through a provider's door and could not be read: kept with its reason, so that nothing is lost unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.wire import replies
from newsletter.tracking.models import Quarantined
from subscribers.rows import upsert

#: characters that are kept of a piece
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of a post, and why it is no event."""

    text: str
    reason: str


def keep(session: Session, provider: str, pieces: Sequence[Unreadable], *, now: datetime) -> None:
    """Write down *pieces*, each once however often it is told."""
    rows = [
        {
            "provider": provider,
            "digest": sha256(piece.text.encode("utf-8", "replace")).hexdigest(),
            "reason": replies.tidy(piece.reason),
            "words": replies.tidy(piece.text, limit=_LONGEST),
            "received_at": now,
        }
        for piece in pieces
    ]
    if rows:
        statement = upsert(session, Quarantined).on_conflict_do_nothing(index_elements=["digest"])
        session.connection().execute(statement, sorted(rows, key=lambda row: str(row["digest"])))


def count(session: Session) -> int:
    """How many pieces are kept."""
    return session.scalar(select(func.count()).select_from(Quarantined)) or 0


def newest(session: Session) -> Quarantined | None:
    """The piece that came last."""
    return session.scalar(select(Quarantined).order_by(Quarantined.id.desc()).limit(1))
