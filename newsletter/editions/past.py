"""Editions that everybody may read: what went out to all of a newsletter's readers, as it says today."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.editions import revisions
from newsletter.editions import words as wording
from newsletter.editions.models import Amendment, Edition, State, Wording

#: the newest that are kept for reading; fifty weeks a year are forty years
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Past:
    """One of them."""

    #: with the words it says today
    edition: Edition
    #: what was corrected since it went out, the oldest first
    corrections: Sequence[Amendment] = ()


def stamp(session: Session, newsletter: str) -> tuple[object, ...]:
    """Something that is another one whenever what there is to read has changed."""
    public = _public(newsletter)
    row = session.execute(select(func.count(), func.max(Edition.id), func.max(Edition.date)).where(*public))
    corrected = select(func.max(Amendment.id)).join(Edition, Edition.id == Amendment.edition_id).where(*public)
    return *tuple(row.one()), session.scalar(corrected)


def of(session: Session, newsletter: str) -> list[Past]:
    """The editions of *newsletter* that everybody may read, the newest first."""
    public = _public(newsletter)
    query = select(Edition).where(*public).order_by(Edition.date.desc()).limit(MOST)
    told: dict[int, list[tuple[Amendment, Wording]]] = {}
    corrected = (
        select(Amendment, Wording)
        .join(Edition, Edition.id == Amendment.edition_id)
        .join(Wording, (Wording.edition_id == Amendment.edition_id) & (Wording.revision == Amendment.revision))
        .where(*public)
        .order_by(Amendment.id)
    )
    for amendment, said in session.execute(corrected):
        told.setdefault(amendment.edition_id, []).append((amendment, said))
    return [_past(edition, told.get(edition.id, ())) for edition in session.scalars(query)]


def _past(edition: Edition, told: Sequence[tuple[Amendment, Wording]]) -> Past:
    if not told:
        return Past(edition)
    words = revisions.words(told[-1][1])
    return Past(wording.draft(edition, words), [amendment for amendment, _ in told])


def _public(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    # what went to a part of the readers was not meant for all, and a correction is read where its edition is
    return (
        Edition.newsletter == newsletter,
        Edition.state == State.SENT,
        Edition.segment == "",
        Edition.correction == 0,
    )
