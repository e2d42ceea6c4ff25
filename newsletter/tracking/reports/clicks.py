"""How often the links of an edition were followed, story by story and place by place: all, by machines, by people.

From our own doors, which judge each visit (see `links`); where an edition's links are not counted by us, from what
the provider told of clicks. There bursts over many links are a scanner's, for nobody reads so fast.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition
from newsletter.tracking.links import counts
from newsletter.tracking.links.counts import Counts, Tally
from newsletter.tracking.models import Event

#: who follows so many links of one copy within so short a time is a machine
_BURST, _WITHIN = 4, timedelta(seconds=10)
SPONSOR, OTHER, OPENED = "sponsor", "other", "opens"
_BESIDE = {
    "introduction": "links in the introduction",
    SPONSOR: "the sponsor's links",
    OTHER: "links beside the stories",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A story's links, or those of another place, and how often they were followed."""

    #: "story", "sponsor", "other"
    place: str
    #: the story's, from 1
    position: int | None
    words: str
    #: by people, most likely; by machines; and what nothing speaks for or against
    human: int = 0
    machine: int = 0
    unclear: int = 0
    #: by how many readers, machines left out
    readers: int = 0

    @property
    def raw(self) -> int:
        """All of it."""
        return self.human + self.machine + self.unclear


@dataclass(frozen=True, slots=True)
class Followed:
    """What was heard of an edition's links."""

    #: in its order, stories first, those that nobody followed too; then opens, if heard of
    places: Sequence[Place]
    #: how many people followed any of them
    readers: int
    #: clicks by people, by where the link leads, where a provider told them; of links of ours that are counted, none
    by_url: Mapping[str, int] = field(default_factory=dict)
    #: when a provider says that people followed them
    moments: Sequence[datetime] = ()


def of(session: Session, edition: Edition) -> list[Place]:
    """The places of *edition*, and how often each was followed."""
    return list(followed(session, edition, counts.counts(session, edition.id)).places)


def followed(session: Session, edition: Edition, counted: Counts) -> Followed:
    """How the links of *edition* were followed; *counted* is what was heard at our own doors."""
    if counted.mode == "off":
        return _by_the_provider(session, edition)
    return Followed(_at_our_doors(edition, counted), counted.clicks.people)


def bare(url: str) -> str:
    """*url* as two links to one page have it in common."""
    return url.partition("#")[0].rstrip("/")


def _at_our_doors(edition: Edition, counted: Counts) -> list[Place]:
    places: dict[tuple[str, int | None], Tally] = {("story", story.position): Tally() for story in edition.stories}
    for link in counted.links:
        key = (link.place, link.story)
        places[key] = places.get(key, Tally()) + link.clicks
    words = {story.position: story.headline for story in edition.stories}
    found = [
        _place(place, position, words.get(position or 0) or _BESIDE.get(place, ""), tally)
        for (place, position), tally in places.items()
    ]
    opens = counted.opens + counted.told_opens
    return [*found, _place(OPENED, None, "the mail, by its pixel", opens)] if opens.raw else found


def _place(place: str, position: int | None, words: str, tally: Tally) -> Place:
    return Place(place, position, words, tally.human, tally.machine, tally.unknown, tally.people)


def _by_the_provider(session: Session, edition: Edition) -> Followed:
    told = list(_judged(_told(session, edition.id)))
    places = [Place("story", story.position, story.headline) for story in edition.stories]
    if edition.sponsor_url:
        places.append(Place(SPONSOR, None, edition.sponsor_name))
    where = _where(edition)
    by_place: dict[tuple[str, int | None], list[tuple[int, bool]]] = {}
    for reader, _, url, by_machine in told:
        by_place.setdefault(where.get(bare(url), (OTHER, None)), []).append((reader, by_machine))
    if (OTHER, None) in by_place:
        places.append(Place(OTHER, None, _BESIDE[OTHER]))
    people = [(reader, at, url) for reader, at, url, by_machine in told if not by_machine]
    return Followed(
        [_counted(place, by_place.get((place.place, place.position), ())) for place in places],
        len({reader for reader, _, _ in people}),
        Counter(bare(url) for _, _, url in people),
        [at for _, at, _ in people],
    )


def _told(session: Session, edition_id: int) -> Iterable[tuple[int, datetime, str]]:
    """Reader by reader, in order of time."""
    url = Event.payload["url"].as_string()
    query = (
        select(Event.subscriber_id, Event.at, url)
        .where(Event.edition_id == edition_id, Event.kind == "click", Event.subscriber_id.is_not(None))
        .order_by(Event.subscriber_id, Event.at, Event.id)
    )
    for reader, at, link in session.execute(query):
        if reader is not None:
            yield reader, at, link or ""


def _judged(told: Iterable[tuple[int, datetime, str]]) -> Iterator[tuple[int, datetime, str, bool]]:
    """Each click with its reader, time and link, and whether it belongs to a burst."""
    for reader, clicks in groupby(told, key=itemgetter(0)):
        its = list(clicks)
        for _, at, url in its:
            near = {link for _, moment, link in its if abs(moment - at) <= _WITHIN}
            yield reader, at, url, len(near) >= _BURST


def _where(edition: Edition) -> Mapping[str, tuple[str, int | None]]:
    where: dict[str, tuple[str, int | None]] = {}
    if edition.sponsor_url:
        where[bare(edition.sponsor_url)] = (SPONSOR, None)
    for story in reversed(edition.stories):
        if story.url:
            where[bare(story.url)] = ("story", story.position)
    return where


def _counted(place: Place, followed: Sequence[tuple[int, bool]]) -> Place:
    people = {reader for reader, by_machine in followed if not by_machine}
    machine = sum(by_machine for _, by_machine in followed)
    return replace(place, human=len(followed) - machine, machine=machine, readers=len(people))


def beside(session: Session, edition: Edition) -> Callable[[int, str], int]:
    """How many clicks by people a link of the HTML part has, by its number and where it leads."""
    counted = counts.counts(session, edition.id)
    if counted.mode == "off":
        told = _by_the_provider(session, edition).by_url
        return lambda _number, url: told.get(bare(url), 0)
    by_number = {link.number: link.clicks.human for link in counted.links}
    return lambda number, _url: by_number.get(number, 0)
