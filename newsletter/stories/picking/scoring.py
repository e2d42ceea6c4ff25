"""What a story is worth, in integers: five signals, three penalties, an editor's boost, all of them stored.

More voices never cost a story anything, whatever they say: each signal takes the best that any voice offers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from newsletter.stories.models import Kind
from newsletter.stories.picking import phrases, vectors, words
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story

#: changes with any number or rule below, so that an old score says by which it was made
VERSION = "2"
#: hundredths, adding up to 100
WEIGHTS = {"coverage": 50, "relevance": 25, "timeliness": 10, "authority": 5, "audience": 10}
MOST = 130_000
#: hundredths
ADVERTISING, THIN, FOLLOW_UP = 50, 85, 60
_PARTS = (*WEIGHTS, "advertising", "thin", "follow_up", "boost")
_NEUTRAL = 500
#: hundredths of a voice: more than this in one story is a blob rather than a measure
_BUSIEST = 1200
_THIN_WORDS = 25
_HALF_LIFE_HOURS = 84
_BEST_AUTHORITY = 125
_NEWSROOMS = frozenset({Kind.TRADE, Kind.NATIONAL})


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Every number behind a score. Signals are thousandths, penalties hundredths, the boost whole points."""

    coverage: int
    relevance: int
    timeliness: int
    authority: int
    audience: int
    advertising: int = 100
    thin: int = 100
    follow_up: int = 100
    boost: int = 0
    #: hundredths: what the voices weigh together
    weight: int = 0
    #: hundredths of a voice: what counted as full coverage
    full: int = 0
    #: wished phrase → where it stands at best (3 title, 2 lead, 1 body)
    hits: tuple[tuple[str, int], ...] = ()
    #: muted phrase → where it stands in the report that has it least
    muted: tuple[tuple[str, int], ...] = ()
    #: minutes from the last new voice to the window's end
    age: int = 0
    #: hundredths: clicks against what is usual; 100 where nothing is known
    lift: int = 100

    def stored(self) -> dict[str, Any]:
        """As it goes into the database, with the weights it was made by."""
        pairs = {name: [list(pair) for pair in getattr(self, name)] for name in ("hits", "muted")}
        return {**asdict(self), **pairs, "weights": dict(WEIGHTS)}


def recompute(stored: Mapping[str, Any]) -> int:
    """The score, in thousandths of a point, from a stored breakdown alone."""
    score = sum(weight * stored[signal] for signal, weight in stored["weights"].items())
    for penalty in ("advertising", "thin", "follow_up"):
        score = score * stored[penalty] // 100
    return int(min(max(score + stored["boost"] * 1000, 0), MOST))


def weigh(
    story: Story, snapshot: Snapshot, *, full: int | None = None, boost: int = 0, is_follow_up: bool = False
) -> Breakdown:
    """The breakdown of *story*, where *full* hundredths of a voice are full coverage (default: as remembered)."""
    weight = weight_of(story)
    full = snapshot.memory.full_coverage if full is None else full
    hits, muted = _hits(story.reports, snapshot.interests)
    lift = _lift(story.reports, snapshot.memory.lifts)
    age = _minutes(max(voice.since for voice in story.voices), snapshot.closes_at)
    return Breakdown(
        coverage=coverage(weight, full),
        relevance=_relevance(story, snapshot, (*hits, *muted)),
        timeliness=round(1000 * (0.4 + 0.6 * 2 ** (-age / 60 / _HALF_LIFE_HOURS))),
        authority=_authority(story.reports),
        audience=round(1000 * (0.5 + 0.5 * min(max(math.log2(lift / 100), -1.0), 1.0))),
        advertising=ADVERTISING if story.is_advertising else 100,
        thin=THIN if all(_is_thin(report) for report in story.reports) else 100,
        follow_up=FOLLOW_UP if is_follow_up else 100,
        boost=boost,
        weight=weight,
        full=full,
        hits=hits,
        muted=muted,
        age=age,
        lift=lift,
    )


def against(breakdown: Breakdown, *, full: int, boost: int) -> Breakdown:
    """*breakdown* where *full* hundredths of a voice are full coverage, with an editor's *boost*."""
    if (full, boost) == (breakdown.full, breakdown.boost):
        return breakdown
    return replace(breakdown, coverage=coverage(breakdown.weight, full), full=full, boost=boost)


def points(breakdown: Breakdown, *, full: int, boost: int) -> int:
    """The score of `against`, in thousandths of a point."""
    parts = {name: getattr(breakdown, name) for name in _PARTS}
    return recompute({**parts, "coverage": coverage(breakdown.weight, full), "boost": boost, "weights": WEIGHTS})


def weight_of(story: Story) -> int:
    """What its voices weigh together, in hundredths."""
    return sum(voice.authority for voice in story.voices)


def full_coverage(stories: Sequence[Story], remembered: int) -> int:
    """What counts as full coverage this week: as many voices as the best story of it has, between bounds."""
    return max(remembered, min(_BUSIEST, max(map(weight_of, stories), default=0)))


def coverage(weight: int, full: int) -> int:
    """Thousandths: one voice says much, the sixth says little more. Both in hundredths of a voice."""
    return min(1000, round(1000 * math.log1p(weight / 100) / math.log1p(full / 100)))


Hits = tuple[tuple[str, int], ...]


def _hits(reports: Sequence[Item], interests: Mapping[str, float]) -> tuple[Hits, Hits]:
    """A wished phrase counts where any report puts it best; a muted one only as far as all reports have it."""
    texts = [phrases.Text(report) for report in reports] if interests else []
    wished, muted = [], []
    for phrase in sorted(interests):
        values = [text.place(phrase) for text in texts]
        if interests[phrase] >= 0:
            wished.append((phrase, max(values)))
        else:
            muted.append((phrase, min(values)))
    return tuple(hit for hit in wished if hit[1]), tuple(hit for hit in muted if hit[1])


def _relevance(story: Story, snapshot: Snapshot, hits: Hits) -> int:
    """Thousandths; half where the newsletter has named no interests."""
    if snapshot.interests:
        total = math.fsum(snapshot.interests[phrase] * value for phrase, value in hits)
        phrases = 1000 * (1 - math.exp(-max(total, 0.0) / 2))
    else:
        phrases = float(_NEUTRAL)
    share, taste = snapshot.memory.taste_share, snapshot.memory.taste
    if not share or not taste:
        return round(phrases)
    near = max(vectors.cosine(story.vectors[report.id], taste) for report in story.reports)
    return round((phrases * (100 - share) + 1000 * min(max(near, 0.0), 1.0) * share) / 100)


def _authority(reports: Sequence[Item]) -> int:
    """The mean of the weightiest source and of whether a newsroom reported in its own words."""
    best = min(max(report.authority for report in reports), _BEST_AUTHORITY)
    own = any(report.kind in _NEWSROOMS for report in reports)
    return (1000 * best // _BEST_AUTHORITY + 1000 * own) // 2


def _lift(reports: Sequence[Item], lifts: Mapping[str, float]) -> int:
    """Hundredths: of each report the best-liked name in its title, of these the best; 100 where none is known."""
    if not lifts:
        return 100
    known = [(words.words(name), lift) for name, lift in sorted(lifts.items())]
    best = []
    for report in reports:
        title = words.words(report.title)
        best.append(max((lift for parts, lift in known if words.holds(title, parts)), default=1.0))
    return max(1, round(100 * max(best)))


def _minutes(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds() // 60))


def _is_thin(report: Item) -> bool:
    return len(report.text.split()) < _THIN_WORDS
