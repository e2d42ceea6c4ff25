"""`newsletter subscribers …`: people and lists, by hand and from files."""

import csv
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.app import App
from newsletter.cli import inviting, screen
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput
from subscribers import csv_files, roll
from subscribers.csv_files import Report
from subscribers.models import Consent, Subscriber, SuppressionReason
from subscribers.sheets import Problem, safe

if TYPE_CHECKING:
    from newsletter.jobs.inviting import Asked

people = typer.Typer(help="People, lists, and who must not be mailed.", no_args_is_help=True)
program.add_typer(people, name="subscribers")

_SHOWN = 20

Email = Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose.")]
Lists = Annotated[list[str] | None, typer.Option("--list", "-l", help="A list; may be given again.")]
Confirmed = Annotated[
    str,
    typer.Option(
        "--confirmed-by", help="They said yes already: where that is on record. Without it they wait for their answer."
    ),
]


@people.command()
def add(
    context: typer.Context,
    email: Email,
    lists: Lists = None,
    name: Annotated[str, typer.Option(help="The name, as they write it.")] = "",
    language: Annotated[str, typer.Option(help="Such as en or pt-BR.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/London.")] = "",
    confirmed_by: Confirmed = "",
    again: Annotated[bool, typer.Option("--again", help="They left, and ask to come back.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="Mail them a link to confirm by, now.")] = False,
    json: screen.Json = False,
) -> None:
    """Put one person on lists."""
    if invite and confirmed_by:
        raise BadInput("say one of --invite and --confirmed-by: who has said yes is not asked again")
    app, moment = open_app(context), now()
    source = confirmed_by or "command line"
    consent = Consent.CONFIRMED if confirmed_by else Consent.PENDING
    with app.database.write() as session:
        person = roll.add(
            session, email, name=name, language=language, time_zone=time_zone, lists=lists or (), consent=consent,
            source=source, now=moment,
        )  # fmt: skip
        if again:
            roll.rejoin(session, person.id, lists or (), source=source, now=moment)
        standing = roll.subscriptions(session, person.id)
    asked = _asked(app, person.id, lists) if invite else []
    if json:
        screen.data(_shown(person, standing) | ({"not_invited": asked[0].reason} if asked else {}))
    else:
        where = ", ".join(f"{slug} ({consent})" for slug, consent in standing.items()) or "on no list"
        screen.console.print(f"{person.email}: {where}", markup=False)
        if asked:
            inviting.tell(asked)
        elif Consent.PENDING in standing.values():
            inviting.hint(escape(person.email))
    if asked and asked[0].reason:
        raise typer.Exit(1)


people.command()(inviting.invite)


@people.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file, or - for standard input.")],
    lists: Lists = None,
    confirmed_by: Confirmed = "",
    report: Annotated[Path | None, typer.Option(help="Write every row that was left out to this CSV file.")] = None,
    json: screen.Json = False,
) -> None:
    """Take in people from a CSV file: all good rows at once, or none where something breaks.

    The first line names the columns: email, and where there are some name (or first name, last name),
    language, time zone and lists. Rows that can't be used are named with line and reason, and left out.
    """
    app = open_app(context)
    consent = Consent.CONFIRMED if confirmed_by else Consent.PENDING
    with (
        _opened(file) as rows,
        _reporting(report) as note,
        screen.progress() as bar,
        app.database.write() as session,
    ):
        task = bar.add_task("importing", total=None)
        outcome = csv_files.import_(
            session,
            rows,
            lists=lists or (),
            consent=consent,
            source=confirmed_by or "csv import",
            now=now(),
            on_problem=note,
            on_progress=lambda line, total: bar.update(task, completed=line, total=total),
        )
    if json:
        screen.data(asdict(outcome))
    else:
        _tell(outcome, report, pending=not confirmed_by)


@people.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write, or - for standard output.")] = Path("-"),
    on: Annotated[str | None, typer.Option("--list", "-l", help="Only who is or was on this list.")] = None,
    json: screen.Json = False,
) -> None:
    """Write people to a CSV file, which an import reads back as it was."""
    app = open_app(context)
    if file == Path("-"):
        with app.database.read() as session:
            csv_files.export(session, sys.stdout, slug=on)
        return
    with app.database.read() as session, _written_whole(file) as part:
        count = csv_files.export(session, part, slug=on)
    if json:
        screen.data({"file": str(file), "rows": count})
    else:
        screen.console.print(f"{plural.counted(count, 'row')} in {file}", markup=False)


@people.command("list")
def list_(
    context: typer.Context,
    on: Annotated[str, typer.Option("--list", "-l", help="Which list.")] = "weekly",
    consent: Annotated[Consent, typer.Option(help="Who stands so with it.")] = Consent.CONFIRMED,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 1000,
    json: screen.Json = False,
) -> None:
    """Show who is on a list."""
    app = open_app(context)
    with app.database.read() as session:
        shown = list(islice(roll.on_list(session, on, consent=consent), limit))
    if json:
        screen.data([_shown(person) for person in shown])
        return
    rows = [(person.id, person.email, person.name, person.language, person.time_zone) for person in shown]
    screen.table(
        f"{on}, {consent}: {len(rows):,}",
        ("id", "address", "name", "language", "time zone"),
        rows,
        right=("id",),
        wrap=("name",),
    )
    if len(shown) == limit:
        screen.say(f"[dim]the first {limit:,}; --limit shows more, export writes all[/]")


@people.command()
def lists(
    context: typer.Context,
    create: Annotated[str, typer.Option(help="Make this list, such as retail-tech.")] = "",
    title: Annotated[str, typer.Option(help="What the new list is called.")] = "",
    json: screen.Json = False,
) -> None:
    """Show the lists with their figures, or make one."""
    app = open_app(context)
    if create:
        with app.database.write() as session:
            roll.create_list(session, create, title=title, now=now())
    with app.database.read() as session:
        counts = roll.lists(session)
    if json:
        screen.data([asdict(count) for count in counts])
        return
    figures = ("confirmed", "pending", "unsubscribed")
    rows = [
        (count.slug, count.title, *(f"{figure:,}" for figure in (count.confirmed, count.pending, count.unsubscribed)))
        for count in counts
    ]
    screen.table("Lists", ("list", "title", *figures), rows, right=figures, wrap=("title",))


@people.command()
def suppress(
    context: typer.Context,
    email: Email,
    reason: Annotated[SuppressionReason, typer.Option(help="Why.")] = SuppressionReason.MANUAL,
    note: Annotated[str, typer.Option(help="In your words.")] = "",
    json: screen.Json = False,
) -> None:
    """Never mail an address again, whether or not it is anybody's here."""
    app = open_app(context)
    with app.database.write() as session:
        changed = roll.suppress(session, email, reason=reason, note=note, now=now())
    _done(email, changed, "suppressed", "was suppressed already", json)


@people.command()
def unsuppress(context: typer.Context, email: Email, json: screen.Json = False) -> None:
    """Allow mail to an address again."""
    app = open_app(context)
    with app.database.write() as session:
        changed = roll.unsuppress(session, email)
    _done(email, changed, "may be mailed again", "was not suppressed", json)


@people.command()
def unsubscribe(context: typer.Context, email: Email, lists: Lists = None, json: screen.Json = False) -> None:
    """Take a person off lists, or off all of them."""
    app = open_app(context)
    with app.database.write() as session:
        person = roll.get(session, email)
        changed = roll.unsubscribe(session, person.id, lists, source="command line", now=now())
    _done(email, changed > 0, "unsubscribed", "was on none of them", json)


@people.command()
def erase(
    context: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: screen.Json = False,
) -> None:
    """Forget a person for good; a suppression of the address stays."""
    app = open_app(context)
    if not yes:
        typer.confirm(f"Delete {email} with name, lists and history, for good?", abort=True)
    with app.database.write() as session:
        erased = roll.erase(session, roll.get(session, email).id, now=now())
    _done(email, erased, "erased", "was not here", json)


def _asked(app: App, subscriber_id: int, lists: list[str] | None) -> "list[Asked]":
    from newsletter.jobs import inviting as letters  # loads most of the product, which `list` need not wait for

    return list(letters.invite(app, [subscriber_id], lists=lists, again=True, clock=now))


def _shown(person: Subscriber, standing: dict[str, Consent] | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
    }
    return row if standing is None else row | {"lists": standing}


def _done(email: str, changed: bool, done: str, already: str, json: bool) -> None:
    if json:
        screen.data({"email": email, "changed": changed})
    else:
        screen.console.print(f"{email} {done if changed else already}", markup=False)


def _tell(outcome: Report, report: Path | None, *, pending: bool) -> None:
    if outcome.problems:
        rows = [(f"{problem.line:,}", problem.reason, problem.row) for problem in outcome.problems[:_SHOWN]]
        screen.table("Left out", ("line", "reason", "row"), rows, right=("line",), wrap=("reason", "row"))
        if outcome.bad > _SHOWN and report is None:
            screen.say(f"[dim]and {outcome.bad - _SHOWN:,} more; --report FILE writes them all[/]")
    if report is not None:
        screen.console.print(f"rows left out are in {report}", markup=False)
    screen.say(
        f"[bold]{outcome.added:,}[/] added, {outcome.updated:,} updated, {outcome.unchanged:,} unchanged, "
        f"{outcome.bad:,} left out"
    )
    if pending and outcome.added + outcome.updated:
        inviting.hint("--all")


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
        if stream is None:
            yield lambda _problem: None
            return
        writer = csv.writer(stream)
        writer.writerow(("line", "reason", "row"))

        def note(problem: Problem) -> None:
            writer.writerow((problem.line, safe(problem.reason), safe(problem.row)))

        yield note
