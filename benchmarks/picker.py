"""How well and how fast the picker picks: on simulated weeks, or on a folder of labelled articles.

`python -m benchmarks.picker [FOLDER] [--quick] [--json] [--likeness]`. Each file FOLDER/*.jsonl is one week,
an article a line: id, title, text, source, published (ISO 8601), event; and, where known, owner, kind,
authority, and copied (true for a reprint).
"""

import argparse
import json
import math
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import weeks
from benchmarks.weeks import Labelled, Shape, Week
from newsletter.stories.models import Kind
from newsletter.stories.picking import frequencies, picker, scoring, vectors
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story

_SLOTS = 5
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
        _print_likeness()
        return
    known = Frequencies() if options.folder else _earlier()
    given = list(_read(options.folder)) if options.folder else _simulated(8 if options.quick else 24, options.first)
    # a folder brings no earlier weeks, so every week of it is a first one
    methods = {name: method for name, method in METHODS.items() if not options.folder or method is not _cold}
    marks: dict[str, list[Marks]] = {name: [] for name in methods}
    for week in given:
        sight = see(week, known)
        for name, method in methods.items():
            marks[name].append(judge(method(sight), truth(week)))
    table = {name: _mean(found) for name, found in marks.items()}
    speed = [] if options.folder else [_speed(size) for size in ((300,) if options.quick else (300, 3000))]
    if options.json:
        json.dump(
            {"weeks": len(given), "methods": {n: _plain(m) for n, m in table.items()}, "speed": speed}, sys.stdout
        )
        print()
        return
    _print(table, speed, given)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picker", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of *.jsonl, one week each")
    parser.add_argument("--quick", action="store_true", help="8 weeks instead of 24, and no week of 3,000 articles")
    parser.add_argument("--first", type=int, default=0, help="the number of the first week; others are other weeks")
    parser.add_argument("--json", action="store_true", help="print data")
    parser.add_argument("--likeness", action="store_true", help="compare the simulated text with real news")
    return parser.parse_args()


def _simulated(count: int, first: int = 0) -> list[Week]:
    """Weeks of four shapes in turn: the usual one, a small one, a busy one, and one full of look-alikes."""
    usual = Shape()
    shapes = (usual, weeks.times(usual, 0.5), weeks.times(usual, 1.3), Shape(alike=60, single=100))
    return [weeks.week(seed, shapes[seed % len(shapes)]) for seed in range(first, first + count)]


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
        stories = see(weeks.week(900 + number), Frequencies()).grouped.stories
        known += frequencies.count(vectors.long_read(report) for story in stories for report in story.reports)
    return known


def _this_picker(sight: Sight) -> Outcome:
    stories = [story.articles for story in sight.grouped.stories]
    return Outcome(stories, [one.story.articles for one in picker.pick(sight.snapshot).chosen])


def _cold(sight: Sight) -> Outcome:
    return _this_picker(see(sight.week, Frequencies()))


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
        alone = replace(sight.snapshot, items=(item,))
        story = picker.group(alone).stories[0]
        scored.append((-scoring.recompute(scoring.weigh(story, alone).stored()), item.id))
    return Outcome([(item.id,) for item in sight.items], [(name,) for _, name in sorted(scored)[:_SLOTS]])


def _newest(sight: Sight) -> Outcome:
    every = sorted(sight.items, key=lambda item: (item.published_at, item.id), reverse=True)
    return Outcome([(item.id,) for item in every], [(item.id,) for item in every[:_SLOTS]])


METHODS: dict[str, Callable[[Sight], Outcome]] = {
    "this picker": _this_picker,
    "this picker, in its first week": _cold,
    "its stories by voices": _by(_voices),
    "its stories by hosts": _by(_hosts),
    "its stories by articles": _by(_articles),
    "no clustering": _unclustered,
    "newest five": _newest,
}


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


# --- speed


def _speed(articles: int) -> dict[str, float]:
    """Seconds for one pick, and the most memory it held; memory is measured in a second run, for measuring slows."""
    week = _of_size(articles)
    snapshot = Snapshot(tuple(one.item for one in week.articles), week.closes_at)
    start = time.process_time()
    picker.pick(snapshot)
    seconds = time.process_time() - start
    tracemalloc.start()
    picker.pick(snapshot)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"articles": len(week.articles), "seconds": round(seconds, 2), "megabytes": round(peak / 1e6)}


def _of_size(articles: int) -> Week:
    week = weeks.week(1000, weeks.times(Shape(), articles / 300 * 1.2))
    return Week(week.articles[:articles], week.closes_at)


# --- text


def _print_likeness() -> None:
    """The cosines of centres, in the simulated weeks and as measured on ECB+ (5%, 50%, 95%)."""
    measured = {
        "one event, halved": (0.47, 0.66, 0.83),
        "look-alikes": (0.10, 0.27, 0.49),
        "unrelated": (0.01, 0.03, 0.07),
    }
    for name, values in _likeness(_simulated(4)).items():
        here = " / ".join(f"{values[len(values) * share // 100]:.2f}" for share in (5, 50, 95))
        print(f"{name:<20} here {here}   real news {' / '.join(f'{v:.2f}' for v in measured[name])}")


def _likeness(given: Sequence[Week]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"one event, halved": [], "look-alikes": [], "unrelated": []}
    for week in given:
        known = see(week, Frequencies()).grouped.frequencies
        by_event: dict[str, list[Mapping[str, float]]] = {}
        kind: dict[str, str] = {}
        for one in week.articles:
            if not one.copied_from and one.item.owner != "Chatty":
                by_event.setdefault(one.event, []).append(vectors.of_report(one.item, known))
                kind.setdefault(one.event, one.event.partition(" like ")[2])
        centres = {event: vectors.centroid(told) for event, told in by_event.items()}
        for told in by_event.values():
            if len(told) >= 4:
                halves = vectors.centroid(told[::2]), vectors.centroid(told[1::2])
                found["one event, halved"].append(vectors.cosine(*halves))
        for event, other in kind.items():
            if other in centres:
                found["look-alikes"].append(vectors.cosine(centres[event], centres[other]))
        every = sorted(centres)
        found["unrelated"] += [vectors.cosine(centres[a], centres[b]) for a, b in pairwise(every)]
    return {name: sorted(values) for name, values in found.items()}


def _read(folder: Path) -> Iterator[Week]:
    """The weeks of *folder*: what is missing of owner, kind and authority is the source, trade and usual."""
    for file in sorted(folder.glob("*.jsonl")):
        numbered = enumerate(file.read_text("utf-8").splitlines(), start=1)
        articles = [_labelled(number, json.loads(line)) for number, line in numbered if line.strip()]
        closes_at = max(one.item.published_at for one in articles) + timedelta(hours=1)
        yield Week(tuple(articles), closes_at)


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


def _plain(marks: Marks) -> dict[str, float]:
    return {name: round(getattr(marks, name), 3) for name in Marks.__slots__}


def _print(table: Mapping[str, Marks], speed: Sequence[Mapping[str, float]], given: Sequence[Week]) -> None:
    articles = statistics.fmean(len(week.articles) for week in given)
    print(f"{len(given)} weeks of {articles:.0f} articles on average\n")
    print("| method | pair F1 | top-5 overlap | nDCG@5 | purity of top 5 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, marks in table.items():
        print(f"| {name} | {marks.pair_f1:.3f} | {marks.overlap:.3f} | {marks.ndcg:.3f} | {marks.purity:.3f} |")
    if speed:
        print("\n| articles | seconds (one core) | peak memory |")
        print("| ---: | ---: | ---: |")
        for one in speed:
            print(f"| {one['articles']:,} | {one['seconds']:.2f} | {one['megabytes']} MB |")


if __name__ == "__main__":
    main()
