"""Stories that may be two: what gives them away, as far as it was measured to be right three times in four.

`docs/picker.md` has the figures, and what was tried and said nothing.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import combinations, pairwise

from newsletter.stories.picking import vectors, words
from newsletter.stories.picking.telling import Story

#: two camps of two reports or more are as likely one story's while they are so alike, of the looser one's own mean
_CAMPS = 0.75
#: of what most of the other reports tell in their leads, the share that a report of the same event has
_TOLD, _TOLD_AFTER_A_PAUSE = 0.1, 0.5
#: a story that nobody tells for so long is over, as a rule
_PAUSE = timedelta(hours=48)
#: no story is so loose unless an editor merged it
_NOTHING = 0.04
#: what so large a share of the others tell is what the story is about
_MOST = 0.6
#: reports that are compared
_READ = 16
_CHANNEL = "^"


def warning(story: Story) -> str:
    """What looks wrong with a story's grouping; empty where nothing does."""
    clash = _clash([report.title for report in story.reports])
    if clash:
        return f"Mixed? Its titles speak of {clash}."
    told = [story.vectors[report.id] for report in story.reports[:_READ]]
    if story.coherence < _NOTHING:
        return "Mixed? Its reports have little in common."
    if len(told) < 3:
        return ""
    between, loosest, smallest = _halves(told)
    if smallest > 1 and between < _CAMPS * loosest:
        return "Mixed? Its reports fall into two camps."
    least, odd = min((_told_by(at, told), at) for at in range(len(told)))
    if least < _TOLD:
        return f"Mixed? “{story.reports[odd].title}” tells little of what the others do."
    pause = max(later.published_at - one.published_at for one, later in pairwise(story.reports))
    if least < _TOLD_AFTER_A_PAUSE and pause > _PAUSE:
        said = f"“{story.reports[odd].title}” tells less than half of what the others do"
        return f"Mixed? Nobody told of it for {pause.days} days, and {said}."
    return ""


def _halves(told: Sequence[Mapping[str, float]]) -> tuple[float, float, int]:
    """The likeness of the last two groups to join, that of the pairs inside the looser, and the size of the smaller."""
    near = {pair: vectors.cosine(told[pair[0]], told[pair[1]]) for pair in combinations(range(len(told)), 2)}

    def mean(one: Sequence[int], other: Sequence[int]) -> float:
        return sum(near[min(a, b), max(a, b)] for a in one for b in other) / (len(one) * len(other))

    groups: list[tuple[int, ...]] = [(at,) for at in range(len(told))]
    while len(groups) > 2:
        one, other = max(combinations(groups, 2), key=lambda pair: mean(*pair))
        groups = [*(group for group in groups if group not in (one, other)), tuple(sorted(one + other))]
    inside = [
        sum(near[pair] for pair in combinations(group, 2)) / math.comb(len(group), 2)
        for group in groups
        if len(group) > 1
    ]
    return mean(*groups), min(inside, default=0.0), min(map(len, groups))


def _told_by(at: int, told: Sequence[Mapping[str, float]]) -> float:
    """The share, by weight, of what most of the others tell in their leads that report *at* tells anywhere."""
    others = [one for place, one in enumerate(told) if place != at]
    often = Counter(term for one in others for term in one if term.startswith(_CHANNEL))
    core = [term for term, many in often.items() if many >= max(2, _MOST * len(others))]
    weights = {term: math.fsum(one.get(term, 0.0) for one in others) / often[term] for term in core}
    whole = math.fsum(weights.values())
    mine = math.fsum(weight for term, weight in weights.items() if term in told[at] or term[1:] in told[at])
    return mine / whole if whole else 1.0


def _clash(titles: Sequence[str]) -> str:
    """ "Q2 and Q3": quarters or numbered days that no two titles should disagree on."""
    kinds: dict[str, set[str]] = {}
    for title in titles:
        for kind, number in _ordinals(title):
            kinds.setdefault(kind, set()).add(number)
    for kind in sorted(kinds):
        if len(kinds[kind]) > 1:
            return " and ".join(f"{kind}{number}" for number in sorted(kinds[kind], key=int))
    return ""


def _ordinals(title: str) -> list[tuple[str, str]]:
    stream = words.words(title)
    quarters = [("Q", word[1:]) for word in stream if len(word) == 2 and word[0] == "q" and word[1].isdigit()]
    counted = ("day", "week", "part", "phase", "round")
    return quarters + [(f"{one} ", two) for one, two in pairwise(stream) if one in counted and two.isdigit()]
