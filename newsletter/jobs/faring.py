"""How the sources fare: what the rooms of stories and of editions know of them, together."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, State
from newsletter.stories.models import RankedStory
from newsletter.stories.reading import faring
from newsletter.stories.reading.faring import Fare

#: readers have such an edition, or will
_TOLD = (State.APPROVED, State.SENDING, State.SENT)


def fares(session: Session, *, now: datetime) -> list[Fare]:
    """Every source by name, in a number of queries that does not grow with them."""
    told = select(RankedStory.article_ids).join(Edition, Edition.ranking_id == RankedStory.ranking_id)
    told = told.where(RankedStory.chosen, Edition.state.in_(_TOLD), Edition.date >= faring.since(now).date())
    articles = {article for ids in session.scalars(told) for article in ids}
    return faring.fares(session, told=articles, now=now)
