"""Setting up: init, db upgrade, doctor."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import config, db, doctor, lists, plural
from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.doctor import Level
from newsletter.jobs import restoring

_MARKS = {Level.GOOD: "[green]✓[/]", Level.NOTE: "[yellow]![/]", Level.BAD: "[red]✗[/]"}

_database = typer.Typer(help="The database.", no_args_is_help=True)
program.add_typer(_database, name="db")


@program.command()
def init(context: typer.Context, json: screen.Json = False) -> None:
    """Make newsletter.toml, the database and the first list in this folder, or what is missing of them.

    What is there stays as it is.
    """
    from newsletter import founding  # loads the migrations, which doctor need not wait for

    home: Path = (context.find_root().obj or Path()).absolute()
    done = founding.settings(home)
    app = open_app(context, fresh=True)
    done += founding.database(app, now=now())
    if json:
        screen.data({"home": home, "steps": [asdict(step) for step in done]})
        return
    for step in done:
        screen.say(f"[green]✓[/] {escape(step.what)}" + ("" if step.made else " [dim](was there)[/]"))
    file = escape(str(home / config.FILE_NAME))
    screen.say(f"Next: edit [bold]{file}[/]; then [bold]newsletter sources add[/] and")
    screen.say("[bold]newsletter subscribers import[/]. [bold]newsletter doctor[/] says what is still missing.")


@_database.command()
def upgrade(context: typer.Context, json: screen.Json = False) -> None:
    """Bring the tables up to this version's; harmless when they already are."""
    app = open_app(context, fresh=True)
    before, after = db.upgrade(app.database)
    made = lists.make(app.database, app.settings, now=now())
    if json:
        screen.data({"database": db.spoken(app.database.url), "from": before, "to": after, "lists_made": made})
        return
    screen.say(f"[green]✓[/] {escape(db.spoken(app.database.url))} is up to date")
    for slug in made:
        screen.say(f"[green]✓[/] the list {escape(slug)}")


@_database.command()
def restored(
    context: typer.Context,
    by: Annotated[str, typer.Option(envvar="USER", help="Who does it.")] = "operator",
    json: screen.Json = False,
) -> None:
    """After restoring a backup, before anything is started: nothing that may have been sent is sent again.

    Copies that are not proved to be accepted become unknown, editions that may be out by now are held, and
    what the clock would catch up on is left to you.
    """
    made_safe = restoring.restored(open_app(context), by=by, now=now())
    if json:
        screen.data(asdict(made_safe))
        return
    unknown = plural.counted(made_safe.unknown, "reader's copy is", "readers' copies are")
    screen.say(f"{unknown} unknown now" + ("; events that still come may prove them" if made_safe.unknown else ""))
    screen.say(f"held, for they may have been sent: {escape(', '.join(made_safe.held) or 'no edition')}")
    if made_safe.given_up:
        late = plural.counted(made_safe.given_up, "sending whose hour is past is", "sendings whose hour is past are")
        screen.say(f"{late} left to you: the scheduler neither begins nor goes on with what was due before")
    if made_safe.held:
        screen.say(
            "Whether what is held went out, the mail server's log or the provider knows:"
            " [bold]newsletter editions skip[/] if it did, approve it if it did not."
        )
    if made_safe.unknown:
        screen.say("[bold]newsletter deliveries resolve[/] is for what is unknown.")


@program.command("doctor")
def _doctor(context: typer.Context, json: screen.Json = False) -> None:
    """What is configured, reachable, missing; exit code 1 where something will not work."""
    app = open_app(context, fresh=True)
    findings = doctor.look(app, now=now())
    if json:
        screen.data([asdict(finding) for finding in findings])
    for finding in findings if not json else ():
        screen.console.print(_MARKS[finding.level], f"[bold]{finding.name:<12}[/]", end=" ")
        screen.console.print(finding.text, markup=False, soft_wrap=True)
    if any(finding.level is Level.BAD for finding in findings):
        raise typer.Exit(1)
