"""`newsletter demo`: a whole Friday, told step by step."""

import shlex
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape
from rich.progress import Progress

from newsletter import app as apps
from newsletter.app import App
from newsletter.cli import screen
from newsletter.cli.root import program
from newsletter.cli.serve import listen
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import friday, server
from newsletter.demo.friday import Ended, Step
from newsletter.stories.models import RankedStory


@program.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Where to do it (default: demo); emptied first.")] = None,
    desk: Annotated[
        bool | None,
        typer.Option(
            "--desk/--no-desk", help="End at the desk, before the draft is approved (default: on a terminal)."
        ),
    ] = None,
    json: screen.Json = False,
) -> None:
    """A whole Friday in a folder of its own: feeds, ranking, edition, 200 subscribers, sending, the ledger."""
    home = (folder or context.find_root().obj or Path("demo")).absolute()
    watched = (screen.console.is_terminal and not json) if desk is None else desk
    steps: list[Step] = []

    def told(step: Step) -> None:
        steps.append(step)
        if not json:
            _say(step)

    with ExitStack() as week:
        base = week.enter_context(server.serve(port=friday.PORT))
        port = urlsplit(base).port or friday.PORT
        app = week.enter_context(friday.prepare(home, port=port, watched=watched))
        with screen.progress() as bar:
            task = bar.add_task("collecting", total=None)
            edition_id = friday.draft(
                app, base, told, on_collect=lambda done, total: bar.update(task, completed=done, total=total)
            )
        if not watched:
            ended = _send(app, edition_id, told)
    if watched:
        _invite(home, port)
    elif json:
        screen.data(_plain(steps, ended))
    else:
        _show(ended, home)


def _say(step: Step) -> None:
    screen.say(f"[green]✓[/] [bold]{step.name:<12}[/] {escape(step.figures)}")


def _send(app: App, edition_id: int, told: Callable[[Step], None]) -> Ended:
    with screen.progress() as bar:
        task = bar.add_task("sending", total=None)
        return friday.send(app, edition_id, told, on_send=lambda recipients: bar.advance(task, recipients))


def _invite(home: Path, port: int) -> None:
    """The rest of the week at the desk, from the draft on."""
    with closing(apps.start(home)) as app, listen("127.0.0.1", port) as door:
        _tell_stories(friday.the_chosen(app))
        screen.say("\n[bold]It is Thursday, 16:00. The draft waits for you at the desk:[/]")
        screen.say(f"\n  [bold cyan]http://127.0.0.1:{port}/week[/]\n")
        screen.say("Change what you like, then approve it: a few seconds later it is Friday, nine o'clock.")
        screen.say("[dim]Ctrl-C ends the demo.[/]\n")
        keep_open(app, door)
        screen.say(f"\n[dim]The desk opens again with[/] {escape(f'{command(home, Path.cwd())} serve')}")


def keep_open(app: App, door: socket.socket) -> None:
    """The demo's desk at *door* until Ctrl-C, in the demo's own week: what is approved there goes out."""
    from newsletter.cli import serve
    from newsletter.demo import afternoon, pages

    clock, stop, bar = afternoon.begin(app), threading.Event(), _Bar(friday.maildir(app))
    told = afternoon.Watching(on_step=bar.step, on_send=bar.advance, on_end=bar.end, on_trouble=bar.trouble)
    waiting = threading.Thread(target=afternoon.wait_for_editors, args=(app, clock, stop, told))
    waiting.start()
    try:
        serve.keep_open(app, door, lambda web: pages.add(web, app.settings.public_url))
    finally:
        stop.set()
        waiting.join()


class _Bar:
    """What is going on while editors are at the desk, on a terminal."""

    def __init__(self, maildir: Path | None) -> None:
        self._maildir = maildir
        self._bar: Progress | None = None

    def advance(self, recipients: int, planned: int) -> None:
        if self._bar is None:
            self._bar = screen.progress()
            self._bar.add_task("sending", total=planned)
            self._bar.start()
        self._bar.advance(self._bar.task_ids[0], recipients)

    def step(self, step: Step) -> None:
        self._put_away()
        _say(step)

    def end(self, balance: Balance) -> None:
        screen.say("")
        for line in equation(balance):
            screen.say(line)
        if self._maildir:
            screen.say(f"\n[dim]Each copy as it went out is in[/] {escape(str(self._maildir))}")

    def trouble(self, sentence: str) -> None:
        self._put_away()
        screen.say(f"[red]✗[/] {escape(sentence)}")

    def _put_away(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _show(ended: Ended, home: Path) -> None:
    _tell_stories(ended.chosen)
    serve = escape(f"{command(home, Path.cwd())} serve")
    screen.say(f"\n[dim]Pictures and links of the mails are served by {serve}.[/]")
    if screen.console.is_terminal:
        _look_further(ended, home)
    screen.say(f"\n[bold]preview[/]  {escape(str(ended.preview))}")
    if ended.maildir:
        screen.say(f"[bold]maildir[/]  {escape(str(ended.maildir))}")
    screen.say("")
    for line in equation(ended.balance):
        screen.say(line)


def _tell_stories(chosen: Sequence[RankedStory]) -> None:
    screen.say("\n[bold]The five biggest stories of the week, and why[/]")
    for story in chosen:
        screen.say(f"\n  [bold]{story.position}. {escape(story.headline)}[/]")
        screen.say(f"     {escape(story.why)}")


def _look_further(ended: Ended, home: Path) -> None:
    screen.say("\n[bold]Look further[/]")
    start = command(home, Path.cwd())
    for words, what in (
        (f"{start} stories list --edition {ended.edition}", "the ranking: who is in, who is out, and why"),
        (f"{start} log --edition {ended.edition}", "what became of each copy"),
        (f"{start} serve", "previews, the send log, and what the mails link to"),
    ):
        screen.say(f"  [cyan]{escape(words)}[/]  {what}")


def command(home: Path, here: Path, program: Path | None = None) -> str:
    """How a command about the demo in *home* begins, for who stands in the folder *here* and has called *program*."""
    return f"{_called(here, program or Path(sys.argv[0]))} --home {_seen_from(here, home)}"


def _called(here: Path, program: Path) -> str:
    """`newsletter` where the shell finds it by that name, or the file: `make demo` leaves its environment closed."""
    if program.name != "newsletter" or shutil.which("newsletter"):
        return "newsletter"
    return _seen_from(here, here / program)


def _seen_from(here: Path, path: Path) -> str:
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


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
