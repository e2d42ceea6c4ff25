"""Text taken apart: words, sentences, numbers, and the phrases that stand in capitals. Knows no story."""

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_POSSESSIVE = re.compile(r"['’]s$")
#: a full stop, question or exclamation mark, its closing quote, white space, and something that can open a sentence
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9£$€])|\n{2,}")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Inc|Ltd|Co|Corp|No|vs|approx|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)|\b[A-Z])\.$"
)
_TOKEN = re.compile(r"[^\W_][\w&+'’.-]*[\w+]|[^\W_]")
_CAPITALISED = re.compile(r"[A-Z][\w&+'’.-]*$|[a-z][A-Z]\w+$")

STOP_WORDS = frozenset(
    """a about above after again against all also am among an and any are as at be became because been before being
    below between both but by can could did do does doing down during each few for from further get had has have having
    he her here hers him his how i if in into is it its itself just last like made make many may me might more most much
    must my new next no nor not now of off on once one only or other our out over own per said same say says she should
    since so some such than that the their them then there these they this those through to too two under until up upon
    us use used using very via was we were what when where which while who whom why will with within would year years
    you your""".split()  # noqa: SIM905 (a hundred quoted words are harder to read)
)

#: what stands in capitals without being anybody's name
_NO_NAMES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december uk us usa eu u.s u.k europe britain america london paris new york china india
    germany france ceo cfo cto ai it q1 q2 q3 q4 covid-19 covid black cyber week christmas day
    exclusive breaking report update video opinion analysis watch""".split()  # noqa: SIM905
)


def words(text: str) -> list[str]:
    """The words of *text* in lower case, possessives and punctuation gone."""
    return [_POSSESSIVE.sub("", word) for word in _WORD.findall(text.casefold())]


def telling(text: str) -> list[str]:
    """The words that tell one story from another: no stop words, no single letters."""
    return [word for word in words(text) if len(word) > 1 and word not in STOP_WORDS]


def first(text: str, count: int) -> str:
    """The first *count* words of *text*, as they stand."""
    return " ".join(text.split(None, count)[:count])


def sentences(text: str) -> list[str]:
    """The sentences of *text*, in order."""
    parts: list[str] = []
    for part in _SENTENCE_END.split(text):
        if parts and _ABBREVIATION.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return [" ".join(part.split()) for part in parts if part.strip()]


def singular(stream: Sequence[str]) -> list[str]:
    """*stream* with a plain plural s taken off each word, so that "self-checkout" is found in "self-checkouts"."""
    return [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in stream]


def names(sentence: str) -> list[str]:
    """The phrases of *sentence* that stand in capitals, in order: "Jason Derulo", "Amazon Web Services"."""
    found: list[str] = []
    for run in _runs(sentence):
        phrase = " ".join(run)
        if phrase.casefold() not in STOP_WORDS:
            found.append(phrase)
    return found


def is_title_case(title: str) -> bool:
    """Whether *title* Capitalises Nearly Every Word, so that its capitals tell nothing."""
    long = [word for word in title.split()[1:] if len(word) > 3 and word[0].isalpha()]
    return len(long) >= 3 and sum(word[0].isupper() for word in long) * 3 >= len(long) * 2


def holds(haystack: Sequence[str], needle: Sequence[str]) -> bool:
    """Whether the words of *needle* stand side by side in *haystack*."""
    size = len(needle)
    return bool(needle) and any(
        haystack[at] == needle[0] and list(haystack[at : at + size]) == list(needle)
        for at in range(len(haystack) - size + 1)
    )


def _runs(sentence: str) -> Iterator[list[str]]:
    run: list[str] = []
    for token, ends in _tokens(sentence):
        plain = _POSSESSIVE.sub("", token)
        if _CAPITALISED.match(plain) and plain.casefold() not in _NO_NAMES and not plain.isdigit():
            run.append(plain)
            if plain == token and not ends:
                continue
        if run:
            yield run
        run = []
    if run:
        yield run


def _tokens(sentence: str) -> Iterator[tuple[str, bool]]:
    """Each token, and whether punctuation parts it from the next."""
    for match in _TOKEN.finditer(sentence):
        after = sentence[match.end() : match.end() + 2]
        yield match[0], bool(after) and not after[0].isspace()
