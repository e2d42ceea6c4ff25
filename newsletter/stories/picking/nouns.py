"""German, where every noun stands in capitals: which of them are names."""

import re
from collections.abc import Iterable, Sequence

from newsletter.stories.picking import languages

_TOKEN = re.compile(r"[^\W_][\w&+'’.-]*")
#: endings of what is a thing, never a company
_ENDINGS = ("ung", "ungen", "heit", "keit", "schaft", "tion", "tionen", "ismus", "chen", "nis", "tät")
#: a word before a noun that says that it is one: articles and the like, adjectives by their endings, numbers
_DETERMINERS = frozenset(
    """der die das den dem des ein eine einen einem einer eines kein keine keinen seine seinen seiner ihre ihren ihrer
    diese dieser dieses diesen jede jeder jedes alle viele mehr zum zur im am vom ins beim""".split()  # noqa: SIM905
)
_ADJECTIVE = re.compile(r"^[a-zäöüß]{3,}(?:e|en|er|es|em)$")
#: other languages that know a word which is the same all over the world, and how many of them must
_OTHERS, _ENOUGH = ("en", "fr", "es", "it", "nl"), 4


def without(names: Iterable[str], texts: Sequence[str]) -> list[str]:
    """*names* less those that are nouns, and less the nouns before a name: "Lieferdienst Getir" is "Getir"."""
    before = _before(texts)
    kept = []
    for name in names:
        parts = name.split()
        while parts and _is_noun(parts[0], before):
            parts = parts[1:]
        while parts and _is_noun(parts[-1], before):
            parts = parts[:-1]
        if parts:
            kept.append(" ".join(parts))
    return sorted(set(kept))


def _before(texts: Sequence[str]) -> dict[str, list[str]]:
    """Word in capitals → the words that stand before it in the running text, as far as they are in small letters."""
    found: dict[str, list[str]] = {}
    for text in texts:
        tokens = _TOKEN.findall(text)
        for one, two in zip(["", *tokens], tokens, strict=False):
            if two[0].isupper():
                found.setdefault(two.rstrip("."), []).append(one)
    return found


def _is_noun(word: str, before: dict[str, list[str]]) -> bool:
    if word.casefold().endswith(_ENDINGS) or word not in before:
        return True
    cues = [one for one in before[word] if one.casefold() in _DETERMINERS or one.isdigit() or _ADJECTIVE.match(one)]
    if len(cues) * 4 > len(before[word]):
        return True
    term = languages.stem(word.casefold(), "de")
    if term not in languages.language("de").shares:
        return False
    plain = word.casefold()
    return sum(languages.stem(plain, code) in languages.language(code).shares for code in _OTHERS) < _ENOUGH
