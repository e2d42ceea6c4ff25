"""Phrases that stand in capitals, taken whole, with the words around them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.stories.picking import languages, tables, words

_TOKEN = re.compile(r"&|[^\W_](?:[\w&+'’.-]*[\w+])?")
_POSSESSIVE = re.compile(r"['’]s$")
#: "London-based", "Amazon-owned": an adjective
_ADJECTIVE = re.compile(r"-[a-zà-ÿ]\w+$")
#: what may stand in small letters inside a name: "Banque de France", "Bank of England" (after such a word only)
_INSIDE = frozenset("de du des la le les von van der den di da del della y &".split())  # noqa: SIM905
_OF_WHAT = frozenset(
    """bank university church house ministry department institute college court board league chamber museum isle gulf
    school bureau""".split()  # noqa: SIM905
)
_ARTICLES = frozenset(
    "a an the der die das den dem ein eine einen le la les un une des el los las uno una il lo gli i de het een".split()  # noqa: SIM905
)
#: they end a name, and are none
_NO_NAMES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz
    mai juni juli oktober dezember ceo cfo cto coo ai q1 q2 q3 q4 covid-19 covid uk us usa eu u.s u.k un
    exclusive breaking report update video opinion analysis watch""".split()  # noqa: SIM905
)
_OCCASIONS = re.compile(
    r"\b(?:Black Friday|Cyber (?:Monday|Week|Weekend)|Christmas(?: Day| Eve)?|Easter|Boxing Day|Singles[’']? Day)\b"
)
#: words that stand in so large a share of reports are ordinary words, and begin a sentence in capitals
_ORDINARY = 0.002
_SHOUTED = 0.6


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase where it stands."""

    text: str
    #: whether its capitals mean something: the first word of a sentence has one anyway
    is_sure: bool
    #: the two words before it and the one after, in small letters
    before: tuple[str, ...]
    after: str
    #: how it reads without a first word that may be no part of it ("A", "After", "New"); empty where that can't be
    shorter: str = ""


def phrases(text: str) -> list[Phrase]:
    """The phrases of *text* in order, sentence by sentence."""
    return [phrase for sentence in words.sentences(text) for phrase in of_sentence(sentence)]


def names(sentence: str) -> list[str]:
    """The phrases of *sentence* as they stand: "Jason Derulo", "Amazon Web Services"."""
    return [phrase.text for phrase in of_sentence(sentence)]


def of_sentence(sentence: str) -> list[Phrase]:
    """The phrases of one sentence."""
    # days that shops name are no shops; small letters keep the place of the words
    tokens = _tokens(_OCCASIONS.sub(lambda day: day[0].lower(), sentence))
    found = (_phrase(tokens, start, end) for start, end in _runs(tokens))
    return [phrase for phrase in found if phrase is not None]


def is_title_case(title: str) -> bool:
    """Whether *title* Capitalises Nearly Every Word, so that its capitals tell nothing."""
    long = [word for word in title.split()[1:] if len(word) > 3 and word[0].isalpha()]
    return len(long) >= 3 and sum(word[0].isupper() for word in long) * 3 >= len(long) * 2


def is_shouted(title: str) -> bool:
    """Whether *title* is IN CAPITALS, or nearly."""
    letters = [letter for letter in title if letter.isalpha()]
    return len(letters) > 8 and sum(letter.isupper() for letter in letters) >= _SHOUTED * len(letters)


def is_ordinary(word: str, code: str = "en") -> bool:
    """Whether *word* is one that any text may use."""
    plain = word.casefold()
    language = languages.language(code)
    return plain in language.stops or language.shares.get(languages.stem(plain, code), 0.0) >= _ORDINARY


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    #: as a part of a name: without its possessive
    plain: str
    #: whether a comma, a full stop or the like parts it from the next, or its own possessive
    parted: bool

    @property
    def is_name(self) -> bool:
        plain = self.plain
        return (
            (plain[0].isupper() or _is_camel(plain) or (plain[0].isdigit() and any(one.isupper() for one in plain)))
            and plain.casefold() not in _NO_NAMES
            and not _ADJECTIVE.search(plain)
        )


def _is_camel(word: str) -> bool:
    """ "eBay", "iPhone"."""
    return len(word) > 2 and word[0].islower() and word[1].isupper()


def _tokens(sentence: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(sentence):
        after = sentence[match.end() : match.end() + 1]
        plain = _POSSESSIVE.sub("", match[0])
        found.append(_Token(match[0], plain, plain != match[0] or bool(after and not after.isspace())))
    return found


def _runs(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """Start and end of each phrase in capitals."""
    at = 0
    while at < len(tokens):
        if not tokens[at].is_name:
            at += 1
            continue
        end = at + 1
        while end < len(tokens) and not tokens[end - 1].parted:
            if tokens[end].is_name:
                end += 1
            elif _leads_on(tokens, end):
                end += 2
            else:
                break
        yield at, end
        at = end


def _leads_on(tokens: Sequence[_Token], at: int) -> bool:
    """Whether the small word at *at* stands inside a name."""
    if at + 1 >= len(tokens) or tokens[at].parted or not tokens[at + 1].is_name:
        return False
    small = tokens[at].text
    return small in _INSIDE or (small == "of" and tokens[at - 1].plain.casefold() in _OF_WHAT)


def _phrase(tokens: Sequence[_Token], start: int, end: int) -> Phrase | None:
    first = tokens[start].plain.casefold()
    if start == 0 and end - start > 1 and (first in _ARTICLES or _is_filler(first)):
        start += 1
        first = tokens[start].plain.casefold()
        if start >= end:
            return None
    text = " ".join(token.plain for token in tokens[start:end])
    if end - start == 1 and (first in _ARTICLES or _is_filler(first)):
        return None
    doubted = start == 0 and end - start > 1 and first not in tables.members("first-names") and is_ordinary(first)
    return Phrase(
        text,
        is_sure=start > 0 or (end - start > 1 and not doubted),
        before=tuple(token.text.casefold() for token in tokens[max(0, start - 2) : start]),
        after=tokens[end].text.casefold() if end < len(tokens) and not tokens[end - 1].parted else "",
        shorter=" ".join(token.plain for token in tokens[start + 1 : end]) if doubted else "",
    )


def _is_filler(word: str) -> bool:
    """Whether *word* is grammar that no name begins with: "After", "In", but not "New"."""
    return word in languages.language("en").stops and word not in first_words()


def first_words() -> frozenset[str]:
    """Ordinary words that begin names, "New" and "Black" among them: those of places all over the world."""
    return tables.members("first-words")
