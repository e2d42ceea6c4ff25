"""What mj-attributes gives, written on each tag, as npm's compiler would: its own attributes, then its classes, the
last of them first, then its tag's defaults, then mj-all. mrml lets the first class win, and forgets some tags.

For tags that get values from the tag around them, mj-all stays where it is: those values stand above it.
"""

import re
from dataclasses import dataclass, field

from newsletter.rendering.mjml.kinds import COLOUR
from newsletter.rendering.mjml.tree import Node
from newsletter.rendering.mjml.vocabulary import ATTRIBUTES, EVERYWHERE

_Values = dict[str, str]

#: tags that get values from the tag around them
_WITHIN = frozenset(
    {"mj-social-element", "mj-navbar-link", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text"}
)
_SHORT_COLOUR = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])")


@dataclass(slots=True)
class _Defaults:
    everything: _Values = field(default_factory=dict)
    tags: dict[str, _Values] = field(default_factory=dict)
    classes: dict[str, _Values] = field(default_factory=dict)
    #: class → tag → what that tag gets within a tag of the class
    within: dict[str, dict[str, _Values]] = field(default_factory=dict)


def apply(root: Node) -> None:
    """Write on each tag below *root* what it gets from elsewhere, and leave only mj-all in mj-attributes."""
    defaults = _Defaults()
    for node in root.walk():
        if node.name == "mj-attributes":
            _read(node, defaults)
    for part in root.tags():
        if part.name == "mj-body":
            _fill(part, defaults, "")


def _read(node: Node, defaults: _Defaults) -> None:
    for one in node.tags():
        if one.name == "mj-all":
            defaults.everything |= one.attributes
        elif one.name == "mj-class":
            name = one.attributes.get("name", "")
            given = {key: value for key, value in one.attributes.items() if key != "name"}
            defaults.classes[name] = defaults.classes.get(name, {}) | given
            for child in one.tags():
                defaults.within.setdefault(name, {})[child.name] = child.attributes
        else:
            defaults.tags[one.name] = defaults.tags.get(one.name, {}) | one.attributes
    node.children = [Node("mj-all", defaults.everything, node.at, node.locate)] if defaults.everything else []


def _fill(node: Node, defaults: _Defaults, around: str) -> None:
    own = dict(node.attributes)
    classes = own.pop("mj-class", None)
    values = defaults.tags.get(node.name, {}) | _of_classes((classes or "").split(), defaults)
    if node.name not in _WITHIN:
        values = defaults.everything | values
    for name in around.split():
        values |= defaults.within.get(name, {}).get(node.name, {})
    node.attributes = _meant(node.name, values | own)
    for child in node.tags():
        _fill(child, defaults, around if classes is None else classes)


def _of_classes(names: list[str], defaults: _Defaults) -> _Values:
    """The last of *names* wins, but for css-class, which they add to."""
    values: _Values = {}
    for name in names:
        given = defaults.classes.get(name, {})
        styled = " ".join(one["css-class"] for one in (values, given) if "css-class" in one)
        values |= given | ({"css-class": styled} if styled else {})
    return values


def _meant(tag: str, values: _Values) -> _Values:
    """Those of *values* that *tag* has, as npm's compiler understands them."""
    known = {**ATTRIBUTES.get(tag, {}), **EVERYWHERE}
    meant = {name: value for name, value in values.items() if name in known}
    if meant.get("full-width") != "full-width":
        # mrml takes any word for a yes
        meant.pop("full-width", None)
    for name in ("href", "background-url"):
        if not meant.get(name):
            meant.pop(name, None)
    for name, value in meant.items():
        if known[name] is COLOUR and _SHORT_COLOUR.fullmatch(value):
            meant[name] = _SHORT_COLOUR.sub(r"#\1\1\2\2\3\3", value)
    return meant
