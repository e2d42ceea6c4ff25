"""`newsletter templates …`: the desk's verbs for templates, and their files out and in."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import screen, typist
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import templating
from newsletter.jobs.templating import DISK, Trial
from newsletter.rendering import versions
from newsletter.rendering.preflight import Level

commands = typer.Typer(
    help="How editions look: versions written at the desk, tried, used, taken back.", no_args_is_help=True
)
program.add_typer(commands, name="templates")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the template, as newsletters name it: friday.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", help="Its number; 0 is the folder on disk.")]


@commands.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """Every template of editions, and which version of it is in use."""
    app = open_app(context)
    with app.database.read() as session:
        found = templating.all_of_them(session, app)
    if as_json:
        screen.data([_plain(one) for one in found])
        return
    values = [
        (one.name, ", ".join(each.slug for each in one.newsletters), _called(one.in_use), _saved(one)) for one in found
    ]
    screen.table("Templates", ("name", "newsletters", "in use", "saved last"), values, wrap=("newsletters",))


@commands.command()
def show(context: typer.Context, name: Name, as_json: screen.Json = False) -> None:
    """The versions of a template, the newest first."""
    app = open_app(context)
    with app.database.read() as session:
        in_use = templating.in_use(session).get(name, DISK)
        found = versions.lately(session, name, limit=100)
        if not found:
            templating.files(session, app, name, DISK)  # says which there are
    rows = [
        {"version": one.id, "by": one.who, "at": one.at.isoformat(), "from": one.made_from, "tried_on": one.tried_on}
        for one in found
    ]
    if as_json:
        screen.data({"in_use": in_use, "versions": rows})
        return
    values = [
        (str(one.id), f"{one.at:%Y-%m-%d %H:%M}", one.who, one.tried_on, "in use" if one.id == in_use else "")
        for one in found
    ]
    screen.table(f"Template {name}", ("version", "at (UTC)", "by", "tried on", ""), values, wrap=("by",))
    screen.say(f"In use: {_called(in_use)}.")


@commands.command("try")
def try_(context: typer.Context, name: Name, version: Version) -> None:
    """See a version on the last edition, and say what is wrong; exit code 1 where it can't be used."""
    app = open_app(context)
    trial = templating.try_out(app, name, version, by=typist.doer(), now=now())
    _say(trial)
    if trial.in_the_way:
        raise typer.Exit(1)


@commands.command()
def use(context: typer.Context, name: Name, version: Version) -> None:
    """Let every process render with a version that was tried; 0 is the folder on disk."""
    app = open_app(context)
    templating.use(app, name, version, by=typist.doer(), now=now())
    screen.say(f"[bold]{escape(name)}[/] is {_called(version)} now. What is approved keeps its bytes.")


@commands.command()
def back(context: typer.Context, name: Name) -> None:
    """Let what was in use before be in use again."""
    number = templating.take_back(open_app(context), name, by=typist.doer(), now=now())
    screen.say(f"[bold]{escape(name)}[/] is {_called(number)} again.")


@commands.command()
def export(
    context: typer.Context,
    name: Name,
    folder: Annotated[Path, typer.Argument(help="To write into, made where there is none.")],
    version: Annotated[int | None, typer.Option(help="Which; without it, what is in use.")] = None,
) -> None:
    """Write the files of a version into FOLDER, which can then be NAME in the folder that `templates` names."""
    app = open_app(context)
    with app.database.read() as session:
        number = templating.in_use(session).get(name, DISK) if version is None else version
        known = templating.files(session, app, name, number)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in known.items():
            (folder / file).write_text(text, "utf-8")
    except OSError as error:
        raise BadInput(f"{folder} can't be written to: {error.strerror}") from error
    screen.say(f"{len(known)} files of {escape(name)}, {_called(number)}, are in {escape(str(folder))}.")


@commands.command("import")
def import_(
    context: typer.Context, name: Name, folder: Annotated[Path, typer.Argument(help="With its files.")]
) -> None:
    """Keep the files of FOLDER as a new version of a template; nothing changes until it is tried and used."""
    app, changed = open_app(context), _read(folder)
    with app.database.read() as session:
        newest = versions.newest(session, name)
    kept = templating.save(app, name, changed, made_from=newest.id if newest else DISK, by=typist.doer(), now=now())
    if kept is None:
        raise WrongState(f"{folder} says what {_called(newest.id if newest else DISK)} says already")
    screen.say(f"Kept as version {kept.id} of [bold]{escape(name)}[/]: newsletter templates try {name} {kept.id}")


def _read(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder")
    try:
        files = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith(".")]
        if sum(file.stat().st_size for file in files) > 4 * versions.LONGEST:
            raise BadInput(f"{folder} has more in it than a template may: {versions.LONGEST:,} letters")
        return {file.name: file.read_text("utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{folder} can't be read: {error}") from error


def _say(trial: Trial) -> None:
    screen.say(f"On {trial.edition or 'an example, for there is no edition yet'}:")
    for why in trial.in_the_way:
        screen.say(f"[bold red]red[/]    {escape(why)}")
    for one in trial.new.findings:
        if one.level is Level.AMBER:
            screen.say(f"[yellow]amber[/]  {escape(one.check)}: {escape(one.text)}")
    if not trial.in_the_way:
        screen.say("It can be used.")


def _called(number: int) -> str:
    return f"version {number}" if number != DISK else "the folder on disk"


def _saved(one: templating.Kept) -> str:
    return f"version {one.newest.id}, {one.newest.who}" if one.newest else ""


def _plain(one: templating.Kept) -> dict[str, object]:
    slugs = [each.slug for each in one.newsletters]
    return {
        "name": one.name,
        "newsletters": slugs,
        "in_use": one.in_use,
        "newest": one.newest.id if one.newest else DISK,
    }
