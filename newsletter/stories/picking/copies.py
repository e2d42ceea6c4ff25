"""What copies what in a week of thousands, by numpy and scipy (the extra `speed`): the origins that `voices` finds.

It is kept from run to run: a new article is measured against the others, and what an editor splits off its origin
is placed again with those that it touches.
"""

import heapq
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence

from newsletter.stories.picking import shingles, speed, voices
from newsletter.stories.picking.readings import Reading
from newsletter.stories.picking.snapshot import Item

#: from so many articles on it pays
_WORTH_IT = 600
#: rows of a product, and so many small tiles are made one
_ROWS, _SMALL = 256, 8
#: articles that come in or are touched one by one before it pays to begin anew
_MANY = 50

Pairs = Collection[tuple[int, int]]
Sketches = Mapping[int, "array[int]"]
Titles = Mapping[int, frozenset[str]]


def origins(items: Sequence[Item], read: Mapping[int, Reading]) -> dict[int, int]:
    """For each article the one it copies, or itself, as `voices.origins` has it; quicker where there are many."""
    sketches = {name: reading.sketch for name, reading in read.items()}
    titles = {name: reading.heading for name, reading in read.items()}
    if is_worth_it(items):
        return Copies(items, sketches, titles).origins
    return voices.origins(items, sketches, titles=titles)


def is_worth_it(items: Sequence[Item]) -> bool:
    """Whether numpy is there, and *items* are so many that it pays to load it."""
    return len(items) >= _WORTH_IT and speed.is_installed()


class Copies:
    """The origins of some articles, and who holds which shingle."""

    def __init__(self, items: Sequence[Item], sketches: Sketches, titles: Titles) -> None:
        self._items = {item.id: item for item in items}
        self._sketches, self._titles = dict(sketches), dict(titles)
        self._named: voices.Titles | None = None
        self._begin()
        #: article id → id of its origin, as the texts alone have it
        self.origins = self._place_all(frozenset())

    def _begin(self) -> None:
        self._order = sorted(self._items, key=self._age)
        self._index = shingles.Index([self._sketches[name] for name in self._order])
        #: articles that came in since the index was made
        self._late: list[int] = []

    def take(self, items: Sequence[Item], sketches: Sketches, titles: Titles) -> bool:
        """Whether these are the articles that are known, and perhaps a few more, which are taken in."""
        known = [item for item in items if item.id in self._items]
        if len(known) < len(self._items) or not all(self._is_known(item, sketches) for item in known):
            return False
        new = sorted((item for item in items if item.id not in self._items), key=voices.age)
        if len(self._late) + len(new) > _MANY:
            return False
        for item in new:
            self._add(item, sketches[item.id], titles[item.id])
        self.origins = self._settled([item.id for item in new], frozenset()) if new else self.origins
        return True

    def parted(self, apart: Pairs) -> dict[int, int]:
        """The origins where editors have parted the pairs *apart*."""
        known = self.origins
        torn = [name for pair in apart for name in pair if known.get(name) in pair and known[name] != name]
        return self._settled(torn, frozenset(apart)) if torn else known

    def _is_known(self, item: Item, sketches: Sketches) -> bool:
        before = self._items[item.id]
        return (
            self._sketches[item.id] is sketches[item.id]
            and before.published_at == item.published_at
            and before.title == item.title
        )

    def _age(self, name: int) -> tuple[object, int]:
        return voices.age(self._items[name])

    # --- all at once

    def _place_all(self, apart: frozenset[tuple[int, int]]) -> dict[int, int]:
        """Everybody, the oldest first: the texts block by block, the titles one by one."""
        found: dict[int, int] = {}
        titles = voices.Titles(self._sketches, self._titles)
        tiles = _Tiles(self._index)
        for start in range(0, len(self._order), _ROWS):
            block = range(start, min(start + _ROWS, len(self._order)))
            near = tiles.near(block)
            for at in block:
                name = self._order[at]
                alike = {self._order[other]: share for other, share in near.get(at, ())}
                origin = voices.best(alike, _may_be(name, found, apart))
                if origin is None:
                    origin = titles.find(name, apart)
                found[name] = name if origin is None else origin
                if origin is None:
                    titles.add(name)
            tiles.add([at for at in block if found[self._order[at]] == self._order[at]])
        return found

    # --- one by one

    def _add(self, item: Item, sketch: "array[int]", title: frozenset[str]) -> None:
        self._items[item.id], self._sketches[item.id], self._titles[item.id] = item, sketch, title
        self._late.append(item.id)
        if self._named is not None:
            self._named.add(item.id)

    def _settled(self, first: Sequence[int], apart: frozenset[tuple[int, int]]) -> dict[int, int]:
        """The origins with *first* placed again, and whoever that touches, the oldest first."""
        found = dict(self.origins)
        waiting = [(*self._age(name), name) for name in first]
        heapq.heapify(waiting)
        while waiting:
            *_, name = heapq.heappop(waiting)
            before, near = found.get(name), self._near(name)
            found[name] = self._place(name, near, found, apart)
            if len(near) > _MANY or len(waiting) > _MANY:
                self._begin()
                return self._place_all(apart)
            if (before == name) != (found[name] == name):
                # it is an origin now, or is none any more: those that are like it may belong elsewhere
                for other in near:
                    if other in found and self._age(other) > self._age(name):
                        heapq.heappush(waiting, (*self._age(other), other))
        return found

    def _place(
        self, name: int, near: Mapping[int, float], found: Mapping[int, int], apart: frozenset[tuple[int, int]]
    ) -> int:
        possible = _may_be(name, found, apart)

        def may_be(other: int) -> bool:
            return possible(other) and self._age(other) < self._age(name)

        by_text = voices.best({other: share for other, share in near.items() if share}, may_be)
        if by_text is not None:
            return by_text
        return min((other for other, share in near.items() if not share and may_be(other)), default=name)

    def _near(self, name: int) -> Mapping[int, float]:
        """Each article whose text is a copy of this one's, or this one's of it, with its share; 0 for like titles."""
        mine = self._sketches[name]
        alike = self._index.near_one(mine, voices.COPY, voices.ENOUGH)
        near = {self._order[at]: share for at, share in alike.items()}
        near.update((other, voices.containment(mine, self._sketches[other])) for other in self._late)
        near = {other: share for other, share in near.items() if share >= voices.COPY and other != name}
        return {**dict.fromkeys((other for other in self._by_title().like(name) if other != name), 0.0), **near}

    def _by_title(self) -> voices.Titles:
        """The titles of all, origins or not."""
        if self._named is None:
            self._named = voices.Titles(self._sketches, self._titles)
            for name in self._items:
                self._named.add(name)
        return self._named


def _may_be(name: int, found: Mapping[int, int], apart: frozenset[tuple[int, int]]) -> Callable[[int], bool]:
    """Whether another is an origin, and no editor has parted it from *name*."""
    return lambda other: found.get(other) == other and (min(name, other), max(name, other)) not in apart


class _Tiles:
    """The origins so far, to be searched: no copy is among them, for a text may be printed thousands of times."""

    def __init__(self, index: shingles.Index) -> None:
        self._index = index
        self._large: list[shingles.Tile] = []
        self._small: list[shingles.Tile] = []
        self._places: list[int] = []

    def near(self, block: range) -> Mapping[int, Sequence[tuple[int, float]]]:
        """For each place of *block* the earlier ones, origins or of the block, whose texts are copies."""
        near: dict[int, list[tuple[int, float]]] = {}
        for tile in (*self._large, *self._small, self._index.tile(block)):
            for mine, other, share in self._index.near(block.start, block.stop, tile, voices.COPY, voices.ENOUGH):
                near.setdefault(mine, []).append((other, share))
        return near

    def add(self, places: Sequence[int]) -> None:
        self._places += places
        self._small.append(self._index.tile(places))
        if len(self._small) == _SMALL:
            self._large.append(self._index.tile(self._places))
            self._small, self._places = [], []
