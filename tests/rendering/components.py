"""A source for each MJML tag with each of its attributes, for both compilers."""

import re

from newsletter.rendering.mjml import kinds
from newsletter.rendering.mjml.kinds import Kind
from newsletter.rendering.mjml.vocabulary import ATTRIBUTES, IGNORED

_TEXT = "<mj-text>x</mj-text>"
_IMAGE = '<mj-image src="https://x.example/a.png" alt="" />'
_ICONS = 'icon-wrapped-url="https://x.example/a.png" icon-unwrapped-url="https://x.example/b.png"'
_SOCIAL = 'src="https://x.example/a.png" href="https://x.example"'


def column(body: str) -> str:
    return f"<mj-section><mj-column>{body}</mj-column></mj-section>"


def page(body: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"


def _accordion(accordion: str = "", element: str = "", title: str = "", text: str = "") -> str:
    words = f"<mj-accordion-title{title}>x</mj-accordion-title><mj-accordion-text{text}>y</mj-accordion-text>"
    one = f"<mj-accordion-element{element}>{words}</mj-accordion-element>"
    return page(column(f"<mj-accordion {_ICONS}{accordion}>{one}</mj-accordion>"))


#: tag → a source with "@" where its attribute goes
SOURCES = {
    "mj-body": f"<mjml><mj-body@>{column(_TEXT + _IMAGE)}</mj-body></mjml>",
    "mj-wrapper": page(f"<mj-wrapper@>{column(_TEXT + _IMAGE)}</mj-wrapper>"),
    "mj-section": page(f"<mj-section@><mj-column>{_TEXT}{_IMAGE}</mj-column></mj-section>"),
    "mj-group": page(
        f"<mj-section><mj-group@><mj-column>{_TEXT}</mj-column><mj-column>{_IMAGE}</mj-column></mj-group></mj-section>"
    ),
    "mj-column": page(f"<mj-section><mj-column@>{_TEXT}{_IMAGE}</mj-column></mj-section>"),
    "mj-hero": page(
        f'<mj-hero background-url="https://x.example/h.png" background-width="600px" background-height="300px" '
        f'height="400px"@>{_TEXT}{_IMAGE}</mj-hero>'
    ),
    "mj-text": page(column('<mj-text@>x <a href="https://x.example">y</a>\n<b>z</b></mj-text>')),
    "mj-image": page(column(_IMAGE.replace(" />", "@ />"))),
    "mj-button": page(column('<mj-button href="https://x.example"@>x</mj-button>')),
    "mj-divider": page(column("<mj-divider@ />")),
    "mj-spacer": page(column("<mj-spacer@ />")),
    "mj-table": page(column("<mj-table@><tr><td>x</td></tr></mj-table>")),
    "mj-social": page(column(f"<mj-social@><mj-social-element {_SOCIAL}>x</mj-social-element></mj-social>")),
    "mj-social-element": page(column(f"<mj-social><mj-social-element {_SOCIAL}@>x</mj-social-element></mj-social>")),
    "mj-navbar": page(column('<mj-navbar@><mj-navbar-link href="/a">x</mj-navbar-link></mj-navbar>')),
    "mj-navbar-link": page(column('<mj-navbar><mj-navbar-link href="/a"@>x</mj-navbar-link></mj-navbar>')),
    "mj-accordion": _accordion(accordion="@"),
    "mj-accordion-element": _accordion(element="@"),
    "mj-accordion-title": _accordion(title="@"),
    "mj-accordion-text": _accordion(text="@"),
}
_OF_KIND = {
    kinds.COLOUR: "#123",
    kinds.PX: "17px",
    kinds.PX_OR_SHARE: "14px",
    kinds.BOX: "7px 11px",
    kinds.LINE_HEIGHT: "1.5",
    kinds.SPACING: "2px",
    kinds.WHOLE: "3",
    kinds.YES_NO: "true",
}
_OF_NAME = {
    "background-position": "left top",
    "background-position-x": "10px",
    "background-position-y": "20%",
    "background-size": "cover",
    "base-url": "https://x.example",
    "border-style": "dashed",
    "font-family": "Georgia, serif",
    "font-style": "italic",
    "font-weight": "bold",
    "hamburger": "hamburger",
    "sizes": "100vw",
    "srcset": "https://x.example/b.png 2x",
    "text-decoration": "underline",
    "text-transform": "uppercase",
    "usemap": "#m",
}


def value(attribute: str, kind: Kind) -> str:
    """A value that *attribute* may have, and that is not its default."""
    if kind in _OF_KIND:
        return "300px" if attribute == "width" else _OF_KIND[kind]
    if kind is not kinds.TEXT:
        # an enumeration shows its words, a length its units
        return (
            "16px" if " in px" in kind.wanted else [word for word in kind.wanted.split(" or ") if word != "nothing"][-1]
        )
    if attribute.endswith("border-radius"):
        return "5px"
    if "border" in attribute and attribute != "border-style":
        return "2px solid #abcdef"
    if attribute in {"href", "src"} or (attribute.endswith("-url") and attribute != "base-url"):
        return "https://x.example/z.png"
    return _OF_NAME.get(attribute, "word")


def source(tag: str, attribute: str) -> str:
    """The source of *tag* with *attribute*."""
    kind = {**ATTRIBUTES[tag], "css-class": kinds.TEXT}[attribute]
    before, after = SOURCES[tag].split("@")
    start = before.rindex("<")
    without = re.sub(rf' {attribute}="[^"]*"', "", before[start:])
    return f'{before[:start]}{without} {attribute}="{value(attribute, kind)}"{after}'


#: (tag, attribute) of all that the linter lets through
EACH = [
    (tag, attribute)
    for tag in SOURCES
    for attribute in (*ATTRIBUTES[tag], "css-class")
    if (tag, attribute) not in IGNORED
]
