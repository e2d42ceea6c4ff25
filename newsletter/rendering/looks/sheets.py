"""Style sheets taken apart into declarations, and put together again."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import tinycss2
import tinycss2.color4

#: at-rules that hold only sometimes
_CONDITIONAL = frozenset({"media", "supports"})


class Declaration(NamedTuple):
    """One property and its value, as it stands there."""

    name: str
    value: str
    important: bool = False

    def __str__(self) -> str:
        return f"{self.name}:{self.value}{'!important' if self.important else ''}"


class Colour(NamedTuple):
    """Red, green and blue from 0 to 255, and how much of what is behind is covered, from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def __str__(self) -> str:
        red, green, blue = (round(part) for part in self[:3])
        return f"rgba({red},{green},{blue},{self.alpha:g})" if self.alpha < 1 else f"#{red:02x}{green:02x}{blue:02x}"


#: what becomes of the declarations of one rule, or of one style attribute
Remade = Callable[[Sequence[Declaration]], Sequence[Declaration]]


@lru_cache(maxsize=4096)
def declared(style: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute: a mail says the same ones again and again."""
    return _declarations(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))


def written(declarations: Sequence[Declaration]) -> str:
    """*declarations* as a style attribute says them."""
    return ";".join(map(str, declarations))


def remade(css: str, change: Remade, *, holds: Callable[[str], bool] = lambda _condition: True) -> str:
    """The sheet *css* with its rules as *change* makes them, without those whose condition never *holds*.

    A condition is what stands behind @media, or "supports" where it is another one.
    """
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_rule(rule, change, holds) for rule in rules)


def _rule(rule: Any, change: Remade, holds: Callable[[str], bool]) -> str:
    if rule.type == "qualified-rule":
        content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        return f"{tinycss2.serialize(rule.prelude).strip()}{{{written(change(_declarations(content)))}}}\n"
    if rule.type == "at-rule" and rule.content is not None and rule.lower_at_keyword in _CONDITIONAL:
        condition = tinycss2.serialize(rule.prelude).strip()
        if not holds(condition if rule.lower_at_keyword == "media" else "supports"):
            return ""
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        within = "".join(_rule(each, change, holds) for each in inner)
        return f"@{rule.lower_at_keyword} {condition}{{\n{within}}}\n"
    return f"{tinycss2.serialize([rule])}\n" if rule.type == "at-rule" else ""


def _declarations(nodes: Sequence[Any]) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(node.lower_name, tinycss2.serialize(node.value).strip(), node.important)
        for node in nodes
        if node.type == "declaration"
    )


@lru_cache(maxsize=1024)
def colour(text: str) -> Colour | None:
    """The colour that *text* is; None where it is none, or one that depends on its place."""
    found = tinycss2.color4.parse_color(text)
    if not isinstance(found, tinycss2.color4.Color):
        return None
    try:
        red, green, blue = found.to("srgb").coordinates
    except NotImplementedError:  # a space that few monitors have, and no mail
        return None
    red, green, blue = (255 * min(max(float(part or 0), 0), 1) for part in (red, green, blue))
    return Colour(red, green, blue, float(found.alpha))


def recoloured(value: str, change: Callable[[Colour], Colour]) -> str:
    """*value* with each colour in it as *change* makes it: of `border: 1px solid #ddd` the last part."""
    return "".join(_part(token, change) for token in tinycss2.parse_component_value_list(value))


def _part(token: Any, change: Callable[[Colour], Colour]) -> str:
    said: str = token.serialize()
    if token.type == "function" and token.lower_name.endswith("gradient"):
        inner = "".join(_part(each, change) for each in token.arguments)
        return f"{token.name}({inner})"
    found = colour(said) if token.type in {"hash", "ident", "function"} else None
    return str(change(found)) if found is not None else said
