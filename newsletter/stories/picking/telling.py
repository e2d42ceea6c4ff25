"""A story as the picker sees it: its voices, its centre, its lead, and what it is like among the others."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from newsletter.stories import links
from newsletter.stories.models import Kind
from newsletter.stories.picking import companies, vectors
from newsletter.stories.picking.snapshot import Item
from newsletter.stories.picking.vectors import Vector

#: whose words are somebody's advertisement
INTERESTED = frozenset({Kind.PR_WIRE, Kind.VENDOR})


@dataclass(frozen=True, slots=True)
class Voice:
    """One owner's own reports on a story, the earliest first."""

    owner: str
    reports: tuple[Item, ...]

    @property
    def authority(self) -> int:
        return max(report.authority for report in self.reports)

    @property
    def since(self) -> datetime:
        return self.reports[0].published_at


@dataclass(frozen=True)
class Story:
    """Voices that tell of one event. Reprints are carried along and change nothing but their own number."""

    reports: tuple[Item, ...]
    reprints: tuple[Item, ...]
    vectors: Mapping[int, Vector]

    @cached_property
    def voices(self) -> tuple[Voice, ...]:
        """One for each owner, the earliest first."""
        by_owner: dict[str, list[Item]] = {}
        for report in self.reports:
            by_owner.setdefault(report.owner.casefold(), []).append(report)
        voices = (Voice(reports[0].owner, tuple(reports)) for reports in by_owner.values())
        return tuple(sorted(voices, key=lambda voice: (voice.since, voice.reports[0].id)))

    @property
    def id(self) -> int:
        """The smallest id of its reports."""
        return min(report.id for report in self.reports)

    @cached_property
    def articles(self) -> tuple[int, ...]:
        return tuple(sorted(item.id for item in (*self.reports, *self.reprints)))

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """In the one form that all the ways to link to an article have."""
        return tuple(sorted({links.canonical(item.url) for item in (*self.reports, *self.reprints)}))

    @cached_property
    def centroid(self) -> Vector:
        return vectors.centroid([self.vectors[report.id] for report in self.reports])

    @cached_property
    def lead(self) -> Item:
        """The report to link to: the weightiest source, then the fullest text, then the earliest."""
        return min(
            self.reports, key=lambda item: (-item.authority, -min(len(item.text), 4000), item.published_at, item.id)
        )

    @cached_property
    def newest(self) -> Item:
        return max(self.reports, key=lambda item: (item.published_at, -item.id))

    @cached_property
    def company(self) -> str:
        """Whom it is about, where at least half of the voices name it in a title; else empty."""
        return companies.of_story([[(item.title, item.text) for item in voice.reports] for voice in self.voices])

    @cached_property
    def coherence(self) -> float:
        """How alike two of its reports are, on average; 1 for a single one."""
        count = len(self.reports)
        if count == 1:
            return 1.0
        # the cosines with the centre add up to the length of the vectors' sum, whose square holds every pair
        length = math.fsum(vectors.cosine(self.vectors[report.id], self.centroid) for report in self.reports)
        return (length * length - count) / (count * (count - 1))

    @property
    def is_advertising(self) -> bool:
        """Whether nobody but the interested parties tells of it."""
        return all(report.kind in INTERESTED for report in self.reports)


def oldest_first(items: Sequence[Item]) -> tuple[Item, ...]:
    """*items* in the order in which they came out."""
    return tuple(sorted(items, key=lambda item: (item.published_at, item.id)))
