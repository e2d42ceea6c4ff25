"""A story's first draft: its headline, at most two sentences that were said of it, and who said them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from newsletter.stories.picking import vectors, words
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.telling import Story

_SENTENCES = 2
#: sentences of a report that are looked at, and how much each place costs
_OPENING = 12
_FALL = 0.12
#: words that a sentence should have
_SHORTEST, _LONGEST = 7, 45
#: two sentences this alike say the same
_REPEATS = 0.5
#: reports read for a draft
_READ = 12


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

    @property
    def summary(self) -> str:
        return " ".join(quote.text for quote in self.quotes)

    def stored(self) -> list[dict[str, Any]]:
        return [asdict(quote) for quote in self.quotes]


def draft(story: Story, frequencies: Frequencies) -> Draft:
    """Headline, summary and attribution of *story*, all taken from its reports."""
    return Draft(story.lead.title, _quotes(story, frequencies), attribution(story))


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


def _quotes(story: Story, frequencies: Frequencies) -> tuple[Quote, ...]:
    """Those nearest the story's centre and the top of their report; the second must say something else."""
    sentences = sorted(_sentences(story, frequencies), key=lambda one: (-one.value, one.report, one.place))
    kept: list[_Sentence] = []
    for one in sentences:
        if len(kept) < _SENTENCES and all(vectors.cosine(one.vector, other.vector) < _REPEATS for other in kept):
            kept.append(one)
    kept.sort(key=lambda one: (one.place, -one.value))
    return tuple(one.quote for one in kept)


def _sentences(story: Story, frequencies: Frequencies) -> Sequence[_Sentence]:
    centre = _centre(story, frequencies)
    found = []
    for report in story.reports[:_READ]:
        for place, text in enumerate(words.sentences(words.first(report.text, vectors.LONG))[:_OPENING]):
            if _SHORTEST <= len(text.split()) <= _LONGEST and text[-1] in ".!?”\"'’":
                vector = vectors.of_words(words.telling(text), frequencies)
                value = vectors.cosine(vector, centre) / (1 + _FALL * place)
                found.append(_Sentence(place, value, vector, Quote(text, report.source, report.url), report.id))
    return found


def _centre(story: Story, frequencies: Frequencies) -> Mapping[str, float]:
    return vectors.centroid(
        [vectors.of_words(vectors.long_read(report), frequencies) for report in story.reports[:_READ]]
    )
