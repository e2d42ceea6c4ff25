"""Stories the readers know: one that was published comes back only with new voices, as a follow-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.stories import links
from newsletter.stories.picking import vectors, voices
from newsletter.stories.picking.readings import Reading
from newsletter.stories.picking.snapshot import Past
from newsletter.stories.picking.telling import Story

#: days after which a used story counts as new again
DAYS = 21
#: centroids this near tell of one event: 98% of same ones, 13% of look-alikes, none of the rest
SAME = 0.45
#: new voices that make a follow-up
NEW_VOICES = 2


@dataclass(frozen=True, slots=True)
class Relation:
    """How a story stands to one that was published."""

    edition: str
    headline: str
    new_voices: int

    @property
    def is_follow_up(self) -> bool:
        """Whether enough is new; otherwise the readers know it already."""
        return self.new_voices >= NEW_VOICES


#: beside the terms of a centre that is stored: how words became terms
_MADE_BY, _TERMS_VERSION = " made by", 2.0


def marked(centre: Mapping[str, float]) -> dict[str, float]:
    """*centre* as it is stored, with how its terms were made."""
    return {**centre, _MADE_BY: _TERMS_VERSION}


def unmarked(stored: Mapping[str, float]) -> dict[str, float] | None:
    """The centre that was *stored*; None where its terms were made otherwise than they are today."""
    centre = dict(stored)
    return centre if centre.pop(_MADE_BY, None) == _TERMS_VERSION else None


def relation(story: Story, read: Mapping[int, Reading], recent: Sequence[Past]) -> Relation | None:
    """The latest published story that *story* tells again, if any."""
    for past in sorted(recent, key=lambda past: (past.closed_at, past.edition, past.headline), reverse=True):
        if _same(story, read, past):
            new = sum(voice.since >= past.closed_at for voice in story.voices)
            return Relation(past.edition, past.headline, new)
    return None


def _same(story: Story, read: Mapping[int, Reading], past: Past) -> bool:
    return (
        not past.urls.isdisjoint(links.canonical(report.url) for report in story.reports)
        or vectors.cosine(story.centroid, past.centroid) >= SAME
        or any(voices.containment(read[report.id].sketch, past.sketch) >= voices.COPY for report in story.reports)
    )
