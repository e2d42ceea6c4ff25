"""How each source fares: what it brought week by week, what of it was told, and whether it has fallen silent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from newsletter.stories.models import UNKNOWN, Article, Health, Source
from newsletter.stories.reading import sources

#: so many weeks are looked at
WEEKS = 12
_WEEK = timedelta(days=7)
#: a source that has brought nothing for less is not called silent
_PATIENCE = timedelta(days=14)
#: nor one that has brought nothing for less than so many of its usual pauses
_PAUSES = 4
#: but one that has brought nothing for longer is, however seldom it writes
_LONGEST = timedelta(days=42)
#: ids in one question; databases take no endless ones
_MANY = 500


@dataclass(frozen=True, slots=True)
class Fare:
    """One source, and the last WEEKS weeks of it."""

    source: Source
    #: articles in each, the oldest first
    weeks: tuple[int, ...]
    #: how many of them an edition told of
    told: int
    #: of its newest article; None where it brought none in these weeks
    newest: datetime | None
    is_silent: bool

    @property
    def articles(self) -> int:
        return sum(self.weeks)

    @property
    def a_week(self) -> float:
        """Articles in an average week."""
        return self.articles / WEEKS

    @property
    def share(self) -> float:
        """How much of what it brought made it into an edition; 0 where it brought nothing."""
        return self.told / self.articles if self.articles else 0.0


def since(now: datetime) -> datetime:
    """When the weeks begin that are looked at."""
    return now - WEEKS * _WEEK


def fares(session: Session, *, told: Collection[int], now: datetime) -> list[Fare]:
    """Every source by name; *told* are the articles that editions of these weeks tell of."""
    begins = [since(now) + number * _WEEK for number in range(WEEKS)]
    in_week = (and_(Article.published_at >= at, Article.published_at < at + _WEEK) for at in begins)
    counts = [func.sum(case((within, 1), else_=0)) for within in in_week]
    # what had no date when its source was new may be years old
    dated = (Article.published_at >= begins[0], Article.dated_by != UNKNOWN)
    query = select(Article.source_id, func.max(Article.published_at), *counts).where(*dated)
    brought = {
        row[0]: (row[1], tuple(int(count) for count in row[2:]))
        for row in session.execute(query.group_by(Article.source_id))
    }
    made = _told(session, told)
    found = []
    for source in sources.all(session):
        newest, weeks = brought.get(source.id, (None, (0,) * WEEKS))
        silent = _is_silent(source, newest, sum(weeks), now)
        found.append(Fare(source, weeks, min(made.get(source.id, 0), sum(weeks)), newest, silent))
    return found


def _told(session: Session, articles: Collection[int]) -> dict[int, int]:
    """Source → how many of *articles* are its own."""
    found: dict[int, int] = {}
    wanted = sorted(articles)
    for at in range(0, len(wanted), _MANY):
        query = select(Article.source_id, func.count()).where(Article.id.in_(wanted[at : at + _MANY]))
        for source, count in session.execute(query.group_by(Article.source_id)):
            found[source] = found.get(source, 0) + count
    return found


def _is_silent(source: Source, newest: datetime | None, articles: int, now: datetime) -> bool:
    """Whether it is read without trouble, and has brought nothing for longer than it usually does."""
    if source.paused_at is not None or source.health is not Health.OK:
        return False  # what is wrong is known, and said
    quiet = now - (newest or source.created_at)
    usual = WEEKS * _WEEK / articles if articles else timedelta(0)
    return quiet > max(_PATIENCE, min(_PAUSES * usual, _LONGEST))
