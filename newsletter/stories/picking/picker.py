"""The picker: a week's articles in, ranked stories with their reasons out. A pure function of its snapshot."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from newsletter.stories.picking import drafting, followups, ranking, reasons, scoring, speed
from newsletter.stories.picking.decisions import Fate
from newsletter.stories.picking.drafting import Draft
from newsletter.stories.picking.followups import Relation
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.placing import Placing
from newsletter.stories.picking.scoring import Breakdown
from newsletter.stories.picking.snapshot import Snapshot
from newsletter.stories.picking.telling import Story
from newsletter.stories.picking.weeks import Grouped, Kept, group

__all__ = ["SHOWN", "Grouped", "Kept", "Pick", "Ranked", "group", "pick"]

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
    #: what decided about its place, where it was not its points
    placing: Placing | None = None

    def stored(self) -> dict[str, Any]:
        """Every number behind it, as it goes into the database."""
        return {
            **self.breakdown.stored(),
            "coherence": round(1000 * self.story.coherence),
            "draft": self.draft.stored(),
            "updated": reasons.updated(self.story),
            "lacking": self.lacking,
            "placing": self.placing.stored() if self.placing else None,
        }


@dataclass(frozen=True)
class Pick:
    """The outcome of one run: the chosen in slot order, then the others in order of preference."""

    ranked: tuple[Ranked, ...]
    notes: tuple[str, ...]

    @property
    def chosen(self) -> tuple[Ranked, ...]:
        return tuple(one for one in self.ranked if one.chosen)


def pick(snapshot: Snapshot, kept: Kept | None = None, *, plain: bool = False) -> Pick:
    """The edition that *snapshot* makes; *kept* holds what earlier runs worked out, and changes no result.

    Nor does *plain*, which asks for the reference in plain Python where numpy is installed.
    """
    kept = kept or Kept()
    with kept.lock, speed.without_collecting():
        grouped = group(snapshot, kept, plain=plain)
        weighed = _weigh_all(grouped, snapshot, kept)
        choice = ranking.pick(_entrants(weighed, snapshot), limit=snapshot.limit, told=SHOWN)
        return Pick(tuple(_tell_all(choice, weighed, _Drafts(grouped, kept))), choice.notes)


@dataclass(frozen=True)
class _Worth:
    """What a story is worth before any editor had a say, against whatever coverage."""

    story: Story
    breakdown: Breakdown
    relation: Relation | None


@dataclass(frozen=True)
class _Weighed:
    worth: _Worth
    #: hundredths of a voice that are full coverage
    full: int
    score: int
    fate: Fate

    @property
    def story(self) -> Story:
        return self.worth.story

    @property
    def relation(self) -> Relation | None:
        return self.worth.relation

    @cached_property
    def breakdown(self) -> Breakdown:
        return scoring.against(self.worth.breakdown, full=self.full, boost=self.fate.boost)


def _weigh_all(grouped: Grouped, snapshot: Snapshot, kept: Kept) -> dict[int, _Weighed]:
    """Each story with its score; only stories that are new, or that an editor has touched, are weighed again."""
    worths = _worths(grouped, snapshot, kept)
    full = scoring.full_coverage(grouped.stories, snapshot.memory.full_coverage)
    fates = snapshot.rules.fates()
    found: dict[int, _Weighed] = {}
    for worth in worths:
        fate = fates.on(worth.story.articles)
        score = scoring.points(worth.breakdown, full=full, boost=fate.boost)
        found[worth.story.id] = _Weighed(worth, full, score, fate)
    return found


def _worths(grouped: Grouped, snapshot: Snapshot, kept: Kept) -> list[_Worth]:
    key = (snapshot.closes_at, dict(snapshot.interests), snapshot.memory)
    before = kept.weighed[1] if kept.weighed[0] == key else {}
    found: dict[int, _Worth] = {}
    for story in grouped.stories:
        worth = before.get(story.id)
        found[story.id] = worth if worth is not None and worth.story is story else _worth(story, grouped, snapshot)
    kept.weighed = (key, found)
    return list(found.values())


def _worth(story: Story, grouped: Grouped, snapshot: Snapshot) -> _Worth:
    related = followups.relation(story, grouped.read, snapshot.memory.recent)
    breakdown = scoring.weigh(story, snapshot, is_follow_up=related is not None)
    return _Worth(story, breakdown, related)


class _Entrant:
    """A story as choosing sees it; its company and its centre are worked out when they are asked for."""

    def __init__(self, one: _Weighed, topic: str, barred: str) -> None:
        self._story = one.story
        self.id, self.score = one.story.id, one.score
        self.weight, self.voices = one.worth.breakdown.weight, len(one.story.voices)
        self.since, self.url = one.story.reports[0].published_at.timestamp(), one.story.lead.url
        self.source, self.topic = one.story.lead.source, topic
        self.pin, self.place, self.barred = one.fate.pin, one.fate.place, barred

    @property
    def company(self) -> str:
        return self._story.company

    @property
    def centroid(self) -> Mapping[str, float]:
        return self._story.centroid


def _entrants(weighed: Mapping[int, _Weighed], snapshot: Snapshot) -> list[_Entrant]:
    topics = _topics(weighed)
    return [
        _Entrant(one, topics.get(name, ""), "" if one.fate.pin is not None else _bar(one, snapshot))
        for name, one in weighed.items()
    ]


def _bar(one: _Weighed, snapshot: Snapshot) -> str:
    """Why a story may not be chosen; empty where it may."""
    if one.fate.excluded:
        said = f"left out by {one.fate.by or 'an editor'}"
        return f"{said}: {one.fate.reason}" if one.fate.reason else said
    if one.relation is not None and not one.relation.is_follow_up:
        news = "only one new voice" if one.relation.new_voices else "no new voices"
        return f"already told on {one.relation.edition}, and {news} since"
    if len(snapshot.interests) >= _DEFINING and one.worth.breakdown.relevance < _OFF_TOPIC:
        return "off topic"
    return ""


def _topics(weighed: Mapping[int, _Weighed]) -> dict[int, str]:
    """For each story the rarest interest that its titles or leads name."""
    hits = {name: [phrase for phrase, place in one.worth.breakdown.hits if place > 1] for name, one in weighed.items()}
    often = Counter(phrase for phrases in hits.values() for phrase in phrases)
    most = max(_FEW, len(weighed) // _BROAD)
    return {
        name: min((p for p in phrases if often[p] <= most), key=lambda p: (often[p], p), default="")
        for name, phrases in hits.items()
        if phrases
    }


def _tell_all(choice: ranking.Choice, weighed: Mapping[int, _Weighed], drafts: "_Drafts") -> Iterable[Ranked]:
    kept = [weighed[name] for name in choice.chosen]
    # a pin owes its place to nothing that another could be measured by
    last = min((one for one in kept if one.fate.pin is None), key=lambda one: (one.score, one.story.id), default=None)
    for one in kept[:SHOWN]:
        yield _tell(one, True, "", choice.placings.get(one.story.id), drafts)
    for name, said in choice.others[: max(0, SHOWN - len(kept))]:
        one = weighed[name]
        lacking = said or (reasons.behind(_standing(one), _standing(last)) if last is not None else "")
        yield _tell(one, False, lacking, choice.placings.get(name), drafts)


def _standing(one: _Weighed) -> reasons.Standing:
    return reasons.Standing(one.breakdown.stored(), len(one.story.voices))


def _tell(one: _Weighed, chosen: bool, lacking: str, placing: Placing | None, drafts: "_Drafts") -> Ranked:
    later = placing.chosen_later() if chosen and placing is not None else ""
    said = reasons.why(one.story, one.breakdown, relation=one.relation, pinned=one.fate.pin is not None, later=later)
    if lacking:
        said = f"{said} Not chosen: {lacking}."
    return Ranked(
        story=one.story,
        chosen=chosen,
        score=one.score,
        breakdown=one.breakdown,
        fate=one.fate,
        relation=one.relation,
        draft=drafts.of(one.story)[0],
        why=said,
        warning=drafts.of(one.story)[1],
        lacking=lacking,
        placing=placing,
    )


class _Drafts:
    """The drafts of one run and what looks wrong; a story in the same words as before is not read again for them."""

    def __init__(self, grouped: Grouped, kept: Kept) -> None:
        self._grouped, self._kept, self._before = grouped, kept, kept.drafts
        self._made = kept.drafts = {}

    def of(self, story: Story) -> tuple[Draft, str]:
        """Its draft, and its warning."""
        known = self._made.get(story.id) or self._before.get(story.id)
        counted = self._grouped.frequencies
        if known is None or not self._holds(known[0], known[1], story):
            known = (story, counted, (drafting.draft(story, counted, self._grouped.read), reasons.warning(story)))
        self._made[story.id] = (story, counted, known[2])
        told: tuple[Draft, str] = known[2]
        return told

    def _holds(self, drafted: Story, by: Frequencies, story: Story) -> bool:
        """Whether what was drafted from *drafted* is what *story* would be."""
        if drafted is not story or by is self._grouped.frequencies:
            return drafted is story
        before, moved = self._kept.moved
        return (
            by is before
            and moved is not None
            and all(moved.isdisjoint(self._grouped.read[report.id].long[0]) for report in story.reports)
        )
