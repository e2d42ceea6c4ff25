"""Reports into stories: exact average-link clustering (UPGMA), with a guard against look-alikes.

Editors' merges and splits come before both.
"""

import heapq
import math
from array import array
from collections.abc import Collection, Mapping, Sequence

from newsletter.stories.picking.vectors import Vector

#: mean similarity below which two groups are two stories; measured on real news, a plateau from .20 to .24
CUT = 0.20
#: and below which share of the looser group's own mean: halves of one story are as alike as each half is in itself,
#: look-alikes are not
BRANCH = 0.75
_NEVER = -1e9

Pairs = Collection[tuple[int, int]]


def group(
    vectors: Mapping[int, Vector], *, together: Pairs = (), apart: Pairs = (), cut: float = CUT
) -> list[tuple[int, ...]]:
    """Stories as tuples of ids, sorted; the same whatever the order of *vectors*.

    Two groups join while the mean cosine of their pairs is at least *cut*, the most alike first; two groups of
    several reports each only where it is also at least `BRANCH` of the mean inside the looser one. Such a mean
    needs one pair at *cut* or more, so groups never reach across the parts of the graph of those pairs: each
    part is clustered by itself, and nobody keeps a table of all pairs.
    """
    ids = sorted(vectors)
    place = {name: at for at, name in enumerate(ids)}
    glued = [(place[a], place[b]) for a, b in together if a in place and b in place]
    barred = {(min(place[a], place[b]), max(place[a], place[b])) for a, b in apart if a in place and b in place}
    rows = [vectors[name] for name in ids]
    stories: list[tuple[int, ...]] = []
    for part in _parts(rows, glued, cut):
        stories.extend(tuple(ids[at] for at in members) for members in _cluster(part, rows, glued, barred, cut))
    return sorted(stories)


def _parts(rows: Sequence[Vector], glued: Pairs, cut: float) -> list[list[int]]:
    """The connected parts of the graph of pairs that are alike enough or glued."""
    leaders = list(range(len(rows)))
    for a, b in glued:
        _join(leaders, a, b)
    for a, b in _alike(rows, cut):
        _join(leaders, a, b)
    parts: dict[int, list[int]] = {}
    for at in range(len(rows)):
        parts.setdefault(_leader(leaders, at), []).append(at)
    return list(parts.values())


def _alike(rows: Sequence[Vector], cut: float) -> list[tuple[int, int]]:
    """Every pair whose cosine is at least *cut*, through an index of who holds which term."""
    holders: dict[str, list[tuple[int, float]]] = {}
    pairs: list[tuple[int, int]] = []
    for at, row in enumerate(rows):
        sums = [0.0] * at
        for term, weight in row.items():
            held = holders.setdefault(term, [])
            for other, theirs in held:
                sums[other] += weight * theirs
            held.append((at, weight))
        pairs.extend((other, at) for other, value in enumerate(sums) if value >= cut)
    return pairs


def _cluster(
    part: Sequence[int], rows: Sequence[Vector], glued: Pairs, barred: Collection[tuple[int, int]], cut: float
) -> list[list[int]]:
    if len(part) == 1:
        return [list(part)]
    links = _Links(part, rows)
    for a, b in barred:
        links.forbid(a, b)
    for a, b in sorted(glued):
        links.join(a, b)
    links.agglomerate(cut)
    return links.groups()


class _Links:
    """The groups of one part, and for each two of them the sum of their pairs' cosines."""

    def __init__(self, part: Sequence[int], rows: Sequence[Vector]) -> None:
        self._part = part
        self._place = {at: local for local, at in enumerate(part)}
        self._members: dict[int, list[int]] = {local: [local] for local in range(len(part))}
        self._leaders = list(range(len(part)))
        self._age = [0] * len(part)
        self._sums = _products([rows[at] for at in part])
        #: the sum of the cosines of each group's own pairs
        self._inside = [0.0] * len(part)

    def forbid(self, a: int, b: int) -> None:
        one, other = self._place.get(a), self._place.get(b)
        if one is not None and other is not None:
            self._sums[one][other] = self._sums[other][one] = _NEVER

    def join(self, a: int, b: int) -> None:
        if a in self._place and b in self._place:
            one, other = _leader(self._leaders, self._place[a]), _leader(self._leaders, self._place[b])
            if one != other:
                self._merge(min(one, other), max(one, other))

    def agglomerate(self, cut: float) -> None:
        """Join the two most alike groups again and again; of equals, those of the smallest ids."""
        heads = sorted(self._members)
        heap = [entry for one in heads for other in heads if one < other and (entry := self._entry(one, other, cut))]
        heapq.heapify(heap)
        while heap:
            _, one, other, age_one, age_other = heapq.heappop(heap)
            if self._age[one] != age_one or self._age[other] != age_other:
                continue
            self._merge(one, other)
            for third in self._members:
                if third != one and (entry := self._entry(min(one, third), max(one, third), cut)):
                    heapq.heappush(heap, entry)

    def groups(self) -> list[list[int]]:
        return [sorted(self._part[local] for local in members) for members in self._members.values()]

    def _entry(self, one: int, other: int, cut: float) -> tuple[float, int, int, int, int] | None:
        mean = self._sums[one][other] / (len(self._members[one]) * len(self._members[other]))
        if mean < cut or mean < BRANCH * min(self._coherence(one), self._coherence(other)):
            return None
        return -mean, one, other, self._age[one], self._age[other]

    def _coherence(self, group: int) -> float:
        """The mean cosine of its pairs; 0 for a single report, which has none to be measured by."""
        size = len(self._members[group])
        return self._inside[group] / math.comb(size, 2) if size > 1 else 0.0

    def _merge(self, one: int, other: int) -> None:
        self._inside[one] += self._inside[other] + self._sums[one][other]
        mine, theirs = self._sums[one], self._sums[other]
        for third in self._members:
            mine[third] += theirs[third]
            self._sums[third][one] = mine[third]
        self._members[one] += self._members.pop(other)
        self._leaders[other] = one
        self._age[one] += 1
        self._age[other] = -1


def _products(rows: Sequence[Vector]) -> "list[array[float]]":
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


def _join(leaders: list[int], a: int, b: int) -> None:
    one, other = _leader(leaders, a), _leader(leaders, b)
    leaders[max(one, other)] = min(one, other)


def _leader(leaders: list[int], at: int) -> int:
    while leaders[at] != at:
        leaders[at] = leaders[leaders[at]]
        at = leaders[at]
    return at
