"""`newsletter subscribers show | form | reasons | letter` and `segments …`: one person, and many by a filter."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import config
from newsletter.cli import screen
from newsletter.cli.root import now, open_app
from newsletter.errors import BadInput
from subscribers import departures
from subscribers.segments import shelf

segments = typer.Typer(help="Saved filters over people, such as list:weekly and language:fr.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the segment is called.")]
Newsletter = Annotated[str | None, typer.Option("--newsletter", help="Which newsletter, where there are several.")]


def show(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose.")],
    everything: Annotated[
        bool, typer.Option("--everything", help="All that is held, as JSON: what the person may ask for.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """Show one person: lists with consent history, suppressions, what was sent and what became of it."""
    from newsletter.jobs import access  # loads most of the product, which `list` need not wait for
    from subscribers import roll

    with open_app(context).database.read() as session:
        if everything:
            screen.data(access.everything(session, roll.get(session, email)))
            return
        found = access.biography(session, email)
    if json:
        screen.data(asdict(found))
        return
    number = f", number {found.subscriber_id}" if found.subscriber_id else ""
    screen.say(f"[bold]{escape(found.address)}[/]{number}")
    for sentence in found.stands:
        screen.console.print(f"  {sentence}", markup=False)
    rows = [(f"{moment.at:%Y-%m-%d %H:%M}", moment.kind, moment.sentence) for moment in found.moments]
    screen.table("What happened (UTC)", ("when", "what", "in words"), rows, wrap=("in words",))


def form(
    context: typer.Context,
    newsletter: Newsletter = None,
    label: Annotated[str, typer.Option(help="What the form is called in the consent history.")] = "embedded",
    lists: Annotated[
        list[str] | None, typer.Option("--list", "-l", help="A list that it joins; may be given again.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the form; the newsletter's by default.")] = "",
) -> None:
    """Print a sign-up form as plain HTML, to be pasted into any page of any site."""
    from newsletter.jobs import wordings
    from newsletter.rendering import languages

    app = open_app(context)
    config.require(app.settings, "secret")
    of = app.newsletter(newsletter)
    words = languages.choose(language, of.language)
    sys.stdout.write(wordings.embedded(app.settings, of, words, label=label, on=lists or ()))


def reasons(context: typer.Context, json: screen.Json = False) -> None:
    """Show why people left, where they said."""
    with open_app(context).database.read() as session:
        counts = departures.counts(session)
    if json:
        screen.data([asdict(count) for count in counts])
        return
    rows = [(count.newsletter, count.why.spoken, f"{count.people:,}") for count in counts]
    screen.table("Why people left", ("newsletter", "why", "people"), rows, right=("people",))


def letter(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Messages as files; - or nothing is standard input.")
    ] = None,
    json: screen.Json = False,
) -> None:
    """Take letters to the unsubscribe mailbox: who wrote from a link of ours leaves. For a mail server's pipe.

    A letter without a link of ours changes nobody; exit code 1 where one could not be understood.
    """
    from newsletter.tracking.mailbox import leaving  # loads the product's links

    app, outcomes = open_app(context), []
    for file in files or [Path("-")]:
        raw = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
        outcomes.append(leaving.by_letter(app.database, app.settings, raw, now=now()))
    if json:
        screen.data([outcome.value for outcome in outcomes])
    else:
        for outcome in outcomes:
            screen.say(outcome.spoken)
    if not all(outcome.understood for outcome in outcomes):
        raise typer.Exit(1)


@segments.command("list")
def list_(context: typer.Context, json: screen.Json = False) -> None:
    """Show the saved segments."""
    with open_app(context).database.read() as session:
        saved = shelf.every(session)
    if json:
        screen.data([{"name": one.name, "query": one.query, "changed_at": one.changed_at} for one in saved])
        return
    screen.table("Segments", ("segment", "who"), [(one.name, one.query) for one in saved], wrap=("who",))


@segments.command()
def count(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A filter, or the name of a saved one.")],
    newsletter: Newsletter = None,
    json: screen.Json = False,
) -> None:
    """Say how many people a filter holds, and how many an edition would reach."""
    app = open_app(context)
    of = app.newsletter(newsletter)
    with app.database.read() as session:
        saved = {one.name: one.query for one in shelf.every(session)}
        found = shelf.count(session, saved.get(query, query), lists=of.lists)
    if json:
        screen.data(asdict(found))
    else:
        screen.say(f"{_people(found)} get {escape(of.title)}")


@segments.command()
def save(
    context: typer.Context,
    name: Name,
    query: Annotated[str, typer.Argument(help="Such as 'list:weekly and language:fr and joined<2026-01-01'.")],
    newsletter: Newsletter = None,
    json: screen.Json = False,
) -> None:
    """Save a filter under NAME, in place of what stood there, and say how many it holds."""
    app = open_app(context)
    of = app.newsletter(newsletter)
    with app.database.write() as session:
        saved = shelf.save(session, name, query, now=now())
        found = shelf.count(session, saved.query, lists=of.lists)
    if json:
        screen.data({"name": name, "query": query, **asdict(found)})
    else:
        screen.say(f"{escape(name)}: {_people(found)} get {escape(of.title)}")


@segments.command()
def drop(context: typer.Context, name: Name) -> None:
    """Forget the segment NAME, unless an edition is still to go to it."""
    from newsletter.jobs import aiming

    with open_app(context).database.write() as session:
        aiming.drop(session, name)
    screen.say(f"{escape(name)} is forgotten")


def _people(found: shelf.Count) -> str:
    people = "1[/] person" if found.people == 1 else f"{found.people:,}[/] people"
    return f"[bold]{people}, of whom {found.mailable:,}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}") from error
