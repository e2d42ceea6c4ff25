"""An editor's word on stories, put into a draft: where nobody has edited a slot it follows, the rest is left alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
    by: str,
    reason: str,
    now: datetime,
) -> tuple[bool, tuple[str, ...]]:
    """Let *edition* tell the chosen stories of *ranking*: whether that changed it, and what was left alone.

    *links* says which of the chosen stories, from 0, each article's link is of. A change takes an approval
    back. Raises WrongState once sending has begun.
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
    followed = merge(words, before, after, links, known=_proposed(newsletter, _all(session, old)).stories)
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
    words: Words, before: Words, after: Words, links: Mapping[str, int], *, known: Collection[StoryWords] = ()
) -> Followed:
    """*words*, which began as the proposal *before*, brought to the proposal *after* wherever nobody has edited.

    *links* says which story of *after*, from 0, a link belongs to, so that an edited one is not told twice.
    What is in *known* is nobody's edit either: the ranking has it, and did not choose it.
    """
    ours = {*before.stories, *known}
    edited = {place: story for place, story in enumerate(words.stories) if story not in ours}
    told = {links[story.url] for story in edited.values() if story.url in links}
    fresh = (story for place, story in enumerate(after.stories) if place not in told)
    length = max([len(after.stories), *(place + 1 for place in edited)])
    stories = [edited.get(place) or next(fresh, None) for place in range(length)]
    own = {name for name in _PROPOSED if getattr(words, name) != getattr(before, name)}
    changed = {name: getattr(after, name) for name in _PROPOSED if name not in own}
    left = [f"story {place + 1}, “{story.headline}”" for place, story in edited.items()]
    left += [f"the {name}" for name in _PROPOSED if name in own and getattr(before, name) != getattr(after, name)]
    return Followed(replace(words, stories=tuple(story for story in stories if story), **changed), tuple(left))


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
