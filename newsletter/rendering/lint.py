"""What is wrong with MJML, found before the compiler sees it: mrml says neither what nor where, or nothing at all.

Each rule stands for a measured defect: what is refused here was accepted silently, garbled, or ended the process.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.rendering.vocabulary import ATTRIBUTES, CHILDREN, EVERYWHERE, HTML_TAGS, VOID

#: mrml overflows its stack, and ends the process, somewhere above three thousand
DEEPEST = 100

_TOKEN = re.compile(
    r"""(?P<comment><!--.*?-->)
      | (?P<end></\s*(?P<end_name>[^\s<>/]+)\s*>)
      | (?P<start><(?P<name>[A-Za-z][^\s<>/"'=]*)
          (?P<attributes>(?:\s+[^\s<>/"'=]+(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'))?)*)\s*(?P<closed>/?)>)
      | (?P<stray><)""",
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s<>/"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
_STYLE = re.compile(r"<(mj-style)\b[^>]*?(?<!/)>(.*?)</mj-style\s*>", re.DOTALL)
_SHORTHAND = re.compile(r"padding|inner-padding|icon-padding|text-padding|ico-padding")
_LENGTH = re.compile(r"\d+(?:\.\d+)?px")
_REMOTE_FONT = re.compile(r"@import|@font-face", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and at which character of the source."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    at: int
    attributes: dict[str, str | None]


def first_problem(source: str, *, root: str | None = "mjml") -> Problem | None:
    """The first thing wrong in *source*; *root* None means a part that another template includes."""
    return next(_problems(source, root), None)


def includes(source: str) -> Iterator[tuple[str, int]]:
    """The paths of each mj-include in *source*, and where it stands."""
    for token in _TOKEN.finditer(source):
        if token["name"] == "mj-include":
            yield _attributes(token).get("path") or "", token.start()


def _problems(source: str, root: str | None) -> Iterator[Problem]:
    yield from _style_problems(source)
    # what stands in mj-style is not markup; blanks keep every position
    source = _STYLE.sub(lambda style: style[0].replace(style[2], " " * len(style[2])), source)
    stack: list[_Tag] = []
    for token in _TOKEN.finditer(source):
        if token["comment"]:
            yield from _comment_problems(token)
        elif token["stray"]:
            yield _stray(source, token.start())
        elif token["end"]:
            yield from _end_problems(token, stack)
        else:
            tag = _Tag(token["name"], token.start(), _attributes(token))
            yield from _tag_problems(tag, stack, root)
            if not token["closed"] and tag.name not in VOID:
                stack.append(tag)
                if len(stack) > DEEPEST:
                    yield Problem(f"tags are nested more than {DEEPEST} deep", tag.at)
    if stack:
        yield Problem(f"<{stack[-1].name}> is never closed", stack[-1].at)


def _attributes(token: re.Match[str]) -> dict[str, str | None]:
    found = _ATTRIBUTE.finditer(token["attributes"] or "")
    return {match[1]: match[2] if match[2] is not None else match[3] for match in found}


def _stray(source: str, at: int) -> Problem:
    rest = source[at : at + 9].lower()
    if rest.startswith(("<![cdata", "<!doctype", "<?xml")):
        return Problem(f"{source[at:].split(' ')[0][:10]} is not understood here: leave it out", at)
    if re.match(r"<[a-z]", rest):
        shown = " ".join(re.split("(?<=>)", source[at : at + 40])[0].split())
        return Problem(f"{shown} … is not a whole tag: is a quote or > missing, or a value without quotes?", at)
    return Problem('"<" in text must be written &lt;', at)


def _comment_problems(token: re.Match[str]) -> Iterator[Problem]:
    inner = token["comment"][4:-3]
    if "--" in inner:
        yield Problem('a comment must not contain "--"', token.start())
    # `<!--[if !mso]><!-->` opens what all but Outlook read, as HTML
    if not inner.startswith("[if") or inner.endswith("]><!"):
        return
    conditional = re.fullmatch(r"\[if [^\]]*\]>(.*)<!\[endif\]", inner, re.DOTALL)
    if not conditional:
        yield Problem("a conditional comment must end in <![endif]-->", token.start())
    elif next(_problems(f"<mj-raw>{conditional[1]}</mj-raw>", None), None):
        yield Problem("a conditional comment must hold whole tags: the compiler refuses half a table", token.start())


def _style_problems(source: str) -> Iterator[Problem]:
    for style in _STYLE.finditer(source):
        if "<" in style[2]:
            yield Problem('CSS in mj-style must not contain "<"', style.start(2) + style[2].index("<"))
        remote = _REMOTE_FONT.search(style[2])
        if remote:
            yield Problem("fonts must not be fetched from elsewhere: name fonts that readers have", style.start(2))


def _end_problems(token: re.Match[str], stack: list[_Tag]) -> Iterator[Problem]:
    name = token["end_name"]
    if name in VOID:
        yield Problem(f"</{name}> is not needed: write <{name} />", token.start())
    elif not stack:
        yield Problem(f"</{name}> closes nothing", token.start())
    elif stack[-1].name != name:
        yield Problem(f"<{stack[-1].name}> is closed by </{name}>", stack[-1].at)
    else:
        stack.pop()


def _tag_problems(tag: _Tag, stack: list[_Tag], root: str | None) -> Iterator[Problem]:
    parent = stack[-1].name if stack else None
    if parent is None and root is not None and tag.name != root:
        yield Problem(f"<{tag.name}> stands outside <{root}>", tag.at)
    if any(above.name in HTML_TAGS for above in stack):
        if tag.name.lower().startswith("mj"):
            yield Problem(f"<{tag.name}> can't stand within HTML", tag.at)
        yield from _html_problems(tag)
    elif any(above.name == "mj-attributes" for above in stack):
        yield from _default_problems(tag, parent)
    else:
        yield from _mjml_problems(tag, parent)


def _html_problems(tag: _Tag) -> Iterator[Problem]:
    if tag.name != tag.name.lower():
        yield Problem(f"<{tag.name}> must be written in small letters", tag.at)
    if tag.name == "img" and "alt" not in tag.attributes:
        yield Problem('<img> needs an alt; alt="" where it only adorns', tag.at)
    if tag.name in {"link", "script"}:
        yield Problem(f"<{tag.name}> does not belong in an email", tag.at)


def _default_problems(tag: _Tag, parent: str | None) -> Iterator[Problem]:
    """Within mj-attributes: the tags name what their attributes are defaults of."""
    if parent != "mj-attributes":
        yield Problem(f"<{parent}> in mj-attributes holds no tags: the compiler refuses them", tag.at)
    elif tag.name not in {"mj-all", "mj-class"} and tag.name not in ATTRIBUTES:
        yield Problem(f"<{tag.name}> is not an MJML tag", tag.at)
    elif tag.name in ATTRIBUTES:
        yield from _attribute_problems(tag)
    else:
        yield from _padding_problems(tag)


def _mjml_problems(tag: _Tag, parent: str | None) -> Iterator[Problem]:
    if tag.name == "mj-html-attributes":
        yield Problem("mj-html-attributes is not supported by the compiler", tag.at)
    elif tag.name not in ATTRIBUTES:
        yield Problem(f"<{tag.name}> is not an MJML tag" + _hint(tag.name), tag.at)
    elif parent is not None and tag.name not in CHILDREN.get(parent, frozenset()):
        yield Problem(f"<{tag.name}> can't stand in <{parent}>", tag.at)
    else:
        yield from _attribute_problems(tag)
        yield from _special_problems(tag)


def _hint(name: str) -> str:
    if name.lower() in ATTRIBUTES:
        return ": write it in small letters"
    return "" if name.startswith("mj") else ": HTML belongs in mj-text or mj-raw"


def _attribute_problems(tag: _Tag) -> Iterator[Problem]:
    known = ATTRIBUTES[tag.name] | EVERYWHERE
    for attribute, value in tag.attributes.items():
        if attribute not in known:
            yield Problem(f"<{tag.name}> has no attribute {attribute!r}", tag.at)
        if value is None:
            yield Problem(f"{attribute} of <{tag.name}> has no value", tag.at)
    yield from _padding_problems(tag)


def _padding_problems(tag: _Tag) -> Iterator[Problem]:
    for attribute, value in tag.attributes.items():
        parts = (value or "").split()
        if _SHORTHAND.match(attribute) and not all(_LENGTH.fullmatch(part) for part in parts):
            yield Problem(
                f'{attribute}="{value}": write each length in px, 0px too; else the compiler gets the widths wrong',
                tag.at,
            )


def _special_problems(tag: _Tag) -> Iterator[Problem]:
    attributes = tag.attributes
    match tag.name:
        case "mj-image" | "mj-carousel-image" if "alt" not in attributes:
            yield Problem(f'<{tag.name}> needs an alt; alt="" where it only adorns', tag.at)
        case "mj-font":
            yield Problem("fonts must not be fetched from elsewhere: name fonts that readers have", tag.at)
        case "mj-social-element" if "src" not in attributes:
            yield Problem("<mj-social-element> needs a src, else its icon is fetched from a stranger", tag.at)
        case "mj-wrapper" if "gap" in attributes:
            yield Problem("gap of <mj-wrapper> is ignored by the compiler: use padding", tag.at)
        case "mj-style" if "inline" in attributes:
            yield Problem("inline of <mj-style> is ignored by the compiler: write the style on the element", tag.at)
        case "mj-raw" if "position" in attributes:
            yield Problem("position of <mj-raw> is not supported by the compiler", tag.at)
        case "mj-include" if attributes.get("type") not in (None, "mjml"):
            yield Problem("mj-include takes MJML only: include CSS and HTML with Jinja", tag.at)
