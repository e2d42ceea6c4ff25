"""Other people's HTML and text, as plain text that is safe to keep."""

import html
import re
import unicodedata

import nh3

#: HTML beyond these is not read: parsing deeply nested tags takes the square of their number
_LONGEST = 100_000
_TAGS = 3_000
#: how often one text may have been escaped
_ESCAPES = 4

_BREAKS = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|section|article|figure|hr|dd|dt)\b)", re.IGNORECASE
)
_PARAGRAPHS = re.compile(r"<(?=/?(?:p|div|ul|ol|h[1-6]|table|blockquote|section|article|figure)\b)", re.IGNORECASE)
_HIDDEN = {"script", "style", "iframe", "noscript", "template", "object", "svg", "math", "head", "title", "textarea"}
_LOOKS_LIKE_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|&(?:amp|lt|gt|quot|apos|#\w{1,8});", re.IGNORECASE)
#: controls, lone surrogates, and marks that turn the direction of writing round
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


def line(value: object, limit: int) -> str:
    """*value*, HTML or text, as one line of at most *limit* characters."""
    return _cut(" ".join(_stripped(value).split()), limit)


def paragraphs(value: object, limit: int) -> str:
    """*value*, HTML or text, as paragraphs parted by an empty line, of at most *limit* characters."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", _stripped(value)))
    return _cut("\n\n".join(block for block in blocks if block), limit)


def _stripped(value: object) -> str:
    if not isinstance(value, str):
        return ""
    text = _without_tags(value)
    # markup that was escaped twice is markup again once it is unescaped
    for _ in range(_ESCAPES):
        if not _LOOKS_LIKE_MARKUP.search(text):
            break
        text = _without_tags(text)
    return unicodedata.normalize("NFC", _LOOKS_LIKE_MARKUP.sub("", _UNSEEN.sub("", text)))


def _without_tags(markup: str) -> str:
    markup = _UNSEEN.sub("", _bounded(markup))
    if "<" in markup:
        markup = _BREAKS.sub("\n<", _PARAGRAPHS.sub("\n\n<", markup))
        markup = nh3.clean(markup, tags=set(), clean_content_tags=_HIDDEN)
    return html.unescape(markup)


def _bounded(markup: str) -> str:
    markup = markup[:_LONGEST]
    if markup.count("<") <= _TAGS:
        return markup
    return "<".join(markup.split("<", _TAGS)[:_TAGS])


def _cut(text: str, limit: int) -> str:
    """At most *limit* characters, ending with a whole word and an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    short = text[: limit - 1]
    whole, space, _ = short.rpartition(" ")
    return (whole if space and len(whole) > limit // 2 else short).rstrip() + "…"
