"""Why a story is in, or not, in one plain sentence made from its numbers."""

from collections.abc import Sequence
from itertools import pairwise

from newsletter.stories.picking import words
from newsletter.stories.picking.followups import Relation
from newsletter.stories.picking.scoring import WEIGHTS, Breakdown
from newsletter.stories.picking.telling import Story

#: reports less alike than this, on average, may be of two events
_LOOSE = 0.27
_NAMED = 3
#: what a lack of each signal means
_MEANING = {
    "coverage": "want of independent sources",
    "relevance": "fewer of the readers' interests",
    "timeliness": "older news",
    "authority": "lighter sources",
    "audience": "fewer clicks on such stories",
}


def why(story: Story, breakdown: Breakdown, *, relation: Relation | None = None, pinned: bool = False) -> str:
    """One sentence, the largest contributions first."""
    parts = {
        "coverage": _coverage(story),
        "relevance": _relevance(breakdown),
        "timeliness": f"last new report {_span(breakdown.age)} before closing",
        "audience": _audience(breakdown),
    }
    worth = {signal: WEIGHTS[signal] * getattr(breakdown, signal) for signal in parts}
    said = [parts[signal] for signal in sorted(parts, key=lambda signal: -worth[signal]) if parts[signal]]
    if pinned:
        said.insert(0, "pinned by an editor")
    if breakdown.boost:
        said.append(f"{breakdown.boost:+d} points by an editor")
    if breakdown.advertising < 100:
        said.append("told by press releases and vendors only")
    if breakdown.thin < 100:
        said.append("hardly any text to go by")
    if relation is not None:
        said.append(f"follow-up of “{relation.headline}” in the edition of {relation.edition}")
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def behind(score: int, breakdown: Breakdown, last_score: int, last: Breakdown) -> str:
    """What a story lacked against the last one chosen, both given by score and breakdown."""
    lacks = {signal: WEIGHTS[signal] * (getattr(last, signal) - getattr(breakdown, signal)) for signal in WEIGHTS}
    most = max(lacks, key=lambda signal: lacks[signal])
    said = f"{max(last_score - score, 0) / 1000:.1f} points behind the last one chosen"
    return f"{said}, mostly for {_MEANING[most]}" if lacks[most] > 0 else said


def warning(story: Story) -> str:
    """What looks wrong with a story's grouping; empty where nothing does."""
    clash = _clash([report.title for report in story.reports])
    if clash:
        return f"Mixed? Its titles speak of {clash}."
    if len(story.reports) > 1 and story.coherence < _LOOSE:
        return "Mixed? Its reports have little in common."
    return ""


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
    phrases = sorted(breakdown.hits, key=lambda hit: (-hit[1], hit[0]))[:_NAMED]
    return f"matches {', '.join(f'“{phrase}”' for phrase, _ in phrases)}" if phrases else ""


def _audience(breakdown: Breakdown) -> str:
    if breakdown.lift == 100:
        return ""
    return f"readers click stories like it {breakdown.lift / 100:.1f} times as much as usual"


def _span(minutes: int) -> str:
    if minutes < 60:
        return "under an hour"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // 1440} days"


def _clash(titles: Sequence[str]) -> str:
    """ "Q2 and Q3": quarters or numbered days that no two titles should disagree on."""
    seen = {figure for title in titles for figure in _ordinals(title)}
    kinds: dict[str, set[str]] = {}
    for kind, number in seen:
        kinds.setdefault(kind, set()).add(number)
    for kind in sorted(kinds):
        if len(kinds[kind]) > 1:
            return " and ".join(f"{kind}{number}" for number in sorted(kinds[kind]))
    return ""


def _ordinals(title: str) -> list[tuple[str, str]]:
    stream = words.words(title)
    quarters = [("Q", word[1:]) for word in stream if len(word) == 2 and word[0] == "q" and word[1].isdigit()]
    counted = ("day", "week", "part", "phase", "round")
    return quarters + [(f"{one} ", two) for one, two in pairwise(stream) if one in counted and two.isdigit()]
