"""A mail whose pictures are not loaded: a box as large as each is, with the words that stand for it."""

from html import escape

import tinycss2

from newsletter.rendering.looks import markup
from newsletter.rendering.looks.markup import Tag

_SHEET = (
    ".looks-picture{display:block;box-sizing:border-box;max-width:100%;border:1px solid;padding:8px;overflow:hidden;"
    "font:13px/18px Arial,sans-serif;opacity:.75;margin:0 0 16px}"
)


def off(html: str) -> str:
    """*html* without its pictures."""
    html = markup.rewritten(html, tag=_tag, sheet=_without)
    return markup.with_sheet(html, _SHEET)


def _tag(tag: Tag) -> object:
    if tag.name == "img":
        return _box(tag)
    style = tag.get("style")
    tag = tag.saying("background", None)
    return tag.saying("style", _without(style)) if "url(" in style.lower() else tag


def _box(image: Tag) -> str:
    width, height = _pixels(image.get("width")), _pixels(image.get("height"))
    shape = f"aspect-ratio:{width}/{height};" if width and height else ""
    size = f"width:{width}px;" if width else ""
    return f'<span class="looks-picture" style="{size}{shape}">{escape(image.get("alt"))}</span>'


def _without(css: str) -> str:
    """*css* without the pictures it lays behind words."""
    if "url(" not in css.lower():
        return css
    return "".join(_part(token) for token in tinycss2.parse_component_value_list(css))


def _part(token: tinycss2.ast.Node) -> str:
    if token.type == "url" or (token.type == "function" and token.lower_name == "url"):
        return "none"
    if token.type == "{} block":
        return "{" + "".join(_part(each) for each in token.content) + "}"
    return str(token.serialize())


def _pixels(text: str) -> int:
    digits = text.removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
