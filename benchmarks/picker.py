"""How well and how fast the picker picks: on simulated weeks, or on a folder of labelled articles.

`python -m benchmarks.picker [FOLDER] [--tuned] [--first N …] [--quick] [--json] [--likeness]`. By default the weeks
are those held out: nobody looked at them while the picker was made. Each file FOLDER/*.jsonl is one week, an article
a line: id, title, text, source, published (ISO 8601), event; and, where known, owner, kind, authority, and copied
(true for a reprint).
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import _judging as judging
from benchmarks import _likeness as likeness
from benchmarks import _methods as methods
from benchmarks import _pace as pace
from benchmarks import weeks
from benchmarks._judging import Marks
from benchmarks._warned import Warned, warnings_of, warnings_of_merged
from benchmarks.weeks import Labelled, Shape, Week
from newsletter.stories.models import Kind
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item

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


def main() -> None:
    """Measure and print."""
    options = _options()
    if options.likeness:
        likeness.show()
        return
    known = Frequencies() if options.folder else methods.earlier()
    # a folder brings no earlier weeks, so every week of it is a first one
    asked = {n: m for n, m in methods.METHODS.items() if not options.folder or m is not methods.in_first_week}
    shapes: list[str] = []
    warned = merged = Warned()
    marks: dict[str, list[Marks]] = {name: [] for name in asked}
    for shape, week in _read(options.folder) if options.folder else _simulated(options):
        sight = methods.see(week, known)
        warned += warnings_of(sight)
        merged += warnings_of_merged(sight)
        shapes.append(shape)
        for name, method in asked.items():
            marks[name].append(judging.judge(method(sight), judging.truth(week)))
    by_shape: dict[str, list[Marks]] = {}
    if not options.folder:
        by_shape = _by_shape(shapes, marks[methods.OURS])
        stressed = [(methods.see(week, known), judging.truth(week)) for week in _stressed(options)]
        by_shape["stress"] = [judging.judge(methods.this_picker(sight), known_truth) for sight, known_truth in stressed]
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
    return {
        name: {**_rounded(judging.mean(found)), **_rounded(judging.error(found), "_error")}
        for name, found in marks.items()
    }


def _rounded(marks: Marks, ending: str = "") -> dict[str, float]:
    return {f"{name}{ending}": round(getattr(marks, name), 3) for name in Marks.__slots__}


def _print(marks: Mapping[str, Sequence[Marks]], by_shape: Mapping[str, Sequence[Marks]]) -> None:
    _print_marks("method", marks)
    error = judging.error(marks[methods.OURS])
    print(f"\nstandard error of this picker's means: overlap {error.overlap:.3f}, nDCG@5 {error.ndcg:.3f}")
    if by_shape:
        print()
        _print_marks("this picker, by week", by_shape)


def _print_marks(heading: str, marks: Mapping[str, Sequence[Marks]]) -> None:
    print(f"| {heading} | pair F1 | top-5 overlap | nDCG@5 | purity of top 5 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, found in marks.items():
        mean = judging.mean(found)
        print(f"| {name} | {mean.pair_f1:.3f} | {mean.overlap:.3f} | {mean.ndcg:.3f} | {mean.purity:.3f} |")


if __name__ == "__main__":
    main()
