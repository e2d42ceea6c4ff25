"""What is told afterwards: `newsletter why` of one person, `newsletter report` of an edition."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from newsletter.cli import root, screen
from newsletter.editions import shelf
from newsletter.errors import BadInput
from newsletter.tracking.reports import asking, figures, tables
from newsletter.tracking.reports.answers import Case
from newsletter.tracking.reports.asking import Reply
from newsletter.tracking.reports.figures import Report

_GOOD = frozenset({Case.DELIVERED, Case.OPENED, Case.CLICKED, Case.FETCHED, Case.ACCEPTED})


class Part(StrEnum):
    """A part of the report."""

    BALANCE = "balance"
    DOMAINS = "domains"
    REASONS = "reasons"
    CLICKS = "clicks"
    RATES = "rates"
    GROWTH = "growth"


@root.program.command()
def why(
    context: typer.Context,
    whom: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose; or a number of the send log.")],
    edition: Annotated[
        str | None,
        typer.Argument(
            metavar="[EDITION]",
            help="Its date, newsletter/date, or number; else the newest they could have had.",
        ),
    ] = None,
    json: screen.Json = False,
) -> None:
    """Why somebody has an edition or not: one sentence, its evidence, the copy's story."""
    app = root.open_app(context)
    with app.database.read() as session:
        replies = asking.ask(session, app.settings, whom, edition, now=root.now())
    if json:
        screen.data([_plain(reply) for reply in replies])
        return
    for place, reply in enumerate(replies):
        if place:
            screen.say("")
        _show(reply)


@root.program.command()
def report(
    context: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Its date, newsletter/date, or number.")],
    part: Annotated[Part | None, typer.Option(help="This part alone.")] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: a table of one part, or of all a figure a line.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """The figures of EDITION: balance, domains, reasons, clicks, who left and complained, how its lists grew."""
    if csv and json:
        raise BadInput("say one of --csv and --json")
    app = root.open_app(context)
    with app.database.read() as session:
        found = figures.of(session, app.settings, shelf.find(session, edition), now=root.now())
    if json:
        screen.data(_data(found, part))
    elif csv:
        sys.stdout.write(tables.csv_of(found, part.value if part else None))
    else:
        _print(found, [part.value] if part else list(tables.PARTS))


def _data(found: Report, part: Part | None) -> dict[str, Any]:
    whole = asdict(found)
    for rate, counted in [
        (whole["unsubscribes"], found.unsubscribes),
        *zip(whole["complaints"], found.complaints, strict=True),
    ]:
        rate["percent"] = counted.percent
    for course in ("copies", "following", "leaving"):
        whole[course]["step"] = whole[course]["step"].total_seconds()
    whole["keep_below_percent"], whole["never_reach_percent"] = figures.KEEP_BELOW, figures.NEVER_REACH
    if part is None:
        return whole
    names = {Part.RATES: ("unsubscribes", "left_by", "complaints", "keep_below_percent", "never_reach_percent")}
    return {name: whole[name] for name in ("edition", *names.get(part, (part.value,)))}


def _print(found: Report, parts: Sequence[str]) -> None:
    screen.say(f"[bold]{escape(found.edition)}[/]  {escape(found.subject)}")
    screen.say(f"[dim]{escape(found.title)}, through {found.sender}, {found.state}[/]")
    for name in parts:
        if name == "balance":
            _print_balance(found)
            continue
        table = tables.shown(found, name)
        screen.say("")
        rows = [tuple(f"{cell:,}" if isinstance(cell, int) else cell for cell in row) for row in table.rows]
        right = [column for column in table.columns if column not in tables.WORDS]
        screen.table(table.title, table.columns, rows, right=right, wrap=("in their words", "reason", "story"))


def _print_balance(found: Report) -> None:
    told = ", ".join(f"{status} {copies:,}" for status, copies in found.told.items())
    screen.say(str(found.balance))
    screen.say(f"since told: {told or 'nothing'}")


def _plain(reply: Reply) -> dict[str, Any]:
    answer = reply.answer
    return {
        "edition": reply.edition,
        "subscriber_id": reply.subscriber_id,
        "case": answer.case.value,
        "sentence": answer.sentence,
        "remedy": answer.remedy,
        "evidence": [asdict(one) for one in answer.evidence],
        "timeline": [asdict(one) for one in reply.moments],
    }


def _show(reply: Reply) -> None:
    answer = reply.answer
    if reply.edition:
        color = "green" if answer.case in _GOOD else "yellow"
        screen.say(f"[bold]{escape(reply.edition)}[/]  [{color}]{answer.case}[/]")
    screen.console.print(Text(answer.sentence))
    if answer.remedy:
        screen.console.print(Text(answer.remedy, style="cyan"))
    heads: tuple[str, ...] = (f"when ({reply.zone.key})", "by", "in their words")
    rows: list[tuple[str, ...]] = [(_when(reply, one.at), one.source, one.words) for one in answer.evidence]
    title = "On record"
    if reply.moments:
        heads, title = (*heads, "which means"), "The copy's story"
        rows = [(_when(reply, one.at), one.source, one.words, one.sentence) for one in reply.moments]
    if rows:
        screen.console.print(Padding("", 0))
        screen.table(title, heads, rows, wrap=heads[2:])


def _when(reply: Reply, moment: Any) -> str:
    return f"{moment.astimezone(reply.zone):%Y-%m-%d %H:%M:%S}" if moment else ""
