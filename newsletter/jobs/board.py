"""The board of one edition: its slots as the draft has them, the candidates as they are ranked, and what is offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import assembling, shelf, stages
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, EditionStory
from newsletter.editions.stages import Way
from newsletter.editions.words import StoryWords, Words
from newsletter.jobs import drafting
from newsletter.stories.models import UNKNOWN, Article, Decision, RankedStory, Ranking, Rule
from newsletter.stories.picking import choosing, decisions, items, naming
from newsletter.stories.picking.decisions import Fate

#: the words that are proposed from all chosen stories together, and how a page calls them
FIELDS = {"title": "Title", "subject": "Subject", "preheader": "Preheader", "introduction": "Introduction"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked story, and what editors said of it."""

    story: RankedStory
    #: "s17"
    name: str
    fate: Fate
    #: "pinned by Ada", "+10 points by Bob"
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the edition, from 1."""

    number: int
    headline: str
    url: str
    #: the ranked story that it tells; None where an editor wrote one that is not ranked
    of: Candidate | None
    #: whether somebody has written it otherwise than it was drafted
    edited: bool = False
    #: what the ranking has for it, where the edition tells something else: a name as of a candidate
    offered: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Words of the whole edition that somebody has written, and what the ranking would propose instead."""

    field: str
    called: str
    written: str
    proposed: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that a page of the week shows."""

    newsletter: Newsletter
    day: date
    way: Way
    edition: Edition | None = None
    ranking: Ranking | None = None
    slots: tuple[Slot, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    offers: tuple[Offer, ...] = ()
    decided: tuple[Decision, ...] = field(default=())
    #: articles of its week, and how many of them came after the ranking
    articles: int = 0
    since: int = 0

    def called(self, name: str) -> Candidate | None:
        """The ranked story of that name."""
        return next((one for one in self.every() if one.name == name), None)

    def every(self) -> list[Candidate]:
        """All that are ranked: those that have a slot, then the others."""
        return [*(slot.of for slot in self.slots if slot.of is not None), *self.candidates]


def look(session: Session, newsletter: Newsletter, day: date, *, now: datetime) -> Board:
    """The board of *day*'s edition as it stands."""
    edition = shelf.of_date(session, newsletter.slug, day)
    ranking = choosing.latest(session, newsletter.slug, day)
    opens, closes = drafting.window(session, newsletter, day, now)
    if ranking is not None:
        opens, closes = ranking.opens_at or opens, ranking.closes_at or closes
    articles, since = _articles(session, opens, closes, ranking.at if ranking else now)
    way = stages.way(session, newsletter, day, opens, now=now)
    decided = tuple(decisions.standing(session, newsletter.slug, day))
    if ranking is None:
        slots = _slots_by_hand(edition) if edition else ()
        return Board(newsletter, day, way, edition, slots=slots, decided=decided, articles=articles, since=since)
    fates = decisions.rules(session, newsletter.slug, day).fates()
    every = [
        Candidate(row, naming.name(row), fates.on(row.article_ids), _said(decided, row))
        for row in choosing.stories(session, ranking)
    ]
    links = links_of(session, [one.story for one in every])
    proposed = _proposed(newsletter, [one.story for one in every if one.story.chosen])
    slots = _slots(edition, every, links, _drafts(newsletter, every)) if edition else _slots_to_be(every)
    in_slots = {slot.of.name for slot in slots if slot.of is not None}
    return Board(
        newsletter,
        day,
        way,
        edition,
        ranking,
        slots,
        tuple(one for one in every if one.name not in in_slots),
        tuple(_offers(edition, proposed)) if edition and proposed else (),
        decided,
        articles,
        since,
    )


def links_of(session: Session, stories: Sequence[RankedStory]) -> dict[str, int]:
    """Link of an article → the number, from 0, of its story among *stories*."""
    urls = items.links(session, {article for story in stories for article in story.article_ids})
    return {urls[one]: at for at, story in enumerate(stories) for one in story.article_ids if one in urls}


def _articles(session: Session, opens: datetime, closes: datetime, at: datetime) -> tuple[int, int]:
    """How many articles its window holds, and how many of them were seen after the moment *at*."""
    inside = (Article.published_at >= opens, Article.published_at < closes, Article.dated_by != UNKNOWN)
    counts = select(func.count(), func.count().filter(Article.seen_at > at)).where(*inside)
    number, since = session.execute(counts).one()
    return number, since


def _proposed(newsletter: Newsletter, chosen: Sequence[RankedStory]) -> Words | None:
    return wording.clean(assembling.propose(newsletter, chosen)) if chosen else None


def _drafts(newsletter: Newsletter, every: Sequence[Candidate]) -> dict[str, StoryWords]:
    """How each ranked story is drafted, by its name."""
    drafted = _proposed(newsletter, [one.story for one in every])
    return {one.name: said for one, said in zip(every, drafted.stories, strict=True)} if drafted else {}


def _slots(
    edition: Edition, every: Sequence[Candidate], links: Mapping[str, int], drafted: Mapping[str, StoryWords]
) -> tuple[Slot, ...]:
    """The stories of *edition*, each with what is ranked of it; where it is of nothing chosen, what is offered."""
    found = [_found(story, every, links) for story in edition.stories]
    told = {one.name for one in found if one is not None}
    untold = iter([one for one in every if one.story.chosen and one.name not in told])
    return tuple(
        Slot(
            number,
            story.headline,
            story.url,
            one,
            said != (drafted.get(one.name) if one else None),
            next(untold, None) if one is None or not one.story.chosen else None,
        )
        for number, (story, said, one) in enumerate(
            zip(edition.stories, wording.of(edition).stories, found, strict=True), start=1
        )
    )


def _slots_to_be(every: Sequence[Candidate]) -> tuple[Slot, ...]:
    """What the slots would hold were the draft made now."""
    return tuple(Slot(one.story.position, one.story.headline, one.story.url, one) for one in every if one.story.chosen)


def _slots_by_hand(edition: Edition) -> tuple[Slot, ...]:
    return tuple(
        Slot(number, story.headline, story.url, None, edited=True)
        for number, story in enumerate(edition.stories, start=1)
    )


def _found(story: EditionStory, every: Sequence[Candidate], links: Mapping[str, int]) -> Candidate | None:
    """The ranked story that *story* tells: the one that has its link, or its very words where it has none."""
    if story.url:
        return every[links[story.url]] if story.url in links else None
    return next((one for one in every if one.story.headline == story.headline), None)


def _offers(edition: Edition, proposed: Words) -> list[Offer]:
    words = wording.of(edition)
    return [
        Offer(name, called, getattr(words, name), getattr(proposed, name))
        for name, called in FIELDS.items()
        if getattr(words, name) != getattr(proposed, name)
    ]


def _said(decided: Sequence[Decision], story: RankedStory) -> tuple[str, ...]:
    """What stands of what editors decided on *story*, the newest word of each kind."""
    found: dict[str, str] = {}
    for one in decided:
        if set(one.article_ids).isdisjoint(story.article_ids):
            continue
        if one.rule is Rule.FREE:
            found.clear()
        elif one.rule is Rule.BOOST:
            found.pop("boost", None)
            if one.points:
                found["boost"] = f"{one.points:+d} points by {one.by}"
        elif one.rule in {Rule.PIN, Rule.EXCLUDE}:
            word = "pinned" if one.rule is Rule.PIN else "left out"
            found["fate"] = f"{word} by {one.by}" + (f": {one.reason}" if one.reason else "")
        else:
            found[one.rule.value] = f"{'merged' if one.rule is Rule.MERGE else 'split'} by {one.by}"
    return tuple(found.values())
