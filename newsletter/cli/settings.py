"""`newsletter settings`: what is in force, and where it comes from; some of it changed while the house runs."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter import config, db, handbook
from newsletter.app import App, start
from newsletter.cli import root, screen, typist
from newsletter.cli.root import program
from newsletter.errors import ConfigError

commands = typer.Typer(invoke_without_command=True)
program.add_typer(commands, name="settings")

Key = Annotated[str, typer.Argument(metavar="KEY", help="As `newsletter settings` shows it: newsletters.friday.send.")]


@commands.callback()
def settings(
    context: typer.Context,
    sample: Annotated[
        bool, typer.Option("--sample", help="Print a newsletter.toml with every setting as a comment instead.")
    ] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not the default.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Show every setting that is in force, and where it comes from; secrets are not shown."""
    if context.invoked_subcommand:
        return
    if sample:
        typer.echo(handbook.sample(""), nl=False)
        return
    home: Path = (context.find_root().obj or Path()).absolute()
    rows = [row for row in _in_force(context, home) if row.origin or not changed]
    if as_json:
        screen.data([{"key": row.key, "value": row.value, "from": row.origin or "default"} for row in rows])
        return
    shown = [(row.key, row.value, row.origin or "") for row in rows]
    screen.table(f"Settings of {home}", ("key", "value", "set by"), shown, wrap=("value",))


@commands.command("set")
def set_(
    context: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(help="As newsletter.toml would have it; the marks around words may go.")],
) -> None:
    """Change a setting for every process at once, as the desk does. It counts for what begins after it."""
    from newsletter.jobs import setting

    app = root.open_app(context)
    setting.put(app, {key: _understood(value)}, by=typist.doer(), now=root.now())
    screen.say(f"[bold]{escape(key)}[/] is changed, for everything that begins from now on.")


@commands.command()
def back(context: typer.Context, key: Key) -> None:
    """Let what newsletter.toml says of a setting count again."""
    from newsletter.jobs import setting

    app = root.open_app(context, fresh=True)  # without what was set, which may be no good
    setting.give_back(app, key, by=typist.doer(), now=root.now())
    screen.say(f"[bold]{escape(key)}[/] is what {config.FILE_NAME} says.")


@commands.command()
def changes(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 30,
    as_json: screen.Json = False,
) -> None:
    """What was changed at the desk or with `settings set`, by whom, the newest first."""
    from newsletter.changes import standing

    app = root.open_app(context)
    with app.database.read() as session:
        found = standing.lately(session, limit=limit)
    if as_json:
        screen.data(
            [
                {
                    "number": one.id,
                    "at": one.at.isoformat(),
                    "by": one.who,
                    "key": one.key,
                    "value": standing.value(one),
                }
                for one in found
            ]
        )
        return
    rows = [
        (str(one.id), f"{one.at:%Y-%m-%d %H:%M}", one.who, one.key, one.value or f"(as in {config.FILE_NAME})")
        for one in found
    ]
    screen.table("Changed settings", ("number", "at (UTC)", "by", "key", "value"), rows, wrap=("value",))


@commands.command()
def undo(
    context: typer.Context, number: Annotated[int, typer.Argument(help="As `settings changes` shows it.")]
) -> None:
    """Take one change back: its setting is what it was before."""
    from newsletter.jobs import setting

    key = setting.undo(root.open_app(context), number, by=typist.doer(), now=root.now())
    screen.say(f"[bold]{escape(key)}[/] is what it was before.")


def _in_force(context: typer.Context, home: Path) -> list[handbook.InForce]:
    """Also where there is no database yet, or none to be reached: then the file and the environment count."""
    from sqlalchemy.exc import SQLAlchemyError

    from newsletter.jobs import setting

    settings = config.load(home)
    file = db.file(settings.database_url)
    if file is None or file.exists():
        try:
            app: App = start(home)
        except ConfigError as error:
            typer.echo(str(error), err=True)
        else:
            context.call_on_close(app.close)
            try:
                with app.database.read() as session:
                    return handbook.in_force(app.settings, setting.origins(session, app))
            except SQLAlchemyError:
                typer.echo("the database can't be reached: what was set at the desk is not shown", err=True)
    return handbook.in_force(settings, config.origins(home))


def _understood(text: str) -> Any:
    """*text* as TOML has it, or as it stands: Friday needs no marks."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
