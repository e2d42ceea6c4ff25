"""Editions that everybody may read: what went out to all of a newsletter's readers, as it says today."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.editions import revisions
from newsletter.editions import words as wording
from newsletter.editions.models import Amendment, Edition, State, Wording

#: the newest that are kept for reading; fifty weeks a year are forty years
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Past:
    """An edition that went out."""

    #: as it says today, corrections and all
    edition: Edition
    #: when it was corrected, and what readers are told of it, the newest first
    notes: tuple[tuple[datetime, str], ...] = ()


def stamp(session: Session, newsletter: str) -> tuple[object, ...]:
    """Something that is another one whenever what there is to read has changed."""
    counted = select(func.count(), func.max(Edition.id), func.max(Edition.date)).where(*_public(newsletter))
    amended = select(func.max(Amendment.id)).join(Edition, Edition.id == Amendment.edition_id)
    return (*session.execute(counted).one(), session.scalar(amended.where(*_public(newsletter))))


def of(session: Session, newsletter: str) -> list[Past]:
    """The editions of *newsletter* that everybody may read, the newest first."""
    query = select(Edition).where(*_public(newsletter)).order_by(Edition.date.desc()).limit(MOST)
    # in the order of revisions, so that the last one stays
    amended = (
        select(Amendment, Wording)
        .join(Edition, Edition.id == Amendment.edition_id)
        .join(Wording, (Wording.edition_id == Amendment.edition_id) & (Wording.revision == Amendment.revision))
        .where(*_public(newsletter))
        .order_by(Amendment.revision)
    )
    notes: dict[int, list[tuple[datetime, str]]] = {}
    says: dict[int, Wording] = {}
    for amendment, said in session.execute(amended):
        notes.setdefault(amendment.edition_id, []).insert(0, (amendment.at, amendment.note))
        says[amendment.edition_id] = said
    return [
        Past(_today(edition, says.get(edition.id)), tuple(notes.get(edition.id, ())))
        for edition in session.scalars(query)
    ]


def _today(edition: Edition, said: Wording | None) -> Edition:
    return edition if said is None else wording.draft(edition, revisions.words(said))


def _public(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    # what went to a part of the readers was not meant for all, and a correction stands where it belongs
    return (
        Edition.newsletter == newsletter,
        Edition.state == State.SENT,
        Edition.segment == "",
        Edition.corrects.is_(None),
    )
