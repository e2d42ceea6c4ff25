"""In how many reports each term stands: counted week by week, summed over a rolling quarter.

Until a newsletter has counted weeks of its own, a table of the language's frequent words stands in for them.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.stories.models import Article, TermWeek
from newsletter.stories.picking import languages

#: how many finished weeks count
WEEKS = 12
#: the key under which a week counts its reports
_REPORTS = ""
#: the key under which it says how words became terms; a week counted otherwise is counted again
_MADE_BY, _TERMS_VERSION = " made by", 2
_MOST_TERMS = 20_000
#: so many reports on other things are taken as read, so that in a tiny week what two reports share still tells
_UNSEEN = 10


#: reports that the table of a language stands for, until as many of the newsletter's own were counted
_TABLE = 3000
#: the share of a week's words that a table must know to be of any use to it
_KNOWN = 0.4
#: weights go in steps of this share of an octave, so that one more article moves few of them
_STEPS = 2


@dataclass(frozen=True)
class Frequencies:
    """Document frequencies; empty at the cold start, when the week itself and the table are all there is."""

    reports: int = 0
    terms: Mapping[str, int] = field(default_factory=dict)
    #: so many reports at large, and in which share of them a term stands
    table_reports: int = 0
    table: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def weights(self) -> "_Weights":
        """How much each term tells: its inverse document frequency; terms nobody used are worked out when asked."""
        return _Weights(self)

    def weight(self, term: str) -> float:
        """How much *term* tells."""
        return self.weights[term]

    def __add__(self, other: "Frequencies") -> "Frequencies":
        if not self.reports:
            return replace(other, table_reports=self.table_reports, table=self.table) if self.table else other
        terms = dict(self.terms)
        for term, number in other.terms.items():
            terms[term] = terms.get(term, 0) + number
        return replace(self, reports=self.reports + other.reports, terms=terms)


class _Weights(dict[str, float]):
    def __init__(self, of: Frequencies) -> None:
        super().__init__()
        self._of = of
        self._all = of.reports + of.table_reports + _UNSEEN

    def __missing__(self, term: str) -> float:
        of = self._of
        stands_in = of.terms.get(term, 0) + of.table_reports * of.table.get(term, 0.0)
        octaves = math.log2(self._all / (stands_in + 0.5))
        weight = self[term] = max(round(octaves * _STEPS) / _STEPS * math.log(2), 0.0)
        return weight


def count(reports: Iterable[Iterable[str]]) -> Frequencies:
    """The frequencies of *reports*, each given as its terms."""
    terms: Counter[str] = Counter()
    number = 0
    for report in reports:
        terms.update(report if isinstance(report, frozenset) else set(report))
        number += 1
    return Frequencies(number, terms)


def with_table(week: Frequencies, earlier: Frequencies, spoken: Mapping[str, float]) -> Frequencies:
    """*earlier* weeks and this *week*, and the tables of the languages *spoken* (code → share) while those are few."""
    counted = earlier + week
    reports = max(0, _TABLE - earlier.reports)
    if not reports:
        return counted
    table: dict[str, float] = {}
    for code, share in sorted(spoken.items()):
        for stem, often in languages.language(code).shares.items():
            table[stem] = table.get(stem, 0.0) + share * often
    known = sum(number for term, number in week.terms.items() if term in table)
    if known < _KNOWN * sum(week.terms.values()):
        return counted
    return replace(counted, table_reports=reports, table=table)


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
        if _is_current(row):
            terms.update(row.frequencies)
    terms.pop(_MADE_BY, None)
    return Frequencies(terms.pop(_REPORTS, 0), terms)


def store(session: Session, week: date, frequencies: Frequencies) -> None:
    """Keep what *week* counted, once; terms that stood in a single report are as good as new and are left out."""
    row = session.get(TermWeek, week)
    if row is not None and _is_current(row):
        return
    often = sorted(((n, term) for term, n in frequencies.terms.items() if n > 1), key=lambda pair: (-pair[0], pair[1]))
    kept = {_REPORTS: frequencies.reports, _MADE_BY: _TERMS_VERSION, **{term: n for n, term in often[:_MOST_TERMS]}}
    if row is None:
        session.add(TermWeek(week=week, frequencies=kept))
    else:
        row.frequencies = kept
    session.flush()


def uncounted(session: Session, before: datetime) -> list[date]:
    """The Mondays of the last twelve weeks that were over at *before*, have articles, and were not counted yet."""
    last = monday(before.date()) - timedelta(days=7)
    weeks = [last - timedelta(days=7 * back) for back in range(WEEKS)]
    counted = {
        row.week for row in session.scalars(select(TermWeek).where(TermWeek.week.in_(weeks))) if _is_current(row)
    }
    return [week for week in weeks if week not in counted and _has_articles(session, week, before)]


def _has_articles(session: Session, week: date, before: datetime) -> bool:
    start = datetime(week.year, week.month, week.day, tzinfo=before.tzinfo)
    within = (Article.published_at >= start, Article.published_at < start + timedelta(days=7))
    return session.scalar(select(Article.id).where(*within).limit(1)) is not None


def _is_current(row: TermWeek) -> bool:
    return row.frequencies.get(_MADE_BY) == _TERMS_VERSION
