"""`newsletter assemble` and `newsletter editions …`: make, read, write and decide about editions."""

import getpass
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.app import App
from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.config import Newsletter
from newsletter.editions import calendar, plain_text, revisions, shelf
from newsletter.editions.models import Edition, EditionEvent, EditionStory, State
from newsletter.errors import AlreadyDone, BadInput, NewsletterError, WrongState

commands = typer.Typer(help="Editions: list, show, edit, write by hand, approve, hold.", no_args_is_help=True)
program.add_typer(commands, name="editions")

Name = Annotated[str, typer.Argument(metavar="EDITION", help="Its date, newsletter/date, or number.")]
Slug = Annotated[str | None, typer.Option("--newsletter", help="Which newsletter, where there are several.")]
Day = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="The edition's date (default: the newsletter's next day)."),
]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the edition.")]
By = Annotated[str, typer.Option(help="Who decides (default: your user name).")]
Since = Annotated[int | None, typer.Argument(metavar="REVISION", help="Its number, as in `editions show`.")]

_SIGNS = {"+": "green", "-": "red", "…": "dim"}


@program.command()
def assemble(context: typer.Context, newsletter: Slug = None, day: Day = None, as_json: screen.Json = False) -> None:
    """Rank the week's stories and make a draft; again replaces a draft that nobody has edited."""
    app = open_app(context)
    of = app.newsletter(newsletter)
    wanted = day.date() if day else _next_day(app, of)
    drafted = jobs.assemble(app, of, wanted, now=now(), by=_me())
    if drafted.edition_id is None:
        raise BadInput(f"{drafted.result}: add sources and collect, or write the edition by hand")
    _print(app, str(drafted.edition_id), as_json=as_json)


def _next_day(app: App, newsletter: Newsletter) -> date:
    with app.database.read() as session:
        return calendar.next_day(session, newsletter, now())


@commands.command("list")
def list_(context: typer.Context, newsletter: Slug = None, as_json: screen.Json = False) -> None:
    """Show the newest editions and where they stand."""
    with open_app(context).database.read() as session:
        found = shelf.newest(session, newsletter=newsletter)
    if as_json:
        screen.data([_plain(edition) for edition in found])
    elif found:
        rows = [(e.id, shelf.name(e), e.state.spoken, len(e.stories), e.subject) for e in found]
        screen.table(
            "Editions", ("", "edition", "state", "stories", "subject"), rows, right=("", "stories"), wrap=("subject",)
        )
    else:
        screen.say("no editions yet: newsletter assemble, or newsletter editions import FILE")


@commands.command()
def show(context: typer.Context, edition: Name, as_json: screen.Json = False) -> None:
    """Show EDITION as it stands, and who did what to it."""
    _print(open_app(context), edition, as_json=as_json)


@commands.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Plain text or Markdown; - reads standard input.")],
    newsletter: Slug = None,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            help="The edition's date (default: the file's own, else the newsletter's next day).",
        ),
    ] = None,
    by: By = "",
    as_json: screen.Json = False,
) -> None:
    """Take an edition written by hand: a title, an introduction, stories headed `1. Headline`.

    An edition of that date is changed, which takes an approval back; otherwise a new one is made.
    """
    app = open_app(context)
    of = app.newsletter(newsletter)
    manuscript = plain_text.read(text_of(file))
    wanted = day.date() if day else manuscript.date or _next_day(app, of)
    with app.database.write() as session:
        try:
            found, said = jobs.take_in(session, of, wanted, manuscript.words, by=by or _me(), now=now())
        except WrongState as error:
            if day or manuscript.date:
                raise
            raise WrongState(f"{error}; --date takes it for another day") from error
        name = shelf.name(found)
    if as_json:
        _print(app, name, as_json=True)
    else:
        screen.say(f"{escape(name)}: {said}")


@commands.command()
def export(
    context: typer.Context,
    edition: Name,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of the screen.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Write EDITION as text that `import` reads back unchanged."""
    with open_app(context).database.read() as session:
        found = shelf.find(session, edition)
        text = plain_text.write(found)
    if out:
        _write(out, text)
    if as_json:
        screen.data({"edition": shelf.name(found), "revision": found.revision, "file": out, "text": text})
    elif out:
        screen.say(f"written to {escape(str(out))}")
    else:
        sys.stdout.write(text)


@commands.command()
def edit(
    context: typer.Context,
    edition: Name,
    editor: Annotated[str, typer.Option(envvar=["VISUAL", "EDITOR"], help="What to edit with.")] = "vi",
    by: By = "",
    as_json: screen.Json = False,
) -> None:
    """Open the words of EDITION in your editor, and take them in when you close it.

    What can't be understood is named with its line, and what you have written is kept in a file.
    """
    app = open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        text = plain_text.write(found)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt", delete=False) as stream:
        stream.write(text)
    file = Path(stream.name)
    try:
        open_editor(editor, file)
        words = plain_text.read(text_of(file), needs_story=found.corrects is None).words
        with app.database.write() as session:
            edited = shelf.get(session, found.id)
            if edited.revision != found.revision:
                raise WrongState(f"{shelf.name(found)} has been changed by somebody else in the meantime")
            said = jobs.rewrite(session, edited, words, by=by or _me(), now=now())
    except NewsletterError as error:
        if file.read_bytes() == text.encode():
            file.unlink()
            raise
        raise BadInput(f"{error}; what you have written is kept in {file}") from error
    file.unlink()
    if as_json:
        _print(app, shelf.name(found), as_json=True)
    else:
        screen.say(f"{escape(shelf.name(found))}: {said}")


@commands.command()
def diff(context: typer.Context, edition: Name, since: Since = None, as_json: screen.Json = False) -> None:
    """Show what changed in the words of EDITION since a revision (default: the one before)."""
    with open_app(context).database.read() as session:
        found = shelf.find(session, edition)
        before = found.revision - 1 if since is None else since
        lines = revisions.difference(session, found, before)
    if as_json:
        screen.data(
            {
                "edition": shelf.name(found),
                "from": before,
                "to": found.revision,
                "lines": [asdict(line) for line in lines],
            }
        )
        return
    for line in lines:
        screen.console.print(f"{line.sign} {line.text}", style=_SIGNS.get(line.sign, ""), markup=False, soft_wrap=True)
    if not lines:
        screen.say(f"nothing changed between revisions {before} and {found.revision}")


@commands.command()
def restore(
    context: typer.Context,
    edition: Name,
    revision: Annotated[int, typer.Argument(help="Its number, as in `editions diff`.")],
    by: By = "",
    as_json: screen.Json = False,
) -> None:
    """Let EDITION say again what it said at a revision; that counts as an edit."""
    app = open_app(context)
    with app.database.write() as session:
        found = shelf.find(session, edition)
        words = revisions.said(session, found, revision)
        said = jobs.rewrite(session, found, words, by=by or _me(), now=now())
    if as_json:
        _print(app, shelf.name(found), as_json=True)
    else:
        screen.say(f"{escape(shelf.name(found))}: {said}")


@commands.command()
def approve(
    context: typer.Context, edition: Name, reason: Reason = "", by: By = "", as_json: screen.Json = False
) -> None:
    """Render EDITION, keep the bytes, and say yes to them."""
    _decide(open_app(context), edition, jobs.approve, reason=reason, by=by, as_json=as_json)


@commands.command()
def hold(context: typer.Context, edition: Name, reason: Reason = "", by: By = "", as_json: screen.Json = False) -> None:
    """Say not now: EDITION stays until it is approved, skipped or cancelled."""
    _decide(open_app(context), edition, jobs.hold, reason=reason, by=by, as_json=as_json)


@commands.command()
def reopen(
    context: typer.Context, edition: Name, reason: Reason = "", by: By = "", as_json: screen.Json = False
) -> None:
    """Take an approval, a hold or a skip of EDITION back."""
    _decide(open_app(context), edition, jobs.reopen, reason=reason, by=by, as_json=as_json)


@commands.command()
def skip(context: typer.Context, edition: Name, reason: Reason = "", by: By = "", as_json: screen.Json = False) -> None:
    """No edition this week."""
    _decide(open_app(context), edition, jobs.skip, reason=reason, by=by, as_json=as_json)


@commands.command()
def cancel(
    context: typer.Context, edition: Name, reason: Reason = "", by: By = "", as_json: screen.Json = False
) -> None:
    """Stop EDITION for good; while it is being sent, what was not handed over stays so."""
    _decide(open_app(context), edition, jobs.cancel, reason=reason, by=by, as_json=as_json)


@commands.command()
def segment(
    context: typer.Context,
    edition: Name,
    name: Annotated[str, typer.Argument(metavar="SEGMENT", help="The segment it goes to; nothing is everybody.")] = "",
    by: By = "",
) -> None:
    """Let EDITION go only to a saved segment, or to everybody again; an approval is taken back."""
    app = open_app(context)
    with app.database.write() as session:
        found = shelf.find(session, edition)
        of = app.newsletter(found.newsletter)
        reach = jobs.aim(session, found, name, lists=of.lists, by=by or _me(), now=now())
    whom = f"the segment {escape(name)}" if name else "everybody on its lists"
    screen.say(f"{escape(shelf.name(found))} goes to {whom}: {reach:,} people today")


@commands.command("at")
def at_hour(
    context: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Its date, newsletter/date, or number.")],
    hour: Annotated[str, typer.Argument(metavar="HOUR", help='On the newsletter\'s clock, such as 07:30; or "usual".')],
    why: Annotated[str, typer.Option(help="Why, for those who ask later.")] = "",
) -> None:
    """Let EDITION go out at another hour of its day; only before its sending begins. An approval stays."""
    from newsletter.editions import hours
    from newsletter.jobs import rescheduling
    from newsletter.staff.acts import Doer

    app = open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
    at = None if hour.strip().lower() == "usual" else hours.read(hour)
    by = Doer(_me(), "command line")
    goes_out = rescheduling.to_hour(app, found.id, at, by=by, why=why, now=now())
    local = goes_out.astimezone(app.newsletter(found.newsletter).zone)
    once = "" if found.state is State.APPROVED else ", once it is approved"
    screen.say(f"{escape(shelf.name(found))} goes out on {local:%a %d %b at %H:%M %Z}{once}")


def _decide(app: App, name: str, verb: Callable[..., object], *, reason: str, by: str, as_json: bool) -> None:
    with app.database.read() as session:
        edition_id = shelf.find(session, name).id
    already = ""
    try:
        verb(app, edition_id, by=by or _me(), reason=reason, now=now())
    except AlreadyDone as done:  # as good as done
        already = str(done)
    with app.database.read() as session:
        found = shelf.get(session, edition_id)
        sends_at = _sends_at(app, session, found)
        if as_json:
            what = {"edition": shelf.name(found), "state": found.state.value, "revision": found.revision}
            screen.data(what | {"changed": not already, "says": already, "sends_at": sends_at})
            return
        said = escape(already) or f"{escape(shelf.name(found))} is [bold]{found.state.spoken}[/]"
        screen.say(said + _next(app, found, sends_at))


def _sends_at(app: App, session: Session, edition: Edition) -> datetime | None:
    """When the clock will send an approved edition, if it will."""
    if edition.state is not State.APPROVED or edition.newsletter not in app.settings.newsletters:
        return None
    return calendar.will_send(session, app.newsletter(edition.newsletter), edition.date, now())


def _next(app: App, edition: Edition, at: datetime | None) -> str:
    """What will become of an approved edition."""
    if edition.state is not State.APPROVED or edition.newsletter not in app.settings.newsletters:
        return ""
    if at is None:
        return f"; its time is over: newsletter send {escape(shelf.name(edition))} sends it now"
    if at <= now():
        return "; its time has come: a running scheduler sends it within seconds"
    zone = app.newsletter(edition.newsletter).zone
    return f"; a running scheduler sends it on {at.astimezone(zone):%a %d %b at %H:%M %Z}"


def _print(app: App, name: str, *, as_json: bool) -> None:
    with app.database.read() as session:
        edition = shelf.find(session, name)
        query = select(EditionEvent).where(EditionEvent.edition_id == edition.id).order_by(EditionEvent.id)
        events = list(session.scalars(query))
    if as_json:
        screen.data(_plain(edition) | {"stories": _stories(edition), "events": [_event(event) for event in events]})
        return
    screen.say(f"[bold]{escape(shelf.name(edition))}[/] is {edition.state.spoken}, revision {edition.revision}\n")
    screen.console.print(plain_text.write(edition), markup=False, soft_wrap=True)
    reasons = [(story.position, story.why) for story in edition.stories if story.why]
    if reasons:
        screen.table("Why", ("", "why the picker chose it"), reasons, right=("",), wrap=("why the picker chose it",))
    rows = [(f"{event.at:%Y-%m-%d %H:%M}", event.by, event.state.spoken, event.reason) for event in events]
    screen.table("History (UTC)", ("when", "who", "state", "why"), rows, wrap=("why",))


def _plain(edition: Edition) -> dict[str, Any]:
    own = {column.name: getattr(edition, column.name) for column in Edition.__table__.columns}
    return own | {"name": shelf.name(edition), "stories": len(edition.stories)}


def _stories(edition: Edition) -> list[dict[str, Any]]:
    hidden = {"id", "edition_id"}
    columns = [column.name for column in EditionStory.__table__.columns if column.name not in hidden]
    return [{name: getattr(story, name) for name in columns} for story in edition.stories]


def _event(event: EditionEvent) -> dict[str, Any]:
    return {"at": event.at, "by": event.by, "state": event.state.value, "reason": event.reason}


def open_editor(editor: str, file: Path) -> None:
    try:
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603 (it is the user's own word)
    except (OSError, ValueError) as error:
        raise BadInput(f"the editor {editor!r} can't be started: set EDITOR, or name one with --editor") from error
    if done.returncode:
        raise BadInput(f"the editor {editor!r} ended with {done.returncode}; nothing was changed")


def _write(out: Path, text: str) -> None:
    try:
        out.write_bytes(text.encode())
    except OSError as error:
        raise BadInput(f"{out} can't be written: {error.strerror}") from error


def text_of(file: Path) -> str:
    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8")
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{file}: line {line} is not UTF-8 text: save the file as UTF-8") from error


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return "command line"
