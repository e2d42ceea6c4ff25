"""The language of segments: text in, a tree out; every mistake is named with its place."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from subscribers.errors import BadSegment

from .tree import All, Any, Not, Query, Term

_GRAMMAR = Path(__file__).with_name("grammar.lark")
#: what a person writes by hand is shorter, and a database's own parser has a stack
_LONGEST, _DEEPEST, _WIDEST = 2_000, 30, 200

#: what the parser expects, as people call it
_SPOKEN = {
    "FIELD": "a field such as list or language",
    "OPERATOR": "one of : = != < <= > >=",
    "QUOTED": "a value",
    "WORD": "a value",
    "LPAR": "(",
    "RPAR": ")",
    "NOT": "not",
    "AND": "and",
    "OR": "or",
    "COMMA": "a comma",
    "$END": "the end",
}


def parse(text: str) -> Query:
    """The tree of *text*; raises BadSegment."""
    if not text.strip():
        raise BadSegment("a segment needs at least one condition, such as list:weekly")
    if len(text) > _LONGEST:
        raise BadSegment(f"a segment of {len(text):,} letters is too long: {_LONGEST:,} fit")
    _look_at_depth(text)
    try:
        query: Query = _Tree().transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise BadSegment(_sentence(text, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, BadSegment):
            raise error.orig_exc from None
        raise
    return query


class _Tree(Transformer[Token, Query]):
    """Lark's tree as ours."""

    def term(self, children: Sequence[Token]) -> Term:
        name, operator, *values = children
        if len(values) > _WIDEST:
            raise BadSegment(f"{len(values)} values after {name} are too many: {_WIDEST} fit")
        return Term(name.lower(), str(operator), tuple(map(str, values)), name.column or 1)

    def value(self, children: Sequence[Token]) -> str:
        (value,) = children
        return value[1:-1] if value.type == "QUOTED" else str(value)

    def negation(self, children: Sequence[Query]) -> Not:
        (of,) = children
        return Not(of)

    def all(self, children: Sequence[Query]) -> All:
        return All(tuple(children))

    def any(self, children: Sequence[Query]) -> Any:
        return Any(tuple(children))


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR.read_text("utf-8"), parser="lalr", propagate_positions=False)


def _look_at_depth(text: str) -> None:
    depth = deepest = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise BadSegment(f"parentheses within parentheses {deepest} deep: {_DEEPEST} are the most")
    if len(re.findall(r"\bnot\b", text.lower())) > _WIDEST:
        raise BadSegment(f"more than {_WIDEST} times not: nobody could read that")


def _sentence(text: str, error: UnexpectedInput) -> str:
    column = error.column if error.column and error.column > 0 else len(text) + 1
    expected = getattr(error, "expected", None) or getattr(error, "allowed", None) or set()
    wanted = sorted({_SPOKEN.get(name, name) for name in expected})
    token = getattr(error, "token", None)
    at_end = token is not None and token.type == "$END"
    found = (
        "it ends" if at_end else f"{text[column - 1 : column + 11].split()[0] if text[column - 1 :].split() else ''!r}"
    )
    where = f"after {text.strip()!r}" if at_end else f"at letter {column}"
    return f"can't read the segment {where}: {found}, where {' or '.join(wanted) or 'something else'} should stand"
