"""The products of many vectors by numpy and scipy (the extra `speed`): to the last bit what plain Python makes of them.

Each sum is taken in the order of the later row's terms, as there: hence the same numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

from newsletter.stories.picking import speed

Row = Mapping[str, float]

#: products of so many pairs at once, rows and columns of one product, and pairs looked at together
_AT_ONCE, _TILE, _PAIRS = 8_000_000, 1500, 20_000
#: so few new rows are measured whole
_FEW = 64
#: the share of the squared length of rows that the most common terms may hold: of all together, and of one row, in cuts
_COMMON, _HEAVY = 0.08, 0.8
#: more than rounding can make of a cosine, with 53 bits and with 24
_SLACK, _ROUGH = 1e-9, 3e-5


class Columns(dict[str, int]):
    """Term → its column, in the order in which they were met."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number


#: a row as a matrix takes it: the columns of its terms, and their weights
Packed = tuple[bytes, bytes]


def alike(
    rows: Sequence[Row], fresh: Sequence[int], cut: float, packed: Sequence[Packed], columns: Columns
) -> list[tuple[int, int]]:
    """Every pair (the smaller place first) whose cosine is at least *cut* and of which one is in *fresh*, sorted.

    The words that everybody uses make most of the work and little of the cosine: they are left out of the products,
    and what they may add at most (the product of what they hold of either row's length) lets a pair in to be looked at.
    Rows that are made of little else are measured whole.
    """
    numpy, _ = speed.load()
    matrix = _matrix(packed, columns)
    wanted = numpy.array(sorted(fresh), dtype=numpy.int64)
    if len(fresh) <= _FEW:
        blocks = _whole(matrix, wanted, cut)
    else:
        telling, common = _without_common(matrix)
        heavy = common * common > _HEAVY * cut
        blocks = chain(_blocks(telling, common, wanted, cut), _whole(matrix, numpy.nonzero(heavy)[0], cut))
    every = numpy.zeros(len(rows), dtype=bool)
    every[wanted] = True
    found: list[tuple[int, int]] = []
    for mine, theirs in blocks:
        asked = (mine != theirs) & (every[mine] | every[theirs])
        found.extend(_reaching(rows, matrix, mine[asked], theirs[asked], cut))
    return sorted(set(found))


def _without_common(matrix: Any) -> tuple[Any, Any]:
    """*matrix* without the most common terms, and how long the part of each row is that was left out."""
    numpy, sparse = speed.load()
    often = numpy.bincount(matrix.indices, minlength=matrix.shape[1])
    squares = matrix.data * matrix.data
    held = numpy.bincount(matrix.indices, weights=squares, minlength=matrix.shape[1])
    order = numpy.argsort(-often, kind="stable")
    out = numpy.zeros(matrix.shape[1], dtype=bool)
    out[order[numpy.cumsum(held[order]) <= _COMMON * matrix.shape[0]]] = True
    kept = ~out[matrix.indices]
    rows = numpy.repeat(numpy.arange(matrix.shape[0]), numpy.diff(matrix.indptr))
    common = numpy.sqrt(numpy.bincount(rows, weights=numpy.where(kept, 0.0, squares), minlength=matrix.shape[0]))
    ends = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(rows[kept], minlength=matrix.shape[0]))])
    return sparse.csr_matrix((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape), common


def _blocks(telling: Any, common: Any, wanted: Any, cut: float) -> Iterator[tuple[Any, Any]]:
    """The places of pairs that may reach *cut*, block by block: each wanted row against those before it, or all.

    Not of two rows that hold so much of the common terms that they need share no other.
    """
    numpy, _ = speed.load()
    count = telling.shape[0]
    every = len(wanted) == count
    least = cut - _HEAVY * cut - _ROUGH
    # so narrow that the sums of a row stay at hand
    telling = telling.astype(numpy.float32)
    tiles = [(at, telling[at : at + _TILE].T.tocsr()) for at in range(0, count, _TILE)]
    for start in range(0, len(wanted), _TILE):
        some = wanted[start : start + _TILE]
        rows = telling[some]
        for at, index in tiles:
            if every and at > start:
                break
            product = rows @ index
            likely = numpy.nonzero(product.data >= least)[0]
            mine = some[numpy.searchsorted(product.indptr, likely, "right") - 1]
            theirs = product.indices[likely].astype(numpy.int64) + at
            near = product.data[likely] + common[mine] * common[theirs] >= cut - _ROUGH
            kept = near & (theirs < mine) if every else near
            yield mine[kept], theirs[kept]


def _whole(matrix: Any, wanted: Any, cut: float) -> Iterator[tuple[Any, Any]]:
    """The same for the *wanted* rows with all of their terms, against everybody."""
    numpy, _ = speed.load()
    if not len(wanted):
        return
    index = matrix.T.tocsr()
    step = max(1, _AT_ONCE // matrix.shape[0])
    for at in range(0, len(wanted), step):
        some = wanted[at : at + step]
        product = matrix[some] @ index
        likely = numpy.nonzero(product.data >= cut - _SLACK)[0]
        yield some[numpy.searchsorted(product.indptr, likely, "right") - 1], product.indices[likely].astype(numpy.int64)


def _reaching(rows: Sequence[Row], matrix: Any, mine: Any, theirs: Any, cut: float) -> list[tuple[int, int]]:
    """Those of the pairs that do reach *cut*; where rounding could decide, the plain sum does."""
    numpy, _ = speed.load()
    found: list[tuple[int, int]] = []
    for at in range(0, len(mine), _PAIRS):
        ones, others = mine[at : at + _PAIRS], theirs[at : at + _PAIRS]
        values = numpy.asarray(matrix[ones].multiply(matrix[others]).sum(axis=1)).ravel()
        for place in numpy.nonzero(values >= cut - _SLACK)[0].tolist():
            first, second = sorted((int(ones[place]), int(others[place])))
            if values[place] > cut + _SLACK or _plain(rows[second], rows[first]) >= cut:
                found.append((first, second))
    return found


def _plain(one: Row, other: Row) -> float:
    """The sum as plain Python takes it."""
    total = 0.0
    for term, weight in one.items():
        if term in other:
            total += weight * other[term]
    return total


def products(rows: Sequence[Row]) -> Any:
    """The cosine of each two rows, as a square array with an empty diagonal."""
    numpy, _ = speed.load()
    columns = Columns()
    matrix = _matrix(pack(rows, columns), columns)
    # each sum in the order of the later row's terms
    table = numpy.tril((matrix @ matrix.T.tocsr()).toarray(), -1)
    return table + table.T


def pack(rows: Sequence[Row], columns: Columns) -> list[Packed]:
    """Each of *rows*, ready to be put into a matrix with others packed by the same *columns*."""
    numpy, _ = speed.load()
    indices = numpy.fromiter(map(columns.__getitem__, chain.from_iterable(rows)), numpy.int32)
    data = numpy.fromiter(chain.from_iterable(row.values() for row in rows), numpy.float64)
    ends = accumulate(map(len, rows), initial=0)
    return [(indices[start:end].tobytes(), data[start:end].tobytes()) for start, end in pairwise(ends)]


def _matrix(packed: Sequence[Packed], columns: Columns) -> Any:
    numpy, sparse = speed.load()
    indices = numpy.frombuffer(b"".join([one for one, _ in packed]), numpy.int32)
    data = numpy.frombuffer(b"".join([weights for _, weights in packed]), numpy.float64)
    ends = numpy.concatenate([[0], numpy.cumsum([len(weights) // 8 for _, weights in packed], dtype=numpy.int64)])
    return sparse.csr_matrix((data, indices, ends), shape=(len(packed), max(1, len(columns))))


def neighbours(table: Any, cut: float) -> list[set[int]]:
    """For each row of the square *table*, the places whose value reaches *cut*."""
    numpy, _ = speed.load()
    found: list[set[int]] = [set() for _ in range(len(table))]
    rows, others = numpy.nonzero(table >= cut)
    for one, other in zip(rows.tolist(), others.tolist(), strict=True):
        found[one].add(other)
    return found
