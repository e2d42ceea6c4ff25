"""Reports as vectors: TF-IDF in two channels, the lead and the long read, each half of the weight."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from newsletter.stories.picking import words
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item

#: term → weight; of length 1 unless it is a sum
Vector = dict[str, float]

LONG, LEAD = 400, 80
#: terms kept in a channel: as good as all of them, and three times as fast
_TERMS = 100
#: marks the lead's terms, so that the two channels lie in one vector; no word holds it
_MARK = "^"
_HALF = math.sqrt(0.5)


def long_read(item: Item) -> list[str]:
    """The telling words of the title and the first 400 words."""
    return words.telling(f"{item.title} {words.first(item.text, LONG)}")


def lead(item: Item) -> list[str]:
    """The telling words of the title and the first 80 words."""
    return words.telling(f"{item.title} {words.first(item.text, LEAD)}")


def of_report(item: Item, frequencies: Frequencies) -> Vector:
    """*item* as a vector: the cosine of two is the mean of the cosines of their leads and of their long reads."""
    return mixed(long_read(item), lead(item), frequencies)


def mixed(long_terms: Iterable[str], lead_terms: Iterable[str], frequencies: Frequencies) -> Vector:
    """The vector of a report whose words are known already."""
    vector = {term: weight * _HALF for term, weight in of_words(long_terms, frequencies).items()}
    vector.update((f"{_MARK}{term}", weight * _HALF) for term, weight in of_words(lead_terms, frequencies).items())
    return unit(vector)


def of_words(terms: Iterable[str], frequencies: Frequencies) -> Vector:
    """One channel: the hundred heaviest of *terms*, in alphabetical order."""
    weighed = [((1.0 + math.log(times)) * frequencies.weight(term), term) for term, times in Counter(terms).items()]
    weighed.sort(key=lambda pair: (-pair[0], pair[1]))
    return unit({term: weight for weight, term in sorted(weighed[:_TERMS], key=lambda pair: pair[1]) if weight > 0})


def unit(vector: Mapping[str, float]) -> Vector:
    """*vector* at length 1; an empty one stays empty."""
    length = math.sqrt(math.fsum(weight * weight for weight in vector.values()))
    return {term: weight / length for term, weight in vector.items()} if length else {}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How alike two vectors of length 1 are, exactly the same in either order."""
    shared = one.keys() & other.keys()
    return math.fsum(one[term] * other[term] for term in shared)


def centroid(vectors: Sequence[Mapping[str, float]]) -> Vector:
    """The middle of *vectors*, at length 1; whatever their order, the same."""
    parts: dict[str, list[float]] = {}
    for vector in vectors:
        for term, weight in vector.items():
            parts.setdefault(term, []).append(weight)
    return unit({term: math.fsum(parts[term]) for term in sorted(parts)})
