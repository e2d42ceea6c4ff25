"""What the mail's style sheets make of each element, as far as the checks ask: colours, sizes, what is hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cssselect
import lxml.html
import tinycss2
from lxml.etree import XPath, XPathError

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
#: element → property → value
Styles = dict[lxml.html.HtmlElement, dict[str, str]]

_WANTED = frozenset(
    (
        *("color", "background", "background-color", "background-image", "font-size", "font-weight"),
        *("display", "visibility", "opacity", "max-height", "overflow"),
    )
)
_Rank = tuple[bool, tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a sheet."""

    #: what stands before the brace
    selector: str
    #: property → (value, whether it is important), as it stands there
    declarations: tuple[tuple[str, str, bool], ...]
    #: the conditions around it: "(prefers-color-scheme: dark)", "@supports …"; empty where it holds always
    condition: str = ""


def rules(tree: lxml.html.HtmlElement) -> list[Rule]:
    """Every rule of the style sheets in *tree*, in their order."""
    return [rule for sheet in tree.iter("style") for rule in _rules(sheet.text or "")]


@lru_cache(maxsize=4096)
def declared(style: str) -> tuple[tuple[str, str, bool], ...]:
    """The declarations of a style attribute, or of a rule's block: a mail says the same ones again and again."""
    return tuple(_declarations(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)))


def compute(tree: lxml.html.HtmlElement, scheme: Scheme) -> Styles:
    """What each element of *tree* is told for itself, by a program that knows the *scheme*; nothing is inherited."""
    ranked: dict[lxml.html.HtmlElement, dict[str, tuple[_Rank, str]]] = {}
    for order, rule in enumerate(rules(tree)):
        if _holds(rule.condition, scheme):
            for element, specificity in _matches(tree, rule.selector):
                _put(ranked.setdefault(element, {}), rule.declarations, specificity, order)
    for element in tree.iter(lxml.etree.Element):
        own = ranked.setdefault(element, {})
        if colour := element.get("bgcolor"):
            _put(own, (("background-color", colour, False),), (), -1)
        if element.tag == "font" and (colour := element.get("color")):
            _put(own, (("color", colour, False),), (), -1)
        if style := element.get("style"):
            _put(own, declared(style), (1,), len(ranked))
    return {element: {name: value for name, (_, value) in own.items()} for element, own in ranked.items()}


@lru_cache(maxsize=64)
def _rules(css: str) -> tuple[Rule, ...]:
    return tuple(_each(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), ""))


def _each(nodes: list[tinycss2.ast.Node], condition: str) -> Iterator[Rule]:
    for node in nodes:
        if node.type == "qualified-rule":
            block = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            yield Rule(tinycss2.serialize(node.prelude).strip(), tuple(_declarations(block)), condition)
        elif node.type == "at-rule" and node.content is not None and node.lower_at_keyword in {"media", "supports"}:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            said = " ".join(tinycss2.serialize(node.prelude).split()).lower()
            said = said if node.lower_at_keyword == "media" else f"@supports {said}"
            yield from _each(inner, f"{condition} {said}".strip())


def _declarations(nodes: list[tinycss2.ast.Node]) -> Iterator[tuple[str, str, bool]]:
    for node in nodes:
        if node.type == "declaration":
            yield node.lower_name, tinycss2.serialize(node.value).strip(), node.important


def _holds(condition: str, scheme: Scheme) -> bool:
    """Whether rules under *condition* hold at a desk with that *scheme*; of what else can be asked, nothing does."""
    return condition in {"", "screen", "all", f"(prefers-color-scheme: {scheme})", f"(prefers-color-scheme:{scheme})"}


def _matches(
    tree: lxml.html.HtmlElement, selector: str
) -> Iterator[tuple[lxml.html.HtmlElement, tuple[int, int, int]]]:
    for find, specificity in _finders(selector):
        for element in find(tree):
            yield element, specificity


@lru_cache(maxsize=1024)
def _finders(selector: str) -> tuple[tuple[XPath, tuple[int, int, int]], ...]:
    try:
        translator, parsed = cssselect.HTMLTranslator(), cssselect.parse(selector)
        return tuple(
            (XPath(translator.selector_to_xpath(each, prefix="descendant-or-self::")), each.specificity())
            for each in parsed
        )
    except (cssselect.SelectorError, XPathError):
        return ()  # broken, or newer than the parser: no old program knows it either


def _put(
    own: dict[str, tuple[_Rank, str]],
    declarations: tuple[tuple[str, str, bool], ...],
    specificity: tuple[int, ...],
    order: int,
) -> None:
    for name, value, important in declarations:
        # a style attribute is (1,), which is over any (0, …) that a sheet has, and an attribute of HTML under all
        rank = (important, (0, *specificity) if len(specificity) == 3 else specificity, order)
        if name in _WANTED and (name not in own or own[name][0] <= rank):
            own[name] = (rank, value)
            if name == "background":
                own.pop("background-color", None)
                own.pop("background-image", None)
