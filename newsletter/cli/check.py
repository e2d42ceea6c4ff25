"""`newsletter check`: an edition held against everything that is known to go wrong."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter.cli import root, screen
from newsletter.editions import shelf
from newsletter.jobs import checking
from newsletter.jobs.checking import Report
from newsletter.rendering.preflight import Finding, Level
from newsletter.staff.acts import Doer

_COLOURS = {Level.GREEN: "green", Level.UNKNOWN: "dim", Level.AMBER: "yellow", Level.RED: "bold red"}


@root.program.command()
def check(
    context: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Its date, newsletter/date, or number.")],
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: what links, pictures and DNS said last counts.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """Hold EDITION against what goes wrong: size, links, pictures, contrast, the sender's domain, mail programs.

    Links, pictures and name servers are asked, at most three minutes long. Exit code 1 where something is red.
    """
    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        cheap = checking.report(session, app, found, now=root.now())
    if not offline and cheap.proof is not None:
        began = root.now()
        wanted = checking.begin(app, found.id, by=Doer("command line", "command line"), now=began)
        with screen.progress() as bar:
            task = bar.add_task("asking", total=len(wanted))
            checking.go_on(
                app,
                found.id,
                wanted,
                began_at=began,
                clock=root.now,
                on_progress=lambda done: bar.update(task, completed=done),
            )
    with app.database.read() as session:
        report = checking.report(session, app, shelf.get(session, found.id), now=root.now())
    if json:
        screen.data(_plain(report))
    else:
        _show(report)
    if report.worst is Level.RED:
        raise typer.Exit(1)


def _show(report: Report) -> None:
    for finding in report.findings:
        screen.console.print(f"{finding.level:8}", style=_COLOURS[finding.level], end="")
        where = f" [{finding.field}]" if finding.field else ""
        screen.console.print(f"{finding.check}: {finding.text}{where}", soft_wrap=True, markup=False)
    for finding, aside in report.aside:
        said = escape(f"{finding.check}: {finding.text} – {aside.reason} ({aside.by})")
        screen.say(f"[dim]set aside {said}[/]")
    if report.proof is not None:
        screen.say(f"[dim]looked at: the bytes {report.proof.digest[:12]} of revision {report.edition.revision}[/]")


def _plain(report: Report) -> dict[str, Any]:
    return {
        "edition": report.edition.id,
        "revision": report.edition.revision,
        "digest": report.proof.digest if report.proof else None,
        "worst": report.worst,
        "asked_at": _iso(report.asking.finished_at if report.asking else None),
        "oldest_answer_at": _iso(report.oldest),
        "findings": [_finding(each) for each in report.findings],
        "set_aside": [
            _finding(each) | {"reason": aside.reason, "by": aside.by, "at": _iso(aside.at)}
            for each, aside in report.aside
        ],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "level": finding.level,
        "text": finding.text,
        "field": finding.field,
        "key": finding.key,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
