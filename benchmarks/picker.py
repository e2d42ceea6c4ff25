"""How well and how fast the picker picks: on simulated weeks, or on a folder of labelled articles.

`python -m benchmarks.picker [FOLDER] [--tuned] [--first N …] [--quick] [--json] [--likeness]`. By default the weeks
are those held out: nobody looked at them while the picker was made. Each file FOLDER/*.jsonl is one week, an article
a line: id, title, text, source, published (ISO 8601), event; and, where known, owner, kind, authority, and copied
(true for a reprint).
"""

import argparse
import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import _likeness as likeness
from benchmarks import _pace as pace
from benchmarks import weeks
from benchmarks.weeks import Labelled, Shape, Week
from newsletter.stories.models import Kind
from newsletter.stories.picking import frequencies, mixing, picker, readings, scoring, telling, vectors, voices
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story

_SLOTS = 5
#: the first of each 24 weeks: those the picker was made with, and those that it was judged on, once
TUNED_ON, HELD_OUT = (0, 100), (9000, 12000)
_EACH = 24
_USUAL = Shape()
#: they take turns: the usual week, a small one, a busy one, and one with as many look-alikes as stories
SHAPES = {
    "usual": _USUAL,
    "small": weeks.times(_USUAL, 0.5),
    "busy": weeks.times(_USUAL, 1.3),
    "look-alikes": Shape(alike=35),
}
#: look-alikes beyond anything measured on real news; told of by itself
STRESS = Shape(alike=60, single=100, kept=(0.0, 0.3, 0.6, 0.9), namesakes=1.0)
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
        if mine >= ranks[min(_SLOTS, len(ranks)) - 1]:
            return _TRUE
        return _NEXT if mine >= ranks[min(2 * _SLOTS, len(ranks)) - 1] else 0


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


def main() -> None:
    """Measure and print."""
    options = _options()
    if options.likeness:
        likeness.show()
        return
    known = Frequencies() if options.folder else _earlier()
    # a folder brings no earlier weeks, so every week of it is a first one
    methods = {name: method for name, method in METHODS.items() if not options.folder or method is not _cold}
    shapes: list[str] = []
    warned = merged = Warned()
    marks: dict[str, list[Marks]] = {name: [] for name in methods}
    for shape, week in _read(options.folder) if options.folder else _simulated(options):
        sight = see(week, known)
        warned += warnings_of(sight)
        merged += warnings_of_merged(sight)
        shapes.append(shape)
        for name, method in methods.items():
            marks[name].append(judge(method(sight), truth(week)))
    by_shape: dict[str, list[Marks]] = {}
    if not options.folder:
        by_shape = _by_shape(shapes, marks[_OURS])
        stressed = [(see(week, known), truth(week)) for week in _stressed(options)]
        by_shape["stress"] = [judge(_this_picker(sight), known_truth) for sight, known_truth in stressed]
        for sight, _ in stressed:
            warned += warnings_of(sight)
    speed = [] if options.folder else pace.measure(quick=options.quick)
    acted = {} if options.folder else pace.acts()
    if options.json:
        warnings = {"grouped": warned.stored(), "merged": merged.stored()}
        told = {"weeks": len(shapes), "methods": _plain(marks), "shapes": _plain(by_shape), "warnings": warnings}
        print(json.dumps({**told, "speed": speed, "acts": acted}))
        return
    print(f"{len(shapes)} weeks{_which(options)}\n")
    _print(marks, by_shape)
    print(f"\n“Mixed?”, of what was grouped: {warned}; of true stories, and of look-alikes merged: {merged}")
    if speed:
        pace.show(speed, acted)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picker", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of *.jsonl, one week each")
    parser.add_argument("--quick", action="store_true", help="4 weeks, and no week of 3,000 articles")
    parser.add_argument("--tuned", action="store_true", help="the weeks that the picker was made with")
    parser.add_argument("--first", type=int, nargs="+", metavar="N", help=f"{_EACH} other weeks from each number N")
    parser.add_argument("--json", action="store_true", help="print data")
    parser.add_argument("--likeness", action="store_true", help="compare the simulated text with real news")
    return parser.parse_args()


def _firsts(options: argparse.Namespace) -> Sequence[int]:
    firsts = options.first or (TUNED_ON if options.tuned else HELD_OUT)
    return firsts[:1] if options.quick else firsts


def _which(options: argparse.Namespace) -> str:
    if options.folder:
        return f" of {options.folder}"
    kind = "" if options.first else ", tuned on" if options.tuned else ", held out"
    return f"{kind}, numbered from {' and '.join(map(str, _firsts(options)))}"


def _simulated(options: argparse.Namespace) -> Iterator[tuple[str, Week]]:
    """Each week with the name of its shape."""
    names = list(SHAPES)
    for first in _firsts(options):
        for seed in range(first, first + (len(names) if options.quick else _EACH)):
            yield names[seed % len(names)], weeks.week(seed, SHAPES[names[seed % len(names)]])


def _stressed(options: argparse.Namespace) -> Iterator[Week]:
    """The same numbers, a harder kind of week."""
    for first in _firsts(options):
        for seed in range(first, first + (2 if options.quick else 12)):
            yield weeks.week(seed, STRESS)


def _by_shape(shapes: Sequence[str], marks: Sequence[Marks]) -> dict[str, list[Marks]]:
    found: dict[str, list[Marks]] = {name: [] for name in SHAPES}
    for shape, mark in zip(shapes, marks, strict=True):
        found[shape].append(mark)
    return found


# --- methods


@dataclass(frozen=True)
class Sight:
    """A week as the methods see it: grouped once, with the words of earlier weeks counted."""

    week: Week
    snapshot: Snapshot
    grouped: picker.Grouped

    @property
    def items(self) -> list[Item]:
        return [one.item for one in self.week.articles]


def see(week: Week, known: Frequencies) -> Sight:
    """*week* through the eyes of a picker that knows the words of earlier weeks."""
    snapshot = Snapshot(tuple(one.item for one in week.articles), week.closes_at, frequencies=known)
    return Sight(week, snapshot, picker.group(snapshot))


def _earlier() -> Frequencies:
    """What eight simulated weeks before the first would have counted."""
    known = Frequencies()
    for number in range(8):
        items = [one.item for one in weeks.week(900 + number).articles]
        read = readings.read_all(items)
        origins = voices.origins(items, {name: reading.sketch for name, reading in read.items()})
        known += frequencies.count(read[item.id].long[0] for item in items if origins[item.id] == item.id)
    return known


def _this_picker(sight: Sight) -> Outcome:
    stories = [story.articles for story in sight.grouped.stories]
    return Outcome(stories, [one.story.articles for one in picker.pick(sight.snapshot).chosen])


def _cold(sight: Sight) -> Outcome:
    return _this_picker(see(sight.week, Frequencies()))


def _titles(sight: Sight) -> Outcome:
    """As if its feeds brought nothing but headlines."""
    bare = [replace(one, item=replace(one.item, text="")) for one in sight.week.articles]
    return _this_picker(see(Week(tuple(bare), sight.week.closes_at), Frequencies()))


def _by(key: Callable[[Story], int]) -> Callable[[Sight], Outcome]:
    """This picker's stories, ranked by *key* alone."""

    def method(sight: Sight) -> Outcome:
        stories = sorted(sight.grouped.stories, key=lambda story: (-key(story), story.id))
        return Outcome([story.articles for story in stories], [story.articles for story in stories[:_SLOTS]])

    return method


def _articles(story: Story) -> int:
    return len(story.articles)


def _hosts(story: Story) -> int:
    return len({item.source for item in (*story.reports, *story.reprints)})


def _voices(story: Story) -> int:
    return len(story.voices)


def _unclustered(sight: Sight) -> Outcome:
    """This picker's score, with every article a story of its own."""
    scored = []
    for item in sight.items:
        # without earlier words, which a score does not need, and which take long to add
        alone = replace(sight.snapshot, items=(item,), frequencies=Frequencies())
        story = picker.group(alone).stories[0]
        scored.append((-scoring.recompute(scoring.weigh(story, alone).stored()), item.id))
    return Outcome([(item.id,) for item in sight.items], [(name,) for _, name in sorted(scored)[:_SLOTS]])


def _newest(sight: Sight) -> Outcome:
    every = sorted(sight.items, key=lambda item: (item.published_at, item.id), reverse=True)
    return Outcome([(item.id,) for item in every], [(item.id,) for item in every[:_SLOTS]])


_OURS = "this picker"
METHODS: dict[str, Callable[[Sight], Outcome]] = {
    _OURS: _this_picker,
    "this picker, in its first week": _cold,
    "this picker, with headlines alone": _titles,
    "its stories by voices": _by(_voices),
    "its stories by hosts": _by(_hosts),
    "its stories by articles": _by(_articles),
    "no clustering": _unclustered,
    "newest five": _newest,
}


# --- warnings


@dataclass(frozen=True, slots=True)
class Warned:
    """Of stories of several reports: how many looked mixed and were, looked mixed and were not, were and did not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Warned") -> "Warned":
        return Warned(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    def __str__(self) -> str:
        told = self.stored()
        return f"{self.right + self.wrong} warnings, precision {told['precision']:.2f}, recall {told['recall']:.2f}"

    def stored(self) -> dict[str, float]:
        warned, mixed = self.right + self.wrong, self.right + self.missed
        precision, recall = self.right / warned if warned else 1.0, self.right / mixed if mixed else 1.0
        return {"warned": warned, "mixed": mixed, "precision": round(precision, 3), "recall": round(recall, 3)}


def warnings_of(sight: Sight) -> Warned:
    """Of each story of *sight*, whether it is of several events, and whether the picker says so."""
    event = {one.item.id: one.event for one in sight.week.articles}
    found = Warned()
    for story in sight.grouped.stories:
        if len(story.reports) > 1:
            found += _warned(story, is_mixed=len({event[report.id] for report in story.reports}) > 1)
    return found


def warnings_of_merged(sight: Sight) -> Warned:
    """The same of the true stories, and of each look-alike merged with its story, as an editor might by mistake."""
    told: dict[str, list[Item]] = {}
    for one in sight.week.articles:
        if not one.copied_from:
            told.setdefault(one.event, []).append(one.item)
    found = Warned()
    for event, items in told.items():
        if len(items) > 1:
            found += _warned(_story(items, sight), is_mixed=False)
        original = told.get(event.partition(" like ")[2])
        if original is not None and len(items) + len(original) > 2:
            found += _warned(_story([*items, *original], sight), is_mixed=True)
    return found


def _warned(story: Story, *, is_mixed: bool) -> Warned:
    is_warned = bool(mixing.warning(story))
    return Warned(is_mixed and is_warned, is_warned and not is_mixed, is_mixed and not is_warned)


def _story(items: Sequence[Item], sight: Sight) -> Story:
    read, counted = sight.grouped.read, sight.grouped.frequencies
    placed = {item.id: vectors.of_reading(read[item.id], counted) for item in items}
    return Story(telling.oldest_first(items), (), placed)


# --- marks


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
    ideal = sorted((known.gain(event) for event in known.worth), reverse=True)[:_SLOTS]
    purity = [many / len(story) for (_, many), story in zip(told, outcome.five, strict=True)]
    return Marks(
        pair_f1=_pair_f1(outcome.stories, known.event),
        overlap=sum(known.gain(event) == _TRUE for event in events) / min(_SLOTS, len(known.worth)),
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


def _mean(marks: Sequence[Marks]) -> Marks:
    return Marks(*(statistics.fmean(getattr(one, name) for one in marks) for name in Marks.__slots__))


def _error(marks: Sequence[Marks]) -> Marks:
    """The standard error of each mean: how far other weeks like these would scatter it."""
    count = len(marks)
    spread = {name: [getattr(one, name) for one in marks] for name in Marks.__slots__}
    return Marks(*(statistics.stdev(values) / math.sqrt(count) if count > 1 else 0.0 for values in spread.values()))


# --- folders


def _read(folder: Path) -> Iterator[tuple[str, Week]]:
    """The weeks of *folder*: what is missing of owner, kind and authority is the source, trade and usual."""
    for file in sorted(folder.glob("*.jsonl")):
        numbered = enumerate(file.read_text("utf-8").splitlines(), start=1)
        articles = [_labelled(number, json.loads(line)) for number, line in numbered if line.strip()]
        closes_at = max(one.item.published_at for one in articles) + timedelta(hours=1)
        yield file.stem, Week(tuple(articles), closes_at)


def _labelled(number: int, line: Mapping[str, Any]) -> Labelled:
    at = datetime.fromisoformat(line["published"])
    item = Item(
        id=number,
        url=f"https://{line['source']}/{line['id']}",
        title=line["title"],
        text=line["text"],
        published_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        source=line["source"],
        owner=line.get("owner", line["source"]),
        kind=Kind(line.get("kind", Kind.TRADE)),
        authority=int(line.get("authority", 100)),
    )
    return Labelled(item, str(line["event"]), int(bool(line.get("copied"))))


def _plain(marks: Mapping[str, Sequence[Marks]]) -> dict[str, dict[str, float]]:
    """Means, and beside each its standard error."""
    return {name: {**_rounded(_mean(found)), **_rounded(_error(found), "_error")} for name, found in marks.items()}


def _rounded(marks: Marks, ending: str = "") -> dict[str, float]:
    return {f"{name}{ending}": round(getattr(marks, name), 3) for name in Marks.__slots__}


def _print(marks: Mapping[str, Sequence[Marks]], by_shape: Mapping[str, Sequence[Marks]]) -> None:
    _print_marks("method", marks)
    error = _error(marks[_OURS])
    print(f"\nstandard error of this picker's means: overlap {error.overlap:.3f}, nDCG@5 {error.ndcg:.3f}")
    if by_shape:
        print()
        _print_marks("this picker, by week", by_shape)


def _print_marks(heading: str, marks: Mapping[str, Sequence[Marks]]) -> None:
    print(f"| {heading} | pair F1 | top-5 overlap | nDCG@5 | purity of top 5 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, found in marks.items():
        mean = _mean(found)
        print(f"| {name} | {mean.pair_f1:.3f} | {mean.overlap:.3f} | {mean.ndcg:.3f} | {mean.purity:.3f} |")


if __name__ == "__main__":
    main()
