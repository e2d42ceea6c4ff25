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
    title = words.words(item.title)
    text = words.words(item.text[:_LETTERS])
    language = languages.language(languages.of(text or title))
    named, told = language.each(title), language.each(text[:LONG])
    return Reading(
        language=language.code,
        title=counts(named),
        heading=voices.title_words(item.title),
        lead=counts([*named, *told[:LEAD]]),
        long=counts([*named, *told]),
        sketch=shingles.sketch(text[: shingles.READ]),
        is_bare=len(text) < BARE,
    )


def read_all(items: Iterable[Item]) -> dict[int, Reading]:
    """Article id → reading."""
    return {item.id: read(item) for item in items}


def are_bare(readings: Sequence[Reading]) -> bool:
    """Whether a week is one of headlines: hardly any of its articles has a text."""
    return sum(reading.is_bare for reading in readings) * 5 > len(readings) * 4


def stream(counts: Counts) -> Mapping[str, int]:
    """Term → how often."""
    return dict(zip(*counts, strict=True))


def counts(terms: Iterable[str]) -> Counts:
    """*terms* counted, the first read first; empty ones tell nothing and are left out."""
    times = Counter(terms)
    times.pop("", None)
    return tuple(times), tuple(times.values())
