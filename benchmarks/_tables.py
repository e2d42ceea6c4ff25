"""Figures as rows, shown as a table or as JSON, with the machine they were taken on."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, or the reason why there is none."""

    what: str
    #: "15 KB, sqlite"
    setting: str
    #: the median of the rounds
    figure: float | None = None
    unit: str = ""
    #: of the figure to that of the row it is measured against
    ratio: float | None = None
    #: what the ratio is to, what was to be reached, or why there is no figure
    note: str = ""


def machine() -> str:
    """What the figures are worth: processor, cores, system, and how busy it was."""
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    cores = os.cpu_count()
    return (
        f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f} at the start"
    )


def form_of(arguments: Sequence[str]) -> str:
    """The form that the command line asks for."""
    return next((form for form in ("json", "markdown") if f"--{form}" in arguments), "table")


def show(title: str, rows: Sequence[Row], *, form: str) -> None:
    """Print *rows* on standard output, as a "table", as "json", or as "markdown" for the documents."""
    if form == "json":
        print(json.dumps({"title": title, "machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2))
    elif form == "markdown":
        print(
            machine(), "", "| what | setting | figure | ratio | note |", "| --- | --- | ---: | ---: | --- |", sep="\n"
        )
        for row in rows:
            print(f"| {row.what} | {row.setting} | {_figure(row)} | {_ratio(row)} | {row.note} |")
    else:
        _show_table(title, rows)


def _show_table(title: str, rows: Sequence[Row]) -> None:
    table = Table("what", "setting", "figure", "ratio", "note", title=title, caption=machine())
    for column in (2, 3):
        table.columns[column].justify = "right"
    for row in rows:
        table.add_row(row.what, row.setting, _figure(row), _ratio(row), row.note)
    Console(width=140).print(table)


def _figure(row: Row) -> str:
    return "" if row.figure is None else f"{row.figure:,.{0 if row.figure >= 100 else 2}f} {row.unit}"


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f}"


def middle(figures: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(figures) if figures else None


def ratio(figure: float | None, to: float | None) -> float | None:
    """None where either is missing."""
    return None if figure is None or not to else figure / to


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []
