"""The program and its commands."""

import gc
import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from newsletter.app import App


class Place(NamedTuple):
    """Where a command is, and what help says of it before it is loaded."""

    #: the module beside this one that holds it
    module: str
    help: str


#: every command, in the order in which help shows them
COMMANDS = {
    "demo": Place(
        "demo",
        "A whole Friday in a folder of its own: feeds, ranking, edition, 200 subscribers, sending, the ledger.",
    ),
    "init": Place(
        "setup", "Make newsletter.toml, the database and the first list in this folder, or what is missing of them."
    ),
    "settings": Place(
        "settings", "Show every setting that is in force, and where it comes from; secrets are not shown."
    ),
    "doctor": Place("setup", "What is configured, reachable, missing; exit code 1 where something will not work."),
    "db": Place("setup", "The database."),
    "sources": Place("sources", "The feeds that are read."),
    "subscribers": Place("subscribers", "People, lists, and who must not be mailed."),
    "collect": Place("sources", "Visit the feeds that are due, and keep what is new."),
    "assemble": Place(
        "editions", "Rank the week's stories and make a draft; again replaces a draft that nobody has edited."
    ),
    "stories": Place("stories", "The week's stories: ranked, explained, pinned, merged."),
    "editions": Place("editions", "Editions: list, show, edit, write by hand, approve, hold."),
    "preview": Place(
        "preview", "Write EDITION as a sample reader would get it (HTML, text, .eml), and say what the checks found."
    ),
    "check": Place(
        "check",
        "Hold EDITION against what goes wrong: size, links, pictures, contrast, the sender's domain, mail programs.",
    ),
    "send": Place(
        "delivery",
        "Send an approved EDITION to its readers, or go on with it. Ctrl-C finishes what is on the wire, then stops.",
    ),
    "status": Place(
        "delivery", "Where the sending of EDITION stands: the balance, and what the provider has told since."
    ),
    "log": Place("delivery", "The send log: what became of each copy, in the other side's own words."),
    "why": Place("reporting", "Why somebody has an edition or not: one sentence, its evidence, the copy's story."),
    "report": Place(
        "reporting",
        "The figures of EDITION: balance, domains, reasons, clicks, who left and complained, how its lists grew.",
    ),
    "audit": Place(
        "delivery", "Recount EDITION from its rows and events; exit code 1 where an invariant does not hold."
    ),
    "bounces": Place("mailbox", "What came back by mail: collected, listed, judged, explained."),
    "pause": Place(
        "controls",
        "Stop the sending of EDITION; what is on the wire is finished, and resuming sends only what is left.",
    ),
    "resume": Place(
        "controls",
        "Let the sending of EDITION go on with what is left; `newsletter send` or the scheduler does the sending.",
    ),
    "cancel-sending": Place("controls", "Stop the sending of EDITION for good; who has their copy keeps it."),
    "correct": Place(
        "correcting", "Correct EDITION after it went out: its page says so, and its links lead where they should."
    ),
    "links": Place("links", "Where an edition's links lead, and who follows them."),
    "deliveries": Place("controls", "The sendings, and what nobody can prove or the provider refused."),
    "calendar": Place("calendar", "Editions on other days than the newsletter's."),
    "timetable": Place(
        "running", "Show what will be done next, in the newsletter's own time and in UTC, and what will not."
    ),
    "scheduler": Place("running", "Run the timetable until SIGTERM or Ctrl+C."),
    "serve": Place("serve", "Serve readers' pages, the desk and the provider's hooks, until Ctrl-C or SIGTERM."),
    "templates": Place("templates", "How editions look: versions written at the desk, tried, used, taken back."),
    "users": Place("users", "Who works at the desk: accounts, roles, links to come in."),
    "api": Place("api", "The JSON API: tokens for other programs, and its description."),
    "webhooks": Place("webhooks", "Addresses of other programs that are told what happens, signed and in order."),
    "worker": Place(
        "worker",
        "Send what the scheduler hints at, on this machine too, until SIGTERM. Needs PostgreSQL and a broker.",
    ),
    "rehearse": Place(
        "stories",
        "Pick stored weeks again with today's picker and compare with what was sent. Nothing is sent or stored.",
    ),
}


class _OnDemand(TyperGroup):
    """Imports a command's module when it is run: most commands, and help, need little of the product."""

    def __init__(self, *, commands: Mapping[str, Any], **options: Any) -> None:
        named = {name: TyperCommand(name, help=place.help) for name, place in COMMANDS.items()}
        super().__init__(commands={**named, **commands}, **options)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        if place := COMMANDS.get(args[0]):
            self._load(place.module)
        return super().resolve_command(ctx, args)

    def _load(self, module: str) -> None:
        # modules live as long as the process: looking through them for garbage is a tenth of a start
        gc.disable()
        importlib.import_module(f"newsletter.cli.{module}")
        gc.freeze()
        gc.enable()
        self.commands.update(get_group(program).commands)
        _unwrap(self)


def _unwrap(group: TyperGroup) -> None:
    """Join the lines of each paragraph of help: it breaks where the terminal does, not where the source does."""
    for command in group.commands.values():
        command.help = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
        if isinstance(command, TyperGroup):
            _unwrap(command)


#: that of this machine, then that of the home that is open
_clocks: list[Callable[[], datetime]] = [lambda: datetime.now(UTC)]

program = typer.Typer(
    cls=_OnDemand,
    name="newsletter",
    help="A newsroom's weekly digest, from the wire to the inbox.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # nothing else needs it

        typer.echo(f"newsletter {version('newsletter')}")
        raise typer.Exit


@program.callback()
def _home(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(envvar="NEWSLETTER_HOME", help="The folder with newsletter.toml (default: here).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which version this is.")
    ] = False,
) -> None:
    context.obj = home


def open_app(context: typer.Context, *, fresh: bool = False) -> "App":
    """The App of the folder the command line names, closed when the command ends; *fresh* where it may be new."""
    from newsletter.app import start  # with the database's library; help can do without

    app = start(context.find_root().obj, fresh=fresh)
    context.call_on_close(app.close)
    _clocks.append(app.clock)
    context.call_on_close(_clocks.pop)
    return app


def now() -> datetime:
    """The time; once a home is open, the one that its processes agree on."""
    return _clocks[-1]()
