"""How fast the picker picks, beside an earlier build of it in the same run, each in a process of its own.

The earlier build is the commit before the picker was made fast, taken from git; where there is no git history, the
plain reference of today's build stands in for it, and the rows say so.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks import weeks
from benchmarks.weeks import Shape
from newsletter.stories.picking import copies, frequencies, readings

#: the last commit whose picker took time with the square of the week
BEFORE = "d71cd44"
#: articles of a week, with and without the earlier build beside it
SIZES, QUICK, ALONE = (300, 3000, 10_000), (300, 3000), (30_000,)
#: so many sentences make 450 words on average, short items and cut copies among them
SENTENCES = (36, 47)
#: articles of a usual week, and a few less, so that a week of so many times its stories has no fewer than are asked for
USUAL = 455
#: the plain reference is asked for the same clusters up to this size
_CHECKED, _CHECKED_QUICK = 10_000, 3000
_ROOT = Path(__file__).parent.parent
_CHILD = """
import json, resource, sys, time
root, file, work = sys.argv[1:]
sys.path.insert(0, root)
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from newsletter.stories.models import Kind, Rule
from newsletter.stories.picking import picker
from newsletter.stories.picking.decisions import Rules, Ruling
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item, Snapshot
raw = json.load(open(file))
items = tuple(
    Item(**{**one, "kind": Kind(one["kind"]), "published_at": datetime.fromisoformat(one["published_at"])})
    for one in raw["items"]
)
def snapshot(rules=(), more=()):
    # as from the database: other objects, the same values
    every = (*(replace(item) for item in items), *more)
    return Snapshot(every, datetime.fromisoformat(raw["closes_at"]), rules=Rules(tuple(rules)))
def timed(function):
    start = time.process_time()
    found = function()
    return time.process_time() - start, found
def peak():
    # the kernel hands on the greatest size of the process that started this one, but not here
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
held = peak()
told = {}
if work == "plain":
    told["seconds"], _ = timed(lambda: picker.pick(snapshot(), plain=True))
else:
    told["seconds"], first = timed(lambda: picker.pick(snapshot()))
told["megabytes"] = peak() / 1024
told["of which the articles"] = held / 1024
if work == "check":
    of = lambda grouped: [story.articles for story in grouped.stories]
    told["same"] = of(picker.group(snapshot())) == of(picker.group(snapshot(), plain=True))
if work == "acts":
    kept = picker.Kept()
    first = picker.pick(snapshot(), kept)
    ranked = first.ranked
    one, other, top = (list(ranked[at].story.articles) for at in (9, 12, 0))
    reports = [report.id for report in ranked[0].story.reports]
    printed = next(one.story for one in ranked if one.story.reprints)
    acts = {
        "pin": (Rule.PIN, one, 0), "exclude": (Rule.EXCLUDE, top, 0), "boost": (Rule.BOOST, one, 20),
        "merge": (Rule.MERGE, one + other, 0), "split": (Rule.SPLIT, [reports[-1], *reports[:-1]], 0),
        "split off a reprint": (Rule.SPLIT, [printed.reprints[0].id, *[item.id for item in printed.reports]], 0),
    }
    told["acts"] = {}
    for name, (rule, articles, points) in acts.items():
        now = snapshot([Ruling(rule, tuple(articles), points)])
        told["acts"][name], again = timed(lambda: picker.pick(now, kept))
        assert [one.stored() for one in again.ranked] == [one.stored() for one in picker.pick(now).ranked], name
        picker.pick(snapshot(), kept)
if work == "more":
    # the last reports of the week come in one after another, in a first week and after twelve others
    stories = picker.group(snapshot()).stories
    last = sorted((report for story in stories for report in story.reports), key=lambda item: item.published_at)[-9:]
    late = {item.id for item in last}
    rest = [item for item in items if item.id not in late]
    counted = raw["earlier"]
    for name, earlier in ("first", Frequencies()), ("after twelve", Frequencies(counted["reports"], counted["terms"])):
        kept, costs = picker.Kept(), []
        week = lambda number: replace(snapshot(), items=tuple(map(replace, rest + last[:number])), frequencies=earlier)
        picker.pick(week(0), kept)
        for number in range(1, len(last) + 1):
            seconds, again = timed(lambda: picker.pick(week(number), kept))
            costs.append(seconds)
        fresh = picker.pick(week(len(last)))
        assert [one.stored() for one in again.ranked] == [one.stored() for one in fresh.ranked]
        told[name] = sorted(costs)
print(json.dumps(told))
"""


def measure(*, quick: bool) -> list[dict[str, Any]]:
    """A row for each size: seconds of processor's time here and in the earlier build, their ratio, and memory."""
    rows = []
    with _earlier_build() as (root, name):
        for size in QUICK if quick else (*SIZES, *ALONE):
            with _week(size) as file:
                rows.append(_row(size, file, root, name, quick=quick))
    return rows


def acts(size: int = 3000) -> dict[str, Any]:
    """Seconds that each of an editor's acts takes after a first ranking, and those of nine more reports, sorted."""
    with _week(size, _earlier(size)) as file:
        told, more = _run(_ROOT, file, "acts"), _run(_ROOT, file, "more")
    return {"articles": size, **told, "more": {"first week": more["first"], "later weeks": more["after twelve"]}}


def _row(size: int, file: Path, root: Path | None, name: str, *, quick: bool) -> dict[str, Any]:
    ours = _run(_ROOT, file, "pick")
    if size <= (_CHECKED_QUICK if quick else _CHECKED):
        assert _run(_ROOT, file, "check")["same"], f"other clusters than the plain reference at {size} articles"
    theirs = None if size in ALONE else _run(root or _ROOT, file, "pick" if root else "plain")["seconds"]
    return {
        "articles": size,
        "seconds": round(ours["seconds"], 2),
        "baseline_seconds": theirs and round(theirs, 2),
        "ratio": theirs and round(theirs / ours["seconds"], 1),
        "megabytes": round(ours["megabytes"]),
        "baseline": name if theirs else f"not run: {name} takes a quarter of an hour for so many",
    }


def _run(root: Path, file: Path, work: str) -> dict[str, Any]:
    command = [sys.executable, "-c", _CHILD, str(root), str(file), work]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if done.returncode:
        raise RuntimeError(f"picking in {root} failed: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@contextmanager
def _week(size: int, earlier: dict[str, Any] | None = None) -> Iterator[Path]:
    """A file with a simulated week of *size* articles, of 450 words on average."""
    week = weeks.week(1000, weeks.times(Shape(sentences=SENTENCES), size / USUAL))
    items = [one.item for one in week.articles[:size]]
    plain = [
        {
            **{name: getattr(item, name) for name in ("id", "url", "title", "text", "source", "owner", "authority")},
            "kind": item.kind.value,
            "published_at": item.published_at.isoformat(),
        }
        for item in items
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "week.json")
        told = {"items": plain, "closes_at": week.closes_at.isoformat(), "earlier": earlier}
        file.write_text(json.dumps(told), "utf-8")
        yield file


def _earlier(size: int) -> dict[str, Any]:
    """What twelve weeks have counted: one other simulated week, twelve times."""
    week = weeks.week(1001, weeks.times(Shape(sentences=SENTENCES), size / USUAL))
    items = [one.item for one in week.articles]
    read = readings.read_all(items)
    reports = [read[name].long[0] for name, origin in copies.origins(items, read).items() if name == origin]
    counted = frequencies.count(reports)
    terms = {term: 12 * many for term, many in counted.terms.items() if many > 1}
    return {"reports": 12 * counted.reports, "terms": terms}


@contextmanager
def _earlier_build() -> Iterator[tuple[Path | None, str]]:
    """A folder with the earlier build, and what it is called; None where git does not have it."""
    done = subprocess.run(["git", "-C", str(_ROOT), "archive", BEFORE], capture_output=True, check=False)
    if done.returncode:
        yield None, "the plain reference"
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder), f"commit {BEFORE}"


def show(rows: Sequence[dict[str, Any]], acted: dict[str, Any]) -> None:
    """Print the tables."""
    print("\n| articles | seconds | earlier build | ratio | peak memory | beside |")
    print("| ---: | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        theirs = f"{row['baseline_seconds']:.2f}" if row["baseline_seconds"] else ""
        ratio = f"{row['ratio']:.1f}" if row["ratio"] else ""
        print(
            f"| {row['articles']:,} | {row['seconds']:.2f} | {theirs} | {ratio} | {row['megabytes']} MB "
            f"| {row['baseline']} |"
        )
    print(f"\n| after a first ranking of {acted['articles']:,} ({acted['seconds']:.2f} s) | milliseconds |")
    print("| --- | ---: |")
    for name, seconds in acted["acts"].items():
        print(f"| {name} | {1000 * seconds:.0f} |")
    for name, costs in acted["more"].items():
        least, usual, most = (1000 * costs[at] for at in (0, len(costs) // 2, -1))
        print(f"| one more report, {name} | {usual:.0f} ({least:.0f} to {most:.0f}) |")
