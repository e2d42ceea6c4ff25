"""A story's first draft: its headline, at most two sentences that were said of it, and who said them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from newsletter.stories.picking import cleaning, headlines, readings, segments, turning, vectors, words
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.readings import Reading
from newsletter.stories.picking.snapshot import Item
from newsletter.stories.picking.telling import Story

_SENTENCES = 2
#: sentences of a report that are looked at, and how much each place costs
_OPENING = 12
_FALL = 0.12
#: words that a sentence should have; where words have no blanks between them, letters
_SHORTEST, _LONGEST = 7, 45
_LETTERS = 3
#: two sentences this alike say the same
_REPEATS = 0.35
#: and what is taken back is told in the words in which it was promised
_TAKEN_BACK = 0.7
#: reports read for a draft
_READ = 12
_ENDS = ".!?…”\"'’»“›)]。！？」』"
#: a report that is so much newer may tell the same with other figures
_LATER = timedelta(hours=6)
#: a sentence that leans on the one before it, and what that leaves of its worth
_LEANS = re.compile(
    r"[“\"„«]?(?:He|She|It|They|This|That|These|Those|But|And|However|Also|Meanwhile|Er|Sie|Es|Das|Aber|Doch|Il|Elle|Ils|Cela|Mais)\b"
)
_LEANING = 0.7


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence, and where it stands."""

    text: str
    source: str
    url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Words to start from; an editor rewrites them."""

    headline: str
    quotes: tuple[Quote, ...]
    attribution: str
    #: what the newest report says, where it takes back what an older one said
    since: str = ""

    @property
    def summary(self) -> str:
        said = [quote.text for quote in self.quotes]
        if self.since and said:
            said[-1] = f"{self.since} {said[-1]}"
        return " ".join(said)

    def stored(self) -> list[dict[str, Any]]:
        return [asdict(quote) for quote in self.quotes]


def draft(story: Story, frequencies: Frequencies, read: Mapping[int, Reading] | None = None) -> Draft:
    """Headline, summary and attribution of *story*, all taken from its reports; *read* holds those read already."""
    turn = turning.turn(story.reports)
    quotes, since = _quotes(_sentences(story, frequencies, turn, read or {}), turn)
    told = story.reports if turn is None else [one for one in story.reports if one.published_at >= turn.published_at]
    return Draft(headlines.best(told, story.lead, frequencies), quotes, attribution(story), since)


def attribution(story: Story) -> str:
    """ "Retail Dive and 3 more": the lead's source, and the number of other voices."""
    others = len(story.voices) - 1
    return f"{story.lead.source} and {others} more" if others else story.lead.source


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: int
    value: float
    vector: Mapping[str, float]
    quote: Quote
    report: int
    at: datetime
    figures: frozenset[str]


def _quotes(found: Sequence[_Sentence], turn: Item | None) -> tuple[tuple[Quote, ...], str]:
    """Those nearest the story's centre and the top of their report; the second says something else, and no earlier."""
    ordered = sorted(found, key=lambda one: (-one.value, one.report, one.place))
    if turn is not None:
        return _turned(ordered, turn)
    kept: list[_Sentence] = []
    for one in ordered:
        if all(_differ(one, other) for other in kept) and not any(_overtakes(other, one) for other in found):
            kept.append(one)
        if len(kept) == _SENTENCES:
            break
    kept.sort(key=lambda one: (one.at, one.report, one.place))
    return tuple(one.quote for one in kept), ""


def _turned(ordered: Sequence[_Sentence], turn: Item) -> tuple[tuple[Quote, ...], str]:
    """What was, and what has become of it since."""
    after = [one for one in ordered if one.at >= turn.published_at]
    news = next((one for one in after if turning.takes_back(one.quote.text)), after[0] if after else None)
    if news is None:
        return (), ""
    earlier = [
        one
        for one in ordered
        if one.at < turn.published_at and _differ(one, news, _TAKEN_BACK) and one.report != news.report
    ]
    # what was then said first is what has been taken back
    before = min(earlier, key=lambda one: (one.place, -one.value), default=None)
    if before is None:
        return (news.quote,), ""
    return (before.quote, news.quote), turning.since(news.quote.text)


def _differ(one: _Sentence, other: _Sentence, alike: float = _REPEATS) -> bool:
    return vectors.cosine(one.vector, other.vector) < alike


def _overtakes(newer: _Sentence, older: _Sentence) -> bool:
    """Whether *newer* tells the same with other figures, some hours later: the number of shops, of the injured."""
    return (
        newer.at - older.at >= _LATER
        and bool(newer.figures and older.figures)
        and newer.figures.isdisjoint(older.figures)
        and not _differ(newer, older)
    )


def _sentences(
    story: Story, frequencies: Frequencies, turn: Item | None, read: Mapping[int, Reading]
) -> Sequence[_Sentence]:
    reports = _read(story.reports, turn)
    long = [(read.get(report.id) or readings.read(report)).long for report in reports]
    centre = vectors.centroid([vectors.channel(counts, frequencies) for counts in long])
    found = []
    for report in reports:
        for said in _opening(report.text):
            vector = vectors.channel(said.terms, frequencies)
            value = vectors.cosine(vector, centre) / (1 + _FALL * said.place) * (_LEANING if said.leans else 1)
            quote = Quote(said.text, report.source, report.url)
            found.append(_Sentence(said.place, value, vector, quote, report.id, report.published_at, said.figures))
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence that may be quoted, whatever it is measured by."""

    place: int
    text: str
    terms: readings.Counts
    figures: frozenset[str]
    leans: bool


@lru_cache(maxsize=1000)
def _opening(text: str) -> Sequence[_Said]:
    """The first of an article's own sentences, as far as they can be quoted; kept, for they are asked for again."""
    return [
        _Said(
            place,
            said,
            readings.counts(words.telling(said)),
            frozenset(word for word in words.words(said) if word[0].isdigit()),
            bool(_LEANS.match(said)),
        )
        for place, said in enumerate(cleaning.sentences(text, _OPENING))
        if _SHORTEST <= _length(said) <= _LONGEST and said[-1] in _ENDS
    ]


def _read(reports: Sequence[Item], turn: Item | None) -> Sequence[Item]:
    """The first of *reports*, and the newest, which no draft may overlook."""
    if len(reports) <= _READ:
        return reports
    some = [*reports[: _READ - 3], *reports[-3:]]
    return some if turn is None or turn in some else [*some, turn]


def _length(text: str) -> int:
    """Words; a text without blanks is measured by its letters."""
    count = len(text.split())
    return count if text.isascii() or not segments.are_needed(text) else max(count, len(text) // _LETTERS)
