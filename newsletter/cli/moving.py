"""`newsletter subscribers import` and `export`: people from other systems, and ours to take along."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.app import App
from newsletter.cli import inviting, screen
from newsletter.cli.root import now, open_app
from newsletter.errors import BadInput
from subscribers import intake, roll
from subscribers.moving import exporting, importing, telling
from subscribers.moving.importing import Outcome, Survey
from subscribers.moving.recognising import Options
from subscribers.moving.states import CODES, SAID, TOLD, State

_SHOWN = 20
#: seconds between two lines of progress in a log
_TOLD_EVERY = 5.0


class As(StrEnum):
    """How people stand of whom the file says nothing."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class What(StrEnum):
    """What an export writes."""

    SUBSCRIBERS = "subscribers"
    CONSENT = "consent"
    SUPPRESSIONS = "suppressions"


Lists = Annotated[list[str] | None, typer.Option("--list", "-l", help="A list; may be given again.")]
Confirmed = Annotated[
    str,
    typer.Option(
        "--confirmed-by",
        metavar="WHERE",
        help="All of whom the file says nothing have said yes, and this is where it is on record, such as"
        " “double opt-in at Mailchimp until May 2024”; it is kept with their consent. The same as --as confirmed, with"
        " its source.",
    ),
]


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, JSON, ZIP or gz; - is standard input.")],
    lists: Lists = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the file is, and what would be done.")
    ] = False,
    as_: Annotated[
        As | None, typer.Option("--as", help="How all stand of whom the file does not say it; the stricter counts.")
    ] = None,
    confirmed_by: Confirmed = "",
    state_column: Annotated[
        list[str] | None, typer.Option(help="A column that says who may be mailed; may be given again.")
    ] = None,
    ignore_column: Annotated[
        list[str] | None, typer.Option(help="A column that says nothing of it; may be given again.")
    ] = None,
    word: Annotated[
        list[str] | None,
        typer.Option(help="What a word of the file means, such as gold=confirmed; may be given again."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write every row that was left out to this CSV file.")] = None,
    json: screen.Json = False,
) -> None:
    """Take in people as another system exported them: who may be mailed, who left, who bounced or complained.

    First it says what the file is and how people in it stand; --dry-run ends there. What may say who must not
    be mailed, and is not understood, stops it before anything is changed. An import that was killed goes on
    where it ended when it is run again. docs/moving-in.md has a section for each system.
    """
    app, moment = open_app(context), now()
    said = SAID[as_] if as_ else State.OK if confirmed_by else None
    options = Options(said, tuple(state_column or ()), tuple(ignore_column or ()), _words(word or ()))
    onto, known = _onto(app, lists)
    with (
        _opened(file) as rows,
        _reporting(report) as note,
        _progress() as tell,
        importing.survey(
            _named(file), rows, options=options, lists=onto or (), known=known, on_problem=note, on_progress=tell
        ) as found,
    ):
        if not json:
            _show(found, report)
        if dry_run:
            _end_dry(found, json)
            return
        if onto is None and telling.needs_list(found):
            raise BadInput(
                f"say which list they come on with --list: there are {', '.join(sorted(known)) or 'none yet'}"
            )
        outcome = importing.take_in(
            app.database.writer, found, lists=onto or (), source=confirmed_by or telling.source(found, moment.date()),
            now=moment, on_progress=tell,
        )  # fmt: skip
    if json:
        screen.data(telling.survey(found) | telling.outcome(outcome))
    else:
        _tell(found, outcome)
    if not found.people:
        raise typer.Exit(1)


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write, or - for standard output.")] = Path("-"),
    on: Annotated[str | None, typer.Option("--list", "-l", help="Only who is or was on this list.")] = None,
    what: Annotated[
        What, typer.Option(help="People, every change of their consent, or who must not be mailed.")
    ] = What.SUBSCRIBERS,
    json: screen.Json = False,
) -> None:
    """Write people, their consent history or the suppressions to a CSV file; an import of it changes nothing."""
    app = open_app(context)
    if on is not None and what is What.SUPPRESSIONS:
        raise BadInput("a suppression holds for every list: leave out --list")
    writing = {
        What.SUBSCRIBERS: lambda session, stream: exporting.subscribers(session, stream, slug=on),
        What.CONSENT: lambda session, stream: exporting.consent(session, stream, slug=on),
        What.SUPPRESSIONS: exporting.suppressions,
    }[what]
    if file == Path("-"):
        with app.database.read() as session:
            writing(session, sys.stdout)
        return
    with app.database.read() as session, _written_whole(file) as part:
        count = writing(session, part)
    if json:
        screen.data({"file": str(file), "rows": count})
    else:
        screen.console.print(f"{plural.counted(count, 'row')} in {file}", markup=False)


def _onto(app: App, lists: list[str] | None) -> tuple[list[str] | None, list[str]]:
    """The lists that people come on (None: to be said), and all there are."""
    with app.database.read() as session:
        known = [count.slug for count in roll.lists(session)]
        if lists:
            intake.list_ids(session, lists)
            return list(dict.fromkeys(lists)), known
    return (known if len(known) == 1 else None), known


def _words(pairs: Sequence[str]) -> dict[str, State]:
    words = {}
    for pair in pairs:
        text, _, meaning = pair.rpartition("=")
        if not text or meaning not in SAID:
            raise BadInput(f"--word {pair!r}: write a word of the file, = and one of {', '.join(SAID)}")
        words[text] = SAID[meaning]
    return words


def _end_dry(found: Survey, json: bool) -> None:
    if json:
        people = (
            {}
            if found.questions and not found.states
            else {key: CODES[state] for key, state in found.spool.addresses()}
        )
        screen.data(telling.survey(found) | {"addresses": people})
    for question in found.questions:
        typer.echo(f"error: {question}", err=True)
    if found.questions:
        raise typer.Exit(2)
    if not found.people:
        raise typer.Exit(1)
    if not json:
        _tell_of_no_yes(found)
        screen.say("[dim]nothing was changed: this was --dry-run[/]")


def _show(found: Survey, report: Path | None) -> None:
    for part in found.parts:
        whose = part.system.title if part.system.name else "a table of no system that we know by its columns"
        screen.console.print(f"[bold]{escape(part.table.name)}[/]: {escape(whose)}", soft_wrap=True)
        read = [f"{column.heading} ({column.read_as})" for column in part.columns if column.read_as]
        unread = [column.heading for column in part.columns if not column.read_as]
        screen.console.print(f"  read: {', '.join(read)}", markup=False, soft_wrap=True)
        if unread:
            screen.console.print(f"  not read: {', '.join(unread)}", markup=False, soft_wrap=True)
        if said := found.says(part):
            screen.console.print(f"  {said}", markup=False, soft_wrap=True)
    for name, why in found.skipped:
        screen.console.print(f"{name}: not read: {why}", markup=False, soft_wrap=True)
    if found.states:
        rows = [(TOLD[state][0], f"{count:,}", TOLD[state][1]) for state, count in found.states]
        screen.table("How they stand", ("people", "how many", "what is done"), rows, right=("how many",))
    if found.problems:
        lines = [(f"{problem.line:,}", problem.reason, problem.row) for problem in found.problems[:_SHOWN]]
        screen.table("Left out", ("line", "reason", "row"), lines, right=("line",), wrap=("reason", "row"))
        if found.bad > _SHOWN and report is None:
            screen.say(f"[dim]and {found.bad - _SHOWN:,} more; --report FILE writes them all[/]")
    if report is not None:
        screen.console.print(f"rows left out are in {report}", markup=False)
    for told in _not_kept(found):
        screen.say(f"[dim]{told}[/]")


def _not_kept(found: Survey) -> Iterator[str]:
    losses = found.losses
    if found.twice:
        yield f"{found.twice:,} rows of an address that stands in another row too: the strictest state counts"
    if losses.languages:
        yield f"{losses.languages:,} languages that nobody could say are left empty"
    if losses.zones:
        yield f"{losses.zones:,} time zones that nobody could say are left empty"
    if losses.names:
        yield f"{losses.names:,} names are cut to 200 letters"


def _tell(found: Survey, outcome: Outcome) -> None:
    if outcome.before is not None:
        screen.say(f"[dim]this file was imported on {outcome.before:%d %B %Y} already; it was read again[/]")
    if outcome.resumed:
        screen.say(f"[dim]went on after {outcome.resumed:,} people that an earlier run had taken in[/]")
    more = (
        (outcome.suppressed, "suppressed"),
        (outcome.barred, "not here and never to be mailed (kept as salted hashes)"),
        (outcome.kept_out, "kept out: suppressed or forgotten here"),
    )
    screen.say(
        f"[bold]{outcome.added:,}[/] added, {outcome.updated:,} updated, {outcome.unchanged:,} unchanged, "
        f"{found.bad:,} left out" + "".join(f", {count:,} {what}" for count, what in more if count)
    )
    if dict(found.states).get(State.PENDING) and outcome.added + outcome.updated:
        _tell_of_no_yes(found)
        inviting.hint("--all", who="who waits for their yes gets nothing before it")


def _tell_of_no_yes(found: Survey) -> None:
    if dict(found.states).get(State.PENDING) and not found.told:
        screen.say("[dim]the file does not say that they confirmed: run again with --as confirmed if they did[/]")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Something to tell how far it is: a bar on a terminal, a line every few seconds in a log."""
    if not sys.stderr.isatty():
        yield _Log()
        return
    with screen.progress() as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


class _Log:
    def __init__(self) -> None:
        self._started = self._told = time.monotonic()
        self._what = ""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        moment = time.monotonic()
        if what != self._what:
            self._what, self._started = what, moment
        if moment - self._told < _TOLD_EVERY or moment == self._started:
            return
        self._told, rate = moment, done / (moment - self._started)
        left = f" of {total:,}, {(total - done) / rate:,.0f} s left" if total and rate else ""
        typer.echo(f"{what}: {done:,}{left}, {rate:,.0f}/s", err=True)


def _named(file: Path) -> Path:
    return Path("standard input") if file == Path("-") else file


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """*file* so that it can be read twice; standard input is copied first."""
    if file == Path("-"):
        with tempfile.TemporaryFile() as copy:
            while block := sys.stdin.buffer.read(1 << 20):
                copy.write(block)
            yield copy
        return
    try:
        rows = file.open("rb")
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}") from error
    with rows:
        yield rows


@contextmanager
def _written_whole(file: Path) -> Iterator[Any]:
    """A file that stands under its name only when it is complete."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(file)
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _reporting(file: Path | None) -> Iterator[Any]:
    """Something to tell each problem to."""
    with nullcontext() if file is None else _written_whole(file) as stream:
        yield (lambda _problem: None) if stream is None else telling.problems(stream)
