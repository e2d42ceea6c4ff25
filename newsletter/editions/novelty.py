"""What an edition tells that the last one of its newsletter did not, and what its readers were told before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, EditionStory, State
from newsletter.editions.words import StoryWords, Words
from newsletter.stories import links

#: editions that are looked back at
LOOKED_BACK = 8
#: hundredths of the words of two headlines, from which on they tell of one thing
_ALIKE = 60
_WORD = re.compile(r"\w++")
_GONE_OUT = (State.SENDING, State.SENT)


@dataclass(frozen=True, slots=True)
class Told:
    """A story that readers have had."""

    date: date
    headline: str


@dataclass(frozen=True, slots=True)
class Story:
    """One story of an edition, and where it was told before; None: it is new."""

    headline: str
    told: Told | None


@dataclass(frozen=True, slots=True)
class Field:
    """What stands around the stories: now, and the last time."""

    name: str
    now: str
    last: str

    @property
    def is_same(self) -> bool:
        """Whether readers have read these very words."""
        return bool(self.now) and self.now == self.last


@dataclass(frozen=True, slots=True)
class Novelty:
    """An edition beside the last one that went out."""

    #: its date; None where none has gone out before
    last: date | None
    stories: tuple[Story, ...]
    #: what the last one told and this one does not
    left: tuple[str, ...]
    fields: tuple[Field, ...]


def earlier(session: Session, edition: Edition) -> Sequence[Edition]:
    """The editions of its newsletter that went out before *edition*, the newest first."""
    query = select(Edition).where(
        Edition.newsletter == edition.newsletter, Edition.date < edition.date, Edition.state.in_(_GONE_OUT)
    )
    return session.scalars(query.order_by(Edition.date.desc()).limit(LOOKED_BACK)).all()


def compare(words: Words, before: Sequence[Edition]) -> Novelty:
    """*words* held against the editions *before*, the newest of which is the last one."""
    last = before[0] if before else None
    stories = tuple(Story(story.headline, _told(story, before)) for story in words.stories)
    known = last.stories if last else ()
    left = (one.headline for one in known if not any(_same(each, one) for each in words.stories))
    return Novelty(last.date if last else None, stories, tuple(left), _fields(words, last))


def _fields(words: Words, last: Edition | None) -> tuple[Field, ...]:
    if last is None:
        return ()
    return (
        Field("Subject", words.subject, last.subject),
        Field("Preheader", words.preheader, last.preheader),
        Field("Title", words.title, last.title),
        Field("Introduction", words.introduction, last.introduction),
        Field("Sponsor", *(": ".join(filter(None, (one.sponsor_name, one.sponsor_text))) for one in (words, last))),
    )


def _told(story: StoryWords, before: Sequence[Edition]) -> Told | None:
    """The last time that *story* was told."""
    found = ((edition.date, one.headline) for edition in before for one in edition.stories if _same(story, one))
    return next((Told(*one) for one in found), None)


def _same(one: StoryWords, other: EditionStory) -> bool:
    """Whether both lead to one article, or say nearly the same."""
    if one.url and other.url and _comparable(one.url) == _comparable(other.url):
        return True
    ours, theirs = _words(one.headline), _words(other.headline)
    return bool(ours) and 100 * len(ours & theirs) >= _ALIKE * len(ours | theirs)


def _words(headline: str) -> set[str]:
    return set(_WORD.findall(headline.casefold()))


def _comparable(url: str) -> str:
    return links.canonical(url) if links.web(url) else url
