"""What forced inversion makes of a mail, as Gmail's apps do it in a dark theme to mails that they take for light.

Gmail says nothing of how it does it, and can't be had on a desk. This follows what the web view of Android does to
pages (Blink's forced dark mode): light grounds become dark and dark letters light, by their lightness in CIELAB, and
the rest stays. Gmail knows no `prefers-color-scheme`, so a mail's own rules for it hold neither way.
"""

from collections.abc import Sequence
from functools import lru_cache

from newsletter.rendering.looks import markup, sheets
from newsletter.rendering.looks.markup import Tag
from newsletter.rendering.looks.sheets import Colour, Declaration

#: of 255: letters darker than the first, and grounds lighter than the second, are turned
_LETTERS, _GROUNDS = 150.0, 205.0
#: what black becomes: the surface of Android's dark themes; and the greys that are darkened to it
_SURFACE, _NEARLY = 18.0, 32.0
_OWN = ":root{color-scheme:light only;background-color:#121212;color:#fff}a:link{color:#8ab4f8}"


def inverted(html: str) -> str:
    """*html* as it looks when its colours are turned by force."""
    html = markup.rewritten(html, tag=_tag, sheet=lambda css: sheets.remade(css, _turned, holds=_holds))
    head, found, rest = html.partition("<head>")
    own = f"<style>{_OWN}</style>"
    html = f"{head}{found}{own}{rest}" if found else own + html
    return markup.with_sheet(html, "")


def _holds(condition: str) -> bool:
    return "prefers-color-scheme" not in condition and condition != "supports"


def _tag(tag: Tag) -> Tag:
    for name, turn in (("bgcolor", ground), ("text", letters), ("link", letters), ("color", letters)):
        if (found := sheets.colour(tag.get(name))) is not None:
            tag = tag.saying(name, str(turn(found)))
    style = tag.get("style")
    return tag.saying("style", sheets.written(_turned(sheets.declared(style)))) if style else tag


def _turned(declarations: Sequence[Declaration]) -> Sequence[Declaration]:
    return [_one(each) for each in declarations]


def _one(said: Declaration) -> Declaration:
    if said.name.startswith("background"):
        return said._replace(value=sheets.recoloured(said.value, ground))
    if said.name == "color" or said.name.startswith(("border", "outline", "text-decoration", "column-rule")):
        return said._replace(value=sheets.recoloured(said.value, letters))
    return said


def ground(colour: Colour) -> Colour:
    """*colour* behind words: turned where it is light."""
    return _inverse(colour) if _brightness(colour) > _GROUNDS else colour


def letters(colour: Colour) -> Colour:
    """*colour* of words and lines: turned where it is dark."""
    return _inverse(colour) if _brightness(colour) < _LETTERS else colour


def _brightness(colour: Colour) -> float:
    return (299 * colour.red + 587 * colour.green + 114 * colour.blue) / 1000


@lru_cache(maxsize=1024)
def _inverse(colour: Colour) -> Colour:
    lightness, green_red, blue_yellow = _to_lab(colour)
    turned = _from_lab(min(110.0 - lightness, 100.0), green_red, blue_yellow)
    is_grey = round(turned[0]) == round(turned[1]) == round(turned[2])
    if is_grey and _SURFACE < turned[0] < _NEARLY:
        turned = (_SURFACE,) * 3
    return Colour(*turned, alpha=colour.alpha)


# CIE 1976 L*a*b* of sRGB, white point D50

_WHITE = (0.9642, 1.0, 0.8249)
_TO_XYZ = ((0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733))
_FROM_XYZ = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
_EDGE = 6 / 29


def _to_lab(colour: Colour) -> tuple[float, float, float]:
    linear = [_linear(part / 255) for part in colour[:3]]
    x, y, z = (_root(part / white) for part, white in zip(_times(_TO_XYZ, linear), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _from_lab(lightness: float, green_red: float, blue_yellow: float) -> tuple[float, float, float]:
    y = (lightness + 16) / 116
    xyz = [
        white * _cube(part) for part, white in zip((y + green_red / 500, y, y - blue_yellow / 200), _WHITE, strict=True)
    ]
    red, green, blue = (255 * _gamma(min(max(part, 0.0), 1.0)) for part in _times(_FROM_XYZ, xyz))
    return red, green, blue


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(factor * part for factor, part in zip(row, vector, strict=True)) for row in matrix]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > _EDGE**3 else part / (3 * _EDGE**2) + 4 / 29


def _cube(part: float) -> float:
    return part**3 if part > _EDGE else 3 * _EDGE**2 * (part - 4 / 29)
