"""A mail whose pictures are not loaded: a box as large as each is, with the words that stand for it."""

import html as escaping
import re

from newsletter.rendering.looks import schemes

_COMMENT = re.compile(r"(<!--.*?-->)", re.DOTALL)
_IMAGE = re.compile(r"""<img\b((?:[^"'<>]|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
#: pictures behind words
_GROUND = re.compile(r"""\burl\(\s*(?:"[^"]*"|'[^']*'|[^)"']*)\s*\)""", re.IGNORECASE)
_STYLE = (
    ".looks-picture{display:block;box-sizing:border-box;max-width:100%;border:1px solid;padding:8px;overflow:hidden;"
    "font:13px/18px Arial,sans-serif;opacity:.75;margin:0 0 16px}"
)


def off(html: str) -> str:
    """*html* without its pictures."""
    parts = _COMMENT.split(html)
    parts[::2] = [_GROUND.sub("none", _IMAGE.sub(_box, part)) for part in parts[::2]]
    return schemes.with_style("".join(parts), _STYLE)


def _box(tag: re.Match[str]) -> str:
    said = {name.lower(): one or other for name, one, other in _ATTRIBUTE.findall(tag[1])}
    alt = escaping.escape(escaping.unescape(said.get("alt", "")))
    width, height = _pixels(said.get("width", "")), _pixels(said.get("height", ""))
    shape = f"aspect-ratio:{width}/{height};" if width and height else ""
    size = f"width:{width}px;" if width else ""
    return f'<span class="looks-picture" style="{size}{shape}">{alt}</span>'


def _pixels(text: str) -> int:
    digits = text.removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
