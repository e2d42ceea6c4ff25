"""Inline Markdown (CommonMark), as editors write it: emphasis, strong, code, links. No HTML, no pictures, no blocks."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, emphasis
from markdown_it.token import Token

from newsletter.editions import weblinks

_SCHEME_BEHIND = re.compile(r"(?<![^\W_])https?$", re.IGNORECASE)
#: letters of a scheme, and the one before it
_LONGEST_SCHEME = 6
#: brackets in one paragraph, from which on they are no links: looking for the other end of each takes their square
_MOST_BRACKETS = 300
_TAGS = {"em": "em", "strong": "strong", "link": "a"}
#: letters and signs of Chinese, Japanese and Korean
_EASTERN = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
#: what can begin a mark; with a backslash before it, it is itself
_MARKS = re.compile(r"[\\`*_\[\]<&]")


def to_html(text: str) -> str:
    """One paragraph of Markdown as HTML with no other tags than a, em, strong and code."""
    return "".join(_tag(token) for token in _tokens(text))


def to_text(text: str) -> str:
    """One paragraph of Markdown as plain words; a link's address follows its words: `words <https://…>`."""
    parts: list[str] = []
    #: for each open link, its address and where its words begin in *parts*
    links: list[tuple[str, int]] = []
    for token in _tokens(text):
        if token.type == "link_open":
            links.append((str(token.attrs["href"]), len(parts)))
        elif token.type == "link_close":
            address, start = links.pop()
            address = address.removeprefix("mailto:")
            if "".join(parts[start:]) != address:
                parts.append(f" <{address}>")
        else:
            parts.append(_words(token))
    return "".join(parts)


def escape(text: str) -> str:
    """*text*, in which every character means itself, as Markdown that says the same."""
    return "\n\n".join(map(_escaped, text.split("\n\n")))


def is_link(address: str) -> bool:
    """Whether a reader can follow *address* from a mail."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (parts.scheme in {"http", "https"} and bool(parts.hostname)) or (
        parts.scheme == "mailto" and "@" in parts.path
    )


def _escaped(paragraph: str) -> str:
    if _means_itself(paragraph):
        return paragraph
    parts, done = [], 0
    for start, end in weblinks.find(paragraph):
        parts += [_MARKS.sub(r"\\\g<0>", paragraph[done:start]), paragraph[start:end]]
        done = end
    return "".join([*parts, _MARKS.sub(r"\\\g<0>", paragraph[done:])])


def _means_itself(paragraph: str) -> bool:
    tokens = _tokens(paragraph)
    marked = any(token.type not in {"text", "softbreak"} and token.info != "auto" for token in tokens)
    return not marked and "".join(map(_words, tokens)) == paragraph


def _tokens(text: str) -> Sequence[Token]:
    grammar = _MARKDOWN if text.count("[") <= _MOST_BRACKETS else _WITHOUT_LINKS
    return list(_followable(grammar.parseInline(text)[0].children or []))


def _followable(tokens: Sequence[Token]) -> Iterator[Token]:
    """*tokens* without links to nowhere, and with words in those that have none: both are seen by nobody."""
    leads = True
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.type == "link_open":
            leads = bool(token.attrs["href"])
        if leads or not token.type.startswith("link_"):
            yield token
        if token.type == "link_open" and leads and following.type == "link_close":
            yield Token("text", "", 0, content=str(token.attrs["href"]).removeprefix("mailto:"))


def _tag(token: Token) -> str:
    name, _, side = token.type.rpartition("_")
    if side == "open":
        href = f' href="{html.escape(str(token.attrs["href"]))}"' if name == "link" else ""
        return f"<{_TAGS[name]}{href}>"
    if side == "close":
        return f"</{_TAGS[name]}>"
    words = html.escape(_words(token), quote=False)
    return f"<code>{words}</code>" if token.type == "code_inline" else words


def _words(token: Token) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else token.content


def _address(state: StateInline, silent: bool) -> bool:
    """An address without marks around it, taken whole before its own signs can be read as marks."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME_BEHIND.search(state.pending[-_LONGEST_SCHEME:])
    if not scheme:
        return False
    start = state.pos - len(scheme[0])
    end = weblinks.end_of(state.src, start)
    # a page's source, copied, says &amp; for &
    address = state.src[start:end].replace("&amp;", "&")
    if not is_link(address):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        opening = state.push("link_open", "a", 1)
        opening.attrs, opening.info = {"href": address}, "auto"
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1).info = "auto"
    state.pos = end
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Marks beside letters of languages that put no blanks between words are marks: **「重要」**です.

    CommonMark asks for a blank there. This is the amendment of markdown-cjk-friendly.
    """
    start = state.pos
    if not emphasis.tokenize(state, silent):
        return False
    before = state.src[start - 1 : start]
    behind = state.src[state.pos : state.pos + 1] if state.pos < state.posMax else ""
    if state.src[start] == "*" and (_EASTERN.match(before) or _EASTERN.match(behind)):
        for one in state.delimiters[start - state.pos :]:
            one.open, one.close = bool(behind.strip()), bool(before.strip())
    return True


class _Markdown(MarkdownIt):
    """Addresses stay as they were written, for mail programs know other scripts; only some are links."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url.replace(" ", "%20")

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return is_link(url)


def _grammar(*disabled: str) -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False}).disable(["html_inline", "image", *disabled])
    markdown.inline.ruler.at("emphasis", _emphasis)
    markdown.inline.ruler.after("text", "address", _address)
    return markdown


_MARKDOWN, _WITHOUT_LINKS = _grammar(), _grammar("link")
