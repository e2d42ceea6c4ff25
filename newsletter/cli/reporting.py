"""What is told afterwards: `newsletter why`, for one person."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from newsletter.cli import root, screen
from newsletter.tracking.reports import asking
from newsletter.tracking.reports.answers import Case
from newsletter.tracking.reports.asking import Reply

_GOOD = frozenset({Case.DELIVERED, Case.OPENED, Case.CLICKED, Case.FETCHED, Case.ACCEPTED})


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
