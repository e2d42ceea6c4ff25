"""Other people's HTML and text, as plain text that is safe to keep.

A text is unescaped as often as its format says, and HTML is parsed once: what then looks like a tag are words.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

import nh3

from newsletter.stories.reading import nesting


class Form(Enum):
    """How a text was written."""

    #: as it stands: "<b>" are three characters
    TEXT = auto()
    #: markup
    HTML = auto()
    #: RSS does not say: markup if it looks so, else words
    EITHER = auto()
    #: the same of a headline, where even <meta name="viewport"> may be words
    HEADLINE = auto()


@dataclass(frozen=True, slots=True)
class Written:
    """A text as it was written, after the feed's own escaping (XML's, JSON's) was taken off."""

    value: str = ""
    form: Form = Form.HTML

    def __bool__(self) -> bool:
        return bool(self.value.strip())


#: HTML beyond this is not read
_LONGEST = 100_000
#: so many, and nobody writes of elements
_MANY_TAGS = 20

_BREAKS = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|section|article|figure|hr|dd|dt)\b)", re.IGNORECASE
)
_PARAGRAPHS = re.compile(r"<(?=/?(?:p|div|ul|ol|h[1-6]|table|blockquote|section|article|figure)\b)", re.IGNORECASE)
_HIDDEN = {"script", "style", "iframe", "noscript", "template", "object", "svg", "math", "head", "title", "textarea"}
_HIDING = re.compile(r"<(iframe|noscript|template|object|svg|math|title|textarea)\b[^<>]*>", re.IGNORECASE)
_HIDING_NOTHING = re.compile(
    r"<(?:iframe|noscript|template|object|svg|math|title|textarea|script|style)\b[^<>]*/>", re.IGNORECASE
)
_HIDING_END = re.compile(r"</(iframe|noscript|template|object|svg|math|title|textarea)\b", re.IGNORECASE)
#: controls, lone surrogates, and marks that turn the direction of writing round
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SECTION = re.compile(r"\s*+<!\[CDATA\[(.*)\]\]>\s*+", re.DOTALL)
_OF_XML = {"&", "<", ">", '"'}
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")

#: elements that come in pairs where somebody marks words up; <picture> or <title> in a headline are words
_PAIRED = re.compile(
    r"<(/?)(a|abbr|acronym|b|big|blockquote|center|cite|code|del|div|dfn|em|font|h[1-6]|i|iframe|ins|kbd|li|mark|nobr"
    r"|noscript|ol|p|pre|q|s|samp|script|small|span|strike|strong|style|sub|sup|table|td|tr|tt|u|ul|var"
    r"|dl|dt|dd|details|summary|aside|address|caption|thead|tbody|tfoot|th|figcaption|ruby|bdi|bdo|label|form|fieldset"
    r"|svg|math|object|applet|video|audio|picture|figure|section|article|blink|marquee|frameset)"
    r"(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
#: in a text, what has attributes is markup
_WITH_ATTRIBUTES = re.compile(
    r"<(?:a|applet|base|div|embed|form|frame|frameset|iframe|img|input|link|meta|object|p|param|script|span|style|table)"
    r"\s[^<>=]*=[^<>]*>",
    re.IGNORECASE,
)
#: elements that stand alone; "the <br> tag" is about one
_ALONE = re.compile(
    r"<img\s[^<>]*\bsrc\b|<(?:br|hr|wbr|p)\s*/>|(?<=\S)<(?:br|hr|wbr|p)>|<(?:br|hr|wbr|p)>(?=\S)", re.IGNORECASE
)
#: any element of HTML, and what browsers leave out unseen
_TAG = re.compile(
    r"<!|</?(?:a|abbr|acronym|address|applet|area|article|aside|audio|b|base|basefont|bdi|bdo|bgsound|big|blink|blockquote|body|br|button|canvas|caption|center"
    r"|cite|code|col|data|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|fig\w+|font|footer|form|frame|frameset|h[1-6r]|head|header"
    r"|html|i|iframe|img|input|ins|isindex|kbd|keygen|label|legend|li|link|main|map|mark|marquee|math|menu|meta|nav|nobr|noembed|noframes|noscript|object|ol"
    r"|opt\w+|output|p|param|picture|pre|progress|q|rp|rt|ruby|s|samp|script|section|select|slot|small|source|span|strike"
    r"|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var"
    r"|video|wbr|xmp|\w+[-:]\w+)(?=[\s/>])",
    re.IGNORECASE,
)
#: what a text that was escaped once too often begins with
_OPENING = re.compile(
    r"\s*<(?:a|b|blockquote|br|div|em|figure|h[1-6]|i|img|p|span|strong|table|ul|ol)[\s/>]", re.IGNORECASE
)


def line(written: Written | str, limit: int) -> str:
    """*written* as one line of at most *limit* characters; a bare string stands for HTML."""
    return _cut(" ".join(_plain(written).split()), limit)


def paragraphs(written: Written | str, limit: int) -> str:
    """*written* as paragraphs parted by an empty line, of at most *limit* characters; a bare string stands for HTML."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", _plain(written)))
    return _cut("\n\n".join(block for block in blocks if block), limit)


def _plain(written: Written | str) -> str:
    if isinstance(written, str):
        written = Written(written)
    value = _UNSEEN.sub("", _bounded(written))
    if written.form is not Form.TEXT and (section := _SECTION.fullmatch(value)):
        value = section[1]  # escaped together with its text
    read = {Form.TEXT: _of_text, Form.HTML: _of_html, Form.EITHER: _of_either, Form.HEADLINE: _of_headline}[
        written.form
    ]
    return unicodedata.normalize("NFC", _UNSEEN.sub("", read(value)))


def _bounded(written: Written) -> str:
    """Its beginning; of what is nested very deeply, tags that say nothing take no place from the words."""
    value = written.value
    if len(value) > _LONGEST and written.form is not Form.TEXT:
        value = nesting.shallow(value, html=True)
    return value[:_LONGEST]


def _of_text(value: str) -> str:
    """*value* as it stands; but no plain text means "&nbsp;" or "&#8217;", which programs forget to read."""
    return _REFERENCE.sub(lambda match: _told(match[0]), value)


def _told(reference: str) -> str:
    character = html.unescape(reference)
    return reference if character in _OF_XML else character


def _of_either(value: str) -> str:
    return _of_html(value) if _WITH_ATTRIBUTES.search(value) else _of_headline(value)


def _of_headline(value: str) -> str:
    if _is_markup(value):
        return _of_html(value)
    words = _REFERENCE.sub(lambda match: html.unescape(match[0]), value)
    return _without_tags(words) if words != value and _is_markup(words) else words


def _of_html(value: str) -> str:
    if "<" in value and not _TAG.search(value):
        return html.unescape(value)  # Vec<String>, a<b: no browser knows such elements
    text = _without_tags(value)
    if "<" not in value and _OPENING.match(text) and _is_markup(text):
        return _without_tags(text)  # escaped once too often: nobody begins a text with a sample of code
    return text


def _is_markup(value: str) -> bool:
    if "<" not in value:
        return False
    opened: set[str] = set()
    for number, tag in enumerate(_PAIRED.finditer(value)):
        if (tag[1] and tag[2].lower() in opened) or number == _MANY_TAGS:
            return True
        opened.add("" if tag[1] else tag[2].lower())
    return bool(_ALONE.search(value))


def _without_tags(markup: str) -> str:
    if "<" in markup:
        markup = _BREAKS.sub("\n<", _PARAGRAPHS.sub("\n\n<", _without_unclosed(markup)))
        markup = nesting.shallow(markup, html=True) if markup.count("<") > nesting.DEEPEST else markup
        markup = nh3.clean(markup, tags=set(), clean_content_tags=_HIDDEN)
    return html.unescape(markup)


def _without_unclosed(markup: str) -> str:
    """*markup* without tags that would hide all that follows them, for want of an end: <iframe src="…"/>."""
    if not _HIDING.search(markup):
        return markup
    markup = _HIDING_NOTHING.sub("", markup)
    ends = {end[1].lower(): end.start() for end in _HIDING_END.finditer(markup)}
    return _HIDING.sub(lambda tag: tag[0] if tag.start() < ends.get(tag[1].lower(), -1) else "", markup)


def _cut(text: str, limit: int) -> str:
    """At most *limit* characters, ending with a whole word and an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    short = text[: limit - 1]
    whole, space, _ = short.rpartition(" ")
    return (whole if space and len(whole) > limit // 2 else short).rstrip() + "…"
