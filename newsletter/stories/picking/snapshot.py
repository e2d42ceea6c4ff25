"""All that the picker looks at, as values: the same snapshot gives the same edition, to the integer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any

from newsletter.stories.models import Kind
from newsletter.stories.picking.decisions import Rules
from newsletter.stories.picking.frequencies import Frequencies


@dataclass(frozen=True, slots=True)
class Item:
    """An article with what matters of its source."""

    id: int
    url: str
    title: str
    text: str
    published_at: datetime
    source: str
    owner: str
    kind: Kind = Kind.TRADE
    #: in hundredths, as in Source
    authority: int = 100
    image_url: str = ""
    image_width: int | None = None
    image_height: int | None = None


_OF_ITEM = tuple(one.name for one in fields(Item))


@dataclass(frozen=True, slots=True)
class Past:
    """A story that was published."""

    #: which edition: its date, as text
    edition: str
    headline: str
    #: what was published later is new
    closed_at: datetime
    urls: frozenset[str]
    sketch: frozenset[int]
    centroid: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier editions taught."""

    #: the stories of the last 21 days: they come back only as follow-ups
    recent: tuple[Past, ...] = ()
    #: the mean of what editors kept, less half of what they threw out, so long that a kept story's product
    #: with it is 1 on average; empty before the fifth edition
    taste: Mapping[str, float] = field(default_factory=dict)
    #: the share of relevance that taste decides, in hundredths (0 to 50)
    taste_share: int = 0
    #: what full coverage is, in hundredths of a voice
    full_coverage: int = 600
    #: name → clicks of its stories against what their places would have got; 1 is usual
    lifts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run's input."""

    items: tuple[Item, ...]
    #: the window's end: the moment that age is counted from
    closes_at: datetime
    #: phrase → weight; below zero mutes
    interests: Mapping[str, float] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    memory: Memory = Memory()
    #: the document frequencies of earlier weeks
    frequencies: Frequencies = field(default_factory=Frequencies)
    limit: int = 5

    def digest(self, known: dict[int, tuple[Item, bytes]] | None = None) -> str:
        """A hash of everything in it, the same whatever the order of its articles; *known* keeps those of articles."""
        known = {} if known is None else known
        whole = blake2b(digest_size=16)
        for item in sorted(self.items, key=lambda item: item.id):
            before = known.get(item.id)
            if before is None or before[0] != item:
                known[item.id] = before = (item, _hash(item))
            whole.update(before[1])
        parts: dict[str, Any] = {
            "closes_at": self.closes_at,
            "interests": dict(self.interests),
            "rules": asdict(self.rules),
            "memory": asdict(self.memory),
            "frequencies": [self.frequencies.reports, dict(self.frequencies.terms)],
            "limit": self.limit,
        }
        plain = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_plain)
        whole.update(plain.encode("utf-8", "surrogatepass"))
        return whole.hexdigest()


def _hash(item: Item) -> bytes:
    said = repr([getattr(item, name) for name in _OF_ITEM])
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
