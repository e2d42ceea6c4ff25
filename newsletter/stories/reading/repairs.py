"""What has to be mended in a feed's text before it is XML: entities nobody declared, bare "&" and "<", a DOCTYPE.

No entity is left to the parser but XML's own five, so none can grow or lead to a file.
"""

import html
import re
from html.entities import html5
from itertools import islice

_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))", re.DOTALL)
_DOCTYPE = re.compile(
    r"<!DOCTYPE(?:[^\[<>\"']|\"[^\"]*\"|'[^']*')*(?:\[(?P<inner>(?:[^\]\"']|\"[^\"]*\"|'[^']*')*)\]\s*)?>",
    re.IGNORECASE,
)
_ROOT = re.compile("<[A-Za-z_]")
#: the end of an entry, with that of the text before it
_SWALLOWED = re.compile(r"(?:</[\w:]+\s*>\s*)?</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:\"([^\"<%]*)\"|'([^'<%]*)')\s*>")
_REFERENCE = re.compile(r"&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,7})|([A-Za-z][\w.-]{0,40}))?(;?)")
_OWN = {"amp", "lt", "gt", "quot", "apos"}
_BARE = re.compile(r"<(?![A-Za-z_/!?])")
#: declared entities that are read, and how long one may be
_MOST_ENTITIES, _LONGEST_ENTITY = 300, 500

#: elements whose text is often HTML that nobody escaped
_TEXTS = re.compile(
    r"<(/?)((?:\w+:)?(?:description|encoded|summary|content|title|fulltext|body|creator|author))((?:\s[^<>]*)?)(?<!/)>",
    re.IGNORECASE,
)
#: elements that hold a line, and are followed by another that belongs to the entry
_UNCLOSED = re.compile(
    r"<(title|link|guid|pubdate|author)>([^<]*)(?=<(?:title|link|guid|pubdate|author|description|category|/item|/entry)\b)",
    re.IGNORECASE,
)
_UNQUOTED = re.compile(r"(\s[\w:]+=)([^\s\"'<>=]+)(?=[\s/>])")
_TAG = re.compile(r"<[\w:]+(?:\s[^<>]*)?>")


def well_formed(text: str) -> str:
    """*text*, the markup of a feed, as XML where a mistake of entities was all that was wrong with it."""
    text, entities = _without_doctype(_ended(text))
    text = _DECLARATION.sub("", text)
    if "&" not in text and not _BARE.search(text):
        return text
    parts = _CDATA.split(text)
    parts[::2] = [_mended(part, entities) for part in parts[::2]]
    return "".join(parts)


def harder(text: str) -> str:
    """*text*, an entry that is still no XML, with its texts escaped and its attributes quoted."""
    text = _with_texts_escaped(_UNCLOSED.sub(r"<\1>\2</\1>", text))
    text = _REFERENCE.sub(_legal, text)
    return _TAG.sub(lambda tag: _UNQUOTED.sub(r'\1"\2"', tag[0]), text)


def _ended(text: str) -> str:
    """*text* with an end for each CDATA section and comment that would swallow the entries after its own.

    Programs that shorten a text forget it: what holds the end of an entry and the beginning of another section is two.
    """
    for opening, closing in (("<![CDATA[", "]]>"), ("<!--", "-->")):
        head, *sections = text.split(opening)
        mended = [
            section if closing in section else _SWALLOWED.sub(rf"{closing}\g<0>", section, 1) for section in sections
        ]
        text = opening.join((head, *mended))
    return text


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    root = _ROOT.search(text)
    begin = text[: root.start() if root else len(text)].lower().find("<!doctype")
    found = _DOCTYPE.match(text, begin, begin + 100_000) if begin >= 0 else None
    if not found:
        return text, {}
    declared = islice(_ENTITY.finditer(found["inner"] or ""), _MOST_ENTITIES)
    entities = {name: one or other or "" for name, one, other in (match.groups() for match in declared)}
    # one that names another could grow
    kept = {
        name: _mended(value, {})
        for name, value in entities.items()
        if len(value) <= _LONGEST_ENTITY and not any(one[3] in entities for one in _REFERENCE.finditer(value))
    }
    return text[: found.start()] + text[found.end() :], kept


def _mended(part: str, entities: dict[str, str]) -> str:
    def mend(found: re.Match[str]) -> str:
        decimal, hexadecimal, name, end = found.groups()
        if decimal or hexadecimal:
            return _character(int(decimal or hexadecimal, 10 if decimal else 16)) + ("" if end else " ")
        if name in _OWN and end:
            return found[0]
        if name and end and name in entities:
            return entities[name]
        if name and end and f"{name};" in html5:
            return html.escape(html5[f"{name};"])
        return f"&amp;{found[0][1:]}"

    return _BARE.sub("&lt;", _REFERENCE.sub(mend, part)) if "&" in part or "<" in part else part


def _character(number: int) -> str:
    """The character *number* as browsers read it (146 is an apostrophe); what XML forbids is left out."""
    if number in {9, 10, 13}:
        return f"&#{number};"
    if number < 32 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or number in {0xFFFE, 0xFFFF}:
        return ""
    return html.escape(html.unescape(f"&#{number};"))


def _legal(found: re.Match[str]) -> str:
    """*found*, a reference inside what might be a comment, unless it is to a character that XML forbids."""
    decimal, hexadecimal = found[1], found[2]
    number = int(decimal or hexadecimal, 10 if decimal else 16) if decimal or hexadecimal else 9
    return found[0] if _character(number) else ""


def _with_texts_escaped(text: str) -> str:
    """*text* with what stands in its titles, descriptions … escaped, each up to its first end."""
    tags = list(_TEXTS.finditer(text))
    last = {tag[2].lower(): tag.start() for tag in tags if tag[1]}
    done: list[str] = []
    at, opened = 0, None
    for tag in tags:
        if opened is None and not tag[1] and last.get(tag[2].lower(), -1) > tag.start():
            opened = tag
        elif opened is not None and tag[1] and tag[2].lower() == opened[2].lower():
            done += (text[at : opened.end()], _escaped(text[opened.end() : tag.start()]), f"</{opened[2]}>")
            at, opened = tag.end(), None
    return "".join(done) + text[at:]


def _escaped(inner: str) -> str:
    if "<" not in inner or "<![CDATA[" in inner:
        return inner
    return html.escape(html.unescape(inner), quote=False)
