"""Addresses of pages in prose: where each begins and, which is harder, where it ends."""

import re
import unicodedata
from collections.abc import Iterator

_SCHEME = re.compile(r"(?<![^\W_])https?://(?=[^\W_]|\[)", re.IGNORECASE)
#: what no address holds (RFC 3986 appendix C names most as what people put around one)
_NEVER = frozenset('<>"`\\^')
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_OPENED_BY = {closer: opener for opener, closer in _CLOSED_BY.items()}
#: what ends a sentence, or is Markdown's or a page's, rather than the address before it
_SPARE = re.compile(r"(?:&[A-Za-z0-9]+;|'[sS]|[.,:;!?&|'*_~(\[{·・])\Z")
#: what ends an address that stands right behind it
_AROUND = frozenset("'*")
#: what parts an address from another one right behind it
_BETWEEN = frozenset(",;|")
#: letters of names that Unicode counts among the signs: col·legi, ジョン・レノン
_WITHIN_WORDS = frozenset("·・\u200c\u200d")
_OTHER_SIGNS = frozenset(
    {"Cc", "Cf", "Cs", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"}
)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where each address in *text* begins and ends."""
    position = 0
    while begin := _SCHEME.search(text, position):
        position = begin.end()
        end = end_of(text, begin.start())
        if end > position:
            yield begin.start(), end
            position = end


def end_of(text: str, start: int) -> int:
    """Where the address ends that begins at *start* of *text*: before brackets and quotes around it, before the
    sentence's own signs in any script, and before Markdown's marks."""
    first = text.index("://", start) + 3
    end = _reach(text, start, first)
    while spare := _SPARE.search(text, first, end):
        end = spare.start()
    return end


def _reach(text: str, start: int, first: int) -> int:
    """As far as the characters could belong to the address."""
    before = text[start - 1 : start]
    opened: list[str] = []
    for at in range(first, len(text)):
        character = text[at]
        if character in _NEVER or _is_foreign(character) or (character in _AROUND and character == before):
            return at
        if character in _BETWEEN and _SCHEME.match(text, at + 1):
            return at
        if character in _CLOSED_BY:
            opened.append(character)
        elif character in _OPENED_BY:
            if _OPENED_BY[character] not in opened:
                return at
            opened.remove(_OPENED_BY[character])
    return len(text)


def _is_foreign(character: str) -> bool:
    """A blank, a control, or a sign beyond ASCII: curly quotes, ellipses, dashes, 。 and its like, emoji."""
    if character.isascii():
        return character <= " " or character == "\x7f"
    return character not in _WITHIN_WORDS and unicodedata.category(character) in _OTHER_SIGNS
