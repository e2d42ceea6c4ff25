"""What mail programs would not show: the HTML and CSS that the mail relies on, held against caniemail's tests.

What a style sheet says under a condition is a bonus for programs that know it: a mail has to be right without.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import lxml.html

from newsletter.rendering.preflight import caniemail, places, styles
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material

#: what can't be left out without a mail falling apart; the rest is lost without harm: a round corner, a shadow
_RELIED_ON = {
    *("css-display-flex", "css-display-grid", "css-flex-direction", "css-flex-wrap", "css-grid-template", "css-gap"),
    *(
        "css-justify-content",
        "css-align-items",
        "css-position",
        "css-left-right-top-bottom",
        "css-inset",
        "css-z-index",
    ),
    *("css-float", "css-column-count", "css-column-layout-properties", "css-writing-mode", "css-transform"),
    *("css-background-image", "css-linear-gradient", "css-radial-gradient", "css-conic-gradient", "css-mask-image"),
    *("css-clip-path", "css-object-fit", "css-object-position", "css-aspect-ratio", "css-filter", "css-animation"),
    *("css-variables", "css-unit-calc", "css-function-clamp", "css-function-min", "css-function-max"),
    *("css-function-light-dark", "css-modern-color", "css-unit-vw", "css-unit-vh", "css-unit-vmin", "css-unit-vmax"),
    *("css-at-import", "css-nesting", "css-mix-blend-mode", "css-background-blend-mode", "css-text-orientation"),
    *("html-video", "html-audio", "html-form", "html-svg", "html-object", "html-dialog", "html-picture", "html-srcset"),
    *("html-marquee", "html-base", "html-link", "html-image-maps", "html-popover", "html-select", "html-textarea"),
    *("html-input-text", "html-input-checkbox", "html-input-radio", "html-input-submit", "html-input-reset"),
    *(
        "html-button-submit",
        "html-button-reset",
        "html-meter",
        "html-progress",
        "html-background",
        "html-loading-attribute",
    ),
    *("image-svg", "image-webp", "image-avif", "image-apng", "image-bmp", "image-heif", "image-ico", "image-tiff"),
    *("image-hdr", "image-mp4", "image-base64"),
}
#: … but of these the tag alone means nothing yet
_HARMLESS = {"html-loading-attribute"}
#: properties that caniemail knows by another name
_CALLED = {
    "background": "css-background",
    "top": "css-left-right-top-bottom",
    "right": "css-left-right-top-bottom",
    "bottom": "css-left-right-top-bottom",
    "left": "css-left-right-top-bottom",
    "grid-template-columns": "css-grid-template",
    "grid-template-rows": "css-grid-template",
    "grid-template-areas": "css-grid-template",
    "grid": "css-grid-template",
    "columns": "css-column-count",
    "row-gap": "css-gap",
    "column-gap": "css-gap",
    "animation-name": "css-animation",
}
#: functions and units in values; linear patterns over one declaration
_IN_VALUES = (
    (re.compile(r"(?<![\w-])(?:repeating-)?(linear|radial|conic)-gradient\(", re.IGNORECASE), "css-{0}-gradient"),
    (re.compile(r"(?<![\w-])(clamp|min|max|light-dark)\(", re.IGNORECASE), "css-function-{0}"),
    (re.compile(r"(?<![\w-])calc\(", re.IGNORECASE), "css-unit-calc"),
    (re.compile(r"(?<![\w-])var\(", re.IGNORECASE), "css-variables"),
    (re.compile(r"(?<![\w#.-])\d{0,6}\.?\d{1,6}(vw|vh|vmin|vmax|rem|ch|ex)(?![\w-])", re.IGNORECASE), "css-unit-{0}"),
    (re.compile(r"(?<![\w-])(?:oklch|oklab|lab|lch|hwb|color-mix|color)\(", re.IGNORECASE), "css-modern-color"),
)
_FORMATS = {
    "svg": "svg",
    "webp": "webp",
    "avif": "avif",
    "apng": "apng",
    "bmp": "bmp",
    "heic": "heif",
    "heif": "heif",
    "ico": "ico",
    "tif": "tiff",
    "tiff": "tiff",
    "hdr": "hdr",
    "mp4": "mp4",
}
_TAGS = {
    **{
        tag: f"html-{tag}"
        for tag in ("video", "audio", "form", "svg", "object", "dialog", "picture", "marquee", "base")
    },
    **{tag: f"html-{tag}" for tag in ("select", "textarea", "meter", "progress")},
    "map": "html-image-maps",
    "area": "html-image-maps",
}


def check(subject: Material) -> Sequence[Finding]:
    """Whether the programs that most readers have show what the mail relies on."""
    found = []
    for slug, where in used(subject.tree).items():
        known = caniemail.feature(slug)
        if known is None or slug not in _RELIED_ON or not (lacking := known.lacking()):
            continue
        text = f"{known.title} ({where[:60]}) is not shown by {_listed(lacking)}; {_instead(slug)} {known.url}"
        found.append(Finding("mail programs", Level.AMBER, text, places.of_picture(subject.words, where)))
    said = f"Nothing the mail relies on is unknown to Gmail, Outlook, Apple Mail or Yahoo ({caniemail.called()})."
    return or_green("mail programs", said, found)


def used(tree: lxml.html.HtmlElement) -> dict[str, str]:
    """What *tree* uses of what caniemail has tested → where it was first met."""
    found: dict[str, str] = {}
    for element in tree.iter(lxml.etree.Element):
        for slug, where in _of_element(element):
            found.setdefault(slug, where)
        for name, value, _ in styles.declared(element.get("style") or ""):
            for slug in _of_declaration(name, value):
                found.setdefault(slug, f"{name}: {value}")
    for rule in styles.rules(tree):
        # what holds only for who points at it, or on some screens, is a bonus
        if not rule.condition and ":" not in rule.selector and "[" not in rule.selector:
            for name, value, _ in rule.declarations:
                for slug in _of_declaration(name, value):
                    found.setdefault(slug, f"{rule.selector} {{ {name}: {value} }}")
    for sheet in tree.iter("style"):
        if "@import" in (sheet.text or "").lower():
            found.setdefault("css-at-import", "@import")
    return found


def of_format(ending: str) -> str:
    """What caniemail calls pictures whose name ends so; empty where every program knows them."""
    return f"image-{_FORMATS[ending]}" if ending in _FORMATS else ""


def lacking(slug: str) -> str:
    """The programs that don't show it, as a list in words; empty where all do."""
    known = caniemail.feature(slug)
    return _listed(known.lacking()) if known else ""


def _of_element(element: lxml.html.HtmlElement) -> Iterator[tuple[str, str]]:
    tag = element.tag
    if tag in _TAGS:
        yield _TAGS[tag], f"<{tag}>"
    elif tag == "input":
        kind = (element.get("type") or "text").lower()
        kind = kind if kind in {"checkbox", "radio", "reset", "submit", "hidden"} else "text"
        yield f"html-input-{kind}", f"<input type={kind}>"
    elif tag == "button":
        yield "html-button-reset" if element.get("type") == "reset" else "html-button-submit", "<button>"
    elif tag == "link" and "stylesheet" in (element.get("rel") or "").lower():
        yield "html-link", "<link rel=stylesheet>"
    if element.get("background"):
        yield "html-background", f"<{tag} background>"
    if element.get("srcset"):
        yield "html-srcset", f"<{tag} srcset>"
    if element.get("popover") is not None:
        yield "html-popover", f"<{tag} popover>"
    if tag in {"img", "source", "image"} and (address := element.get("src") or ""):
        if address.startswith("data:"):
            yield "image-base64", "data:"
        elif slug := of_format(_ending(address)):
            yield slug, address


@lru_cache(maxsize=4096)
def _of_declaration(name: str, value: str) -> tuple[str, ...]:
    return tuple(_slugs(name, value))


def _slugs(name: str, value: str) -> Iterator[str]:
    if name.startswith("--"):
        yield "css-variables"
        return
    said = value.lower()
    if name == "display":
        word = said.removeprefix("inline-")
        yield f"css-display-{word}" if word in {"flex", "grid", "none"} else "css-display"
    elif name == "position" and said == "static":
        return
    elif name in _CALLED or not name.startswith("-"):
        yield _CALLED.get(name, f"css-{name}")
    if name in {"background", "background-image"} and "url(" in said:
        yield "css-background-image"
    for pattern, slug in _IN_VALUES:
        for hit in pattern.finditer(value):
            yield slug.format(*(part.lower() for part in hit.groups()))


def _ending(address: str) -> str:
    try:
        return urlsplit(address).path.rpartition(".")[2].lower()
    except ValueError:
        return ""


def _instead(slug: str) -> str:
    if slug.startswith("image-"):
        return "give it as JPEG, PNG or GIF."
    if slug.startswith("html-"):
        return "link to a page that has it."
    return "the template should not need it: tables and plain colours are shown everywhere."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
