"""Three words side by side, hashed and thinned: what near-copies share."""

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from newsletter.stories.picking import speed

#: words of a text that are hashed
READ = 800
_WORDS = 3
#: odd, so that no bit of a word is lost
_FIRST, _SECOND, _MIX = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93
_64 = (1 << 64) - 1
#: words whose hashes are kept at hand
_MOST_WORDS = 500_000


def sketch(stream: Sequence[str]) -> "array[int]":
    """A quarter of the hashes of *stream*'s shingles, sorted: always the same quarter, in 62 bits each."""
    hashes = _HASHES.of(stream)
    found = set()
    for one, two, three in zip(hashes, hashes[1:], hashes[2:], strict=False):
        mixed = ((one * _FIRST + two) * _SECOND + three) & _64
        mixed = ((mixed ^ (mixed >> 32)) * _MIX) & _64
        if mixed >> 62 == 0:
            found.add(mixed)
    return array("q", sorted(found))


def sketches(streams: Sequence[Sequence[str]]) -> "list[array[int]]":
    """The sketch of each of *streams*, all at once where numpy was loaded."""
    numpy = speed.loaded()
    if numpy is None:
        return [sketch(stream) for stream in streams]
    return _by_numpy(numpy, streams)


def shared(sketches: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
    """Of each sketch the hashes that another one holds as well: most text stands in no other article."""
    often = Counter(number for sketch in sketches.values() for number in sketch)
    return {name: [number for number in sketch if often[number] > 1] for name, sketch in sketches.items()}


#: places, and the transposed matrix of what they hold
Tile = tuple[Any, Any]


class Index:
    """Who holds which hash, by numpy and scipy: of so many sketches, each known by its place."""

    def __init__(self, sketches: "Sequence[array[int]]") -> None:
        numpy, sparse = speed.load()
        self._sizes = numpy.array([len(sketch) for sketch in sketches], dtype=numpy.int64)
        every = numpy.frombuffer(b"".join(sketches), numpy.int64)
        owners = numpy.repeat(numpy.arange(len(sketches), dtype=numpy.int32), self._sizes)
        order = numpy.argsort(every, kind="stable")
        self._hashes, self._owners = every[order], owners[order]
        new = numpy.append(True, self._hashes[1:] != self._hashes[:-1])[: len(order)]
        numbers = numpy.cumsum(new) - 1
        is_shared = numpy.bincount(numbers)[numbers] > 1 if len(order) else new
        held = self._owners[is_shared], numbers[is_shared]
        ones = numpy.ones(len(held[0]), dtype=numpy.int32)
        self._matrix = sparse.csr_matrix((ones, held), shape=(len(sketches), int(numbers[-1]) + 1 if len(order) else 1))

    def tile(self, places: Sequence[int]) -> Tile:
        """Those of *places*, ready to be searched."""
        numpy, _ = speed.load()
        some = numpy.array(places, dtype=numpy.int64)
        return some, self._matrix[some].T.tocsr()

    def near(self, start: int, end: int, tile: Tile, least: float, enough: int) -> Iterator[tuple[int, int, float]]:
        """Each place from *start* to *end*, an earlier one of *tile*, and the share of the shorter that both hold.

        Only shares of *least* and more, and sketches of *enough* hashes.
        """
        numpy, _ = speed.load()
        places, index = tile
        product = self._matrix[start:end] @ index
        mine = numpy.repeat(numpy.arange(start, start + product.shape[0]), numpy.diff(product.indptr))
        others = places[product.indices]
        shorter = numpy.minimum(self._sizes[mine], self._sizes[others])
        near = (product.data >= least * shorter) & (shorter >= enough) & (others < mine)
        shares = product.data[near] / shorter[near]
        yield from zip(mine[near].tolist(), others[near].tolist(), shares.tolist(), strict=True)

    def near_one(self, sketch: "array[int]", least: float, enough: int) -> dict[int, float]:
        """The places of the sketches that share as much with *sketch*, and the share."""
        numpy, _ = speed.load()
        if len(sketch) < enough or not len(self._sizes):
            return {}
        mine = numpy.frombuffer(sketch, numpy.int64)
        starts = numpy.searchsorted(self._hashes, mine, "left").tolist()
        ends = numpy.searchsorted(self._hashes, mine, "right").tolist()
        owners = numpy.concatenate([self._owners[one:two] for one, two in zip(starts, ends, strict=True)])
        both = numpy.bincount(owners, minlength=len(self._sizes))
        shorter = numpy.minimum(self._sizes, len(sketch))
        places = numpy.nonzero((both >= least * shorter) & (shorter >= enough))[0]
        return dict(zip(places.tolist(), (both[places] / shorter[places]).tolist(), strict=True))


def _by_numpy(numpy: Any, streams: Sequence[Sequence[str]]) -> "list[array[int]]":
    """The same by numpy, whose 64 bits overflow as ours are cut."""
    words = numpy.frombuffer(b"".join(map(_HASHES.packed, streams)), ">u8").astype(numpy.uint64)
    mixed = (words[:-2] * numpy.uint64(_FIRST) + words[1:-1]) * numpy.uint64(_SECOND) + words[2:]
    mixed = (mixed ^ (mixed >> numpy.uint64(32))) * numpy.uint64(_MIX)
    thinned = mixed >> numpy.uint64(62) == 0
    # no shingle reaches from one text into the next
    ends = numpy.cumsum([len(stream) for stream in streams], dtype=numpy.int64)
    for torn in (ends - 1, ends - 2):
        thinned[torn[(torn >= 0) & (torn < len(thinned))]] = False
    places = numpy.nonzero(thinned)[0]
    kept = mixed[places].astype(numpy.int64)
    bounds = numpy.append(0, numpy.searchsorted(places, ends))
    for start, end in pairwise(bounds.tolist()):
        kept[start:end].sort()
    first = numpy.append(True, kept[1:] != kept[:-1])[: len(kept)]
    first[bounds[bounds < len(kept)]] = True
    before = numpy.append(0, numpy.cumsum(first))[bounds].tolist()
    once = kept[first]
    return [array("q", once[start:end].tobytes()) for start, end in pairwise(before)]


class _Hashes(dict[str, bytes]):
    """Word → its hash in eight bytes, worked out when it is first met."""

    def __missing__(self, word: str) -> bytes:
        if len(self) >= _MOST_WORDS:
            self.clear()
        # blake2b, for the sketches of what was sent are kept: they must be the same on every machine and every day
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self[word] = digest
        return digest

    def packed(self, stream: Sequence[str]) -> bytes:
        return b"".join(map(self.__getitem__, stream))

    def of(self, stream: Sequence[str]) -> Sequence[int]:
        return [int.from_bytes(digest, "big") for digest in map(self.__getitem__, stream)]


_HASHES = _Hashes()
