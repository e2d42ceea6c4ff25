"""How often the links of an edition were followed, story by story and place by place: all, by machines, by people.

From what we counted ourselves, and from what a provider told of clicks. Bursts over many links are a scanner's, for
nobody reads so fast.
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
SPONSOR, OTHER = "sponsor", "other"


@dataclass(frozen=True, slots=True)
class Place:
    """A story's links, or those of another place, and how often they were followed."""

    #: "story", "sponsor", "other"
    place: str
    #: the story's, from 1
    position: int | None
    words: str
    raw: int = 0
    machine: int = 0
    #: by how many readers, machines left out
    readers: int = 0

    @property
    def human(self) -> int:
        """By people, most likely."""
        return self.raw - self.machine


def of(session: Session, edition: Edition) -> list[Place]:
    """The places of *edition* in its order, stories first; those that nobody followed, too."""
    followed = list(_judged(_told(session, edition.id)))
    places = [Place("story", story.position, story.headline) for story in edition.stories]
    if edition.sponsor_url:
        places.append(Place(SPONSOR, None, edition.sponsor_name))
    where = _where(edition)
    by_place: dict[tuple[str, int | None], list[tuple[int, bool]]] = {}
    for reader, url, by_machine in followed:
        by_place.setdefault(where.get(_bare(url), (OTHER, None)), []).append((reader, by_machine))
    if (OTHER, None) in by_place:
        places.append(Place(OTHER, None, "links beside the stories"))
    return [
        *_with_ours(
            session, edition.id, (_counted(each, by_place.get((each.place, each.position), ())) for each in places)
        )
    ]


def _with_ours(session: Session, edition_id: int, places: Iterable[Place]) -> Iterator[Place]:
    """*places* with what we counted ourselves; of what is unclear nobody says that it was a person."""
    ours: dict[tuple[str, int | None], Tally] = {}
    for link in counts.counts(session, edition_id).links:
        key = (link.place, link.story) if link.place in ("story", SPONSOR) else (OTHER, None)
        ours[key] = ours.get(key, Tally()) + link.clicks
    for place in places:
        tally = ours.pop((place.place, place.position), Tally())
        yield replace(
            place,
            raw=place.raw + tally.raw,
            machine=place.machine + tally.raw - tally.human,
            readers=place.readers + tally.people,
        )
    if (rest := ours.get((OTHER, None), Tally())).raw:
        yield Place(OTHER, None, "links beside the stories", rest.raw, rest.raw - rest.human, rest.people)


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
    return Place(place.place, place.position, place.words, len(followed), machine, len(people))
