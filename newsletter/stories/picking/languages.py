"""The languages that are read: which one a text is in, its stop words, its stems, its frequent words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import snowballstemmer

from newsletter.stories.picking import tables

#: code → Snowball's name for it; of equal votes the first wins
STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
    "da": "danish",
    "nb": "norwegian",
    "fi": "finnish",
    "pl": "polish",
}
#: languages in which every noun stands in capitals
NOUNS_IN_CAPITALS = frozenset({"de"})
#: words of a text that vote on its language
_VOTERS = 80
_PARTS = 10_000
#: distinct words whose terms are kept at hand
_MOST_WORDS = 500_000

#: they tell one English story from another no more than the hundred most frequent words do
_ENGLISH = frozenset(
    """a about above after again against all also am among an and any are as at be became because been before being
    below between both but by can could did do does doing down during each few for from further get had has have having
    he her here hers him his how i if in into is it its itself just last like made make many may me might more most much
    must my new next no nor not now of off on once one only or other our out over own per said same say says she should
    since so some such than that the their them then there these they this those through to too two under until up upon
    us use used using very via was we were what when where which while who whom why will with within would year years
    you your""".split()  # noqa: SIM905 (a hundred quoted words are harder to read)
)


@dataclass(frozen=True)
class Language:
    """One language, with what its table says."""

    code: str
    stops: frozenset[str]
    #: stem → in which share of reports at large it stands
    shares: Mapping[str, float]

    def each(self, stream: Iterable[str]) -> list[str]:
        """The stem of each word of *stream*, empty for those that tell nothing."""
        return list(map(self._terms.__getitem__, stream))

    def terms(self, stream: Iterable[str]) -> list[str]:
        """The stems of the words that tell one story from another: no stop words, no single letters."""
        return list(filter(None, map(self._terms.__getitem__, stream)))

    @cached_property
    def _terms(self) -> "_Terms":
        return _Terms(self)


class _Terms(dict[str, str]):
    """Word → its term, or nothing where it tells nothing; worked out when it is first met."""

    def __init__(self, of: Language) -> None:
        super().__init__()
        self._of = of
        self._stem = _stemmer(of.code).stemWord

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_WORDS:
            self.clear()
        tells = len(word) > 1 and word not in self._of.stops and not _is_glue(word)
        term = self[word] = self._stem(word) if tells else ""
        return term


def stem(word: str, code: str) -> str:
    """*word* without its ending, as the language *code* has it."""
    return str(_stemmer(language(code).code).stemWord(word))


@cache
def language(code: str) -> Language:
    """The language *code*, one of `STEMMERS`; any other is read as English."""
    if code not in STEMMERS:
        return language("en")
    stops, *rows = tables.lines(code)
    pairs = (row.split("\t") for row in rows)
    shares = {stem: int(parts) / _PARTS for stem, parts in pairs}
    return Language(code, _ENGLISH if code == "en" else frozenset(stops.split()), shares)


def of(stream: Sequence[str]) -> str:
    """The code of the language of a text, given as its words: the one whose stop words stand in it most."""
    votes: dict[str, float] = {}
    marks = _marks()
    for speakers in filter(None, map(marks.get, stream[:_VOTERS])):
        for code, weight in speakers:
            votes[code] = votes.get(code, 0.0) + weight
    return max(STEMMERS, key=lambda code: votes.get(code, 0.0)) if votes else "en"


@cache
def _marks() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Stop word → the languages it speaks for; the fewer they are, the more it says."""
    speakers: dict[str, list[str]] = {}
    for code in STEMMERS:
        for word in tables.lines(code)[0].split():
            speakers.setdefault(word, []).append(code)
    return {word: tuple((code, 1 / len(codes)) for code in codes) for word, codes in speakers.items()}


@cache
def _stemmer(code: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(STEMMERS[code])


def _is_glue(word: str) -> bool:
    """Whether *word* is Japanese grammar: two letters of hiragana."""
    return not word.isascii() and all("\u3041" <= letter <= "\u309f" for letter in word)
