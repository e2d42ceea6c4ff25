"""How often an edition's links were followed and its mails opened: all of it, by machines, and by people most likely.

What we heard ourselves and what a provider told stand apart in it, judged by the same rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from newsletter.rendering.counted import DECOY, PIXEL
from newsletter.tracking.links import register
from newsletter.tracking.links.models import Tracked, Verdict, Visit


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was done, and by whom."""

    #: by a person, most likely
    human: int = 0
    #: by a service that fetches in people's stead; says nothing of whether they looked
    proxy: int = 0
    scanner: int = 0
    #: nothing speaks for either
    unknown: int = 0
    #: copies by which a person did it: one by one exactly, without names as far as was remembered
    people: int = 0

    @property
    def raw(self) -> int:
        """All of it."""
        return self.human + self.proxy + self.scanner + self.unknown

    @property
    def machine(self) -> int:
        """By what is no person."""
        return self.proxy + self.scanner

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.human + other.human,
            self.proxy + other.proxy,
            self.scanner + other.scanner,
            self.unknown + other.unknown,
            self.people + other.people,
        )


@dataclass(frozen=True, slots=True)
class LinkCount:
    """One link of the edition, and how often it was followed."""

    number: int
    url: str
    #: "html" or "text"; "story", "sponsor", "introduction", "other"; the story's position
    part: str
    place: str
    story: int | None
    words: str
    clicks: Tally


@dataclass(frozen=True, slots=True)
class Counts:
    """What was heard of an edition."""

    #: "off", "anonymous" or "individual"
    mode: str
    #: whether its mails hold the pixel; without one, nobody knows of opens but from a provider
    pixel: bool
    opens: Tally
    #: people who followed any link at all are counted once here
    clicks: Tally
    #: what followed the link that nobody sees
    decoy: Tally
    links: tuple[LinkCount, ...]
    #: what a provider told of; it stands in none of the above
    told_opens: Tally = field(default_factory=Tally)
    told_clicks: Tally = field(default_factory=Tally)
    #: why, as said of each verdict → how often
    reasons: Mapping[str, int] = field(default_factory=dict)

    def by_story(self) -> dict[int, Tally]:
        """Story's position → clicks on its links, in both parts."""
        found: dict[int, Tally] = {}
        for link in self.links:
            if link.story is not None:
                found[link.story] = found.get(link.story, Tally()) + link.clicks
        return found


def counts(session: Session, edition_id: int) -> Counts:
    """What was heard of the edition."""
    tracked = session.get(Tracked, edition_id)
    by_number, told = _by_number(session, edition_id, ours=True), _by_number(session, edition_id, ours=False)
    links = tuple(
        LinkCount(
            link.number, link.url, link.part, link.place, link.story, link.words, by_number.get(link.number, Tally())
        )
        for link in register.of(session, edition_id)
        if link.number != DECOY
    )
    return Counts(
        mode=tracked.mode if tracked else "off",
        pixel=tracked.pixel if tracked else False,
        opens=by_number.get(PIXEL, Tally()),
        clicks=_with_people(session, edition_id, _clicks(by_number)),
        decoy=by_number.get(DECOY, Tally()),
        links=links,
        told_opens=told.get(PIXEL, Tally()),
        told_clicks=_clicks(told),
        reasons=_reasons(session, edition_id),
    )


def _clicks(by_number: Mapping[int, Tally]) -> Tally:
    return sum((tally for number, tally in by_number.items() if number not in (PIXEL, DECOY)), Tally())


def _by_number(session: Session, edition_id: int, *, ours: bool) -> dict[int, Tally]:
    found: dict[int, dict[str, int]] = {}
    named = func.count(Visit.subscriber_id.distinct())
    nameless = func.sum(case((Visit.subscriber_id.is_(None), Visit.first), else_=0))
    query = (
        select(Visit.number, Visit.verdict, func.sum(Visit.times), named + nameless)
        .where(Visit.edition_id == edition_id, (Visit.provider == "") if ours else (Visit.provider != ""))
        .group_by(Visit.number, Visit.verdict)
    )
    for number, verdict, times, people in session.execute(query):
        figures = found.setdefault(number, {})
        figures[verdict.value] = int(times)
        if verdict is Verdict.HUMAN:
            figures["people"] = int(people)
    return {number: Tally(**figures) for number, figures in found.items()}


def _with_people(session: Session, edition_id: int, clicks: Tally) -> Tally:
    """*clicks* of all links: who followed three of them is one person; without names, the most there can be."""
    human = (
        Visit.edition_id == edition_id,
        Visit.provider == "",
        Visit.verdict == Verdict.HUMAN,
        Visit.number.not_in((PIXEL, DECOY)),
    )
    named = session.scalar(select(func.count(Visit.subscriber_id.distinct())).where(*human)) or 0
    nameless = session.scalar(select(func.sum(Visit.first)).where(*human, Visit.subscriber_id.is_(None))) or 0
    return Tally(clicks.human, clicks.proxy, clicks.scanner, clicks.unknown, int(named) + int(nameless))


def _reasons(session: Session, edition_id: int) -> dict[str, int]:
    query = select(Visit.reasons, func.sum(Visit.times)).where(Visit.edition_id == edition_id).group_by(Visit.reasons)
    found: dict[str, int] = {}
    for reasons, times in session.execute(query):
        for reason in _said(reasons):
            found[reason] = found.get(reason, 0) + int(times)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _said(reasons: Any) -> Iterator[str]:
    yield from str(reasons).split("; ")
