"""What readers followed, handed to the picker: clicks by people on the stories of the last editions."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions.models import Edition, State
from newsletter.stories.models import RankedStory
from newsletter.stories.picking import liking
from newsletter.stories.picking.liking import Clicked
from newsletter.tracking.reports import clicks

#: editions that count: a quarter of a year
_EDITIONS = 13


def lifts(session: Session, newsletter: Newsletter, day: date) -> dict[str, float]:
    """How much more than usual readers followed stories about each name before *day*; empty where little is known."""
    query = (
        select(Edition)
        .where(
            Edition.newsletter == newsletter.slug,
            Edition.state == State.SENT,
            Edition.date < day,
            Edition.correction == 0,
        )
        .order_by(Edition.date.desc())
        .limit(_EDITIONS)
    )
    return liking.lifts(list(_stories(session, edition)) for edition in session.scalars(query).all())


def _stories(session: Session, edition: Edition) -> Iterator[Clicked]:
    followed = {one.position: one.human for one in clicks.of(session, edition) if one.position is not None}
    if not any(followed.values()):
        return
    companies = dict(
        session.execute(
            select(RankedStory.url, RankedStory.company).where(RankedStory.ranking_id == edition.ranking_id)
        ).all()
    )
    for story in edition.stories:
        yield Clicked(
            story.position,
            story.headline,
            story.summary,
            followed.get(story.position, 0),
            companies.get(story.url, ""),
        )
