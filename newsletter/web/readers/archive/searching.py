"""Which past editions hold certain words: each one asked for, as a word or its beginning, without case and accents."""

import unicodedata
from collections.abc import Iterable
from typing import Protocol, TypeVar

#: of what is asked for
_MOST_WORDS, _LONGEST = 10, 200


class Readable(Protocol):
    """Something with all its words, folded."""

    @property
    def words(self) -> str: ...


Text = TypeVar("Text", bound=Readable)


def folded(text: str) -> str:
    """*text* without what people don't type: case, accents, forms of one letter; its words parted by one blank."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return " " + " ".join("".join(sign if sign.isalnum() else " " for sign in plain).split()) + " "


def asked(query: str) -> tuple[str, ...]:
    """The words of *query*, folded; at most ten."""
    return tuple(dict.fromkeys(folded(query[:_LONGEST]).split()))[:_MOST_WORDS]


def find(texts: Iterable[Text], query: str) -> list[Text]:
    """Those of *texts* that hold every word of *query*, in their order; none where nothing is asked for."""
    words = asked(query)
    return [text for text in texts if words and all(_holds(text.words, word) for word in words)]


def _holds(text: str, word: str) -> bool:
    # in scripts that part no words, a word begins anywhere
    return f" {word}" in text or (ord(word[0]) > 0x2E7F and word in text)
