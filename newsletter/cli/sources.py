"""`newsletter sources …` and `newsletter collect`: which feeds are read, and a round of reading them by hand."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.rendering import prose
from newsletter.stories.models import Kind, Source
from newsletter.stories.reading import sources

commands = typer.Typer(help="The feeds that are read.", no_args_is_help=True)
program.add_typer(commands, name="sources")


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="ADDRESS", help="The feed's address: RSS, Atom or JSON Feed.")],
    name: Annotated[str, typer.Option(help="As readers know it (default: the site's name).")] = "",
    owner: Annotated[str, typer.Option(help="Who owns it; two sources of one owner are one voice.")] = "",
    kind: Annotated[Kind, typer.Option(help="What sort of publisher it is.")] = Kind.TRADE,
    authority: Annotated[
        int | None, typer.Option(help="Its weight in hundredths: 25 PR wire, 50 vendor, 100 usual, 125 key trade.")
    ] = None,
) -> None:
    """Add a feed; it is visited in the next round."""
    app = open_app(context)
    with app.database.write() as session:
        source = sources.add(
            session, url, name=name or prose.host(url), owner=owner, kind=kind, authority=authority, now=now()
        )
    screen.say(f"added [bold]{escape(source.name)}[/] ({source.kind}, authority {source.authority})")


@commands.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """Show every feed and how its last visit went."""
    with open_app(context).database.read() as session:
        found = sources.all(session)
    if as_json:
        screen.data([_plain(source) for source in found])
    elif found:
        rows = [
            (s.id, s.kind, s.authority, s.health, _time(s.fetched_at), f"{s.name}\n{s.problem or s.url}") for s in found
        ]
        headings = ("", "kind", "weight", "health", "last visit", "source")
        screen.table("Sources", headings, rows, right=("", "weight"), wrap=("source",))
    else:
        screen.say("no sources yet: newsletter sources add ADDRESS")


@commands.command()
def remove(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its address, name or number.")],
) -> None:
    """Remove a feed, and the articles that came from it."""
    with open_app(context).database.write() as session:
        name, articles = sources.remove(session, source)
    screen.say(f"removed [bold]{escape(name)}[/] and its {articles} articles")


@program.command()
def collect(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Visit every feed, due or not.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Visit the feeds that are due, and keep what is new.

    Feeds that can't be read are shown with the reason; the others are read all the same.
    """
    from newsletter.stories.reading import (
        collecting,  # loads the feed parser, which the other commands need not wait for
    )

    app = open_app(context)
    with screen.progress() as bar:
        task = bar.add_task("collecting", total=None)
        report = collecting.collect(
            app.database,
            app.settings.fetch,
            public_url=app.settings.public_url,
            now=now(),
            force=force,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        figures = {"new": report.new, "updated": report.updated, "unchanged": report.unchanged}
        pages = {"pages_read": report.pages_read, "pages_failed": report.pages_failed}
        screen.data({**figures, "failed": len(report.failed), **pages, "sources": [asdict(v) for v in report.visited]})
        return
    _show(report)


def _show(report: Any) -> None:
    if not report.visited:
        screen.say("nothing is due: newsletter collect --force visits every source now")
        return
    rows = [(v.name, v.result, v.new, v.updated, v.problem or _dropped(v.dropped)) for v in report.visited]
    screen.table(
        "Collected",
        ("source", "result", "new", "changed", "what is wrong"),
        rows,
        right=("new", "changed"),
        wrap=("what is wrong",),
    )
    screen.say(
        f"{len(report.visited)} sources: {report.new} new articles, {report.updated} changed, "
        f"{report.unchanged} sources unchanged, {len(report.failed)} failed; {report.pages_read} pages read"
    )


def _dropped(count: int) -> str:
    return f"{count} entries without a usable title or link were left out" if count else ""


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _plain(source: Source) -> dict[str, Any]:
    return {column.name: getattr(source, column.name) for column in Source.__table__.columns}
