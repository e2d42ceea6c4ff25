"""Where a newsletter's phrases stand in a report: its title, its lead, its body, or nowhere."""

import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache

from newsletter.stories.picking import languages, readings, words
from newsletter.stories.picking.snapshot import Item

#: how much a phrase counts, by where it stands
TITLE, LEAD, BODY = 3, 2, 1
#: letters that an ending may have
_ENDING = 2


class Text:
    """A report to look phrases up in; it is taken apart only once there is something to be found."""

    def __init__(self, item: Item) -> None:
        self._item = item

    def place(self, phrase: str) -> int:
        """`TITLE`, `LEAD` or `BODY`, the best there is; 0 where *phrase* does not stand in it."""
        parts, stubs = _parts(phrase)
        if not parts or not all(stub in self._plain for stub in stubs):
            return 0
        language = languages.language(self._language)
        return next((value for value, stream in self._streams if _holds(stream, parts, language.code)), 0)

    @cached_property
    def _plain(self) -> str:
        plain = f"{self._item.title} {self._item.text}".casefold()
        return plain if plain.isascii() else _folded(plain)

    @cached_property
    def _streams(self) -> Sequence[tuple[int, Sequence[str]]]:
        body = words.words(words.first(self._item.text, readings.LONG))
        opening = words.words(words.first(self._item.text, readings.LEAD))
        return (TITLE, words.words(self._item.title)), (LEAD, opening), (BODY, body)

    @cached_property
    def _language(self) -> str:
        return languages.of(self._streams[1][1] or self._streams[0][1])


@lru_cache(maxsize=1000)
def _parts(phrase: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of *phrase*, and how each begins, whatever its ending."""
    parts = tuple(words.words(phrase))
    return parts, tuple(_folded(part)[: max(2, len(_folded(part)) - _ENDING)] for part in parts)


def _holds(stream: Sequence[str], parts: Sequence[str], code: str) -> bool:
    first = parts[0]
    return any(
        _same(stream[at], first, code)
        and all(_same(word, part, code) for word, part in zip(stream[at:], parts, strict=False))
        for at in range(len(stream) - len(parts) + 1)
    )


@lru_cache(maxsize=100_000)
def _same(word: str, wanted: str, code: str) -> bool:
    """Whether *word* is *wanted*, or another ending of it: "tills" of "till", "Läden" of "Laden", but not "bank" of
    "banking"."""
    if word == wanted:
        return True
    one, other = _folded(word), _folded(wanted)
    shared = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    endings = one[shared:], other[shared:]
    if shared < 2 or (max(map(len, endings)) > _ENDING and set(endings) != {"y", "ies"}):
        return False
    return words.singular([word]) == words.singular([wanted]) or languages.stem(word, code) == languages.stem(
        wanted, code
    )


def _folded(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
