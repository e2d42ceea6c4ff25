"""A file surveyed, and then taken in: in portions, each whole or not at all, which a second run goes on from."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from subscribers import details, intake, strangers
from subscribers.errors import BadFile
from subscribers.models import ImportFile, List, Stranger

from . import files, merging, recognising
from .deciding import Decider, Losses
from .files import Table
from .merging import Merged, Terms
from .recognising import NotPeople, Options, Part
from .sheets import Problem
from .spool import Spool
from .states import State

#: problems kept in a survey; all are counted, and told one by one to whoever listens
_KEPT = 1000
_ROWS = 2000
#: changes whenever files are read in another order or way, so that an import begun before begins anew
_WAY = "2"
_COUNTED = ("added", "updated", "unchanged", "kept_out", "suppressed", "barred")

OnProblem = Callable[[Problem], None]
#: what is done, how much of it, of how much (None: not known)
OnProgress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Survey:
    """What a file holds, before anything is done with it."""

    name: str
    digest: str
    spool: Spool
    parts: list[Part] = field(default_factory=list)
    #: tables that hold no people: name, and why not
    skipped: list[tuple[str, str]] = field(default_factory=list)
    #: what must be answered before anybody is taken in
    questions: list[str] = field(default_factory=list)
    states: list[tuple[State, int]] = field(default_factory=list)
    #: addresses, rows of an address that came before, rows that could not be used
    people: int = 0
    twice: int = 0
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)

    @property
    def told(self) -> bool:
        return any(part.told for part in self.parts)

    def says(self, part: Part) -> str:
        """What somebody should know who takes *part* in; empty where the files beside it answer that."""
        beside = {other.system.kind for other in self.parts if other.system.name == part.system.name}
        return "" if part.system.unless and part.system.unless <= beside else part.system.says

    @property
    def makes_subscribers(self) -> bool:
        return not all(part.system.suppressions for part in self.parts)


@dataclass(slots=True)
class Outcome:
    """What an import came to, in people; of one that was killed, with all its runs."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    #: not taken in, for they are suppressed or forgotten here
    kept_out: int = 0
    suppressed: int = 0
    #: not here, and remembered by a salted hash as not to be mailed
    barred: int = 0
    #: people that an earlier run, which ended before its time, had taken in
    resumed: int = 0
    #: when this file was imported before, if it was
    before: datetime | None = field(default=None, init=False)


@contextmanager
def survey(
    path: Path, file: BinaryIO, *, options: Options, lists: Sequence[str], known: Collection[str],
    on_problem: OnProblem = lambda _problem: None, on_progress: OnProgress = lambda _what, _done, _all: None,
) -> Iterator[Survey]:  # fmt: skip
    """Read all of *file*, which must be able to seek, and say what it holds; nothing is changed by it.

    *known* are the slugs of the lists there are. Raises BadFile for what nobody can read.
    """
    found = Survey(name=path.name, digest=_digest(file, options, lists), spool=Spool())
    try:
        with files.opened(path, file) as tables:
            for table in tables:
                _read(found, table, options, known, on_problem, on_progress)
        if not found.parts and not found.questions:
            raise BadFile(_nobody(found))
        found.twice = found.spool.sort()
        found.states = found.spool.states()
        found.people = sum(count for _, count in found.states)
        found.questions.extend(_unanswered(found))
        found.questions.extend(_at_odds(found, options))
        yield found
    finally:
        found.spool.close()


def take_in(
    engine: Engine, found: Survey, *, lists: Sequence[str], source: str, now: datetime,
    on_progress: OnProgress = lambda _what, _done, _all: None,
) -> Outcome:  # fmt: skip
    """Do what *found* says, in portions; what an earlier run had done of it is passed over. Raises NoSuchList."""
    if found.questions:
        raise BadFile(found.questions[0])
    with Session(engine) as session, session.begin():
        begun, terms = _begin(session, found, lists, source, now)
    outcome, done = Outcome(**begun.counts), begun.done
    outcome.resumed, outcome.before = done, begun.finished_at
    pace = merging.pace(engine)

    def finish(merged: Merged) -> tuple[int, str]:
        _add(outcome, merged)
        return done + merged.people, json.dumps({name: getattr(outcome, name) for name in _COUNTED})

    with closing(found.spool.from_(done)) as arrivals:
        while portion := list(islice(arrivals, pace.size)):
            pace.after(merging.merge(engine, portion, terms, finish))
            done += len(portion)
            on_progress("taking in", done, found.people)
    with Session(engine) as session, session.begin():
        session.execute(update(ImportFile).where(ImportFile.id == terms.import_id).values(finished_at=now))
    return outcome


def finished(session: Session, found: Survey, *, since: datetime) -> Outcome | None:
    """What an import of *found* came to that ended after *since*; None where none has."""
    row = session.scalar(select(ImportFile).where(ImportFile.digest == found.digest))
    return Outcome(**row.counts) if row and row.finished_at and row.finished_at >= since else None


def _begin(
    session: Session, found: Survey, lists: Sequence[str], source: str, now: datetime
) -> tuple[ImportFile, Terms]:
    ids = intake.list_ids(session, lists)
    session.execute(
        intake.once(session, ImportFile).values(
            digest=found.digest, name=found.name[:200], told=found.told, done=0, counts={}, started_at=now
        )
    )
    begun = session.scalars(select(ImportFile).where(ImportFile.digest == found.digest)).one()
    finished = begun.finished_at
    if finished is not None:
        # done before: once more from the beginning, which changes only what has changed since
        begun.done, begun.counts, begun.started_at, begun.finished_at = 0, {}, now, None
    terms = Terms(
        import_id=begun.id, source=details.source(source[:64]), lists=list(ids.values()),
        slugs=dict(session.execute(select(List.slug, List.id)).all()), told=found.told, now=now,
        digest=strangers.hasher(session), strangers=session.scalar(select(Stranger.digest).limit(1)) is not None,
    )  # fmt: skip
    session.flush()
    session.expunge(begun)
    begun.finished_at = finished
    return begun, terms


def _read(
    found: Survey,
    table: Table,
    options: Options,
    known: Collection[str],
    on_problem: OnProblem,
    on_progress: OnProgress,
) -> None:
    try:
        part = recognising.recognise(table, options, known)
    except NotPeople as why:
        found.skipped.append((table.name, str(why)))
        return
    found.parts.append(part)
    found.questions.extend(part.questions)
    if part.questions:
        return

    def bad(problems: Iterable[Problem]) -> None:
        for problem in problems:
            found.bad += 1
            if len(found.problems) < _KEPT:
                found.problems.append(problem)
            on_problem(problem)

    decider = Decider(part, options, known, found.losses)
    number, read = len(found.parts), 0
    for rows, problems in _chunks(part):
        try:
            found.spool.put(list(decider.arrivals(rows, problems)), number)
        except BadFile as asked:
            found.questions.append(str(asked))
            return
        bad(sorted(problems, key=lambda problem: problem.line))
        read += len(rows)
        on_progress(f"reading {table.name}", read, None)


def _chunks(part: Part) -> Iterator[tuple[list[tuple[int, list[str]]], list[Problem]]]:
    """The rows below the heading, some at a time, and what could not be read among them."""
    rows: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    for row in part.table.rows():
        if isinstance(row, Problem):
            problems.append(row)
        elif row[0] > part.heading_line:
            rows.append(row)
        if len(rows) == _ROWS:
            yield rows, problems
            rows, problems = [], []
    yield rows, problems


def _unanswered(found: Survey) -> Iterator[str]:
    unknown = dict(found.states).get(State.UNKNOWN, 0)
    if unknown and not found.questions:
        asks = dict.fromkeys(part.system.asks for part in found.parts if part.system.asks)
        whose = f"of {unknown:,} people {found.name} does not say whether they may be mailed"
        yield f"{whose}: {'; '.join(asks) or 'say --as confirmed, or --as pending to ask them'}"


def _at_odds(found: Survey, options: Options) -> Iterator[str]:
    """One yes for all tables of a file is none for that whose name says otherwise, beside others that don't."""
    nameless = [part for part in found.parts if part.system.name == "" and not part.rules]
    against = [part.table.name for part in nameless if recognising.name_says(part.table.name)]
    if options.as_ in {State.OK, State.PENDING} and 0 < len(against) < len(found.parts):
        yield f"{against[0]} says by its name that its people are none of the others': import it by itself"


def _nobody(found: Survey) -> str:
    if len(found.skipped) == 1:
        return found.skipped[0][1]
    return f"{found.name} holds no list of people: {', '.join(name for name, _ in found.skipped) or 'it is empty'}"


def _digest(file: BinaryIO, options: Options, lists: Sequence[str]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    digest.update(json.dumps([_WAY, asdict(options), list(lists)], default=str, sort_keys=True).encode())
    return digest.hexdigest()


def _add(outcome: Outcome, merged: Merged) -> None:
    outcome.added += merged.added
    outcome.updated += merged.updated
    outcome.kept_out += merged.kept_out
    outcome.suppressed += merged.suppressed
    outcome.barred += merged.barred
    outcome.unchanged += (
        merged.people - merged.added - merged.updated - merged.kept_out - merged.suppressed - merged.barred
    )
