"""How wide pictures are, which Outlook has to be told: as wide as what they stand in, less its paddings and borders.

mrml forgets some of these, so that pictures stick out of padded or bordered columns there.
"""

import re
from collections.abc import Mapping

from newsletter.rendering.mjml.tree import Node

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BODY = 600.0
#: tag → its padding and border where nothing else is said, as CSS shorthands
_PADDINGS = {"mj-section": "20px 0px", "mj-wrapper": "20px 0px", "mj-image": "10px 25px"}


def apply(root: Node) -> None:
    """Write its width on every mj-image below *root*, whose tags have all that they get from elsewhere."""
    for body in root.tags():
        if body.name == "mj-body":
            for child in body.tags():
                _measure(child, _pixels(body.attributes.get("width")) or _BODY, 1)


def _measure(node: Node, around: float, siblings: int) -> None:
    """Measure *node*, which stands in *around* pixels beside as many as make *siblings*."""
    values = node.attributes
    if node.name == "mj-image":
        room = around - _sides(values, "padding", _PADDINGS["mj-image"]) - _sides(values, "border", "")
        values["width"] = f"{int(min(_pixels(values.get('width')) or room, room))}px"
        return
    width = around
    if node.name in {"mj-column", "mj-group"}:
        width = _share(values.get("width"), around, siblings)
    if node.name != "mj-group":
        width -= _sides(values, "padding", _PADDINGS.get(node.name, "")) + _sides(values, "border", "")
        width -= _sides(values, "inner-border", "")
    columns = [child for child in node.tags() if child.name in {"mj-column", "mj-group"}]
    for child in node.tags():
        _measure(child, width, len(columns) or 1)


def button(style: str, width: int) -> int:
    """How wide the words of a button of *width* are, whose cell has the CSS *style*: mrml forgets the borders."""
    values = dict(part.split(":", 1) for part in style.split(";") if ":" in part)
    return max(0, int(width - _sides(values, "border", "")))


def _share(width: str | None, around: float, siblings: int) -> float:
    if width is None:
        return around / siblings
    return around * _pixels(width) / 100 if width.endswith("%") else _pixels(width)


def _sides(values: Mapping[str, str], name: str, default: str) -> float:
    """What *name* takes from the width, on the left and on the right."""
    whole = values.get(name, default)
    left, right = _ends(whole) if name == "padding" else (whole, whole)
    return _pixels(values.get(f"{name}-left", left)) + _pixels(values.get(f"{name}-right", right))


def _ends(shorthand: str) -> tuple[str, str]:
    """What a CSS *shorthand* says of left and right."""
    parts = shorthand.split() or [""]
    right = parts[1] if len(parts) > 1 else parts[0]
    return (parts[3] if len(parts) > 3 else right), right


def _pixels(value: str | None) -> float:
    number = _NUMBER.search(value or "")
    return float(number[0]) if number else 0
