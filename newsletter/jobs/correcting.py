"""A mistake in an edition that went out: corrected on its page and behind its links, and mailed where it matters."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.ledger import planning, receivers
from newsletter.delivery.ledger.receivers import Reach
from newsletter.delivery.models import Act, Sending
from newsletter.editions import corrections, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, State
from newsletter.editions.words import Words
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import drafting
from newsletter.rendering import amending, proofs
from newsletter.rendering.amending import Note
from newsletter.rendering.models import Proof
from newsletter.tracking.links import register


@dataclass(frozen=True, slots=True)
class Moved:
    """An address that was replaced."""

    was: str
    url: str
    #: how many links of the copies lead to the new one now; 0 where they are not counted, and lead to the old one
    links: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """What came of a correction."""

    revision: int
    moved: tuple[Moved, ...]

    @property
    def left(self) -> tuple[str, ...]:
        """The old addresses to which the links in readers' copies go on leading."""
        return tuple(one.was for one in self.moved if not one.links)


def correct(
    app: App, edition_id: int, words: Words, *, note: str, by: str, seen: int | None = None, now: datetime
) -> Corrected:
    """Let the page of an edition that went out say *words*, with *note*; its counted links lead where they now say.

    What was sent stays as it was, under its digest. Raises WrongState, BadInput, BadTemplate.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        newsletter = app.newsletter(edition.newsletter)
        if session.get(Sending, edition_id) is None:
            raise WrongState(f"nothing of {shelf.name(edition)} went out, so there is nothing to correct")
        _, before = corrections.says(session, edition)
        made = corrections.amend(session, edition, words, note=note, seen=seen, by=by, now=now)
        _, after = corrections.says(session, edition)
        session.add(_page(session, app, edition, newsletter, after, made.revision, now))
        moved = tuple(
            _move(session, edition, was, url, by=by, why=made.note, now=now) for was, url in _new(before, after)
        )
        session.add(Act(edition_id=edition_id, verb="correct", by=by[:200], reason=made.note, recipients=0, at=now))
        return Corrected(made.revision, moved)


def write(app: App, edition_id: int, *, unknown_too: bool = False, by: str, now: datetime) -> tuple[Edition, Reach]:
    """A short mail about the last correction, in review, and whom it would reach; nothing goes out by it.

    Raises BadInput where nothing was corrected yet, WrongState.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        newsletter = app.newsletter(edition.newsletter)
        told = corrections.history(session, edition_id)
        if not told:
            raise BadInput(f"nothing of {shelf.name(edition)} was corrected yet: correct its page first")
        words = _letter(session, edition, newsletter, told[-1].note)
        made = corrections.draft(session, edition, words, unknown_too=unknown_too, by=by, now=now)
        found = reach(session, made, newsletter, now=now)
        drafting.tell_editors(session, made, _goes_to(found), now)
        return made, found


def reach(session: Session, edition: Edition, newsletter: Newsletter, *, now: datetime) -> Reach:
    """Whom the correction *edition* would go to now; raises BadInput where it is none."""
    if edition.corrects is None:
        raise BadInput(f"{shelf.name(edition)} is no correction")
    issue = planning.issue_of(session, edition, newsletter, now=now)
    return receivers.reach(session, edition.corrects, newsletter.lists, issue, unknown_too=edition.unknown_too)


def numbers(found: Reach, *, unknown_too: bool) -> list[str]:
    """Whom a correction reaches and whom not, a line for each."""
    unknown = "get it too" if unknown_too else "are left out"
    return [
        f"{plural.counted(found.have, 'reader has', 'readers have')} the edition, as far as the ledger knows",
        *([f"of {found.unknown:,} nobody can say whether they have it, and they {unknown}"] if found.unknown else []),
        *([f"{found.gone:,} of those left since, or may not be mailed any more"] if found.gone else []),
        *([f"{found.have_not:,} never got it, and get nothing"] if found.have_not else []),
    ]


def due(session: Session) -> list[int]:
    """The corrections that are approved and may go: of the editions they correct nothing more goes out."""
    query = select(Edition).where(Edition.state == State.APPROVED, Edition.corrects.is_not(None)).order_by(Edition.id)
    return [one.id for one in session.scalars(query) if one.corrects and receivers.is_over(session, one.corrects)]


def _page(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, words: Words, revision: int, now: datetime
) -> Proof:
    notes = [
        Note(one.at.astimezone(newsletter.zone).date(), one.note) for one in corrections.history(session, edition.id)
    ]
    page = wording.draft(edition, words)
    page.revision = revision
    return proofs.amended(page, newsletter, app.settings, notes, now=now)


def _new(before: Words, after: Words) -> list[tuple[str, str]]:
    """The addresses that were replaced by others, each once."""
    pairs = [(before.sponsor_url, after.sponsor_url)]
    pairs += [(old.url, new.url) for old, new in zip(before.stories, after.stories, strict=True)]
    return list(dict.fromkeys((was, url) for was, url in pairs if was and url and was != url))


def _move(session: Session, edition: Edition, was: str, url: str, *, by: str, why: str, now: datetime) -> Moved:
    """Let the counted links that lead to *was* lead to *url*."""
    number = next((link.number for link in register.of(session, edition.id) if link.url == was), None)
    if number is None:
        return Moved(was, url, 0)
    return Moved(was, url, len(register.correct(session, edition, number, url, by=by, reason=why, now=now)))


def _letter(session: Session, edition: Edition, newsletter: Newsletter, note: str) -> Words:
    """The words of the mail: what was wrong, and the stories as they read now; editors change them as they like."""
    title, subject = amending.named(edition.subject, language=newsletter.language)
    _, now_says = corrections.says(session, edition)
    sent = wording.of(edition)
    changed = [new for old, new in zip(sent.stories, now_says.stories, strict=True) if old != new]
    return Words(
        title=title,
        subject=subject,
        preheader=note.partition("\n")[0],
        introduction=note,
        stories=tuple(replace(story, image_url="", image_alt="", key="") for story in changed),
    )


def _goes_to(found: Reach) -> str:
    return f"for {plural.counted(found.readers, 'reader')} who have the edition"
