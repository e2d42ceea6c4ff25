"""How often the links of an edition were followed, story by story and place by place: all, by machines, by people.

From our own doors, which judge each visit (see `links`); where an edition's links are not counted by us, from what
the provider told of clicks. There bursts over many links are a scanner's, for nobody reads so fast.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition
from newsletter.tracking.links import counts
from newsletter.tracking.links.counts import Tally
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


def of(session: Session, edition: Edition) -> list[Place]:
    """The places of *edition* in its order, stories first, those that nobody followed too; then opens, if heard of."""
    counted = counts.counts(session, edition.id)
    if counted.mode == "off":
        return _by_the_provider(session, edition)
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


def _by_the_provider(session: Session, edition: Edition) -> list[Place]:
    followed = list(_judged(_told(session, edition.id)))
    places = [Place("story", story.position, story.headline) for story in edition.stories]
    if edition.sponsor_url:
        places.append(Place(SPONSOR, None, edition.sponsor_name))
    where = _where(edition)
    by_place: dict[tuple[str, int | None], list[tuple[int, bool]]] = {}
    for reader, url, by_machine in followed:
        by_place.setdefault(where.get(_bare(url), (OTHER, None)), []).append((reader, by_machine))
    if (OTHER, None) in by_place:
        places.append(Place(OTHER, None, _BESIDE[OTHER]))
    return [_counted(place, by_place.get((place.place, place.position), ())) for place in places]


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


def _judged(told: Iterable[tuple[int, datetime, str]]) -> Iterator[tuple[int, str, bool]]:
    """Each click with its reader and link, and whether it belongs to a burst."""
    for reader, clicks in groupby(told, key=itemgetter(0)):
        its = list(clicks)
        for _, at, url in its:
            near = {link for _, moment, link in its if abs(moment - at) <= _WITHIN}
            yield reader, url, len(near) >= _BURST


def _where(edition: Edition) -> Mapping[str, tuple[str, int | None]]:
    where: dict[str, tuple[str, int | None]] = {}
    if edition.sponsor_url:
        where[_bare(edition.sponsor_url)] = (SPONSOR, None)
    for story in reversed(edition.stories):
        if story.url:
            where[_bare(story.url)] = ("story", story.position)
    return where


def _bare(url: str) -> str:
    return url.partition("#")[0].rstrip("/")


def _counted(place: Place, followed: Sequence[tuple[int, bool]]) -> Place:
    people = {reader for reader, by_machine in followed if not by_machine}
    machine = sum(by_machine for _, by_machine in followed)
    return replace(place, human=len(followed) - machine, machine=machine, readers=len(people))
