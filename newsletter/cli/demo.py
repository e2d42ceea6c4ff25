"""`newsletter demo`: a whole Friday, told step by step."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from newsletter.app import App
from newsletter.cli import screen
from newsletter.cli.root import program
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import friday, server
from newsletter.demo.friday import Ended, Step


@program.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Where to do it (default: demo); emptied first.")] = None,
    json: screen.Json = False,
) -> None:
    """A whole Friday in a folder of its own: feeds, ranking, edition, 200 subscribers, sending, the ledger."""
    home = (folder or context.find_root().obj or Path("demo")).absolute()
    steps: list[Step] = []
    with server.serve(port=friday.PORT) as base, friday.prepare(home, port=urlsplit(base).port or friday.PORT) as app:
        ended = _live(app, base, steps, quietly=json)
    if json:
        screen.data(_plain(steps, ended))
    else:
        _show(ended, home)


def _live(app: App, base: str, steps: list[Step], *, quietly: bool) -> Ended:
    with screen.progress() as bar:
        task = bar.add_task("", total=None)

        def told(step: Step) -> None:
            steps.append(step)
            if not quietly:
                screen.say(f"[green]✓[/] [bold]{step.name:<12}[/] {escape(step.figures)}")

        return friday.run(
            app,
            base,
            on_step=told,
            on_collect=lambda done, total: bar.update(task, description="collecting", completed=done, total=total),
            on_send=lambda recipients: bar.update(task, description="sending", advance=recipients),
        )


def _show(ended: Ended, home: Path) -> None:
    screen.say("\n[bold]The five biggest stories of the week, and why[/]")
    for story in ended.chosen:
        screen.say(f"\n  [bold]{story.position}. {escape(story.headline)}[/]")
        screen.say(f"     {escape(story.why)}")
    serve = escape(f"newsletter --home {home.name} serve")
    screen.say(f"\n[dim]Pictures and links of the mails are served by {serve}.[/]")
    if screen.console.is_terminal:
        _look_further(ended, home)
    screen.say(f"\n[bold]preview[/]  {escape(str(ended.preview))}")
    if ended.maildir:
        screen.say(f"[bold]maildir[/]  {escape(str(ended.maildir))}")
    screen.say("")
    for line in equation(ended.balance):
        screen.say(line)


def _look_further(ended: Ended, home: Path) -> None:
    screen.say("\n[bold]Look further[/]")
    command = f"newsletter --home {home.name}"
    for words, what in (
        (f"{command} stories list --edition {ended.edition}", "the ranking: who is in, who is out, and why"),
        (f"{command} log --edition {ended.edition}", "what became of each copy"),
        (f"{command} serve", "previews, the send log, and what the mails link to"),
    ):
        screen.say(f"  [cyan]{escape(words)}[/]  {what}")


def equation(balance: Balance) -> list[str]:
    """The balance as two lines: the words, and the figures under them."""
    parts = {"planned": balance.planned, "accepted": balance.accepted, "skipped": balance.skipped}
    parts |= {"refused": balance.refused, "unknown": balance.unknown}
    if balance.to_do:
        parts["to do"] = balance.to_do
    width = {word: max(len(word), len(str(count))) for word, count in parts.items()}
    words = " + ".join(f"{word:>{width[word]}}" for word in parts).replace(" + ", " = ", 1)
    figures = " + ".join(f"{count:>{width[word]}}" for word, count in parts.items()).replace(" + ", " = ", 1)
    return [words, figures]


def _plain(steps: list[Step], ended: Ended) -> dict[str, object]:
    balance = ended.balance
    return {
        "steps": {step.name: step.figures for step in steps},
        "edition": ended.edition,
        "stories": [{"headline": story.headline, "why": story.why} for story in ended.chosen],
        "balance": {
            name: getattr(balance, name) for name in ("planned", "accepted", "skipped", "refused", "unknown", "to_do")
        },
        "preview": str(ended.preview),
        "maildir": str(ended.maildir) if ended.maildir else None,
    }
