"""`newsletter sources …` and `newsletter collect`: which feeds are read, and a round of reading them by hand."""

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput
from newsletter.stories.models import Kind, Source
from newsletter.stories.reading import sources

if TYPE_CHECKING:
    from newsletter.jobs.subscribing import Added

commands = typer.Typer(help="The feeds that are read.", no_args_is_help=True)
program.add_typer(commands, name="sources")

Which = Annotated[str, typer.Argument(metavar="SOURCE", help="Its address, name or number.")]


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The feed's address (RSS, Atom or JSON Feed), or a site's.")
    ],
    name: Annotated[str, typer.Option(help="As readers know it (default: the feed's title).")] = "",
    owner: Annotated[str, typer.Option(help="Who owns it; two sources of one owner are one voice.")] = "",
    kind: Annotated[Kind, typer.Option(help="What sort of publisher it is.")] = Kind.TRADE,
    authority: Annotated[
        int | None, typer.Option(help="Its weight in hundredths: 25 PR wire, 50 vendor, 100 usual, 125 key trade.")
    ] = None,
    as_json: screen.Json = False,
) -> None:
    """Add a feed, or the feed of a site, and say what is in it.

    It is looked at once; its articles come with the next round. What can't be had just now is added all the same.
    """
    from newsletter.jobs import subscribing  # loads the feed parser, which `list` need not wait for

    app = open_app(context)
    added = subscribing.add(app, url, name=name, owner=owner, kind=kind, authority=authority, now=now())
    if as_json:
        found = {"title": added.look.title, "language": added.look.language, "entries": len(added.look.feed.entries)}
        others = {"problem": added.look.problem, "others": list(added.look.others)}
        screen.data(_plain(added.source) | {"found": found | others})
        return
    _tell(added)


def _tell(added: "Added") -> None:
    source, seen = added.source, added.look
    screen.say(
        f"added [bold]{escape(source.name)}[/] ({source.kind}, authority {source.authority}): {escape(source.url)}"
    )
    if seen.problem:
        screen.say(f"[yellow]it could not be read:[/] it {escape(seen.problem)}")
        screen.say(f"[dim]it is tried again in the next round; newsletter sources remove {source.id} takes it out[/]")
        return
    entries = plural.counted(len(seen.feed.entries), "entry", "entries")
    language = f"in {escape(seen.language)}" if seen.language else "which doesn't say its language"
    screen.say(f"its feed: “{escape(seen.title or source.name)}”, {entries}, {language}")
    if seen.feed.problem:
        screen.say(f"[yellow]it {escape(seen.feed.problem)}[/]")
    if seen.others:
        screen.say(f"[dim]the site has other feeds too: {escape(', '.join(seen.others[:5]))}[/]")


@commands.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export; - reads standard input.")],
    kind: Annotated[
        Kind, typer.Option(help="What sort of publishers those are of which the file does not say.")
    ] = Kind.TRADE,
    as_json: screen.Json = False,
) -> None:
    """Add the feeds of an OPML file; `newsletter collect` visits them. Exit code 1 where a line can't be used."""
    from newsletter.jobs import subscribing
    from newsletter.stories.reading import opml

    app = open_app(context)
    taken = subscribing.take_in(app, opml.read(_bytes(file)), kind=kind, now=now())
    wrong = [one for one in taken if one.problem and not one.known]
    known = sum(one.known for one in taken)
    added = len(taken) - len(wrong) - known
    if as_json:
        screen.data({"added": added, "known": known, "wrong": [asdict(one) for one in wrong]})
    else:
        if wrong:
            screen.table(
                "Not added", ("source", "reason"), [(one.name, one.problem) for one in wrong], wrap=("reason",)
            )
        screen.say(f"{plural.counted(added, 'source')} added, {known} there already, {len(wrong)} not usable")
    if wrong:
        raise typer.Exit(1)


@commands.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write, or - for standard output.")] = Path("-"),
    as_json: screen.Json = False,
) -> None:
    """Write every source to an OPML file, which feed readers and `sources import` take in."""
    from newsletter.stories.reading import opml

    with open_app(context).database.read() as session:
        found = sources.all(session)
    written = opml.write(found, title="Sources of the newsletter")
    if file == Path("-"):
        sys.stdout.write(written.decode())
        return
    try:
        file.write_bytes(written)
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from error
    if as_json:
        screen.data({"file": file, "sources": len(found)})
    else:
        screen.say(f"{plural.counted(len(found), 'source')} in {escape(str(file))}")


def _bytes(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}") from error


@commands.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """Show every feed and how its last visit went."""
    with open_app(context).database.read() as session:
        found = sources.all(session)
    if as_json:
        screen.data([_plain(source) for source in found])
    elif found:
        rows = [
            (
                s.id,
                s.kind,
                s.authority,
                "paused" if s.paused_at else s.health,
                _time(s.fetched_at),
                f"{s.name}\n{s.problem or s.url}",
            )
            for s in found
        ]
        headings = ("", "kind", "authority", "health", "last visit", "source")
        screen.table("Sources", headings, rows, right=("", "authority"), wrap=("source",))
    else:
        screen.say("no sources yet: newsletter sources add ADDRESS")


@commands.command()
def remove(
    context: typer.Context,
    source: Which,
    as_json: screen.Json = False,
) -> None:
    """Remove a feed, and the articles that came from it."""
    with open_app(context).database.write() as session:
        found, articles = sources.remove(session, source, now=now())
    if as_json:
        screen.data({"name": found.name, "number": found.id, "articles": articles})
    else:
        screen.say(f"removed [bold]{escape(found.name)}[/] and its {plural.counted(articles, 'article')}")
        screen.say(f"[dim]newsletter sources restore {found.id} brings both back, within {sources.KEPT.days} days[/]")


@commands.command()
def restore(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, as `remove` said it.")],
    as_json: screen.Json = False,
) -> None:
    """Bring back a feed that was removed, with its articles."""
    with open_app(context).database.write() as session:
        _tell_of(sources.restore(session, number), "is back", as_json=as_json)


@commands.command()
def pause(context: typer.Context, source: Which, as_json: screen.Json = False) -> None:
    """Leave a feed alone; its articles stay."""
    with open_app(context).database.write() as session:
        _tell_of(sources.pause(session, source, now=now()), "is left alone", as_json=as_json)


@commands.command()
def resume(context: typer.Context, source: Which, as_json: screen.Json = False) -> None:
    """Visit a feed again that was paused."""
    with open_app(context).database.write() as session:
        _tell_of(sources.resume(session, source), "is visited again, at the next round", as_json=as_json)


@commands.command("set")
def set_(
    context: typer.Context,
    source: Which,
    name: Annotated[str | None, typer.Option(help="As readers know it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who owns it; two sources of one owner are one voice.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="What sort of publisher it is.")] = None,
    authority: Annotated[int | None, typer.Option(help="Its weight in hundredths, 0 to 200.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Say something else of a feed; what is not named stays as it is."""
    with open_app(context).database.write() as session:
        found = sources.find(session, source)
        changed = sources.change(
            session,
            str(found.id),
            name=found.name if name is None else name,
            owner=found.owner if owner is None else owner,
            kind=kind or found.kind,
            authority=found.authority if authority is None else authority,
        )
        _tell_of(changed, f"is {changed.kind}, of {changed.owner}, authority {changed.authority}", as_json=as_json)


def _tell_of(source: Source, says: str, *, as_json: bool) -> None:
    if as_json:
        screen.data(_plain(source))
    else:
        screen.say(f"[bold]{escape(source.name)}[/] {escape(says)}")


@program.command()
def collect(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Visit every feed, due or not.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Visit the feeds that are due, and keep what is new.

    Feeds that can't be read are shown with the reason, and when they are tried again; the others are read all the
    same. Exit code 1 where none of those that were due could be read.
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
        visits = {"sources": [asdict(v) for v in report.visited], "waiting": [asdict(v) for v in report.waiting]}
        screen.data({**figures, "failed": len(report.failed), **pages, **visits, "next_at": report.next_at})
    else:
        _show(report)
    if report.visited and len(report.failed) == len(report.visited):
        raise typer.Exit(1)


def _show(report: Any) -> None:
    if not report.visited:
        _show_nothing_due(report)
        return
    rows = [(v.name, v.result, v.new, v.updated, _wrong(v) or _remarks(v)) for v in report.visited]
    screen.table(
        "Collected",
        ("source", "result", "new", "changed", "what is wrong"),
        rows,
        right=("new", "changed"),
        wrap=("what is wrong",),
    )
    screen.say(
        f"{plural.counted(len(report.visited), 'source')}: {plural.counted(report.new, 'new article')},"
        f" {report.updated} changed, {plural.counted(report.unchanged, 'source')} unchanged,"
        f" {len(report.failed)} failed; {plural.counted(report.pages_read, 'page')} read"
    )


def _show_nothing_due(report: Any) -> None:
    if report.next_at is None:
        screen.say("there is no source to visit: newsletter sources add ADDRESS")
        return
    if report.waiting:
        rows = [(v.name, _wrong(v)) for v in report.waiting]
        screen.table("Failed, and left alone for a while", ("source", "what is wrong"), rows, wrap=("what is wrong",))
    screen.say(
        f"nothing is due before {report.next_at:%A %H:%M} UTC: newsletter collect --force visits every source now"
    )


def _wrong(one: Any) -> str:
    """Why it could not be read, and when it is tried again."""
    again = f"; tried again after {one.next_at:%A %H:%M} UTC" if one.next_at else ""
    return f"{one.problem}{again}" if one.problem else ""


def _remarks(one: Any) -> str:
    """What did not get in, and what is not known of what did."""
    found = (
        (one.dropped, "without a usable title or link left out"),
        (one.left, "beyond the newest 500: left out"),
        (one.unread_dates, "with a date that can't be read: taken as unknown"),
    )
    return "; ".join(f"{plural.counted(count, 'entry', 'entries')} {words}" for count, words in found if count)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _plain(source: Source) -> dict[str, Any]:
    return {column.name: getattr(source, column.name) for column in Source.__table__.columns}
