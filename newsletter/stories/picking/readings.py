"""An article taken apart, once: its language, the terms of its opening and of its long read, its sketch."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.stories.picking import languages, shingles, voices, words
from newsletter.stories.picking.snapshot import Item

#: words of the text that are read, and those that are its opening
LONG, LEAD = 400, 80
#: no text is read further, whatever it holds
_LETTERS = 12_000
#: articles that are read together
_AT_ONCE = 200
#: a text of fewer words is no more than its title
BARE = 8

Counts = tuple[tuple[str, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the picker goes by. Terms stand in the order in which they were read, each with how often it was."""

    language: str
    title: Counts
    #: the terms by which titles are compared
    heading: frozenset[str]
    lead: Counts
    long: Counts
    sketch: "array[int]"
    is_bare: bool


def read(item: Item) -> Reading:
    """*item* taken apart; whatever else is in the week, the same."""
    return _read_some([item])[0]


def read_all(items: Sequence[Item]) -> dict[int, Reading]:
    """Article id → reading."""
    found: dict[int, Reading] = {}
    for start in range(0, len(items), _AT_ONCE):
        some = items[start : start + _AT_ONCE]
        found.update(zip((item.id for item in some), _read_some(some), strict=True))
    return found


def _read_some(items: Sequence[Item]) -> list[Reading]:
    texts = [words.words(item.text[:_LETTERS]) for item in items]
    sketches = shingles.sketches([text[: shingles.READ] for text in texts])
    return list(map(_reading, items, texts, sketches))


def _reading(item: Item, text: Sequence[str], sketch: "array[int]") -> Reading:
    title = words.words(item.title)
    language = languages.language(languages.of(text or title))
    named, told = language.each(title), language.each(text[:LONG])
    times = Counter(named)
    of_title = _counts(times)
    times.update(told[:LEAD])
    of_lead = _counts(times)
    times.update(told[LEAD:])
    return Reading(
        language=language.code,
        title=of_title,
        heading=voices.title_words(item.title),
        lead=of_lead,
        long=_counts(times),
        sketch=sketch,
        is_bare=len(text) < BARE,
    )


def are_bare(readings: Sequence[Reading]) -> bool:
    """Whether a week is one of headlines: hardly any of its articles has a text."""
    return sum(reading.is_bare for reading in readings) * 5 > len(readings) * 4


def stream(counts: Counts) -> Mapping[str, int]:
    """Term → how often."""
    return dict(zip(*counts, strict=True))


def counts(terms: Iterable[str]) -> Counts:
    """*terms* counted, the first read first; empty ones tell nothing and are left out."""
    return _counts(Counter(terms))


def _counts(times: Counter[str]) -> Counts:
    times.pop("", None)
    return tuple(times), tuple(times.values())
