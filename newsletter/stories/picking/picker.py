"""The picker: a week's articles in, ranked stories with their reasons out. A pure function of its snapshot."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.stories.picking import (
    drafting,
    followups,
    frequencies,
    grouping,
    ranking,
    reasons,
    scoring,
    vectors,
    voices,
)
from newsletter.stories.picking import telling as tellings
from newsletter.stories.picking.decisions import Fate, Links
from newsletter.stories.picking.drafting import Draft
from newsletter.stories.picking.followups import Relation
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.scoring import Breakdown
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story

#: so many interests say what a newsletter is about; fewer only say what it likes
_DEFINING = 10
_OFF_TOPIC = 150
#: a phrase that stands in more than a quarter of the stories, and in more than three, is no topic
_BROAD, _FEW = 4, 3
#: stories that are drafted and explained, chosen or not
SHOWN = 30


@dataclass(frozen=True)
class Ranked:
    """One story with everything that is told about it."""

    story: Story
    chosen: bool
    score: int
    breakdown: Breakdown
    fate: Fate
    relation: Relation | None
    draft: Draft
    why: str
    warning: str
    #: why it was not chosen; empty for the chosen
    lacking: str

    def stored(self) -> dict[str, Any]:
        """Every number behind it, as it goes into the database."""
        return {
            **self.breakdown.stored(),
            "coherence": round(1000 * self.story.coherence),
            "draft": self.draft.stored(),
            "updated": reasons.updated(self.story),
            "lacking": self.lacking,
        }


@dataclass(frozen=True)
class Pick:
    """The outcome of one run: the chosen in slot order, then the others in order of preference."""

    ranked: tuple[Ranked, ...]
    notes: tuple[str, ...]

    @property
    def chosen(self) -> tuple[Ranked, ...]:
        return tuple(one for one in self.ranked if one.chosen)


@dataclass(frozen=True)
class Grouped:
    """A week taken apart: its stories, and what was computed on the way."""

    stories: tuple[Story, ...]
    sketches: Mapping[int, frozenset[int]]
    frequencies: Frequencies


def pick(snapshot: Snapshot) -> Pick:
    """The edition that *snapshot* makes."""
    grouped = group(snapshot)
    full = scoring.full_coverage(grouped.stories, snapshot.memory.full_coverage)
    weighed = {story.id: _weigh(story, snapshot, grouped.sketches, full) for story in grouped.stories}
    candidates = _with_topics([_candidate(one, snapshot) for one in weighed.values()], weighed)
    choice = ranking.pick(candidates, limit=snapshot.limit)
    order = [(name, "") for name in choice.chosen] + list(choice.others)
    kept = set(choice.chosen)
    last = min((weighed[name] for name in kept), key=lambda one: (one.score, one.story.id), default=None)
    told = ((weighed[name], lacking or _behind(weighed[name], last, name in kept)) for name, lacking in order[:SHOWN])
    return Pick(tuple(_tell(one, one.story.id in kept, lacking, grouped) for one, lacking in told), choice.notes)


def group(snapshot: Snapshot) -> Grouped:
    """The stories of *snapshot*, the smallest article id first."""
    items = sorted({item.id: item for item in snapshot.items}.values(), key=lambda item: item.id)
    by_id = {item.id: item for item in items}
    links = snapshot.rules.links()
    sketches = {item.id: voices.sketch(item.text) for item in items}
    origins = voices.origins(items, sketches, links.apart)
    reports = [item for item in items if origins[item.id] == item.id]
    read = {item.id: vectors.long_read(item) for item in reports}
    counted = snapshot.frequencies + frequencies.count(read.values())
    placed = {item.id: vectors.mixed(read[item.id], vectors.lead(item), counted) for item in reports}
    lifted = _on_origins(links, origins)
    groups = grouping.group(placed, together=lifted.together, apart=lifted.apart)
    return Grouped(tuple(_story(members, by_id, origins, placed) for members in groups), sketches, counted)


def _on_origins(links: Links, origins: Mapping[int, int]) -> Links:
    """The editors' constraints on articles, as constraints on the reports they copy."""

    def lift(pairs: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        known = [(origins[a], origins[b]) for a, b in pairs if a in origins and b in origins]
        return frozenset((min(a, b), max(a, b)) for a, b in known if a != b)

    return Links(lift(links.together), lift(links.apart))


def _story(
    members: Sequence[int], by_id: Mapping[int, Item], origins: Mapping[int, int], placed: Mapping[int, vectors.Vector]
) -> Story:
    own = frozenset(members)
    copies = [by_id[name] for name, origin in origins.items() if origin in own and name not in own]
    return Story(
        tellings.oldest_first([by_id[name] for name in members]),
        tellings.oldest_first(copies),
        {name: placed[name] for name in members},
    )


@dataclass(frozen=True)
class _Weighed:
    story: Story
    breakdown: Breakdown
    score: int
    fate: Fate
    relation: Relation | None


def _weigh(story: Story, snapshot: Snapshot, sketches: Mapping[int, frozenset[int]], full: int) -> _Weighed:
    fate = snapshot.rules.on(story.articles)
    related = followups.relation(story, sketches, snapshot.memory.recent)
    breakdown = scoring.weigh(story, snapshot, full=full, boost=fate.boost, is_follow_up=related is not None)
    return _Weighed(story, breakdown, scoring.recompute(breakdown.stored()), fate, related)


def _behind(one: _Weighed, last: _Weighed | None, chosen: bool) -> str:
    if chosen or last is None:
        return ""
    return reasons.behind(one.score, one.breakdown, last.score, last.breakdown)


def _candidate(one: _Weighed, snapshot: Snapshot) -> ranking.Candidate:
    story = one.story
    return ranking.Candidate(
        id=story.id,
        score=one.score,
        weight=one.breakdown.weight,
        voices=len(story.voices),
        since=story.reports[0].published_at.timestamp(),
        url=story.lead.url,
        company=story.company,
        source=story.lead.source,
        centroid=story.centroid,
        pin=one.fate.pin,
        barred="" if one.fate.pin is not None else _bar(one, snapshot),
    )


def _bar(one: _Weighed, snapshot: Snapshot) -> str:
    """Why a story may not be chosen; empty where it may."""
    if one.fate.excluded:
        said = f"left out by {one.fate.by or 'an editor'}"
        return f"{said}: {one.fate.reason}" if one.fate.reason else said
    if one.relation is not None and not one.relation.is_follow_up:
        return f"already told on {one.relation.edition}, and {one.relation.new_voices or 'no'} new voices since"
    if len(snapshot.interests) >= _DEFINING and one.breakdown.relevance < _OFF_TOPIC:
        return "off topic"
    return ""


def _with_topics(candidates: Sequence[ranking.Candidate], weighed: Mapping[int, _Weighed]) -> list[ranking.Candidate]:
    """Each candidate with the rarest interest that its titles or leads name."""
    hits = {name: [phrase for phrase, place in one.breakdown.hits if place > 1] for name, one in weighed.items()}
    often = Counter(phrase for phrases in hits.values() for phrase in phrases)
    most = max(_FEW, len(candidates) // _BROAD)
    topics = {
        name: min((p for p in phrases if often[p] <= most), key=lambda p: (often[p], p), default="")
        for name, phrases in hits.items()
    }
    return [replace(one, topic=topics[one.id]) for one in candidates]


def _tell(one: _Weighed, chosen: bool, lacking: str, grouped: Grouped) -> Ranked:
    said = reasons.why(one.story, one.breakdown, relation=one.relation, pinned=one.fate.pin is not None)
    if lacking:
        said = f"{said} Not chosen: {lacking}."
    return Ranked(
        story=one.story,
        chosen=chosen,
        score=one.score,
        breakdown=one.breakdown,
        fate=one.fate,
        relation=one.relation,
        draft=drafting.draft(one.story, grouped.frequencies),
        why=said,
        warning=reasons.warning(one.story),
        lacking=lacking,
    )
