"""The figures of editions, kept: an edition of a million is not counted again for each who looks, nor are ten of them.

What is kept is made anew by the clock, as long as an edition still moves; a page says how old it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.delivery.models import Sending
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.tracking.models import KeptFigures
from newsletter.tracking.reports import figures
from newsletter.tracking.reports.figures import Report
from subscribers.rows import upsert

#: an edition to no more readers is counted afresh for each who looks, in a few milliseconds
SMALL = 5_000
#: how long after an edition's audience was fixed its figures are made anew, and how often
_PACE = (
    (timedelta(hours=6), timedelta(minutes=5)),
    (timedelta(days=2), timedelta(minutes=30)),
    (timedelta(days=30), timedelta(hours=6)),
)
#: how many are made in one go
_AT_ONCE = 5
_REPORTS: TypeAdapter[Report] = TypeAdapter(Report)


def look(session: Session, settings: Settings, edition: Edition, *, now: datetime) -> Report:
    """The report of *edition*: a small one as it is now, a large one as it was kept last, or now where it was not.

    Raises NotFound where nothing of it was planned.
    """
    planned = session.scalar(select(Sending.planned).where(Sending.edition_id == edition.id))
    found = _read(session.get(KeptFigures, edition.id)) if planned is not None and planned > SMALL else None
    return found or figures.of(session, settings, edition, now=now)


def beside(session: Session, report: Report, day: date, *, count: int = 10) -> list[Report]:
    """The last *count* of the same newsletter before it whose figures are kept, the newest first."""
    newsletter = report.edition.partition("/")[0]
    query = (
        select(KeptFigures)
        .join(Edition, Edition.id == KeptFigures.edition_id)
        .where(Edition.newsletter == newsletter, Edition.date < day, Edition.correction == 0)
        .order_by(Edition.date.desc())
        .limit(count)
    )
    return [found for row in session.scalars(query) if (found := _read(row)) is not None]


def due(session: Session, *, now: datetime) -> Sequence[int]:
    """The editions whose figures are to be made anew now, a few at once: those with none first."""
    since = Sending.audience_complete_at
    stale = [and_(since >= now - age, KeptFigures.at < now - pace) for age, pace in _PACE]
    query = (
        select(Sending.edition_id)
        .outerjoin(KeptFigures, KeptFigures.edition_id == Sending.edition_id)
        .where(since.is_not(None), or_(KeptFigures.edition_id.is_(None), *stale))
        .order_by(KeptFigures.edition_id.is_not(None), Sending.edition_id.desc())
        .limit(_AT_ONCE)
    )
    return session.scalars(query).all()


def make(session: Session, settings: Settings, edition_id: int, *, now: datetime) -> Report:
    """The figures of an edition as they are now, to be kept; of a small one without what tells of single domains."""
    report = figures.of(session, settings, shelf.get(session, edition_id), now=now)
    return report if report.balance.planned > SMALL else replace(report, domains=(), reasons=())


def keep(session: Session, report: Report) -> None:
    """Keep *report* in place of an older one."""
    row = {"edition_id": report.edition_id, "at": report.at, "report": _REPORTS.dump_python(report, mode="json")}
    statement = upsert(session, KeptFigures).values(row)
    session.execute(
        statement.on_conflict_do_update(index_elements=["edition_id"], set_={"at": row["at"], "report": row["report"]})
    )


def _read(row: KeptFigures | None) -> Report | None:
    """What was kept; None of what another version kept, which is made anew."""
    try:
        return _REPORTS.validate_python(row.report) if row is not None else None
    except ValidationError:
        return None
