"""Whom a story is about: the phrase in capitals that most of its voices put into their titles."""

from collections import Counter
from collections.abc import Sequence

from newsletter.stories.picking import words

_LEAD = 80
_LONGEST = 4

#: the (title, text) of each report of one voice
Reports = Sequence[tuple[str, str]]


def of_story(voices: Sequence[Reports]) -> str:
    """The name that stands in the titles of at least half of *voices*; of several, the most frequent, then the one
    that the texts name first.

    Which phrases are names is learned from the running text, where capitals mean something; a title
    in Title Case only tells which of them matter.
    """
    names = _names(voices)
    in_titles: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for reports in voices:
        titles = [words.words(title) for title, _ in reports]
        for name in names:
            parts = words.words(name)
            if any(words.holds(title, parts) for title in titles):
                in_titles[name] += 1
            places[name] += min(_place(words.words(words.first(text, _LEAD)), parts) for _, text in reports)
    enough = [name for name in in_titles if in_titles[name] * 2 >= len(voices)]
    return min(enough, key=lambda name: (-in_titles[name], places[name], -len(name), name), default="")


def _names(voices: Sequence[Reports]) -> list[str]:
    """The phrases in capitals that the reports hold, as most of them write it."""
    spellings: dict[str, Counter[str]] = {}
    weak: dict[str, Counter[str]] = {}
    for reports in voices:
        for title, text in reports:
            for phrase, sure in _phrases(title, text):
                kept = spellings if sure else weak
                kept.setdefault(phrase.casefold(), Counter())[phrase] += 1
    written = {word for reports in voices for title, text in reports for word in _plain(title, text)}
    for key, counts in weak.items():
        if counts.total() > 1 and key not in written:
            spellings.setdefault(key, Counter()).update(counts)
    return sorted(min(counts, key=lambda spelling: (-counts[spelling], spelling)) for counts in spellings.values())


def _phrases(title: str, text: str) -> list[tuple[str, bool]]:
    """Each phrase, and whether its capitals can be trusted: the first word of a sentence has one anyway."""
    found: list[tuple[str, bool]] = []
    for sentence in words.sentences(words.first(text, _LEAD)):
        found.extend((phrase, not sentence.startswith(phrase) or " " in phrase) for phrase in words.names(sentence))
    sure = not words.is_title_case(title)
    found.extend((phrase, sure and (not title.startswith(phrase) or " " in phrase)) for phrase in words.names(title))
    return [(phrase, is_sure) for phrase, is_sure in found if len(phrase.split()) <= _LONGEST and len(phrase) > 1]


def _plain(title: str, text: str) -> list[str]:
    """The words of both as they are written, without the marks around them."""
    return [word.strip(".,;:!?…()“”‘’\"'") for word in f"{title} {text}".split()]


def _place(text: Sequence[str], parts: Sequence[str]) -> int:
    """How early *parts* stand in *text*; as if after its end where they do not."""
    return next((at for at in range(len(text)) if list(text[at : at + len(parts)]) == list(parts)), _LEAD)
