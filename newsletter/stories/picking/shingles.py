"""Three words side by side, hashed and thinned: what near-copies share."""

from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
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
#: with numpy it pays from so many words on
_MANY = 40


def sketch(stream: Sequence[str]) -> "array[int]":
    """A quarter of the hashes of *stream*'s shingles, sorted: always the same quarter, in 62 bits each."""
    if len(stream) < _WORDS:
        return array("q")
    hashes = list(map(_HASHES.__getitem__, stream))
    numpy = speed.loaded()
    if numpy is not None and len(hashes) >= _MANY:
        return _by_numpy(numpy, hashes)
    found = set()
    for one, two, three in zip(hashes, hashes[1:], hashes[2:], strict=False):
        mixed = ((one * _FIRST + two) * _SECOND + three) & _64
        mixed = ((mixed ^ (mixed >> 32)) * _MIX) & _64
        if mixed >> 62 == 0:
            found.add(mixed)
    return array("q", sorted(found))


def shared(sketches: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
    """Of each sketch the hashes that another one holds as well: most text stands in no other article."""
    numpy = speed.loaded()
    if numpy is not None:
        return _shared_by_numpy(numpy, sketches)
    often = Counter(number for sketch in sketches.values() for number in sketch)
    return {name: [number for number in sketch if often[number] > 1] for name, sketch in sketches.items()}


def _shared_by_numpy(numpy: Any, sketches: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
    if not any(sketches.values()):
        return {name: [] for name in sketches}
    every = numpy.concatenate([numpy.fromiter(sketch, numpy.int64, len(sketch)) for sketch in sketches.values()])
    order = numpy.argsort(every, kind="stable")
    ranked = every[order]
    same = ranked[1:] == ranked[:-1]
    twice = numpy.zeros(len(every), dtype=bool)
    twice[order[1:][same]] = twice[order[:-1][same]] = True
    ends = numpy.cumsum([len(sketch) for sketch in sketches.values()]).tolist()
    found, start = {}, 0
    for name, end in zip(sketches, ends, strict=True):
        found[name] = every[start:end][twice[start:end]].tolist()
        start = end
    return found


def _by_numpy(numpy: Any, hashes: Sequence[int]) -> "array[int]":
    """The same by numpy, whose 64 bits overflow as ours are cut."""
    words = numpy.array(hashes, dtype=numpy.uint64)
    mixed = (words[:-2] * numpy.uint64(_FIRST) + words[1:-1]) * numpy.uint64(_SECOND) + words[2:]
    mixed = (mixed ^ (mixed >> numpy.uint64(32))) * numpy.uint64(_MIX)
    kept = numpy.unique(mixed[mixed >> numpy.uint64(62) == 0])
    return array("q", kept.astype(numpy.int64).tobytes())


class _Hashes(dict[str, int]):
    """Word → hash, worked out when it is first met."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MOST_WORDS:
            self.clear()
        # blake2b, for the sketches of what was sent are kept: they must be the same on every machine and every day
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        number = self[word] = int.from_bytes(digest, "big")
        return number


_HASHES = _Hashes()
