"""Why a story is in, or not, in one plain sentence made from its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.stories.picking import mixing, scoring
from newsletter.stories.picking.followups import Relation
from newsletter.stories.picking.scoring import WEIGHTS, Breakdown, Hits
from newsletter.stories.picking.telling import Story

_NAMED = 3
#: what a lack of each signal means
_MEANING = {
    "coverage": "want of independent sources",
    "relevance": "fewer of the readers' interests",
    "timeliness": "older news",
    "authority": "lighter sources",
    "audience": "fewer clicks on such stories",
    "advertising": "being told by press releases and vendors only",
    "thin": "hardly any text to go by",
    "follow_up": "being a follow-up",
}
#: what else a score is made of
_OTHERS = ("advertising", "thin", "follow_up", "boost")


def why(
    story: Story, breakdown: Breakdown, *, relation: Relation | None = None, pinned: bool = False, later: str = ""
) -> str:
    """One sentence, the largest contributions first; *later* says why it stands below one of fewer points."""
    parts = {
        "coverage": _coverage(story),
        "relevance": _relevance(breakdown),
        "timeliness": f"last new {_news(story)} {_span(breakdown.age)} before closing",
        "audience": _audience(breakdown),
    }
    worth = {signal: WEIGHTS[signal] * getattr(breakdown, signal) for signal in parts}
    said = [parts[signal] for signal in sorted(parts, key=lambda signal: -worth[signal]) if parts[signal]]
    if pinned:
        said.insert(0, "pinned by an editor")
    if breakdown.boost:
        said.append(f"{breakdown.boost:+d} points by an editor")
    if breakdown.muted:
        said.append(f"muted for {_phrases(breakdown.muted)}")
    if breakdown.advertising < 100:
        said.append("told by press releases and vendors only")
    if breakdown.thin < 100:
        said.append("hardly any text to go by")
    if relation is not None:
        said.append(f"follow-up of “{relation.headline}” in the edition of {relation.edition}")
    if later:
        said.append(later)
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


@dataclass(frozen=True, slots=True)
class Standing:
    """A story's numbers, as stored, beside those of another."""

    stored: Mapping[str, Any]
    voices: int

    @property
    def score(self) -> int:
        return scoring.recompute(self.stored)


def behind(one: Standing, last: Standing) -> str:
    """What *one* lacked against the last one chosen, which has as many points or more.

    Named is what would have brought it most of the way had it been as in the other: one thing, or the fewest that
    come to half of the distance.
    """
    gap = last.score - one.score
    if gap <= 0:
        return f"level on points with the last one chosen, which {_tie(one, last)}"
    said = f"{gap / 1000:.1f} points behind" if gap >= 50 else "less than a tenth of a point behind"
    causes = _causes(one, last, gap)
    if not causes:
        return f"{said} the last one chosen"
    named = " and ".join(causes)
    return f"{said} the last one chosen, {'mostly ' if len(causes) == 1 else ''}for {named}"


def _causes(one: Standing, last: Standing, gap: int) -> list[str]:
    gains = {name: _gain(name, one, last) for name in (*one.stored["weights"], *_OTHERS)}
    ordered = sorted((name for name in gains if gains[name] > 0), key=lambda name: -gains[name])
    kept: list[str] = []
    for name in ordered[:_NAMED]:
        kept.append(name)
        if 2 * sum(gains[other] for other in kept) >= gap:
            break
    return [_meaning(name, one, last) for name in kept]


def _gain(name: str, one: Standing, last: Standing) -> int:
    """Thousandths that *one* would have more, were *name* in it as in *last*."""
    return scoring.recompute({**one.stored, name: last.stored[name]}) - one.score


def _meaning(name: str, one: Standing, last: Standing) -> str:
    if name == "coverage" and one.voices >= last.voices:
        return "want of weight in its sources"
    if name == "boost":
        mine, theirs = one.stored["boost"], last.stored["boost"]
        return f"{-mine} points that an editor took off" if mine < 0 else f"{theirs} points that the other was given"
    return _MEANING[name]


def _tie(one: Standing, last: Standing) -> str:
    if last.stored["weight"] > one.stored["weight"]:
        return "has weightier sources"
    return "has more of them" if last.voices > one.voices else "was told first"


def warning(story: Story) -> str:
    """What looks wrong with a story's grouping; empty where nothing does."""
    return mixing.warning(story)


def updated(story: Story) -> str:
    """The newest headline, where it is a day or more younger than the lead's; else empty."""
    hours = (story.newest.published_at - story.lead.published_at).total_seconds() / 3600
    return story.newest.title if hours >= 24 and story.newest.title != story.lead.title else ""


def _coverage(story: Story) -> str:
    owners = [voice.reports[0].source for voice in story.voices]
    if len(owners) == 1:
        said = f"one source, {owners[0]}"
    else:
        # the weightiest are named, for a reader knows those
        known = sorted(story.voices, key=lambda voice: (-voice.authority, voice.since, voice.reports[0].id))
        named = ", ".join(voice.reports[0].source for voice in known[:_NAMED])
        more = f" and {len(owners) - _NAMED} more" if len(owners) > _NAMED else ""
        said = f"{len(owners)} independent sources ({named}{more}"
        return f"{said}; {_reprints(story)})" if story.reprints else f"{said})"
    return f"{said} ({_reprints(story)})" if story.reprints else said


def _reprints(story: Story) -> str:
    number = len(story.reprints)
    return f"{number} reprint{'s' if number > 1 else ''} not counted"


def _relevance(breakdown: Breakdown) -> str:
    return f"matches {_phrases(breakdown.hits)}" if breakdown.hits else ""


def _phrases(hits: Hits) -> str:
    found = sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:_NAMED]
    return ", ".join(f"“{phrase}”" for phrase, _ in found)


def _news(story: Story) -> str:
    """An owner that was heard already may have written again since the last new one was."""
    return "report" if max(voice.since for voice in story.voices) == story.newest.published_at else "source"


def _audience(breakdown: Breakdown) -> str:
    said = f"{breakdown.lift / 100:.1f}"
    return "" if said == "1.0" else f"readers click stories like it {said} times as much as usual"


def _span(minutes: int) -> str:
    if minutes < 60:
        return "under an hour"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // 1440} days"
