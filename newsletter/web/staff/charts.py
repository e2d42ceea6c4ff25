"""Courses as drawings: where each line, bar and word of a chart stands, for a template to write as SVG; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from newsletter.tracking.reports.courses import Course

#: as wide as a phone shows it, so that its words are as large there as the page's small ones
WIDTH, HEIGHT = 400, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 396, 22, 160
#: room for the words at the end of a line
_WORDS = 112
_LINE_OF_WORDS = 15
_TICKS = 4
_WAYS = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place; *anchor* is "start", "middle" or "end" of them."""

    x: float
    y: float
    says: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Line:
    """One kind, drawn from the beginning to now."""

    #: "first", "second", "third": each has a colour and a dash of its own
    way: str
    points: str
    end: Text


@dataclass(frozen=True, slots=True)
class Bar:
    """What happened in one step."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its title, what it shows in a sentence, and the same as a table."""

    key: str
    title: str
    says: str
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    #: heights that are drawn across, with what they stand for
    across: tuple[Text, ...]
    along: tuple[Text, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


def growing(key: str, title: str, says: str, course: Course, zone: ZoneInfo) -> Chart:
    """How each kind of *course* came together: a line for each, which ends with its sum."""
    kinds = [name for name in course.counts if course.total(name)]
    most = max((course.total(name) for name in kinds), default=0)
    right = _RIGHT - _WORDS
    ends = _apart([_height(course.total(name), most) for name in kinds])
    lines = []
    for way, name, at in zip(_WAYS, kinds, ends, strict=False):
        sums = [0, *accumulate(course.counts[name])]
        points = " ".join(
            f"{_round(_along(step, course.steps, right))},{_round(_height(total, most))}"
            for step, total in enumerate(sums)
        )
        lines.append(Line(way, points, Text(right + 6, at + 4, f"{course.total(name):,} {name}")))
    return Chart(
        key, title, says, tuple(lines), (), _scale(most), _times(course, zone, right), *_table(course, kinds, zone)
    )


def happening(key: str, title: str, says: str, course: Course, zone: ZoneInfo) -> Chart:
    """How much of the only kind of *course* happened in each step: a bar for each."""
    (name,) = course.counts
    figures = course.counts[name]
    most = max(figures, default=0)
    bars = []
    for step, figure in enumerate(figures):
        begins, ends = (_along(at, course.steps, _RIGHT) for at in (step, step + 1))
        top = _height(figure, most)
        if figure:
            gap = min(1.5, (ends - begins) / 6)
            bars.append(Bar(_round(begins + gap), _round(top), _round(ends - begins - 2 * gap), _round(_BOTTOM - top)))
    return Chart(
        key, title, says, (), tuple(bars), _scale(most), _times(course, zone, _RIGHT), *_table(course, [name], zone)
    )


def _along(step: int, steps: int, right: float) -> float:
    return _LEFT + (right - _LEFT) * step / max(1, steps)


def _height(figure: int, most: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * figure / max(1, most)


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights for words as near to those *wanted* as lets each be read."""
    order = sorted(range(len(wanted)), key=lambda each: wanted[each])
    placed = list(wanted)
    for upper, lower in pairwise(order):
        placed[lower] = max(placed[lower], placed[upper] + _LINE_OF_WORDS)
    low = [_BOTTOM - _LINE_OF_WORDS * back for back in range(len(order))]
    for back, each in enumerate(reversed(order)):
        placed[each] = min(placed[each], low[back])
    return placed


def _scale(most: int) -> tuple[Text, ...]:
    """The foot, and the most there was."""
    return (Text(_LEFT, _BOTTOM, "0"), *([Text(_LEFT, _TOP, f"{most:,}")] if most else []))


def _times(course: Course, zone: ZoneInfo, right: float) -> tuple[Text, ...]:
    """When some of the steps begin, and when the last ends."""
    steps = course.steps
    if not steps:
        return ()
    marks = sorted({round(steps * number / (_TICKS - 1)) for number in range(_TICKS)})
    anchors = {marks[0]: "start", marks[-1]: "end"}
    return tuple(
        Text(_round(_along(step, steps, right)), HEIGHT - 12, _spoken(course, step, zone), anchors.get(step, "middle"))
        for step in marks
    )


def _spoken(course: Course, step: int, zone: ZoneInfo) -> str:
    at = course.at(step).astimezone(zone)
    lasts = course.steps * course.step
    if lasts <= timedelta(days=1):
        return f"{at:%H:%M}"
    # days of which no two marks have the same
    return f"{at:%a %H:%M}" if lasts < timedelta(days=_TICKS) else f"{at:%a} {at.day}"


def _table(
    course: Course, kinds: Sequence[str], zone: ZoneInfo
) -> tuple[tuple[str, ...], tuple[tuple[str | int, ...], ...]]:
    """Each step in which something happened."""
    rows: list[tuple[str | int, ...]] = []
    for step in range(course.steps):
        figures = [course.counts[name][step] for name in kinds]
        if any(figures):
            at = course.at(step).astimezone(zone)
            rows.append((f"{at:%a} {at.day} {at:%b %H:%M}", *figures))
    return (f"from ({zone.key})", *kinds), tuple(rows)


def _round(number: float) -> float:
    return round(number, 1)
