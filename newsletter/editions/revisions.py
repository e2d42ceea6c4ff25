"""What each revision of an edition said: kept with every change, to show what changed and to take it back."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, defer

from newsletter.db import Database
from newsletter.editions import folding, plain_text, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, Wording
from newsletter.editions.plain_text import Manuscript
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadInput, NotFound

#: unchanged lines shown around a change
_AROUND = 1
#: characters of a version's name
LONGEST_NAME = 80
#: a page that is open longer than that began from a revision that may be gone
_NEEDED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference."""

    #: "+" new, "-" gone, " " the same, "…" some lines left out
    sign: str
    text: str


def keep(session: Session, edition: Edition, *, by: str, auto: bool = False, now: datetime) -> None:
    """Keep what *edition* says as its present revision; once kept, a revision stays as it is.

    *auto* says that it was saved while somebody typed, so that the next may go on with the same version.
    """
    if _kept(session, edition, edition.revision) is None:
        last = newest(session, edition)
        went_on = last is not None and folding.goes_on(last, by, now, auto=auto)
        row = Wording(
            edition_id=edition.id,
            revision=edition.revision,
            words=plain(wording.of(edition)),
            by=by,
            at=now,
            auto=auto,
            began_at=last.began_at if last and went_on else now,
        )
        session.add(row)
        session.flush()
        if not went_on:
            _tidy(session, edition, now)


def goes_on(session: Session, edition: Edition, *, by: str, now: datetime) -> bool:
    """Whether what *by* saves now, typing, belongs to the version that *edition* is at."""
    return folding.goes_on(newest(session, edition), by, now, auto=True)


def newest(session: Session, edition: Edition) -> Wording | None:
    """The last revision that was kept."""
    query = select(Wording).where(Wording.edition_id == edition.id).order_by(Wording.revision.desc()).limit(1)
    return session.scalar(query)


def other_since(session: Session, edition: Edition, revision: int, *, than: str) -> str:
    """Who saved last after that *revision*, if somebody else *than* that did."""
    after = [Wording.edition_id == edition.id, Wording.revision > revision, Wording.by != than]
    return session.scalar(select(Wording.by).where(*after).order_by(Wording.revision.desc()).limit(1)) or ""


def see(database: Database, edition: Edition, who: str) -> None:
    """*who* looks at what *edition* says: unless they wrote it themselves, it stays a version of its own."""
    with database.read() as session:
        last = newest(session, edition)
        if last is None or last.seen or not last.auto or last.by == who or last.revision != edition.revision:
            return
    with database.write() as session:
        close(session, edition)


def close(session: Session, edition: Edition) -> None:
    """What *edition* says now has been shown or decided about: it stays a version, whatever is typed next."""
    row = update(Wording).where(Wording.edition_id == edition.id, Wording.revision == edition.revision)
    session.execute(row.values(seen=True))


def kept(session: Session, edition: Edition) -> Sequence[Wording]:
    """Every revision that was kept, the newest first; what each said is loaded when it is asked for."""
    query = select(Wording).where(Wording.edition_id == edition.id).options(defer(Wording.words))
    return session.scalars(query.order_by(Wording.revision.desc())).all()


def versions(session: Session, edition: Edition) -> Sequence[Wording]:
    """The revisions to choose from, the newest first: of what was saved while somebody typed, the last."""
    return folding.versions(kept(session, edition))


def call(session: Session, edition: Edition, revision: int, name: str) -> Wording:
    """Give that *revision* a *name*, or none; raises NotFound where it was not kept, BadInput for a long one."""
    name = wording.one_line(name)
    if len(name) > LONGEST_NAME:
        raise BadInput(f"The name of a version has at most {LONGEST_NAME} characters; that one has {len(name)}.")
    row = _found(session, edition, revision)
    row.name = name
    return row


def said(session: Session, edition: Edition, revision: int) -> Words:
    """What that *revision* said; raises NotFound where it was not kept."""
    return _words(_found(session, edition, revision).words)


def before(session: Session, edition: Edition, revision: int) -> Words | None:
    """What was said before that *revision*; None where nothing older was kept."""
    older = select(Wording).where(Wording.edition_id == edition.id, Wording.revision < revision)
    row = session.scalar(older.order_by(Wording.revision.desc()).limit(1))
    return _words(row.words) if row else None


def difference(session: Session, edition: Edition, revision: int, to: int | None = None) -> list[Line]:
    """What changed from *revision* *to* another, or to what *edition* says now; raises NotFound as `said` does."""
    new = wording.of(edition) if to is None else said(session, edition, to)
    texts = [_text(edition, words) for words in (said(session, edition, revision), new)]
    return list(_lines(*texts))


def _text(edition: Edition, words: Words) -> list[str]:
    return plain_text.compose(Manuscript(words, edition.date)).splitlines()


def _found(session: Session, edition: Edition, revision: int) -> Wording:
    row = _kept(session, edition, revision)
    if row is None:
        known = [str(row.revision) for row in reversed(versions(session, edition))]
        hint = f"those kept are {', '.join(known)}" if known else "none was kept"
        raise NotFound(f"{shelf.name(edition)} has no revision {revision}; {hint}")
    return row


def _tidy(session: Session, edition: Edition, now: datetime) -> None:
    """Drop what was folded away long ago; until then a page that began from it is merged by it."""
    rows = kept(session, edition)
    shown = {row.id for row in folding.versions(rows)}
    gone = [row.id for row in rows if row.id not in shown and row.at < now - _NEEDED]
    if gone:
        session.execute(delete(Wording).where(Wording.id.in_(gone)))


def words(row: Wording) -> Words:
    """What *row* keeps."""
    return _words(row.words)


def plain(words: Words) -> dict[str, object]:
    """*words* as they are kept."""
    return asdict(words) | {"stories": [asdict(story) for story in words.stories]}


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


def _words(plain: dict[str, Any]) -> Words:
    """What `plain` wrote, also by an older version that knew fewer fields, or a newer one that knew more."""
    rows = plain.get("stories")
    stories = tuple(StoryWords(**_known(StoryWords, row)) for row in rows) if isinstance(rows, list) else ()
    return Words(**_known(Words, plain) | {"stories": stories})


def _known(kind: type, plain: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in plain.items() if name in names}
