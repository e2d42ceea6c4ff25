"""How the command line speaks: tables and figures on a terminal, JSON where asked, progress on long work."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.markup import escape
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

if TYPE_CHECKING:
    from newsletter.config import Settings

console = Console(highlight=False)

#: the option that every command which prints data takes
Json = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


#: columns that a text which may wrap should have at least, and what stands between two columns
_ROOM, _GAP = 12, 2


def say_where_mail_goes(settings: "Settings") -> None:
    """Say that nobody was mailed, where mail is written to a folder: another shell may have named a sender."""
    if settings.sender == "maildir":
        folder = escape(str(settings.path(settings.maildir.path)))
        say(f"[dim]sender is maildir in this shell: nobody is mailed, what was sent is in {folder}[/]")


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    wrap: Sequence[str] = (),
) -> None:
    """Print rows under headings, or that there are none.

    The columns named in *right* are figures and stand to the right. On a narrow terminal only those named in
    *wrap* break into lines, unless there are none, or the others alone are too wide.
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not cells:
        console.print(Text(title, style="table.title"), Text("none"), sep=": ")
        return
    stiff = [place for place, column in enumerate(columns) if wrap and column not in wrap]
    needed = sum(_GAP + max(len(columns[place]), *(cell_len(row[place]) for row in cells)) for place in stiff)
    if needed + (_GAP + _ROOM) * len(wrap) > console.width:
        stiff = []
    grid = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        justify: JustifyMethod = "right" if column in right else "left"
        grid.add_column(column, justify=justify, overflow="fold", no_wrap=place in stiff)
    for row in cells:
        # Text, not str: names and titles are other people's words and must not be read as markup
        grid.add_row(*map(Text, row))
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
        # what is said meanwhile stands above the bar only where both are of one console
        console=console if console.is_terminal else Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


class _Rate(ProgressColumn):
    """How many in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="cyan")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
