"""Corrections of an edition that went out: what its page says since, and the short mail to those who have it.

The edition's own row and what was sent stay as they were.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.editions import review, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Amendment, Edition, State, Wording
from newsletter.editions.words import Words
from newsletter.errors import BadInput, WrongState

#: something of it is with readers
OUT = frozenset({State.SENDING, State.SENT, State.CANCELLED})
#: nothing more comes of a correction in these
_OVER = frozenset({State.SENT, State.SKIPPED, State.CANCELLED})


def history(session: Session, edition_id: int) -> Sequence[Amendment]:
    """What was corrected of an edition, the oldest first."""
    return session.scalars(select(Amendment).where(Amendment.edition_id == edition_id).order_by(Amendment.id)).all()


def mails(session: Session, edition_id: int) -> Sequence[Edition]:
    """The corrections of an edition that were written to be mailed, the oldest first."""
    return session.scalars(select(Edition).where(Edition.corrects == edition_id).order_by(Edition.correction)).all()


def says(session: Session, edition: Edition) -> tuple[int, Words]:
    """What the page of *edition* says now, and the number of that revision."""
    last = session.scalar(select(func.max(Amendment.revision)).where(Amendment.edition_id == edition.id))
    if last is None:
        return edition.revision, wording.of(edition)
    return last, revisions.said(session, edition, last)


def amend(
    session: Session, edition: Edition, words: Words, *, note: str, seen: int | None, by: str, now: datetime
) -> Amendment:
    """Let the page of *edition* say *words* from now on, with *note* on it, which says what was wrong.

    Raises WrongState where nothing of it is out, or it was corrected since the revision *seen*; BadInput where *note*
    is empty, or stories come or go: who has the mail finds each where it stood.
    """
    refuse_unless_out(edition)
    at, said = says(session, edition)
    if seen is not None and seen != at:
        raise WrongState(
            f"{shelf.name(edition)} was corrected by somebody else meanwhile: look at it as it is now, then say yours"
        )
    told = wording.paragraphs(note)
    if not told:
        raise BadInput("say what was wrong: readers of the page see that a correction was made, and of what")
    if len(words.stories) != len(said.stories):
        raise BadInput(
            f"{shelf.name(edition)} went out with {len(said.stories)} stories, and keeps them: where one was wrong"
            " altogether, let it say so in its place"
        )
    found = Amendment(edition_id=edition.id, revision=at + 1, note=told, by=by[:200], at=now)
    kept = revisions.plain(wording.clean(words, needs_story=edition.corrects is None))
    session.add_all(
        [found, Wording(edition_id=edition.id, revision=at + 1, words=kept, by=by[:200], at=now, began_at=now)]
    )
    session.flush()
    return found


def draft(session: Session, edition: Edition, words: Words, *, unknown_too: bool, by: str, now: datetime) -> Edition:
    """A correction of *edition* that says *words*, in review: approved, it goes to those who have *edition*, once.

    Raises WrongState where nothing of it is out or another correction of it is not decided yet, BadInput where it is a
    correction itself.
    """
    if edition.corrects is not None:
        raise BadInput(f"{shelf.name(edition)} is a correction itself: correct the edition that it is of once more")
    refuse_unless_out(edition)
    before = mails(session, edition.id)
    if waiting := next((one for one in before if one.state not in _OVER), None):
        raise WrongState(f"{shelf.name(waiting)} is {waiting.state.spoken}: decide about that one first")
    clean = wording.clean(words, needs_story=False)
    made = Edition(
        newsletter=edition.newsletter,
        date=edition.date,
        correction=max((one.correction for one in before), default=0) + 1,
        corrects=edition.id,
        unknown_too=unknown_too,
        title=clean.title,
        subject=clean.subject,
        created_at=now,
    )
    session.add(made)
    session.flush()
    wording.write(session, made, clean)
    revisions.keep(session, made, by=by, now=now)
    review.submit(session, made, by=by, now=now)
    return made


def choose(session: Session, edition: Edition, *, unknown_too: bool, by: str, now: datetime) -> None:
    """Let a correction go also, or not, to those of whom nobody can say whether they have what it corrects."""
    if edition.corrects is None:
        raise BadInput(f"{shelf.name(edition)} is no correction")
    if edition.unknown_too is not unknown_too:
        # whoever approved it approved the other readers
        review.reopen_for_edit(session, edition, by=by, reason="other readers chosen", now=now)
        edition.unknown_too = unknown_too
        edition.revision += 1
        session.flush()
        revisions.keep(session, edition, by=by, now=now)


def refuse_unless_out(edition: Edition) -> None:
    """Raise WrongState where readers have nothing of *edition* yet."""
    if edition.state not in OUT:
        name = shelf.name(edition)
        raise WrongState(f"{name} is {edition.state.spoken} and nobody has it: newsletter editions edit {name}")
