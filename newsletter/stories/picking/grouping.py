"""Reports into stories: exact average-link clustering (UPGMA), with a guard against look-alikes.

Editors' merges and splits come before both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from newsletter.stories.picking import linking, sparse, speed
from newsletter.stories.picking.linking import Bounds
from newsletter.stories.picking.vectors import Vector

#: the cut is a plateau measured on real news, from .20 to .24; the branch was found on simulated text
TEXTS = Bounds(cut=0.20, branch=0.75)
#: where there is nothing but headlines, measured on real ones
TITLES = Bounds(cut=0.10, branch=0.5)
#: fewer reports are done sooner without numpy
_WORTH_IT = 600

Pairs = Collection[tuple[int, int]]


class _Part(NamedTuple):
    """One connected part, with all that its clustering depends on."""

    members: tuple[int, ...]
    vectors: tuple[int, ...]
    glued: tuple[tuple[int, int], ...]
    barred: tuple[tuple[int, int], ...]


def group(
    vectors: Mapping[int, Vector],
    *,
    together: Pairs = (),
    apart: Pairs = (),
    cut: float = TEXTS.cut,
    branch: float = TEXTS.branch,
    kept: "Kept | None" = None,
    plain: bool = False,
) -> list[tuple[int, ...]]:
    """Stories as tuples of ids, sorted; the same whatever the order of *vectors*.

    Two groups join while the mean cosine of their pairs is at least *cut*, the most alike first; two groups of
    several reports each only where it is also at least *branch* of the mean inside the looser one. Such a mean
    needs one pair at *cut* or more, so groups never reach across the parts of the graph of those pairs: each
    part is clustered by itself, and nobody keeps a table of all pairs.

    *kept* remembers what an earlier call worked out. *plain* asks for plain Python, which is the reference: numpy
    and scipy, where they are installed, give the same stories.
    """
    bounds = Bounds(cut, branch)
    if not plain and speed.is_installed() and len(vectors) >= _WORTH_IT:
        return _group_fast(vectors, together, apart, bounds, kept or Kept())
    ids = sorted(vectors)
    place = {name: at for at, name in enumerate(ids)}
    glued = [(place[a], place[b]) for a, b in together if a in place and b in place]
    barred = {(min(place[a], place[b]), max(place[a], place[b])) for a, b in apart if a in place and b in place}
    rows = [vectors[name] for name in ids]
    stories: list[tuple[int, ...]] = []
    for part in _parts(len(rows), [*glued, *_alike(rows, bounds.cut)]):
        own = [rows[at] for at in part]
        groups = linking.cluster(part, own, glued, barred, bounds, plain=True)
        stories.extend(tuple(ids[at] for at in members) for members in groups)
    return sorted(stories)


@dataclass
class Kept:
    """What one call leaves to the next: the pairs that are alike, and how each part was clustered."""

    bounds: Bounds | None = None
    vectors: dict[int, Vector] = field(default_factory=dict)
    packed: dict[int, sparse.Packed] = field(default_factory=dict)
    columns: sparse.Columns = field(default_factory=sparse.Columns)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    #: the members of a part, with the constraints inside it → its stories
    parts: dict[_Part, list[tuple[int, ...]]] = field(default_factory=dict)


def _group_fast(
    vectors: Mapping[int, Vector], together: Pairs, apart: Pairs, bounds: Bounds, kept: Kept
) -> list[tuple[int, ...]]:
    """By products of sparse matrices; pairs and parts of vectors that are the same objects as before are not redone."""
    ids = sorted(vectors)
    glued = sorted({(min(a, b), max(a, b)) for a, b in together if a in vectors and b in vectors})
    barred = sorted({(min(a, b), max(a, b)) for a, b in apart if a in vectors and b in vectors})
    if kept.bounds != bounds:
        kept.vectors, kept.packed, kept.pairs, kept.parts, kept.bounds = {}, {}, [], {}, bounds
    _update(kept, ids, vectors, cut=bounds.cut)
    place = {name: at for at, name in enumerate(ids)}
    parts: dict[_Part, list[tuple[int, ...]]] = {}
    for part in _parts(len(ids), [(place[a], place[b]) for a, b in (*glued, *kept.pairs) if a in place and b in place]):
        members = tuple(ids[at] for at in part)
        own = set(members)
        key = _Part(
            members,
            tuple(id(vectors[name]) for name in members),
            tuple(pair for pair in glued if pair[0] in own),
            tuple(pair for pair in barred if pair[0] in own and pair[1] in own),
        )
        parts[key] = kept.parts.get(key) or linking.cluster(
            members, [vectors[name] for name in members], key.glued, key.barred, bounds
        )
    kept.parts = parts
    return sorted(story for stories in parts.values() for story in stories)


def _update(kept: Kept, ids: Sequence[int], vectors: Mapping[int, Vector], *, cut: float) -> None:
    """Find the pairs of vectors that are new; what was there before stays, for an editor may bring it back."""
    if len(kept.vectors) > 2 * len(ids):
        kept.vectors = {name: vector for name, vector in kept.vectors.items() if name in vectors}
        kept.packed = {name: packed for name, packed in kept.packed.items() if name in vectors}
        kept.pairs = [pair for pair in kept.pairs if pair[0] in vectors and pair[1] in vectors]
    fresh = {name for name in ids if kept.vectors.get(name) is not vectors[name]}
    if not fresh:
        return
    kept.vectors.update((name, vectors[name]) for name in fresh)
    kept.packed.update(zip(fresh, sparse.pack([vectors[name] for name in fresh], kept.columns), strict=True))
    every = sorted(kept.vectors)
    new = sparse.alike(
        [kept.vectors[name] for name in every],
        [at for at, name in enumerate(every) if name in fresh],
        cut,
        [kept.packed[name] for name in every],
        kept.columns,
    )
    old = (pair for pair in kept.pairs if pair[0] not in fresh and pair[1] not in fresh)
    kept.pairs = sorted([*old, *((every[a], every[b]) for a, b in new)])


def _parts(count: int, pairs: Pairs) -> list[list[int]]:
    """The connected parts of the graph of *pairs* on so many places."""
    leaders = list(range(count))
    for a, b in pairs:
        _join(leaders, a, b)
    parts: dict[int, list[int]] = {}
    for at in range(count):
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


def _join(leaders: list[int], a: int, b: int) -> None:
    one, other = _leader(leaders, a), _leader(leaders, b)
    leaders[max(one, other)] = min(one, other)


def _leader(leaders: list[int], at: int) -> int:
    while leaders[at] != at:
        leaders[at] = leaders[leaders[at]]
        at = leaders[at]
    return at
