"""Stories the readers know: one that was published comes back only with new voices, as a follow-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.stories import links
from newsletter.stories.picking import vectors, voices
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


def relation(story: Story, sketches: Mapping[int, frozenset[int]], recent: Sequence[Past]) -> Relation | None:
    """The latest published story that *story* tells again, if any."""
    for past in sorted(recent, key=lambda past: (past.closed_at, past.edition, past.headline), reverse=True):
        if _same(story, sketches, past):
            new = sum(voice.since >= past.closed_at for voice in story.voices)
            return Relation(past.edition, past.headline, new)
    return None


def _same(story: Story, sketches: Mapping[int, frozenset[int]], past: Past) -> bool:
    return (
        not past.urls.isdisjoint(links.canonical(report.url) for report in story.reports)
        or vectors.cosine(story.centroid, past.centroid) >= SAME
        or any(voices.containment(sketches[report.id], past.sketch) >= voices.COPY for report in story.reports)
    )
