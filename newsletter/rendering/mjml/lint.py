"""What is wrong with MJML, found before the compiler sees it: mrml says neither what nor where, or nothing at all.

Each rule stands for a measured defect: what is refused here was accepted silently, garbled, or ended the process.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.rendering.mjml import tokens
from newsletter.rendering.mjml.tree import Node
from newsletter.rendering.mjml.vocabulary import ATTRIBUTES, CHILDREN, EVERYWHERE, HTML_TAGS, IGNORED, UNUSABLE, VOID

#: mrml overflows its stack, and ends the process, somewhere above three thousand
DEEPEST = 100

_SHORTHAND = re.compile(r"padding|inner-padding|icon-padding|text-padding|ico-padding")
_LENGTH = re.compile(r"\d+(?:\.\d+)?px")
#: tags whose HTML may hold comments for Outlook, and those that hold words only
_CONDITIONAL = frozenset({"mj-text", "mj-raw", "mj-accordion-text", "mj-navbar-link", "mj-social-element"})
_WORDS_ONLY = frozenset({"mj-title", "mj-preview", "mj-accordion-title"})
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


def _problems(source: str, root: str | None) -> Iterator[Problem]:
    yield from _style_problems(source)
    stack: list[_Tag] = []
    done = 0
    for token in tokens.read(source):
        yield from _text_problems(source, done, token.start(), stack)
        done = token.end()
        if token["comment"]:
            yield from _comment_problems(token, stack)
        elif token["stray"]:
            yield _stray(source, token.start())
        elif token["end"]:
            yield from _end_problems(token, stack)
        else:
            tag = _Tag(token["name"], token.start(), tokens.attributes(token))
            yield from _tag_problems(tag, stack, root)
            if not token["closed"] and tag.name not in VOID:
                stack.append(tag)
                if len(stack) > DEEPEST:
                    yield Problem(f"tags are nested more than {DEEPEST} deep", tag.at)
    if stack:
        yield Problem(f"<{stack[-1].name}> is never closed", stack[-1].at)
    yield from _text_problems(source, done, len(source), stack)
    if root is not None and not done:
        yield Problem(f"there is no <{root}> in it", 0)


def _text_problems(source: str, start: int, end: int, stack: list[_Tag]) -> Iterator[Problem]:
    """Text between the tags of MJML, which is nobody's."""
    text = source[start:end]
    if text.strip() and not any(above.name in HTML_TAGS or above.name == "mj-style" for above in stack):
        where = f"in <{stack[-1].name}>" if stack else "outside the tags"
        shown = " ".join(text.split())[:40]
        yield Problem(f"text can't stand {where}: put {shown!r} in mj-text", start + len(text) - len(text.lstrip()))


def _stray(source: str, at: int) -> Problem:
    rest = source[at : at + 9].lower()
    if rest.startswith(("<![cdata", "<!doctype", "<?xml")):
        return Problem(f"{source[at:].split(' ')[0][:10]} is not understood here: leave it out", at)
    if re.match(r"<[a-z]", rest):
        shown = " ".join(re.split("(?<=>)", source[at : at + 40])[0].split())
        return Problem(f"{shown} … is not a whole tag: is a quote or > missing, or a value without quotes?", at)
    return Problem('"<" in text must be written &lt;', at)


def _comment_problems(token: re.Match[str], stack: list[_Tag]) -> Iterator[Problem]:
    inner = token["comment"][4:-3]
    if "--" in inner:
        yield Problem('a comment must not contain "--"', token.start())
    if not inner.startswith("[if"):
        return
    if not any(above.name in _CONDITIONAL for above in stack):
        yield Problem(
            "a conditional comment must stand in mj-text or mj-raw: the compiler refuses it here", token.start()
        )
    conditional = re.fullmatch(r"\[if [^\]]*\]>(.*)<!\[endif\]", inner, re.DOTALL)
    # `<!--[if !mso]><!-->` opens what all but Outlook read, as HTML
    if inner.endswith("]><!"):
        return
    if not conditional:
        yield Problem("a conditional comment must end in <![endif]-->", token.start())
    elif next(_problems(f"<mj-raw>{conditional[1]}</mj-raw>", None), None):
        yield Problem("a conditional comment must hold whole tags: the compiler refuses half a table", token.start())


def _style_problems(source: str) -> Iterator[Problem]:
    for style in tokens.STYLE.finditer(source):
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
    holder = next((above.name for above in stack if above.name in HTML_TAGS), None)
    if holder in _WORDS_ONLY:
        yield Problem(f"<{holder}> holds words only: <{tag.name}> can't stand in it", tag.at)
    elif holder:
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
    if parent not in {"mj-attributes", "mj-class"}:
        yield Problem(f"<{parent}> in mj-attributes holds no tags", tag.at)
    elif tag.name in {"mj-all", "mj-class"} and parent == "mj-attributes":
        yield from _shared_problems(tag)
    elif tag.name not in ATTRIBUTES:
        yield Problem(f"<{tag.name}> is not an MJML tag", tag.at)
    else:
        yield from _attribute_problems(tag)


def _shared_problems(tag: _Tag) -> Iterator[Problem]:
    """What mj-all and mj-class give must fit some tag."""
    if tag.name == "mj-class" and not tag.attributes.get("name"):
        yield Problem("<mj-class> needs a name", tag.at)
    for attribute, value in tag.attributes.items():
        kinds = [known[attribute] for known in (*ATTRIBUTES.values(), EVERYWHERE) if attribute in known]
        if (tag.name, attribute) == ("mj-class", "name"):
            continue
        if not kinds:
            yield Problem(f"no tag has the attribute {attribute!r}", tag.at)
        elif not any(kind.fits(value or "") for kind in kinds):
            yield Problem(f'{attribute}="{value}" fits no tag: write {kinds[0].wanted}', tag.at)
    yield from _padding_problems(tag)


def _mjml_problems(tag: _Tag, parent: str | None) -> Iterator[Problem]:
    if tag.name in UNUSABLE:
        yield Problem(f"{tag.name} {UNUSABLE[tag.name]}", tag.at)
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
    known = {**ATTRIBUTES[tag.name], **EVERYWHERE}
    for attribute, value in tag.attributes.items():
        if attribute not in known:
            yield Problem(f"<{tag.name}> has no attribute {attribute!r}", tag.at)
        elif (tag.name, attribute) in IGNORED:
            advice = IGNORED[tag.name, attribute]
            yield Problem(f"{attribute} of <{tag.name}> is ignored by the compiler: {advice}", tag.at)
        elif value is None:
            yield Problem(f"{attribute} of <{tag.name}> has no value", tag.at)
        elif not _SHORTHAND.match(attribute) and not known[attribute].fits(value):
            yield Problem(f'{attribute}="{value}" of <{tag.name}>: write {known[attribute].wanted}', tag.at)
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
        case "mj-font":
            yield Problem("fonts must not be fetched from elsewhere: name fonts that readers have", tag.at)
        case "mj-include" if attributes.get("type") not in (None, "mjml"):
            yield Problem("mj-include takes MJML only: include CSS and HTML with Jinja", tag.at)


def check(root: Node) -> None:
    """Raise BadTemplate where a tag of the whole, with what it got from elsewhere, is not right."""
    for node in root.tags():
        if node.name == "mj-body":
            _check(node, {})


def _check(node: Node, around: dict[str, str]) -> None:
    attributes = around | node.attributes
    tag = _Tag(node.name, node.at, dict(node.attributes))
    problem = next(_attribute_problems(tag), None) or next(_needs(node.name, attributes), None)
    if problem:
        raise node.wrong(problem.text)
    for child in node.tags():
        if child.name not in CHILDREN.get(node.name, frozenset()):
            raise child.wrong(f"<{child.name}> can't stand in <{node.name}>")
        _check(child, attributes if node.name == "mj-accordion" else {})


def _needs(name: str, attributes: Mapping[str, str]) -> Iterator[Problem]:
    if name == "mj-image" and "alt" not in attributes:
        yield Problem('<mj-image> needs an alt; alt="" where it only adorns', 0)
    if name == "mj-social-element" and "src" not in attributes:
        yield Problem("<mj-social-element> needs a src, else its icon is fetched from a stranger", 0)
    if name == "mj-hero" and any(part != "0px" for part in _beside(attributes.get("padding", "0px").split())):
        yield Problem("padding of <mj-hero> at its sides is ignored by the compiler: pad what stands in it", 0)
    if name == "mj-accordion-element":
        for icon in ("icon-wrapped-url", "icon-unwrapped-url"):
            if icon not in attributes:
                yield Problem(f"<mj-accordion> needs an {icon}, else its icon is fetched from a stranger", 0)


def _beside(padding: list[str]) -> list[str]:
    """The parts of a *padding* that stand left and right."""
    return padding[1::2] if len(padding) > 1 else padding
