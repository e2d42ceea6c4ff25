"""`newsletter settings`: what is in force, and where it comes from."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter import config, handbook
from newsletter.cli import screen
from newsletter.cli.root import program


@program.command()
def settings(
    context: typer.Context,
    sample: Annotated[
        bool, typer.Option("--sample", help="Print a newsletter.toml with every setting as a comment instead.")
    ] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not the default.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Show every setting that is in force, and where it comes from; secrets are not shown."""
    if sample:
        typer.echo(handbook.sample(""), nl=False)
        return
    home: Path = (context.find_root().obj or Path()).absolute()
    rows = [row for row in handbook.in_force(config.load(home), config.origins(home)) if row.origin or not changed]
    if as_json:
        screen.data([{"key": row.key, "value": row.value, "from": row.origin or "default"} for row in rows])
        return
    shown = [(row.key, row.value, row.origin or "") for row in rows]
    screen.table(f"Settings of {home}", ("key", "value", "set by"), shown, wrap=("value",))
