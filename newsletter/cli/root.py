"""The program and its commands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import App, start

program = typer.Typer(
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


def open_app(context: typer.Context) -> App:
    """The App of the folder the command line names, closed when the command ends."""
    app = start(context.find_root().obj)
    context.call_on_close(app.close)
    return app


def now() -> datetime:
    """The time, read once for a command."""
    return datetime.now(UTC)
