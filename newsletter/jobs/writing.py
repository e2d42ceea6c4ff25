"""An edition written by several hands: what somebody saves is merged with what others saved since they began."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import merging, problems, review, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.merging import ORDER, WHOLE, Conflict, Place
from newsletter.editions.models import Edition, Wording
from newsletter.editions.words import Words
from newsletter.errors import NotFound, WrongState
from newsletter.jobs.drafting import rewrite


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of saving: how the edition stands now, and what of it could not be kept."""

    edition: Edition
    words: Words
    #: a new revision was made, and it is a version of its own
    is_new: bool
    begins: bool
    conflicts: tuple[Conflict, ...] = ()
    problems: dict[Place, str] = field(default_factory=dict)
    #: who else changed it since; empty where nobody did
    who: str = ""


def save(
    session: Session,
    newsletter: Newsletter,
    edition: Edition,
    mine: Words,
    *,
    since: int,
    wanted: Callable[[Place], bool] = lambda _: True,
    by: str,
    auto: bool = False,
    now: datetime,
) -> Saved:
    """Let *edition*, which the caller has locked, say what of *mine* is *wanted*, begun from the revision *since*.

    A field that somebody else changed meanwhile, and *mine* too, stays as they said it: a conflict. One that
    can't be kept stays as it was: a problem. Raises WrongState where nothing may change any more.
    """
    review.refuse_unless_editable(edition)
    theirs, seen = wording.of(edition), edition.revision
    base = _base(session, edition, theirs, since)
    mine = merging.restrict(mine, base or theirs, wanted)
    wrong = _problems(mine, base or theirs)
    mine = merging.restrict(mine, base or theirs, lambda place: place not in wrong)
    merged = merging.merge(base, mine, theirs) if base else _all_in_conflict(mine, theirs)
    goes_on = auto and revisions.goes_on(session, edition, by=by, now=now)
    who = revisions.other_since(session, edition, since, than=by)
    if merged.words != theirs:
        rewrite(session, edition, merged.words, by=by, auto=auto, now=now)
    is_new = edition.revision != seen
    told = {place: why for place, why in wrong.items() if why}
    return Saved(edition, wording.of(edition), is_new, is_new and not goes_on, merged.conflicts, told, who)


def undo(session: Session, newsletter: Newsletter, edition: Edition, revision: int, *, by: str, now: datetime) -> Saved:
    """Take back what that *revision* changed, and nothing that was changed since.

    Raises NotFound where it was not kept, WrongState where somebody changed the same words since.
    """
    review.refuse_unless_editable(edition)
    theirs, seen = wording.of(edition), edition.revision
    after = _adopted(revisions.said(session, edition, revision), theirs)
    before = revisions.before(session, edition, revision)
    if before is None:
        raise NotFound("There is nothing before that to go back to.")
    merged = merging.merge(after, _adopted(before, after), theirs)
    if merged.conflicts:
        raise WrongState(
            "The same words were changed again since, so this can't be taken back by itself: see Versions."
        )
    rewrite(session, edition, merged.words, by=by, now=now)
    is_new = edition.revision != seen
    return Saved(edition, wording.of(edition), is_new, is_new)


def to_undo(session: Session, edition: Edition, *, by: str) -> int | None:
    """The revision that *by* could take back, which is the last if it is theirs."""
    last: Wording | None = revisions.newest(session, edition)
    if last is None or last.by != by or last.revision != edition.revision:
        return None
    return last.revision if revisions.before(session, edition, last.revision) else None


def locked(session: Session, edition_id: int) -> Edition:
    """That edition, which nobody else may change until the transaction ends."""
    return shelf.get(session, edition_id, lock=True)


def _base(session: Session, edition: Edition, theirs: Words, since: int) -> Words | None:
    if since == edition.revision:
        return theirs
    try:
        return _adopted(revisions.said(session, edition, since), theirs)
    except NotFound:
        return None


def _adopted(words: Words, known: Words) -> Words:
    """*words* with keys for their stories, which those kept long ago have not."""
    return replace(words, stories=wording.adopt(words.stories, known.stories))


def _problems(mine: Words, base: Words) -> dict[Place, str]:
    """What of *mine* can't be kept; of what somebody has only begun, without a reproach."""
    wrong, known = problems.find(mine), {story.key for story in base.stories}
    for story in mine.stories:
        if story.key not in known and any(place.key == story.key for place in wrong):
            is_blank = story == replace(wording.StoryWords(""), key=story.key)
            wrong[Place(story.key, WHOLE)] = ""
            wrong |= {place: "" for place in wrong if is_blank and place.key == story.key}
    if not any(story.key in known or Place(story.key, WHOLE) not in wrong for story in mine.stories):
        wrong[Place("", ORDER)] = "An edition needs at least one story."
    return wrong


def _all_in_conflict(mine: Words, theirs: Words) -> merging.Merged:
    """Nobody knows any more what *mine* began from: whoever saves is asked about each difference."""
    places = sorted(map(str, merging.changed(theirs, mine)))
    found = (merging.between(theirs, mine, place) for place in places)
    return merging.Merged(theirs, tuple(one for one in found if one))
