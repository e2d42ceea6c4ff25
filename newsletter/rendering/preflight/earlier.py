"""Which pages earlier editions have led to, so that nothing is told twice without anybody's noticing."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, EditionStory, State
from newsletter.rendering.preflight import leads

#: so many editions are looked back
_BACK = 52
#: those that went out, or will
_TOLD = (State.APPROVED, State.SENDING, State.SENT)


def used(session: Session, edition: Edition) -> dict[str, date]:
    """Pages, as `leads.same` knows them → the last edition before *edition* that led there."""
    before = (Edition.newsletter == edition.newsletter, Edition.date < edition.date, Edition.state.in_(_TOLD))
    last = select(Edition.id).where(*before).order_by(Edition.date.desc()).limit(_BACK)
    query = (
        select(EditionStory.url, Edition.date)
        .join(Edition, Edition.id == EditionStory.edition_id)
        .where(Edition.id.in_(last), EditionStory.url != "")
        .order_by(Edition.date)
    )
    return {leads.same(url): day for url, day in session.execute(query)}
