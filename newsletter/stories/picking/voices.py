"""Near-copies found by what they share: three-word shingles, hashed and thinned, and their containment."""

import math
import re
from collections.abc import Collection, Mapping, Sequence

from newsletter.stories.picking import shingles, words
from newsletter.stories.picking.snapshot import Item

#: of the shorter text's shingles, the share that makes a copy; a plateau, measured on cuts, edits and summaries
COPY = 0.5
#: fewer kept hashes than this say nothing, and titles are compared instead
_ENOUGH = 8
_SAME_TITLE = 0.8
_SITE_NAME = re.compile(r"(?<!\s)\s+[|–—-]\s+[^|–—-]{2,40}$")


def sketch(text: str) -> frozenset[int]:
    """A quarter of the hashes of the three-word shingles of *text*, always the same quarter."""
    return frozenset(shingles.sketch(words.words(words.first(text, shingles.READ))))


def containment(one: Collection[int], other: Collection[int]) -> float:
    """The share of the shorter sketch that the longer one holds; 0 where either is too short to tell."""
    shorter = min(len(one), len(other))
    return len(frozenset(one) & frozenset(other)) / shorter if shorter >= _ENOUGH else 0.0


def origins(
    items: Sequence[Item],
    sketches: Mapping[int, Collection[int]],
    apart: Collection[tuple[int, int]] = (),
    titles: Mapping[int, frozenset[str]] | None = None,
) -> dict[int, int]:
    """For each article the one it copies, or itself: article id → id of its origin.

    The origin is the earliest. A copy is measured against origins only, never against another copy, so
    that a further copy changes nothing for anybody else. *apart* holds pairs that an editor split, *titles* the
    words of the titles where they are known (see `title_words`).
    """
    named = titles if titles is not None else {item.id: title_words(item.title) for item in items}
    found = _Origins(sketches, named, frozenset(apart))
    return {item.id: found.place(item) for item in sorted(items, key=_age)}


def _age(item: Item) -> tuple[object, int]:
    return item.published_at, item.id


class _Origins:
    """The origins so far, by what they hold."""

    def __init__(
        self,
        sketches: Mapping[int, Collection[int]],
        titles: Mapping[int, frozenset[str]],
        apart: frozenset[tuple[int, int]],
    ) -> None:
        self._sketches, self._words, self._apart = sketches, titles, apart
        self._shared = shingles.shared(sketches)
        self._holders: dict[int, list[int]] = {}
        #: of those whose text says nothing, and of all: the words that two titles can't be alike without
        self._short_titles: dict[str, list[int]] = {}
        self._titles: dict[str, list[int]] = {}

    def place(self, item: Item) -> int:
        """The origin of *item*, which becomes one itself where there is none."""
        origin = self._by_text(item)
        if origin is None:
            origin = self._by_title(item)
        if origin is None:
            self._add(item)
            return item.id
        return origin

    def _by_text(self, item: Item) -> int | None:
        mine = self._sketches[item.id]
        if len(mine) < _ENOUGH:
            return None
        shared: dict[int, int] = {}
        holders = self._holders
        for number in self._shared[item.id]:
            for origin in holders.get(number, ()):
                shared[origin] = shared.get(origin, 0) + 1
        best = None
        for origin in sorted(name for name, number in shared.items() if number >= COPY * _ENOUGH):
            share = shared[origin] / min(len(mine), len(self._sketches[origin]))
            if share >= COPY and self._may_join(item.id, origin) and (best is None or share > best[0]):
                best = (share, origin)
        return None if best is None else best[1]

    def _by_title(self, item: Item) -> int | None:
        """Titles tell only where one of the two texts is too short to."""
        mine = self._words[item.id]
        titles = self._titles if self._is_short(item.id) else self._short_titles
        near = {origin for word in _pivots(mine) for origin in titles.get(word, ())}
        for origin in sorted(near):
            if self._may_join(item.id, origin) and _alike(mine, self._words[origin]):
                return origin
        return None

    def _add(self, item: Item) -> None:
        if not self._is_short(item.id):
            for number in self._shared[item.id]:
                self._holders.setdefault(number, []).append(item.id)
        for word in _pivots(self._words[item.id]):
            self._titles.setdefault(word, []).append(item.id)
            if self._is_short(item.id):
                self._short_titles.setdefault(word, []).append(item.id)

    def _is_short(self, article: int) -> bool:
        return len(self._sketches[article]) < _ENOUGH

    def _may_join(self, one: int, other: int) -> bool:
        return (min(one, other), max(one, other)) not in self._apart


def title_words(title: str) -> frozenset[str]:
    """The terms of *title*, without the name of the paper that some put after it."""
    return frozenset(words.telling(_SITE_NAME.sub("", title)))


def _pivots(title: frozenset[str]) -> list[str]:
    """So many of its words, the longest first, that a title without any of them is not alike."""
    ordered = sorted(title, key=lambda word: (-len(word), word))
    return ordered[: len(ordered) - math.ceil(_SAME_TITLE * len(ordered)) + 1]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles are one, to a word or so; "Q2" and "Q3" never are."""
    if len(one | other) < 3 or _figures(one) != _figures(other):
        return False
    return len(one & other) >= _SAME_TITLE * len(one | other)


def _figures(title: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in title if any(letter.isdigit() for letter in word))
