"""An editor's word on stories, put into a draft: where nobody has edited a slot it follows, the rest is left alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import assembling, review, revisions
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.editions.words import StoryWords, Words
from newsletter.stories.models import RankedStory, Ranking

#: what is proposed from the chosen stories together
_PROPOSED = ("title", "subject", "preheader", "introduction")


@dataclass(frozen=True, slots=True)
class Followed:
    """The words of a draft after a new ranking, and what was left alone, each as a few words."""

    words: Words
    left_alone: tuple[str, ...]


def follow(
    session: Session,
    edition: Edition,
    newsletter: Newsletter,
    ranking: Ranking,
    *,
    links: Mapping[str, int],
    placed: Collection[int] = (),
    by: str,
    reason: str,
    now: datetime,
) -> tuple[bool, tuple[str, ...]]:
    """Let *edition* tell the chosen stories of *ranking*: whether that changed it, and what was left alone.

    *links* says which of the chosen stories, from 0, each article's link is of; *placed* are the ids of the ranked
    stories to which an editor gave their place. A change takes an approval back. Raises WrongState once sending has
    begun.
    """
    review.refuse_unless_editable(edition)
    old = session.get(Ranking, edition.ranking_id) if edition.ranking_id else None
    if old is None:
        return False, ("the whole edition, which was written by hand",)
    chosen = assembling.the_chosen(session, ranking)
    if not chosen:
        return False, ("the whole edition, for no story is left",)
    before, after = (_proposed(newsletter, rows) for rows in (assembling.the_chosen(session, old), chosen))
    words = wording.of(edition)
    fixed = {place for place, row in enumerate(chosen) if row.id in placed}
    known = _proposed(newsletter, _all(session, old)).stories
    followed = merge(words, before, after, links, known=known, fixed=fixed)
    edition.ranking_id = ranking.id
    if followed.words == words:
        return False, followed.left_alone
    revisions.keep(session, edition, by="", now=now)  # of a database that kept none
    review.reopen_for_edit(session, edition, by=by, reason=reason, now=now)
    _write(session, edition, followed.words, chosen, after)
    edition.revision += 1
    revisions.keep(session, edition, by=by, now=now)
    return True, followed.left_alone


def merge(
    words: Words,
    before: Words,
    after: Words,
    links: Mapping[str, int],
    *,
    known: Collection[StoryWords] = (),
    fixed: Collection[int] = (),
) -> Followed:
    """*words*, which began as the proposal *before*, brought to the proposal *after* wherever nobody has edited.

    *links* says which story of *after*, from 0, a link belongs to, so that an edited one is not told twice.
    What is in *known* is nobody's edit either: the ranking has it, and did not choose it. An edited story keeps its
    place, unless it is, or stands where, one of *fixed*: those of *after* whose place an editor has named.
    """
    ours = {*before.stories, *known}
    edited = {place: story for place, story in enumerate(words.stories) if story not in ours}
    told = {links[story.url]: place for place, story in edited.items() if story.url in links}
    seats = _seats(edited, told, after, fixed)
    fresh = (story for place, story in enumerate(after.stories) if place not in told and place not in fixed)
    length = max([len(after.stories), *(place + 1 for place in seats)])
    stories = [seats.get(place) or next(fresh, None) for place in range(length)]
    own = {name for name in _PROPOSED if getattr(words, name) != getattr(before, name)}
    changed = {name: getattr(after, name) for name in _PROPOSED if name not in own}
    left = [f"story {place + 1}, “{story.headline}”" for place, story in edited.items() if seats.get(place) is story]
    left += [f"the {name}" for name in _PROPOSED if name in own and getattr(before, name) != getattr(after, name)]
    return Followed(replace(words, stories=tuple(story for story in stories if story), **changed), tuple(left))


def _seats(
    edited: Mapping[int, StoryWords], told: Mapping[int, int], after: Words, fixed: Collection[int]
) -> dict[int, StoryWords]:
    """Who sits where for certain: the edited ones in their places, but for those that an editor has named."""
    seats = dict(edited)
    homeless: list[tuple[int, StoryWords]] = []
    for place in sorted(fixed):
        was = told.get(place)
        mine = after.stories[place] if was is None else edited[was]
        if was is not None and seats.get(was) is mine:
            del seats[was]
        homeless = [(at, story) for at, story in homeless if story is not mine]
        if place in seats and seats[place] is not mine:
            # two that change places, or one that makes way for a story that is new
            homeless.append((place if was is None else was, seats[place]))
        seats[place] = mine
    for wanted, story in homeless:
        seats[next(place for place in _from(wanted, len(after.stories)) if place not in seats)] = story
    return seats


def _from(wanted: int, length: int) -> Iterator[int]:
    """*wanted*, the places after it, those before it, and then what comes after all."""
    return chain(range(wanted, length), range(min(wanted, length)), count(length))


def _all(session: Session, ranking: Ranking) -> list[RankedStory]:
    return list(session.scalars(select(RankedStory).where(RankedStory.ranking_id == ranking.id)))


def _proposed(newsletter: Newsletter, chosen: Sequence[RankedStory]) -> Words:
    return wording.clean(assembling.propose(newsletter, chosen))


def _write(session: Session, edition: Edition, words: Words, chosen: Sequence[RankedStory], proposed: Words) -> None:
    wording.write(session, edition, words)
    by_words: dict[StoryWords, RankedStory] = dict(zip(proposed.stories, chosen, strict=True))
    for story, said in zip(edition.stories, words.stories, strict=True):
        ranked = by_words.get(said)
        if ranked is not None:
            story.why = ranked.why
            story.image_width, story.image_height = ranked.image_width, ranked.image_height
    session.flush()
