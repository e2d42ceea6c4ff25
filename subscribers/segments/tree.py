"""What a segment says, as a tree of plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: `language:fr,de`; *column* is where it stands in the text, from 1."""

    field: str
    operator: str
    values: tuple[str, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Not:
    """Everybody else."""

    of: "Query"


@dataclass(frozen=True, slots=True)
class All:
    """Who is in each of them."""

    of: "tuple[Query, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """Who is in any of them."""

    of: "tuple[Query, ...]"


Query = Term | Not | All | Any
