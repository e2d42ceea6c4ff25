"""Which stories make the edition: the best ones that differ, within limits, relaxed only in a stated order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter import plural
from newsletter.stories.picking import vectors

#: thousandths of a point: below this nothing is chosen, whatever is missing
FLOOR = 25_000
#: how much likeness to what is chosen already costs, in hundredths
_LIKENESS = 25
#: centroids this near count as the same story told again
_FULLY_ALIKE = 0.5
#: what is limited, by the names of its fields
_KINDS = ("company", "topic", "source")


@dataclass(frozen=True)
class Candidate:
    """A story that may be chosen, reduced to what choosing needs."""

    #: its smallest article id
    id: int
    #: thousandths of a point
    score: int
    #: hundredths of a voice
    weight: int = 0
    voices: int = 1
    #: when it was first told, as a sortable number
    since: float = 0.0
    url: str = ""
    company: str = ""
    source: str = ""
    topic: str = ""
    centroid: Mapping[str, float] = field(default_factory=dict)
    #: its place among the pins; None where it is not pinned
    pin: int | None = None
    #: why it may not be chosen; empty where it may
    barred: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so many stories of one company, topic and lead source."""

    company: int = 1
    topic: int = 2
    source: int = 2


#: one step after another, until there are stories enough
RELAXING = (Limits(2, 2, 2), Limits(2, 3, 2), Limits(2, 3, 3))


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen ids in slot order, the others in order of preference with what kept them out, and what was relaxed."""

    chosen: tuple[int, ...]
    others: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]


def pick(candidates: Sequence[Candidate], *, limit: int = 5, limits: Limits = Limits(), floor: int = FLOOR) -> Choice:
    """Choose up to *limit*: pins first, then the best by score less likeness to those chosen.

    Where too few survive, the limits are relaxed one after another and each use is noted. Nothing below
    *floor* is ever chosen unless it is pinned; fewer than *limit* is an answer.
    """
    ordered = sorted(candidates, key=_preference)
    open_to = [one for one in ordered if one.pin is None and not one.barred and one.score >= floor]
    table = _Table(limits, open_to)
    notes = list(_seat_pins(table, ordered, limit))
    table.fill(limit)
    for relaxed in RELAXING:
        if len(table.chosen) < limit:
            notes.extend(_fill_relaxed(table, limit, relaxed))
    if len(table.chosen) < limit:
        notes.append(f"a thin week: {len(table.chosen)} of {limit} stories; nothing else may be chosen")
    taken = {one.id for one in table.chosen}
    others = tuple((one.id, _lacking(one, table, floor)) for one in ordered if one.id not in taken)
    return Choice(tuple(one.id for one in table.chosen), others, tuple(notes))


def likeness(one: Candidate, other: Candidate) -> int:
    """Thousandths: how much one tells again what the other tells."""
    return round(1000 * min(1.0, vectors.cosine(one.centroid, other.centroid) / _FULLY_ALIKE))


def _preference(one: Candidate) -> tuple[object, ...]:
    """Best first. Ties: weight, voices, earliest, link; the id makes it total."""
    return bool(one.barred), -one.score, -one.weight, -one.voices, one.since, one.url, one.id


class _Table:
    """The stories that have a seat, those that may get one, and the limits that hold."""

    def __init__(self, limits: Limits, open_to: Sequence[Candidate]) -> None:
        #: what was asked for, and what holds after relaxing
        self.wanted = self.limits = limits
        self.chosen: list[Candidate] = []
        self._waiting = list(open_to)
        self._alike = {one.id: 0 for one in open_to}

    def seat(self, one: Candidate) -> None:
        self.chosen.append(one)
        self._waiting = [other for other in self._waiting if other.id != one.id]
        for other in self._waiting:
            self._alike[other.id] = max(self._alike[other.id], likeness(one, other))

    def full(self, one: Candidate) -> tuple[str, Candidate] | None:
        """The first limit that *one* would break, and the last seated story that fills it."""
        for kind in _KINDS:
            same = self._same(kind, getattr(one, kind))
            if len(same) >= getattr(self.limits, kind):
                return kind, same[-1]
        return None

    def count(self, kind: str, name: str) -> int:
        """How many seated stories are of *name*."""
        return len(self._same(kind, name))

    def fill(self, limit: int) -> list[Candidate]:
        """Seat the best that break no limit until there are *limit*; those seated."""
        seated: list[Candidate] = []
        while len(self.chosen) < limit:
            free = [one for one in self._waiting if self.full(one) is None]
            if not free:
                break
            best = max(free, key=self._value)  # of equals the first, and they stand in order of preference
            self.seat(best)
            seated.append(best)
        return seated

    def _same(self, kind: str, name: str) -> list[Candidate]:
        return [one for one in self.chosen if name and getattr(one, kind).casefold() == name.casefold()]

    def _value(self, one: Candidate) -> int:
        return (100 - _LIKENESS) * one.score - _LIKENESS * 100 * self._alike[one.id]


def _seat_pins(table: _Table, ordered: Sequence[Candidate], limit: int) -> Iterator[str]:
    pins = sorted((one for one in ordered if one.pin is not None), key=lambda one: (one.pin, one.id))
    for one in pins[:limit]:
        full = table.full(one)
        if full is not None:
            yield f"pinned although it is one more story of one {full[0]}, “{getattr(one, full[0])}”"
        table.seat(one)
    if len(pins) > limit:
        yield f"{len(pins)} stories are pinned for {limit} places; the latest pins wait"


def _fill_relaxed(table: _Table, limit: int, relaxed: Limits) -> Iterator[str]:
    table.limits = relaxed
    for one in table.fill(limit):
        for kind in _KINDS:
            name = getattr(one, kind)
            count = table.count(kind, name)
            if count > getattr(table.wanted, kind):
                yield f"{count} stories of one {kind} were allowed, “{name}”, to fill up"


def _lacking(one: Candidate, table: _Table, floor: int) -> str:
    if one.barred:
        return one.barred
    if one.pin is not None:
        return "pinned after the places were taken"
    if one.score < floor:
        return f"below the floor of {plural.counted(floor // 1000, 'point')}"
    full = table.full(one)
    if full is not None:
        kind, other = full
        said = "its lead is from the same source as that of" if kind == "source" else f"same {kind} as"
        return f"{said} no. {table.chosen.index(other) + 1}"
    alike = max(table.chosen, key=lambda other: likeness(one, other), default=None)
    if alike is not None and likeness(one, alike) >= 500:
        return f"much like no. {table.chosen.index(alike) + 1}"
    return ""
