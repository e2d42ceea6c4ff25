"""What Thunderbird's dark reader makes of a mail: its rules after the ones in Thunderbird 153 (DarkReader.mjs).

Thunderbird first drops every rule that holds only sometimes (`mail.html_sanitize.drop_conditional_css`). In a dark
theme it then takes away what would be light ground or dark letters, and leaves borders and pictures as they are.
"""

from collections.abc import Sequence

import tinycss2

from newsletter.rendering.looks import markup, sheets
from newsletter.rendering.looks.markup import Tag
from newsletter.rendering.looks.sheets import Declaration

#: above it a colour is light; of 255
_LIGHT = 200.0
_CONTRAST = 3.5
#: from there down a colour counts as none
_TRANSPARENT = 0.2
_GROUNDS = frozenset({"background", "background-color", "background-image"})
#: what Thunderbird puts around and behind every message in a dark theme
_OWN = ":root{color-scheme:dark;background-color:#18181b;color:#eeeef0}a:link{color:#58c9ff}img{color:#58c9ff}"
_BODY = ("bgcolor", "text", "link", "vlink")


def dark(html: str) -> str:
    """*html* as a dark Thunderbird shows it."""
    html = markup.rewritten(
        html, tag=_tag, sheet=lambda css: sheets.remade(css, sanitized, holds=lambda _condition: False)
    )
    head, found, rest = html.partition("<head>")
    own = f"<style>{_OWN}</style>"
    html = f"{head}{found}{own}{rest}" if found else own + html
    return markup.with_sheet(html, "")


def _tag(tag: Tag) -> Tag:
    if tag.name == "body":
        for name in _BODY:
            tag = tag.saying(name, None)
        kept = [each for each in sheets.declared(tag.get("style")) if each.name not in {"background-color", "color"}]
        tag = tag.saying("style", sheets.written(kept))
    style = tag.get("style")
    is_coloured = "color" in style or "background" in style or tag.has("bgcolor") or tag.has("color")
    if tag.name == "button" or not is_coloured:
        return tag
    tag = tag.saying("bgcolor", None).saying("color", None)
    return tag.saying("style", sheets.written(sanitized(sheets.declared(style)))) if style else tag


def sanitized(declarations: Sequence[Declaration]) -> Sequence[Declaration]:
    """What is left of the declarations of one rule or attribute."""
    said = {each.name: each.value for each in declarations}
    if not said.keys() & {"color", *_GROUNDS}:
        return declarations
    ground, image = _ground(said)
    is_plain = not image and ("background" not in said or sheets.colour(said["background"]) is not None)
    if image and "gradient" not in image:
        declarations = _without_image(declarations, ground)
        said = {each.name: each.value for each in declarations}
    if _is_none(said.get("background", "")) and _is_transparent(ground):
        return _letters(declarations, said)
    if ground and (_luminance(ground) > _LIGHT or ("color" in said and _contrast(said["color"], ground) < _CONTRAST)):
        left = _without(declarations, "background", "background-color")
        return _letters(left, said)
    if image and "gradient" in image and not is_plain:
        return _without(declarations, "background", "background-image")
    return declarations


def _letters(declarations: Sequence[Declaration], said: dict[str, str]) -> Sequence[Declaration]:
    """*declarations* without letters that were made for a light ground."""
    is_dark = "color" in said and _luminance(said["color"]) <= _LIGHT
    return _without(declarations, "color") if is_dark else declarations


def _ground(said: dict[str, str]) -> tuple[str, str]:
    """The colour and the picture behind the words, each as written; empty where there is none."""
    ground, image = said.get("background-color", ""), said.get("background-image", "")
    for token in tinycss2.parse_component_value_list(said.get("background", ""), skip_comments=True):
        text = token.serialize()
        if token.type == "url" or (token.type == "function" and token.lower_name not in {"rgb", "rgba", "hsl", "hsla"}):
            image = image or text
        elif sheets.colour(text) is not None:
            ground = ground or text
    return ground, "" if image == "none" else image


def _without_image(declarations: Sequence[Declaration], ground: str) -> Sequence[Declaration]:
    left = _without(declarations, "background", "background-image")
    was_short = any(each.name == "background" for each in declarations)
    return [*left, Declaration("background-color", ground)] if was_short and ground else left


def _without(declarations: Sequence[Declaration], *names: str) -> Sequence[Declaration]:
    return [each for each in declarations if each.name not in names]


def _is_none(background: str) -> bool:
    return background in {"", "none"}


def _is_transparent(ground: str) -> bool:
    found = sheets.colour(ground) if ground else None
    return found is None or found.alpha <= _TRANSPARENT


def _luminance(written: str) -> float:
    """How light it is, from 0 to 255; Thunderbird leaves out how we see."""
    found = sheets.colour(written)
    return 0.2125 * found.red + 0.7154 * found.green + 0.0721 * found.blue if found else 0.0


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
