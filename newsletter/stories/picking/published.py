"""What earlier editions taught, read from the database as a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.stories.models import Decision, Published, RankedStory, Ranking, Rule
from newsletter.stories.picking import followups, readings, vectors
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.items import by_ids, by_urls
from newsletter.stories.picking.snapshot import Memory, Past
from newsletter.stories.picking.vectors import Vector
from newsletter.stories.picking.windows import assembled_at

#: editions that are remembered
EDITIONS = 12
#: from this edition on, taste has a say, a tenth more with each, up to half
_TASTE_FROM = 5
_MOST_TASTE = 50
#: hundredths: six voices are full coverage until a busier week was seen
_FULL_COVERAGE = 600
_COVERAGE_EDITIONS = 8


def recall(
    session: Session,
    newsletter: Newsletter,
    day: date,
    frequencies: Frequencies,
    *,
    lifts: Mapping[str, float] | None = None,
) -> Memory:
    """What is remembered before the edition of *day*."""
    rows = [_told(session, row, frequencies) for row in _published(session, newsletter.slug, day)]
    taste, share = _taste(session, newsletter.slug, day, rows, frequencies)
    return Memory(
        recent=tuple(_past(row, newsletter) for row in rows if row.date >= day - timedelta(days=followups.DAYS)),
        taste=taste,
        taste_share=share,
        full_coverage=_full_coverage(session, newsletter.slug, day),
        lifts=dict(lifts or {}),
    )


def _published(session: Session, newsletter: str, day: date) -> Sequence[Published]:
    mine = (Published.newsletter == newsletter, Published.date < day)
    days = session.scalars(
        select(Published.date).where(*mine).distinct().order_by(Published.date.desc()).limit(EDITIONS)
    ).all()
    query = select(Published).where(*mine, Published.date.in_(days)).order_by(Published.date, Published.position)
    return session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class _Told:
    """A row with its sketch and centre in today's terms."""

    date: date
    headline: str
    urls: frozenset[str]
    sketch: frozenset[int]
    centroid: Vector


def _told(session: Session, row: Published, frequencies: Frequencies) -> _Told:
    """*row*; one that an earlier version of the picker stored is made again from its articles, as far as they exist."""
    centre = followups.unmarked(row.centroid)
    sketch = frozenset(row.sketch)
    if centre is None:
        told = by_urls(session, row.urls)
        read = [readings.read(item) for item in told]
        centre = vectors.centroid([vectors.of_reading(one, frequencies) for one in read])
        sketch = frozenset(number for one in read for number in one.sketch)
    return _Told(row.date, row.headline, frozenset(row.urls), sketch, centre)


def _past(row: _Told, newsletter: Newsletter) -> Past:
    return Past(
        edition=row.date.isoformat(),
        headline=row.headline,
        closed_at=assembled_at(newsletter, row.date),
        urls=row.urls,
        sketch=row.sketch,
        centroid=row.centroid,
    )


def _taste(
    session: Session, newsletter: str, day: date, kept: Sequence[_Told], frequencies: Frequencies
) -> tuple[Vector, int]:
    """The mean of what was kept less half of what was thrown out, and its share in hundredths."""
    editions = len({row.date for row in kept})
    if editions < _TASTE_FROM:
        return {}, 0
    liked = vectors.centroid([row.centroid for row in kept])
    disliked = vectors.centroid(_thrown_out(session, newsletter, kept[0].date, day, frequencies))
    taste = {
        term: liked.get(term, 0.0) - disliked.get(term, 0.0) / 2 for term in sorted(liked.keys() | disliked.keys())
    }
    usual = sum(vectors.cosine(row.centroid, taste) for row in kept) / len(kept)
    if usual <= 0:
        return {}, 0
    share = min(_MOST_TASTE, 10 * (editions - _TASTE_FROM + 1))
    return {term: weight / usual for term, weight in taste.items()}, share


def _thrown_out(session: Session, newsletter: str, since: date, day: date, frequencies: Frequencies) -> list[Vector]:
    query = select(Decision).where(
        Decision.newsletter == newsletter,
        Decision.rule == Rule.EXCLUDE,
        Decision.undone_at.is_(None),
        Decision.date >= since,
        Decision.date < day,
    )
    ids = {article for decision in session.scalars(query) for article in decision.article_ids}
    return [vectors.of_report(item, frequencies) for item in by_ids(session, ids)]


def _full_coverage(session: Session, newsletter: str, day: date) -> int:
    """The 90th percentile of the best coverage of the last eight editions, and at least six voices."""
    query = (
        select(Ranking.date, RankedStory.breakdown)
        .join(RankedStory, RankedStory.ranking_id == Ranking.id)
        .where(Ranking.newsletter == newsletter, Ranking.date < day, Ranking.date >= day - timedelta(days=70))
        .order_by(Ranking.date)
    )
    best: dict[date, int] = {}
    for edition, breakdown in session.execute(query):
        best[edition] = max(best.get(edition, 0), _weight(breakdown))
    last = sorted(best[edition] for edition in sorted(best)[-_COVERAGE_EDITIONS:])
    return max(_FULL_COVERAGE, last[min(len(last) - 1, len(last) * 9 // 10)] if last else 0)


def _weight(breakdown: Mapping[str, Any]) -> int:
    return int(breakdown.get("weight", 0))
