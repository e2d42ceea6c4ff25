"""In how many reports each term stands: counted week by week, summed over a rolling quarter."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.stories.models import Article, TermWeek

#: how many finished weeks count
WEEKS = 12
#: the key under which a week counts its reports
_REPORTS = ""
_MOST_TERMS = 20_000
#: so many reports on other things are taken as read, so that in a tiny week what two reports share still tells
_UNSEEN = 10


@dataclass(frozen=True)
class Frequencies:
    """Document frequencies; empty at the cold start, when the week itself is all there is."""

    reports: int = 0
    terms: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _weights(self) -> dict[str, float]:
        return {}

    def weight(self, term: str) -> float:
        """How much *term* tells: its inverse document frequency."""
        weights = self._weights
        if term not in weights:
            weights[term] = math.log((self.reports + _UNSEEN) / (self.terms.get(term, 0) + 0.5))
        return max(weights[term], 0.0)

    def __add__(self, other: "Frequencies") -> "Frequencies":
        return Frequencies(self.reports + other.reports, Counter(self.terms) + Counter(other.terms))


def count(reports: Iterable[Iterable[str]]) -> Frequencies:
    """The frequencies of *reports*, each given as its words."""
    terms: Counter[str] = Counter()
    number = 0
    for report in reports:
        terms.update(set(report))
        number += 1
    return Frequencies(number, terms)


def monday(moment: date) -> date:
    """The Monday of the week of *moment*."""
    return moment - timedelta(days=moment.weekday())


def history(session: Session, before: datetime) -> Frequencies:
    """The last twelve counted weeks that were over at *before*."""
    last = monday(before.date()) - timedelta(days=7)
    rows = session.scalars(
        select(TermWeek).where(TermWeek.week <= last).order_by(TermWeek.week.desc()).limit(WEEKS)
    ).all()
    terms: Counter[str] = Counter()
    for row in rows:
        terms.update(row.frequencies)
    return Frequencies(terms.pop(_REPORTS, 0), terms)


def store(session: Session, week: date, frequencies: Frequencies) -> None:
    """Keep what *week* counted, once; terms that stood in a single report are as good as new and are left out."""
    if session.get(TermWeek, week) is None:
        often = sorted(
            ((n, term) for term, n in frequencies.terms.items() if n > 1), key=lambda pair: (-pair[0], pair[1])
        )
        kept = {term: n for n, term in often[:_MOST_TERMS]}
        session.add(TermWeek(week=week, frequencies={_REPORTS: frequencies.reports, **kept}))
        session.flush()


def uncounted(session: Session, before: datetime) -> list[date]:
    """The Mondays of the last twelve weeks that were over at *before*, have articles, and were not counted yet."""
    last = monday(before.date()) - timedelta(days=7)
    weeks = [last - timedelta(days=7 * back) for back in range(WEEKS)]
    counted = set(session.scalars(select(TermWeek.week).where(TermWeek.week.in_(weeks))))
    return [week for week in weeks if week not in counted and _has_articles(session, week, before)]


def _has_articles(session: Session, week: date, before: datetime) -> bool:
    start = datetime(week.year, week.month, week.day, tzinfo=before.tzinfo)
    within = (Article.published_at >= start, Article.published_at < start + timedelta(days=7))
    return session.scalar(select(Article.id).where(*within).limit(1)) is not None
