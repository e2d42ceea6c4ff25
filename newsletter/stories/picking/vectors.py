"""Reports as vectors: TF-IDF in two channels, the lead and the long read, each half of the weight."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, pairwise
from typing import Any, NamedTuple

from newsletter.stories.picking import readings, speed
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.readings import Counts, Reading
from newsletter.stories.picking.snapshot import Item

#: term → weight; of length 1 unless it is a sum
Vector = dict[str, float]

#: terms kept in a channel: as good as all of them, and three times as fast
_TERMS = 100
#: marks the lead's terms, so that the two channels lie in one vector; no word holds it
_MARK = "^"
_HALF = math.sqrt(0.5)
#: reports from which on numpy pays, and those that are made together
_WORTH_IT, _AT_ONCE = 20, 200


class _Marked(dict[str, str]):
    def __missing__(self, term: str) -> str:
        if len(self) >= _MOST_TERMS:
            self.clear()
        marked = self[term] = _MARK + term
        return marked


_MARKED, _MOST_TERMS = _Marked(), 500_000
#: how much a term counts that is read so often; no text is read further
_LOGS = (0.0, *(1.0 + math.log(times) for times in range(1, 10_000)))


def long_read(item: Item) -> Sequence[str]:
    """The terms of the title and the first 400 words."""
    return readings.read(item).long[0]


def of_report(item: Item, frequencies: Frequencies) -> Vector:
    """*item* as a vector: the cosine of two is the mean of the cosines of their leads and of their long reads."""
    return of_reading(readings.read(item), frequencies)


def of_reading(reading: Reading, frequencies: Frequencies) -> Vector:
    """The vector of a report that was taken apart already."""
    if reading.is_bare:
        return mixed(reading.title, reading.title, frequencies)
    return mixed(reading.long, reading.lead, frequencies)


def of_readings(some: Sequence[Reading], frequencies: Frequencies) -> list[Vector]:
    """The vectors of many reports, hundreds at once where numpy was loaded."""
    numpy = speed.loaded()
    if numpy is None or len(some) < _WORTH_IT:
        return [of_reading(reading, frequencies) for reading in some]
    blocks = (some[start : start + _AT_ONCE] for start in range(0, len(some), _AT_ONCE))
    return [vector for block in blocks for vector in _by_numpy(numpy, block, frequencies)]


def of_terms(terms: Iterable[str], frequencies: Frequencies) -> Vector:
    """A short text, given as its terms, as a report that says it in both channels."""
    counts = readings.counts(terms)
    return mixed(counts, counts, frequencies)


def mixed(long: Counts, lead: Counts, frequencies: Frequencies) -> Vector:
    """Both channels in one, the long read first, each in the order in which it was read."""
    one, other = _heaviest(long, frequencies), _heaviest(lead, frequencies)
    both = _HALF if one[1] and other[1] else 1.0
    vector = dict(zip(one[0], [weight * both for weight in one[1]], strict=True))
    vector.update(zip(map(_MARKED.__getitem__, other[0]), [weight * both for weight in other[1]], strict=True))
    return vector


def of_words(terms: Iterable[str], frequencies: Frequencies) -> Vector:
    """One channel: the hundred heaviest of *terms*."""
    return channel(readings.counts(terms), frequencies)


def channel(counts: Counts, frequencies: Frequencies) -> Vector:
    """The hundred heaviest terms of *counts*, at length 1."""
    return dict(zip(*_heaviest(counts, frequencies), strict=True))


def _heaviest(counts: Counts, frequencies: Frequencies) -> tuple[Sequence[str], list[float]]:
    """The hundred heaviest terms, in the order in which they were read, and their weights; of equals the first."""
    terms: Sequence[str] = counts[0]
    known, logs = frequencies.weights, _LOGS
    weights = [logs[many] * weight for many, weight in zip(counts[1], map(known.__getitem__, terms), strict=True)]
    if len(terms) > _TERMS:
        heaviest = sorted(range(len(terms)), key=weights.__getitem__, reverse=True)[:_TERMS]
        heaviest.sort()
        terms, weights = [terms[at] for at in heaviest], [weights[at] for at in heaviest]
    if 0.0 in weights:
        told = [at for at, weight in enumerate(weights) if weight > 0]
        terms, weights = [terms[at] for at in told], [weights[at] for at in told]
    length = math.sqrt(math.fsum([weight * weight for weight in weights]))
    return terms, [weight / length for weight in weights]


def _by_numpy(numpy: Any, some: Sequence[Reading], frequencies: Frequencies) -> Iterator[Vector]:
    """To the last bit what `of_reading` makes of each."""
    long, lead = (
        _all_heaviest(numpy, [one.title if one.is_bare else getattr(one, channel) for one in some], frequencies)
        for channel in ("long", "lead")
    )
    halves = numpy.where((long.sizes > 0) & (lead.sizes > 0), _HALF, 1.0)
    marked = list(map(_MARKED.__getitem__, lead.terms))
    ones, others = ((one.weights * numpy.repeat(halves, one.sizes)).tolist() for one in (long, lead))
    at = to = 0
    for size, other in zip(long.sizes.tolist(), lead.sizes.tolist(), strict=True):
        vector = dict(zip(long.terms[at : at + size], ones[at : at + size], strict=True))
        vector.update(zip(marked[to : to + other], others[to : to + other], strict=True))
        at, to = at + size, to + other
        yield vector


class _Heaviest(NamedTuple):
    """What `_heaviest` finds of many, one after another, and how much of each."""

    terms: list[str]
    weights: Any
    sizes: Any


def _all_heaviest(numpy: Any, some: Sequence[Counts], frequencies: Frequencies) -> _Heaviest:
    terms = [term for counts in some for term in counts[0]]
    times = numpy.fromiter((many for counts in some for many in counts[1]), numpy.int64, len(terms))
    known = numpy.fromiter(map(frequencies.weights.__getitem__, terms), numpy.float64, len(terms))
    weights = numpy.array(_LOGS[: int(times.max(initial=0)) + 1])[times] * known
    sizes = numpy.array([len(counts[0]) for counts in some], dtype=numpy.int64)
    rows = numpy.repeat(numpy.arange(len(some)), sizes)
    kept = _are_heaviest(numpy, weights, rows, sizes) & (weights > 0)
    told, sizes = weights[kept], numpy.bincount(rows[kept], minlength=len(some))
    squares = (told * told).tolist()
    ends = numpy.cumsum(sizes).tolist()
    lengths = [math.sqrt(math.fsum(squares[start:end])) for start, end in pairwise([0, *ends])]
    return _Heaviest(list(compress(terms, kept.tolist())), told / numpy.repeat(lengths, sizes), sizes)


def _are_heaviest(numpy: Any, weights: Any, rows: Any, sizes: Any) -> Any:
    """Whether each is one of the hundred heaviest of its row; of equals the first."""
    width = int(sizes.max(initial=0))
    if width <= _TERMS:
        return numpy.ones(len(weights), dtype=bool)
    starts = numpy.cumsum(sizes) - sizes
    table = numpy.full((len(sizes), width), -1.0)
    table[rows, numpy.arange(len(weights)) - starts[rows]] = weights
    least = numpy.partition(table, width - _TERMS, axis=1)[:, width - _TERMS][rows]
    above, level = weights > least, weights == least
    free = _TERMS - numpy.bincount(rows[above], minlength=len(sizes))
    met = numpy.append(0, numpy.cumsum(level))
    return above | (level & (met[1:] - met[starts[rows]] <= free[rows]))


def unit(vector: Mapping[str, float]) -> Vector:
    """*vector* at length 1; an empty one stays empty."""
    length = math.sqrt(math.fsum([weight * weight for weight in vector.values()]))
    return {term: weight / length for term, weight in vector.items()} if length else {}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How alike two vectors of length 1 are, exactly the same in either order."""
    shared = one.keys() & other.keys()
    return math.fsum([one[term] * other[term] for term in shared])


def centroid(vectors: Sequence[Mapping[str, float]]) -> Vector:
    """The middle of *vectors*, at length 1; whatever their order, the same."""
    if len(vectors) == 1:
        return unit(vectors[0])
    parts: dict[str, list[float]] = {}
    for vector in vectors:
        for term, weight in vector.items():
            parts.setdefault(term, []).append(weight)
    return unit({term: math.fsum(parts[term]) for term in sorted(parts)})
