"""Everything that is held about one person, from every room, for themselves and for who answers for them."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from subscribers import history
from subscribers.models import Subscriber


def everything(session: Session, person: Subscriber) -> dict[str, Any]:
    """All of it, as values that JSON can take."""
    return asdict(history.everything(session, person))
