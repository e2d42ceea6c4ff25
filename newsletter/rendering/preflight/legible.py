"""Whether words can be told from what is behind them, in light and in dark (WCAG 2.2, section 1.4.3)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import lxml.html

from newsletter.rendering.preflight import colours, places
from newsletter.rendering.preflight.colours import BLACK, WHITE, Colour
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.rendering.preflight.styles import SCHEMES, Styles

#: of words, and of large ones: 18 points, or 14 in bold
_ENOUGH, _ENOUGH_FOR_LARGE = 4.5, 3.0
_LARGE, _LARGE_IF_BOLD = 24.0, 18.66
_UNITS = {"px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(px|pt|r?em|%)")
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"}
_NO_WORDS = {"style", "script", "title", "head", "option"}


@dataclass(frozen=True, slots=True)
class _Look:
    """How words would look that stand here."""

    ink: Colour
    #: None: a picture or a gradient is behind them, and nobody can say
    ground: Colour | None
    size: float = 16.0
    bold: bool = False
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Faint:
    """Words that are hard to read, and why."""

    words: str
    ink: Colour
    ground: Colour
    ratio: float
    wanted: float


def check(subject: Material) -> Sequence[Finding]:
    """Whether every word is told from its ground."""
    found = []
    for scheme in SCHEMES:
        for one in faint(subject.tree, subject.styles(scheme)):
            where = "" if scheme == "light" else "In dark mode "
            text = (
                f"{where}“{one.words}” is {one.ink} on {one.ground}, a contrast of {one.ratio:.1f}; it should be "
                f"{one.wanted:g} or more: make one of the two darker or lighter in the template."
            )
            found.append(Finding("contrast", Level.AMBER, text, places.of_words(subject.words, one.words.rstrip("…"))))
    return or_green("contrast", "Every word is told from its ground, in light and in dark.", found)


def faint(tree: lxml.html.HtmlElement, computed: Styles) -> list[Faint]:
    """The words of *tree* that are hard to read, once for each pair of colours."""
    body = tree.find("body")
    if body is None:
        return []
    start = _Look(BLACK, WHITE)
    if (root := computed.get(tree)) is not None:
        start = _inside(start, tree, root)
    seen: dict[tuple[str, str, float], Faint] = {}
    for one in _faint(body, computed, start):
        seen.setdefault((str(one.ink), str(one.ground), one.wanted), one)
    return list(seen.values())


def hidden(own: dict[str, str]) -> bool:
    """Whether what is in an element of that style is seen by nobody."""
    return (
        own.get("display") == "none"
        or own.get("visibility") in {"hidden", "collapse"}
        or (own.get("opacity", "1").startswith("0") and _number(own["opacity"]) == 0)
        or (_pixels(own.get("max-height", "")) == 0 and own.get("overflow") == "hidden")
        or _pixels(own.get("font-size", "")) == 0
    )


def _faint(element: lxml.html.HtmlElement, computed: Styles, around: _Look) -> Iterator[Faint]:
    pile = [(element, around)]
    while pile:
        at, outside = pile.pop()
        if not isinstance(at.tag, str) or at.tag in _NO_WORDS:
            continue
        own = computed.get(at, {})
        if hidden(own):
            continue
        look = _inside(outside, at, own)
        yield from _told(at.text, look)
        for child in at:
            yield from _told(child.tail, look)
        pile.extend((child, look) for child in reversed(at))


def _told(said: str | None, look: _Look) -> Iterator[Faint]:
    words = " ".join((said or "").split())
    # a blank, an arrow or a dot between two links is no word
    if look.ground is None or sum(sign.isalnum() for sign in words) < 2 or look.size < 2:
        return
    ink = look.ink.faded(look.opacity).over(look.ground)
    ratio = colours.contrast(ink, look.ground)
    is_large = look.size >= (_LARGE_IF_BOLD if look.bold else _LARGE)
    wanted = _ENOUGH_FOR_LARGE if is_large else _ENOUGH
    if round(ratio, 2) < wanted:
        shown = words if len(words) <= 40 else f"{words[:39].rstrip()}…"
        yield Faint(shown, ink, look.ground, ratio, wanted)


def _inside(around: _Look, element: lxml.html.HtmlElement, own: dict[str, str]) -> _Look:
    """How words look inside *element*, which stands *around*."""
    look = replace(around, bold=around.bold or element.tag in _HEADINGS)
    if (said := own.get("color", "")) and (ink := colours.read(said)):
        look = replace(look, ink=ink)
    if size := _pixels(own.get("font-size", ""), of=around.size):
        look = replace(look, size=size)
    if weight := own.get("font-weight"):
        look = replace(look, bold=weight in {"bold", "bolder"} or (weight.isdigit() and int(weight[:4]) >= 700))
    if "opacity" in own:
        look = replace(look, opacity=look.opacity * min(1.0, _number(own["opacity"])))
    return replace(look, ground=_ground(look, own))


def _ground(look: _Look, own: dict[str, str]) -> Colour | None:
    if own.get("background-image", "none") != "none":
        return None
    for name, read in (("background-color", colours.read), ("background", colours.of_background)):
        if said := own.get(name, ""):
            if said in {"none", "transparent", "inherit", "initial"}:
                continue
            found = read(said)
            if found is None:
                return None
            return found.over(look.ground or WHITE) if look.ground is not None or found.alpha == 1 else None
    return look.ground


def _pixels(said: str, *, of: float = 16.0) -> float | None:
    if said.strip() == "0":
        return 0.0
    found = _SIZE.fullmatch(said.strip())
    if found is None:
        return None
    unit = of if found[2] == "em" else of / 100 if found[2] == "%" else _UNITS[found[2]]
    return float(found[1]) * unit


def _number(said: str) -> float:
    try:
        return max(0.0, float(said.strip()))
    except ValueError:
        return 1.0
