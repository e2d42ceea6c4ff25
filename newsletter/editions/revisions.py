"""What each revision of an edition said: kept with every change, to show what changed and to take it back."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import plain_text, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, Wording
from newsletter.editions.plain_text import Manuscript
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import NotFound

#: unchanged lines shown around a change
_AROUND = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference."""

    #: "+" new, "-" gone, " " the same, "…" some lines left out
    sign: str
    text: str


def keep(session: Session, edition: Edition, *, by: str, now: datetime) -> None:
    """Keep what *edition* says as its present revision; once kept, a revision stays as it is."""
    if _kept(session, edition, edition.revision) is None:
        row = Wording(
            edition_id=edition.id, revision=edition.revision, words=_plain(wording.of(edition)), by=by, at=now
        )
        session.add(row)
        session.flush()


def kept(session: Session, edition: Edition) -> Sequence[Wording]:
    """Every revision that was kept, the newest first."""
    query = select(Wording).where(Wording.edition_id == edition.id)
    return session.scalars(query.order_by(Wording.revision.desc())).all()


def said(session: Session, edition: Edition, revision: int) -> Words:
    """What that *revision* said; raises NotFound where it was not kept."""
    row = _kept(session, edition, revision)
    if row is None:
        known = session.scalars(
            select(Wording.revision).where(Wording.edition_id == edition.id).order_by(Wording.revision)
        ).all()
        hint = f"those kept are {', '.join(map(str, known))}" if known else "none was kept"
        raise NotFound(f"{shelf.name(edition)} has no revision {revision}; {hint}")
    return _words(row.words)


def difference(session: Session, edition: Edition, revision: int) -> list[Line]:
    """What changed from *revision* to what *edition* says now; raises NotFound where it was not kept."""
    old = plain_text.compose(Manuscript(said(session, edition, revision), edition.date))
    return list(_lines(old.splitlines(), plain_text.write(edition).splitlines()))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    for number, text in enumerate(difflib.unified_diff(old, new, n=_AROUND, lineterm="")):
        if number < 2:  # the names of files, of which there are none
            continue
        if text.startswith("@@"):
            yield Line("…", "")
        elif text[1:].strip():
            yield Line(text[0], text[1:])


def _kept(session: Session, edition: Edition, revision: int) -> Wording | None:
    query = select(Wording).where(Wording.edition_id == edition.id, Wording.revision == revision)
    return session.scalar(query)


def _plain(words: Words) -> dict[str, object]:
    return asdict(words) | {"stories": [asdict(story) for story in words.stories]}


def _words(plain: dict[str, Any]) -> Words:
    """What `_plain` wrote, also by an older version that knew fewer fields, or a newer one that knew more."""
    rows = plain.get("stories")
    stories = tuple(StoryWords(**_known(StoryWords, row)) for row in rows) if isinstance(rows, list) else ()
    return Words(**_known(Words, plain) | {"stories": stories})


def _known(kind: type, plain: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in plain.items() if name in names}
