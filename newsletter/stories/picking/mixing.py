"""Stories that may be two: what gives them away, as far as it was measured to be right three times in four.

`docs/picker.md` has the figures, and what was tried and said nothing.
"""

import math
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
    least, odd = _odd(told)
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


def _odd(told: Sequence[Mapping[str, float]]) -> tuple[float, int]:
    """The report that tells least of what most of the others tell in their leads: the share, by weight, and which."""
    holders: dict[str, list[int]] = {}
    for at, one in enumerate(told):
        for term in one:
            if term.startswith(_CHANNEL):
                holders.setdefault(term, []).append(at)
    enough = max(2, _MOST * (len(told) - 1))
    known = {term: held for term, held in holders.items() if len(held) >= enough}
    return min((_share(at, told, known, enough), at) for at in range(len(told)))


def _share(at: int, told: Sequence[Mapping[str, float]], holders: Mapping[str, Sequence[int]], enough: float) -> float:
    """Of what enough of the others tell, the share that report *at* tells anywhere."""
    weights = {term: [told[place][term] for place in held if place != at] for term, held in holders.items()}
    core = {term: math.fsum(some) / len(some) for term, some in weights.items() if len(some) >= enough}
    whole = math.fsum(core.values())
    mine = math.fsum(weight for term, weight in core.items() if term in told[at] or term[1:] in told[at])
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
