"""Findings that an editor has looked at and set aside, with the reason: amber ones, of one edition."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.rendering.models import Aside
from newsletter.rendering.preflight.findings import Finding, Level
from subscribers.rows import upsert

LONGEST_REASON = 500


def put(
    session: Session, edition: Edition, found: Sequence[Finding], key: str, *, by: str, reason: str, now: datetime
) -> Finding:
    """Set the one of *found* with that *key* aside; the same again changes the reason.

    Raises NotFound where nothing of the kind is found any more, WrongState for what is not amber, and BadInput
    without a reason.
    """
    finding = next((each for each in found if each.key == key), None)
    if finding is None:
        raise NotFound("That is not found any more: look at the checks again.")
    if finding.level is not Level.AMBER:
        raise WrongState(f"That is {finding.level}: only what is amber can be set aside. {finding.text}")
    said = " ".join(reason.split())[:LONGEST_REASON]
    if not said:
        raise BadInput("Say why, for those who ask later.")
    row = upsert(session, Aside).values(edition_id=edition.id, key=key, reason=said, by=by[:200], at=now)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["edition_id", "key"], set_={"reason": said, "by": by[:200], "at": now}
        )
    )
    return finding


def take_back(session: Session, edition: Edition, key: str) -> bool:
    """Let it be found again; False where it was not set aside."""
    mine = (Aside.edition_id == edition.id, Aside.key == key)
    is_there = session.scalar(select(Aside.key).where(*mine)) is not None
    session.execute(delete(Aside).where(*mine))
    return is_there


def of(session: Session, edition: Edition) -> Mapping[str, Aside]:
    """What was set aside of *edition*, by the keys of the findings."""
    return {row.key: row for row in session.scalars(select(Aside).where(Aside.edition_id == edition.id))}


def left(session: Session, edition: Edition, found: Sequence[Finding]) -> list[Finding]:
    """*found* without what was set aside; nothing hides what is red."""
    aside = of(session, edition)
    return [each for each in found if each.level is not Level.AMBER or each.key not in aside]
