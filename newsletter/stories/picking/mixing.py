"""Stories that may be two: what gives them away, as far as it was measured to be right three times in four."""

from collections.abc import Sequence
from itertools import pairwise

from newsletter.stories.picking import words
from newsletter.stories.picking.telling import Story

#: reports less alike than this, on average, may be of two events
_LOOSE = 0.27


def warning(story: Story) -> str:
    """What looks wrong with a story's grouping; empty where nothing does."""
    clash = _clash([report.title for report in story.reports])
    if clash:
        return f"Mixed? Its titles speak of {clash}."
    if len(story.reports) > 1 and story.coherence < _LOOSE:
        return "Mixed? Its reports have little in common."
    return ""


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
