"""Why nothing moves although a sending runs: one sentence on the sending, for every screen."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Sending


def note(session: Session, edition_id: int, why: str, *, now: datetime) -> None:
    """Nothing moves, because of *why*; empty: something does. The same again keeps its time."""
    session.execute(
        update(Sending)
        .where(Sending.edition_id == edition_id, Sending.stuck != why)
        .values(stuck=why, stuck_at=now if why else None),
        execution_options={"synchronize_session": False},
    )
