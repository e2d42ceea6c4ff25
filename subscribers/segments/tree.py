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


def written(query: Query) -> str:
    """*query* as a person would write it: "language:fr and not topic:payments"."""
    match query:
        case Term():
            return f"{query.field}{query.operator}{','.join(map(_value, query.values))}"
        case Not(of):
            return f"not {_within(of)}"
        case All(of):
            return " and ".join(map(_within, of))
        case Any(of):
            return " or ".join(map(_within, of))


def _within(query: Query) -> str:
    return f"({written(query)})" if isinstance(query, All | Any) else written(query)


def _value(value: str) -> str:
    return value if value and not set(value) & set(" ,()\"'") else f'"{value}"'
