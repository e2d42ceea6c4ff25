"""One connected part of a week, clustered: the two most alike groups join, again and again.

Twice: in plain Python, which is the reference, and on a table of numpy's with the same sums in the same order.
"""

import heapq
import math
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.stories.picking import sparse

_NEVER = -1e9
#: fewer reports are done sooner without numpy
_WORTH_IT = 12

Pairs = Collection[tuple[int, int]]
Rows = Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What keeps groups apart."""

    #: two groups whose pairs have a lower mean cosine are two stories
    cut: float
    #: of the looser group's own mean, the share below which two groups of several reports stay apart: halves of one
    #: story are as alike as each half is in itself, look-alikes are not
    branch: float


def cluster(
    part: Sequence[int], rows: Rows, glued: Pairs, barred: Pairs, bounds: Bounds, *, plain: bool = False
) -> list[tuple[int, ...]]:
    """The groups of *part*, whose vectors are *rows*: those of *glued* pairs first, never those of *barred* ones."""
    if len(part) == 1:
        return [tuple(part)]
    quick = not plain and len(part) >= _WORTH_IT
    links = QuickLinks(part, rows, bounds) if quick else Links(part, rows, bounds)
    for a, b in barred:
        links.forbid(a, b)
    for a, b in sorted(glued):
        links.join(a, b)
    links.agglomerate()
    return links.groups()


class Links:
    """The groups of one part, and for each two of them the sum of their pairs' cosines."""

    def __init__(self, part: Sequence[int], rows: Rows, bounds: Bounds) -> None:
        self._part, self._bounds = part, bounds
        self._place = {name: local for local, name in enumerate(part)}
        self._members: dict[int, list[int]] = {local: [local] for local in range(len(part))}
        #: each one's group
        self._group = list(range(len(part)))
        self._age = [0] * len(part)
        self._sums: Any = self._products(rows)
        #: the sum of the cosines of each group's own pairs
        self._inside = [0.0] * len(part)

    def forbid(self, a: int, b: int) -> None:
        one, other = self._place.get(a), self._place.get(b)
        if one is not None and other is not None:
            self._sums[one][other] = self._sums[other][one] = _NEVER

    def join(self, a: int, b: int) -> None:
        if a in self._place and b in self._place:
            one, other = self._group[self._place[a]], self._group[self._place[b]]
            if one != other:
                self._merge(min(one, other), max(one, other))

    def agglomerate(self) -> None:
        """Join the two most alike groups again and again; of equals, those of the smallest ids."""
        heap = [
            entry
            for one in sorted(self._members)
            for other in self._near(one)
            if one < other and (entry := self._entry(one, other))
        ]
        heapq.heapify(heap)
        while heap:
            _, one, other, age_one, age_other = heapq.heappop(heap)
            if self._age[one] != age_one or self._age[other] != age_other:
                continue
            self._merge(one, other)
            for third in self._near(one):
                if third != one and (entry := self._entry(min(one, third), max(one, third))):
                    heapq.heappush(heap, entry)

    def groups(self) -> list[tuple[int, ...]]:
        return [tuple(sorted(self._part[local] for local in members)) for members in self._members.values()]

    def _near(self, one: int) -> Iterable[int]:
        """The groups that *one* may join."""
        return self._members

    def _entry(self, one: int, other: int) -> tuple[float, int, int, int, int] | None:
        mean = float(self._sums[one][other]) / (len(self._members[one]) * len(self._members[other]))
        if mean < self._bounds.cut or mean < self._bounds.branch * min(self._coherence(one), self._coherence(other)):
            return None
        return -mean, one, other, self._age[one], self._age[other]

    def _coherence(self, group: int) -> float:
        """The mean cosine of its pairs; 0 for a single report, which has none to be measured by."""
        size = len(self._members[group])
        return self._inside[group] / math.comb(size, 2) if size > 1 else 0.0

    def _merge(self, one: int, other: int) -> None:
        self._inside[one] += self._inside[other] + float(self._sums[one][other])
        self._add(one, other)
        for local in self._members[other]:
            self._group[local] = one
        self._members[one] += self._members.pop(other)
        self._age[one] += 1
        self._age[other] = -1

    def _add(self, one: int, other: int) -> None:
        mine, theirs = self._sums[one], self._sums[other]
        for third in self._members:
            mine[third] += theirs[third]
            self._sums[third][one] = mine[third]

    def _products(self, rows: Rows) -> Any:
        """The cosine of each two rows."""
        table = [array("d", bytes(8 * len(rows))) for _ in rows]
        holders: dict[str, list[tuple[int, float]]] = {}
        for at, row in enumerate(rows):
            sums = table[at]
            for term, weight in row.items():
                held = holders.setdefault(term, [])
                for other, theirs in held:
                    sums[other] += weight * theirs
                held.append((at, weight))
            for other in range(at):
                table[other][at] = sums[other]
        return table


class QuickLinks(Links):
    """The same on a table of numpy's, looking only at groups of which one pair at least is alike enough."""

    def __init__(self, part: Sequence[int], rows: Rows, bounds: Bounds) -> None:
        super().__init__(part, rows, bounds)
        self._neighbours = sparse.neighbours(self._sums, bounds.cut)

    def _near(self, one: int) -> Iterable[int]:
        return list(self._neighbours[one])

    def _add(self, one: int, other: int) -> None:
        self._sums[one] += self._sums[other]
        self._sums[:, one] = self._sums[one]
        mine, theirs = self._neighbours[one], self._neighbours[other]
        for third in theirs:
            self._neighbours[third].discard(other)
            self._neighbours[third].add(one)
        mine |= theirs
        mine -= {one, other}
        self._neighbours[one] = mine

    def _products(self, rows: Rows) -> Any:
        return sparse.products(rows)
