"""What a week's stories are worth, and how near a choice of five comes to the truth."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.weeks import Week
from newsletter.stories.models import Kind

SLOTS = 5
#: what a slot is worth: one of the true five, one of the next five
_TRUE, _NEXT = 3, 1


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened in a week."""

    event: Mapping[int, str]
    #: how many owners told of an event in their own words, press releases and vendors aside
    worth: Mapping[str, int]

    def gain(self, event: str) -> int:
        """Ties with the fifth count as among the five, and so on."""
        ranks = sorted(self.worth.values(), reverse=True)
        mine = self.worth.get(event, 0)
        if mine >= ranks[min(SLOTS, len(ranks)) - 1]:
            return _TRUE
        return _NEXT if mine >= ranks[min(2 * SLOTS, len(ranks)) - 1] else 0


#: the ids of a story's articles
Members = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method made of a week: all its stories, and the five it would print."""

    stories: Sequence[Members]
    five: Sequence[Members]


@dataclass(frozen=True, slots=True)
class Marks:
    pair_f1: float
    overlap: float
    ndcg: float
    purity: float


def truth(week: Week) -> Truth:
    """The events of *week*, and what each is worth."""
    told: dict[str, set[str]] = {}
    for one in week.articles:
        owners = told.setdefault(one.event, set())
        if not one.copied_from and one.item.kind not in {Kind.PR_WIRE, Kind.VENDOR}:
            owners.add(one.item.owner)
    return Truth({one.item.id: one.event for one in week.articles}, {event: len(told[event]) for event in told})


def judge(outcome: Outcome, known: Truth) -> Marks:
    """How near *outcome* comes to the truth; a second slot for one event is worth nothing."""
    told = [Counter(known.event[name] for name in story).most_common(1)[0] for story in outcome.five]
    events = list(dict.fromkeys(event for event, _ in told))
    gains = [known.gain(event) if event not in {e for e, _ in told[:at]} else 0 for at, (event, _) in enumerate(told)]
    ideal = sorted((known.gain(event) for event in known.worth), reverse=True)[:SLOTS]
    purity = [many / len(story) for (_, many), story in zip(told, outcome.five, strict=True)]
    return Marks(
        pair_f1=_pair_f1(outcome.stories, known.event),
        overlap=sum(known.gain(event) == _TRUE for event in events) / min(SLOTS, len(known.worth)),
        ndcg=_dcg(gains) / _dcg(ideal),
        purity=statistics.fmean(purity) if purity else 0.0,
    )


def _dcg(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _pair_f1(stories: Iterable[Members], event: Mapping[int, str]) -> float:
    """Of all pairs of articles: those put together rightly, against those put together and those that belong so."""
    right = made = 0
    for story in stories:
        made += math.comb(len(story), 2)
        right += sum(math.comb(many, 2) for many in Counter(event[name] for name in story).values())
    real = sum(math.comb(many, 2) for many in Counter(event.values()).values())
    return 2 * right / (made + real) if made + real else 1.0


def mean(marks: Sequence[Marks]) -> Marks:
    return Marks(*(statistics.fmean(getattr(one, name) for one in marks) for name in Marks.__slots__))


def error(marks: Sequence[Marks]) -> Marks:
    """The standard error of each mean: how far other weeks like these would scatter it."""
    count = len(marks)
    spread = {name: [getattr(one, name) for one in marks] for name in Marks.__slots__}
    return Marks(*(statistics.stdev(values) / math.sqrt(count) if count > 1 else 0.0 for values in spread.values()))
