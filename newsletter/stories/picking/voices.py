"""Near-copies found by what they share: three-word shingles, hashed and thinned, and their containment."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from newsletter.stories.picking import shingles, words
from newsletter.stories.picking.snapshot import Item

#: of the shorter text's shingles, the share that makes a copy; a plateau, measured on cuts, edits and summaries
COPY = 0.5
#: fewer kept hashes than this say nothing, and titles are compared instead
ENOUGH = 8
_SAME_TITLE = 0.8
_SITE_NAME = re.compile(r"(?<!\s)\s+[|–—-]\s+[^|–—-]{2,40}$")


def sketch(text: str) -> frozenset[int]:
    """A quarter of the hashes of the three-word shingles of *text*, always the same quarter."""
    return frozenset(shingles.sketch(words.words(words.first(text, shingles.READ))))


def containment(one: Collection[int], other: Collection[int]) -> float:
    """The share of the shorter sketch that the longer one holds; 0 where either is too short to tell."""
    shorter = min(len(one), len(other))
    return len(frozenset(one) & frozenset(other)) / shorter if shorter >= ENOUGH else 0.0


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
    return {item.id: found.place(item.id) for item in sorted(items, key=age)}


def age(item: Item) -> tuple[datetime, int]:
    """By which the earliest comes first."""
    return item.published_at, item.id


def best(shares: Mapping[int, float], may_be: Callable[[int], bool]) -> int | None:
    """Of the texts that one shares so much with, the one that it copies: the most alike that *may_be*, the first id."""
    some = [(-share, origin) for origin, share in shares.items() if may_be(origin)]
    return min(some)[1] if some else None


class _Origins:
    """The origins so far, by what they hold."""

    def __init__(
        self,
        sketches: Mapping[int, Collection[int]],
        titles: Mapping[int, frozenset[str]],
        apart: frozenset[tuple[int, int]],
    ) -> None:
        self._sketches, self._apart = sketches, apart
        self._shared = shingles.shared(sketches)
        self._holders: dict[int, list[int]] = {}
        self._titles = Titles(sketches, titles)

    def place(self, name: int) -> int:
        """The origin of article *name*, which becomes one itself where there is none."""
        origin = self._by_text(name)
        if origin is None:
            origin = self._titles.find(name, self._apart)
        if origin is None:
            self._add(name)
            return name
        return origin

    def _by_text(self, name: int) -> int | None:
        mine = self._sketches[name]
        if len(mine) < ENOUGH:
            return None
        shared: dict[int, int] = {}
        holders = self._holders
        for number in self._shared[name]:
            for origin in holders.get(number, ()):
                shared[origin] = shared.get(origin, 0) + 1
        shares = {origin: many / min(len(mine), len(self._sketches[origin])) for origin, many in shared.items()}
        alike = {origin: share for origin, share in shares.items() if share >= COPY}
        return best(alike, lambda origin: (min(name, origin), max(name, origin)) not in self._apart)

    def _add(self, name: int) -> None:
        if len(self._sketches[name]) >= ENOUGH:
            for number in self._shared[name]:
                self._holders.setdefault(number, []).append(name)
        self._titles.add(name)


class Titles:
    """The titles of origins: they tell only where one of the two texts is too short to."""

    def __init__(self, sketches: Mapping[int, Collection[int]], titles: Mapping[int, frozenset[str]]) -> None:
        self._sketches, self._words = sketches, titles
        #: of those whose text says nothing, and of all: the words that two titles can't be alike without
        self._short: dict[str, list[int]] = {}
        self._all: dict[str, list[int]] = {}

    def add(self, name: int) -> None:
        """*name* is an origin."""
        for word in pivots(self._words[name]):
            self._all.setdefault(word, []).append(name)
            if self._is_short(name):
                self._short.setdefault(word, []).append(name)

    def find(self, name: int, apart: frozenset[tuple[int, int]]) -> int | None:
        """The origin whose title *name* bears, the first id; none that editors have set *apart* from it."""
        alike = (other for other in self.like(name) if (min(name, other), max(name, other)) not in apart)
        return min(alike, default=None)

    def like(self, name: int) -> list[int]:
        """Those whose titles are the same as that of *name*, and tell."""
        mine = self._words[name]
        titles = self._all if self._is_short(name) else self._short
        near = {other for word in pivots(mine) for other in titles.get(word, ())}
        return [other for other in near if _alike(mine, self._words[other])]

    def _is_short(self, article: int) -> bool:
        return len(self._sketches[article]) < ENOUGH


def title_words(title: str) -> frozenset[str]:
    """The terms of *title*, without the name of the paper that some put after it."""
    return frozenset(words.telling(_SITE_NAME.sub("", title)))


def pivots(title: frozenset[str]) -> Sequence[str]:
    """So many of its words, the longest first, that a title without any of them is not alike."""
    ordered = sorted(sorted(title), key=len, reverse=True)
    return ordered[: len(ordered) - math.ceil(_SAME_TITLE * len(ordered)) + 1]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles are one, to a word or so; "Q2" and "Q3" never are."""
    either = len(one | other)
    return either >= 3 and len(one & other) >= _SAME_TITLE * either and _figures(one) == _figures(other)


def _figures(title: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in title if any(letter.isdigit() for letter in word))
