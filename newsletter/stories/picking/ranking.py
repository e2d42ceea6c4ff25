"""Which stories make the edition: the best ones that differ, within limits, relaxed only in a stated order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from newsletter import plural
from newsletter.stories.picking import vectors
from newsletter.stories.picking.placing import Cause, Placing

#: thousandths of a point: below this nothing is chosen, whatever is missing
FLOOR = 25_000
#: how much likeness to what is chosen already costs, in hundredths
_LIKENESS = 25
#: below this, the cosine of two centres means nothing; from there it counts more and more, up to the same story again
_UNLIKE, _FULLY_ALIKE = 0.22, 0.5
#: what is limited, by the names of its fields
_KINDS = ("company", "topic", "source")
_ANY_VALUE = -(10**12)


class Entrant(Protocol):
    """What choosing needs of a story; what is dear to work out is asked only of those that may be chosen."""

    @property
    def id(self) -> int:
        """Its smallest article id."""

    @property
    def score(self) -> int:
        """Thousandths of a point."""

    @property
    def weight(self) -> int:
        """Hundredths of a voice."""

    @property
    def voices(self) -> int: ...

    @property
    def since(self) -> float:
        """When it was first told, as a sortable number."""

    @property
    def url(self) -> str: ...

    @property
    def company(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def topic(self) -> str: ...

    @property
    def centroid(self) -> Mapping[str, float]: ...

    @property
    def pin(self) -> int | None:
        """Its place among the pins; None where it is not pinned."""

    @property
    def place(self) -> int:
        """The slot that its pin asks for, from 1; 0 where it asks for none."""

    @property
    def barred(self) -> str:
        """Why it may not be chosen; empty where it may."""


@dataclass(frozen=True)
class Candidate:
    """A story that may be chosen, reduced to what choosing needs."""

    id: int
    score: int
    weight: int = 0
    voices: int = 1
    since: float = 0.0
    url: str = ""
    company: str = ""
    source: str = ""
    topic: str = ""
    centroid: Mapping[str, float] = field(default_factory=dict)
    pin: int | None = None
    place: int = 0
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
    """The chosen ids in slot order, the others in order of preference with what kept them out, and what was relaxed.

    Empty words mean that an other has fewer points than each of the chosen.
    """

    chosen: tuple[int, ...]
    others: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]
    #: what decided about a story, where it was something else than its points
    placings: Mapping[int, Placing] = field(default_factory=dict, compare=False)


def pick(
    candidates: Sequence[Entrant],
    *,
    limit: int = 5,
    limits: Limits = Limits(),
    floor: int = FLOOR,
    told: int | None = None,
) -> Choice:
    """Choose up to *limit*: pins first, then the best by score less likeness to those chosen.

    What is chosen stands in this order, but for pins that ask for a slot: they have it, and the others stand around.

    Where too few survive, the limits are relaxed one after another and each use is noted. Nothing below
    *floor* is ever chosen unless it is pinned; fewer than *limit* is an answer. *told* says how many of the
    others are told of (default: all).
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
    others = [one for one in ordered if one.id not in taken][:told]
    free = len(table.chosen) < limit
    table.arrange()
    placings = {one.id: table.why_later(one) for one in table.chosen}
    placings.update((one.id, table.still_over(one) if free else table.why_out(one)) for one in others)
    lacking = tuple((one.id, _lacking(one, placings[one.id], table, floor)) for one in others)
    known = {name: placing for name, placing in placings.items() if placing is not None}
    return Choice(tuple(one.id for one in table.in_slots()), lacking, tuple(notes), known)


def likeness(one: Entrant, other: Entrant) -> int:
    """Thousandths: how much one tells again what the other tells; 0 for what unrelated news has in common."""
    near = vectors.cosine(one.centroid, other.centroid)
    return round(1000 * min(1.0, max(0.0, (near - _UNLIKE) / (_FULLY_ALIKE - _UNLIKE))))


def _preference(one: Entrant) -> tuple[object, ...]:
    """Best first. Ties: weight, voices, earliest, link; the id makes it total."""
    return bool(one.barred), -one.score, -one.weight, -one.voices, one.since, one.url, one.id


@dataclass(frozen=True, slots=True)
class _Step:
    """One story seated by its worth, when *before* others sat and *limits* held."""

    before: int
    value: int
    limits: Limits
    place: int


class _Table:
    """The stories that have a seat, those that may get one, and the limits that hold."""

    def __init__(self, limits: Limits, open_to: Sequence[Entrant]) -> None:
        #: what was asked for, and what holds after relaxing
        self.wanted = self.limits = limits
        self.chosen: list[Entrant] = []
        self._steps: list[_Step] = []
        self._waiting = list(open_to)
        #: the slot of each of the chosen, where it is another than its turn
        self._slots: dict[int, int] = {}
        self._order = {one.id: at for at, one in enumerate(open_to)}
        #: of each two that were compared
        self._alike: dict[tuple[int, int], int] = {}

    def seat(self, one: Entrant) -> None:
        self.chosen.append(one)
        self._waiting = [other for other in self._waiting if other.id != one.id]

    def arrange(self) -> None:
        """Give the pins the slots that they ask for; of two that ask for one, the later decision has it."""
        turns = range(len(self.chosen))
        wanted: dict[int, int] = {}
        for turn in sorted(turns, key=lambda turn: (self.chosen[turn].pin is None, self.chosen[turn].pin or 0)):
            if self.chosen[turn].pin is not None and self.chosen[turn].place:
                wanted[min(self.chosen[turn].place, len(self.chosen)) - 1] = turn
        free = (slot for slot in turns if slot not in wanted)
        seated = {turn: slot for slot, turn in wanted.items()}
        self._slots = {turn: seated[turn] if turn in seated else next(free) for turn in turns}

    def in_slots(self) -> list[Entrant]:
        """The chosen as they stand in the edition."""
        return [self.chosen[turn] for turn in sorted(range(len(self.chosen)), key=self._slot)]

    def _slot(self, turn: int) -> int:
        return self._slots.get(turn, turn)

    def full(self, one: Entrant) -> tuple[str, Entrant] | None:
        """The first limit that *one* would break, and the last seated story that fills it."""
        for kind, same in self._over(one, len(self.chosen), self.limits):
            return kind, same[-1]
        return None

    def count(self, kind: str, name: str) -> int:
        """How many seated stories are of *name*."""
        return len(_same(kind, name, self.chosen))

    def fill(self, limit: int) -> list[Entrant]:
        """Seat the best that break no limit until there are *limit*; those seated."""
        seated: list[Entrant] = []
        while len(self.chosen) < limit and (best := self._best()) is not None:
            step = _Step(len(self.chosen), self._value(best, len(self.chosen)), self.limits, self._order[best.id])
            self._steps.append(step)
            self.seat(best)
            seated.append(best)
        if len(self.chosen) < limit:
            # a place that anybody could have had who broke no limit
            self._steps.append(_Step(len(self.chosen), _ANY_VALUE, self.limits, len(self._order)))
        return seated

    def why_out(self, one: Entrant) -> Placing | None:
        """What kept *one* out, where it was not its points: without it, some step would have been its own."""
        if one.id not in self._order:
            return None
        return self._cause(one, self._steps)

    def why_later(self, one: Entrant) -> Placing | None:
        """Why *one* stands below a story of fewer points that took its seat by them; None where it does not."""
        if one.pin is not None:
            return None
        for step in self._steps:
            if step.value == _ANY_VALUE:
                continue
            above = self.chosen[step.before]
            if above.id == one.id:
                return None
            if above.score < one.score:
                cause = self._cause(one, [step])
                return cause and cause.below(self._slot(step.before) + 1)
        return None

    def still_over(self, one: Entrant) -> Placing | None:
        """The limits that keep *one* out of an edition with places free."""
        over = self._over(one, len(self.chosen), self.limits) if one.id in self._order else []
        return self._together(over, None) if over else None

    def _best(self) -> Entrant | None:
        """The first of the greatest value; points alone are its upper bound, and they stand in order of points."""
        best, most = None, 0
        for one in self._waiting:
            if best is not None and (100 - _LIKENESS) * one.score <= most:
                break
            if self.full(one) is not None:
                continue
            value = self._value(one, len(self.chosen))
            if best is None or value > most:
                best, most = one, value
        return best

    def _cause(self, one: Entrant, steps: Sequence[_Step]) -> Placing | None:
        """The one thing but for which *one* would have taken a seat at one of *steps*; two where it takes both."""
        both = alike = None
        for step in steps:
            if not self._beats((100 - _LIKENESS) * one.score, one, step):
                continue
            over, near = self._over(one, step.before, step.limits), self._nearest(one, step.before)
            reaches = self._beats(self._value(one, step.before), one, step)
            found = self._together(over, None if reaches else near)
            if over and reaches and len(over) == 1:
                return found
            if not over:
                alike = alike or found
            both = both or found
        return alike or both

    def _together(self, over: Sequence[tuple[str, Sequence[Entrant]]], near: tuple[int, int] | None) -> Placing:
        parts = [Placing(Cause(kind), self._places(same)) for kind, same in over]
        if near is not None:
            parts.append(Placing(Cause.LIKENESS, (self._slot(near[0] - 1) + 1,), likeness=near[1]))
        return parts[0] if len(parts) == 1 else Placing(Cause.SEVERAL, parts=tuple(parts))

    def _beats(self, value: int, one: Entrant, step: _Step) -> bool:
        return (-value, self._order[one.id]) < (-step.value, step.place)

    def _over(self, one: Entrant, before: int, limits: Limits) -> list[tuple[str, list[Entrant]]]:
        """Each limit that *one* would break among the first *before*, with those that fill it."""
        found = []
        for kind in _KINDS:
            same = _same(kind, getattr(one, kind), self.chosen[:before])
            if len(same) >= getattr(limits, kind):
                found.append((kind, same))
        return found

    def _places(self, some: Sequence[Entrant]) -> tuple[int, ...]:
        found = (self._slot(at) + 1 for at, one in enumerate(self.chosen) if any(one.id == other.id for other in some))
        return tuple(sorted(found))

    def _nearest(self, one: Entrant, before: int) -> tuple[int, int] | None:
        """The slot among the first *before* that *one* is most like, and how much; None where it is like none."""
        found = max(((self._like(one, other), -at) for at, other in enumerate(self.chosen[:before])), default=(0, 0))
        return (1 - found[1], found[0]) if found[0] else None

    def _value(self, one: Entrant, before: int) -> int:
        alike = max((self._like(one, other) for other in self.chosen[:before]), default=0)
        return (100 - _LIKENESS) * one.score - _LIKENESS * 100 * alike

    def _like(self, one: Entrant, other: Entrant) -> int:
        key = (one.id, other.id)
        if key not in self._alike:
            self._alike[key] = likeness(one, other)
        return self._alike[key]


def _same(kind: str, name: str, among: Sequence[Entrant]) -> list[Entrant]:
    return [one for one in among if name and getattr(one, kind).casefold() == name.casefold()]


def _seat_pins(table: _Table, ordered: Sequence[Entrant], limit: int) -> Iterator[str]:
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


def _lacking(one: Entrant, placing: Placing | None, table: _Table, floor: int) -> str:
    if one.barred:
        return one.barred
    if one.pin is not None:
        return "pinned after the places were taken"
    if one.score < floor:
        return f"below the floor of {plural.counted(floor // 1000, 'point')}"
    if placing is not None:
        return placing.left_out()
    return "every place was pinned" if all(other.pin is not None for other in table.chosen) else ""
