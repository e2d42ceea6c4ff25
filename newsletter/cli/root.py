"""The program and its commands."""

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from newsletter.app import App, start

#: command → the module beside this one that holds it, in the order in which help shows them
COMMANDS = {
    "demo": "demo",
    "init": "setup",
    "doctor": "setup",
    "db": "setup",
    "sources": "sources",
    "subscribers": "subscribers",
    "collect": "sources",
    "assemble": "editions",
    "stories": "stories",
    "editions": "editions",
    "preview": "preview",
    "send": "delivery",
    "status": "delivery",
    "log": "delivery",
    "audit": "delivery",
    "pause": "controls",
    "resume": "controls",
    "cancel-sending": "controls",
    "deliveries": "controls",
    "timetable": "running",
    "scheduler": "running",
    "serve": "serve",
    "worker": "worker",
    "rehearse": "stories",
}


class _OnDemand(TyperGroup):
    """Imports a command's module when it is asked for: most commands need little of the product."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]
        if cmd_name not in self.commands:
            # an unknown one may be a slip of the pen: all are needed to say which was meant
            for module in [COMMANDS[cmd_name]] if cmd_name in COMMANDS else COMMANDS.values():
                importlib.import_module(f"newsletter.cli.{module}")
            self.commands.update(get_group(program).commands)
            _unwrap(self)
        return self.commands.get(cmd_name)  # type: ignore[return-value]


def _unwrap(group: TyperGroup) -> None:
    """Join the lines of each paragraph of help: it breaks where the terminal does, not where the source does."""
    for command in group.commands.values():
        command.help = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
        if isinstance(command, TyperGroup):
            _unwrap(command)


program = typer.Typer(
    cls=_OnDemand,
    name="newsletter",
    help="A newsroom's weekly digest, from the wire to the inbox.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@program.callback()
def _home(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(envvar="NEWSLETTER_HOME", help="The folder with newsletter.toml (default: here).")
    ] = None,
) -> None:
    context.obj = home


def open_app(context: typer.Context, *, fresh: bool = False) -> App:
    """The App of the folder the command line names, closed when the command ends; *fresh* where it may be new."""
    app = start(context.find_root().obj, fresh=fresh)
    context.call_on_close(app.close)
    return app


def now() -> datetime:
    """The time, read once for a command."""
    return datetime.now(UTC)
