"""How the command line speaks: tables and figures on a terminal, JSON where asked, progress on long work."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)

#: the option that every command which prints data takes
Json = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print rows under headings; the columns named in *right* are figures and stand to the right."""
    grid = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        # Text, not str: names and titles are other people's words and must not be read as markup
        grid.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(grid)


def say(text: str) -> None:
    """Print one line of our own, in which Rich's markup is understood; `escape` other people's words in it."""
    console.print(text, soft_wrap=True)


def data(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print *value* as JSON and nothing else."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def progress() -> Progress:
    """A bar with rate and time left; silent where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


class _Rate(ProgressColumn):
    """How many in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="cyan")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
