"""Subscribers from CSV files and into them; what is exported comes back by an import as it was."""

import csv
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, TextIO

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from . import intake
from .errors import BadDetail, BadFile, SubscribersError
from .intake import Entry, Outcome
from .models import Consent, List, Subscriber, Subscription, Suppression, SuppressionReason
from .sheets import Problem, Row, Sheet, bare, safe, shortened

_CHUNK = 1000
#: problems kept in a report; all are counted, and told one by one to whoever listens
_KEPT = 1000

#: heading as people write it → what it means
_HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(("email", "e mail", "mail", "email address", "e mail address", "address", "courriel"), "email"),
    **dict.fromkeys(("name", "full name", "fullname", "display name"), "name"),
    **dict.fromkeys(("first name", "firstname", "given name", "forename", "fname", "vorname"), "first name"),
    **dict.fromkeys(("last name", "lastname", "family name", "surname", "lname", "nachname"), "last name"),
    **dict.fromkeys(("language", "lang", "locale", "sprache"), "language"),
    **dict.fromkeys(("time zone", "timezone", "tz"), "time zone"),
    **dict.fromkeys(("lists", "list", "subscribed"), "lists"),
    "pending": "pending",
    "unsubscribed": "unsubscribed",
    "suppressed": "suppressed",
}

_COLUMNS = ("email", "name", "language", "time zone", "lists", "pending", "unsubscribed", "suppressed")
#: column of an export → the consent that its lists have
_CONSENTS = {"lists": Consent.CONFIRMED, "pending": Consent.PENDING, "unsubscribed": Consent.UNSUBSCRIBED}


@dataclass(slots=True)
class Report:
    """What an import came to; *problems* holds the first thousand of the *bad* rows."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)


def import_(
    session: Session,
    file: BinaryIO,
    *,
    lists: Sequence[str] = (),
    consent: Consent = Consent.PENDING,
    source: str = "csv import",
    now: datetime,
    on_problem: Callable[[Problem], None] = lambda _problem: None,
    on_progress: Callable[[int, int], None] = lambda _line, _lines: None,
) -> Report:
    """Take in every good row of *file*, which must be able to seek, in the session's transaction.

    Each goes on *lists* and on those of its own "lists" column, with *consent*; columns "pending",
    "unsubscribed" and "suppressed", as an export writes them, are kept to. Details in the file replace
    ours; nobody who left is brought back. *on_problem* is told of each bad row, *on_progress* of the
    line reached and how many there are. Raises BadFile where no column holds addresses, NoSuchList.
    """
    intake.list_ids(session, lists)
    sheet = Sheet(file)
    rows = iter(sheet)
    reading = _Reading(_heading(rows), tuple(lists), consent, frozenset(session.scalars(select(List.slug))))
    report = Report()

    def bad(problem: Problem) -> None:
        report.bad += 1
        if len(report.problems) < _KEPT:
            report.problems.append(problem)
        on_problem(problem)

    for chunk in _chunks(reading.entries(rows, bad)):
        _take_in(session, chunk, report, source, now)
        on_progress(chunk[-1].line, sheet.lines)
    on_progress(sheet.lines, sheet.lines)
    return report


def export(session: Session, stream: TextIO, *, slug: str | None = None) -> int:
    """Write everybody, or everybody who is or was on the list *slug*, a row each; how many there were.

    Cells that a spreadsheet would run as formulas get an apostrophe, which an import takes away again.
    """
    only = None if slug is None else intake.list_ids(session, [slug])
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180 section 2
    writer.writerow(_COLUMNS)
    count, last = 0, 0
    while rows := session.execute(_page(last, only)).all():
        standing = _standing(session, [row.id for row in rows], only)
        for row in rows:
            lists = [" ".join(standing.get((row.id, consent), ())) for consent in _CONSENTS.values()]
            cells = [row.email, row.name, row.language, row.time_zone, *lists, row.reason or ""]
            writer.writerow([safe(cell) for cell in cells])
        count, last = count + len(rows), rows[-1].id
    return count


@dataclass(frozen=True, slots=True)
class _Candidate:
    line: int
    entry: Entry
    suppressed: SuppressionReason | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the rows of one file are understood."""

    #: what each column means; empty where it means nothing to us
    heading: Sequence[str]
    lists: Sequence[str]
    consent: Consent
    known: frozenset[str]

    def entries(self, rows: Iterable[Row | Problem], bad: Callable[[Problem], None]) -> Iterator[_Candidate]:
        seen = _Seen()
        for row in rows:
            if isinstance(row, Problem):
                bad(row)
                continue
            try:
                candidate = self.candidate(row)
                seen.add(candidate.entry.key, row.line)
            except SubscribersError as error:
                bad(Problem(row.line, str(error), shortened(", ".join(row.cells))))
            else:
                yield candidate

    def candidate(self, row: Row) -> _Candidate:
        if any(row.cells[len(self.heading) :]):
            raise BadDetail(f"{len(row.cells)} cells under {len(self.heading)} headings: a comma without quotes?")
        cells = {meaning: bare(cell.strip()) for meaning, cell in zip(self.heading, row.cells, strict=False) if meaning}
        if not cells.get("email"):
            raise BadDetail("no address")
        entry = intake.entry(
            cells["email"],
            name=cells.get("name") or f"{cells.get('first name', '')} {cells.get('last name', '')}",
            language=cells.get("language", ""),
            time_zone=cells.get("time zone", ""),
            consents=self.consents(cells),
        )
        return _Candidate(row.line, entry, _suppression(cells.get("suppressed", "")))

    def consents(self, cells: Mapping[str, str]) -> dict[str, Consent]:
        consents = dict.fromkeys(self.lists, self.consent)
        for column, consent in (
            ("lists", self.consent),
            ("pending", Consent.PENDING),
            ("unsubscribed", Consent.UNSUBSCRIBED),
        ):
            for slug in re.split(r"[\s,;|]+", cells.get(column, "")):
                if slug and slug not in self.known:
                    raise BadDetail(f"there is no list {slug!r}, only {', '.join(sorted(self.known))}")
                if slug:
                    consents[slug] = consent
        return consents


class _Seen:
    """The addresses of a file so far, on disk, so that a file of any length takes the same memory."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("")  # an unnamed database is a temporary file of SQLite's own
        self._table.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def add(self, key: str, line: int) -> None:
        try:
            self._table.execute("INSERT INTO seen VALUES (?, ?)", (key, line))
        except sqlite3.IntegrityError:
            (first,) = self._table.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()
            raise BadDetail(f"the same address as in line {first}") from None

    def __del__(self) -> None:
        self._table.close()


def _heading(rows: Iterator[Row | Problem]) -> list[str]:
    """What each column of a file means; the heading is taken from *rows*."""
    for row in rows:
        if isinstance(row, Problem):
            break
        meanings = [_HEADINGS.get(re.sub(r"[\s_-]+", " ", cell).strip().casefold(), "") for cell in row.cells]
        if "email" in meanings:
            return [meaning if meaning not in meanings[:place] else "" for place, meaning in enumerate(meanings)]
        break
    raise BadFile("no column of addresses: the first line must name the columns, one of them email")


def _suppression(text: str) -> SuppressionReason | None:
    if not text:
        return None
    try:
        return SuppressionReason(text)
    except ValueError:
        reasons = ", ".join(SuppressionReason)
        raise BadDetail(f"{text!r} is no reason for a suppression: there are {reasons}") from None


def _take_in(session: Session, chunk: Sequence[_Candidate], report: Report, source: str, now: datetime) -> None:
    entries = [candidate.entry for candidate in chunk]
    outcomes = intake.take_in(session, entries, overwrite=True, source=source, now=now)
    report.added += outcomes.count(Outcome.ADDED)
    report.updated += outcomes.count(Outcome.UPDATED)
    report.unchanged += outcomes.count(Outcome.UNCHANGED)
    suppressed = [
        {"email_key": candidate.entry.key, "reason": candidate.suppressed, "note": source, "at": now}
        for candidate in chunk
        if candidate.suppressed
    ]
    if suppressed:
        session.connection().execute(intake.once(session, Suppression), suppressed)


def _chunks(candidates: Iterator[_Candidate]) -> Iterator[list[_Candidate]]:
    chunk: list[_Candidate] = []
    for candidate in candidates:
        chunk.append(candidate)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _page(after: int, only: Mapping[str, int] | None) -> Select[int, str, str, str, str, SuppressionReason]:
    page = (
        select(
            Subscriber.id,
            Subscriber.email,
            Subscriber.name,
            Subscriber.language,
            Subscriber.time_zone,
            Suppression.reason,
        )
        .outerjoin(Suppression, Suppression.email_key == Subscriber.email_key)
        .where(Subscriber.id > after)
        .order_by(Subscriber.id)
        .limit(_CHUNK)
    )
    if only is None:
        return page
    on_it = select(Subscription.subscriber_id).where(Subscription.list_id.in_(only.values()))
    return page.where(Subscriber.id.in_(on_it))


def _standing(
    session: Session, ids: Sequence[int], only: Mapping[str, int] | None
) -> dict[tuple[int, Consent], list[str]]:
    """(Subscriber id, consent) → slugs of the lists where that is so."""
    query = (
        select(Subscription.subscriber_id, Subscription.consent, List.slug)
        .join(List, List.id == Subscription.list_id)
        .where(Subscription.subscriber_id.in_(ids))
        .order_by(List.slug)
    )
    standing: dict[tuple[int, Consent], list[str]] = {}
    for id_, consent, slug in session.execute(query):
        if only is None or slug in only:
            standing.setdefault((id_, consent), []).append(slug)
    return standing
