"""`newsletter correct`: what was wrong in an edition that went out, put right on its page, its links, by mail."""

import getpass
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import root, screen
from newsletter.cli.delivery import Which
from newsletter.cli.editions import open_editor, text_of
from newsletter.delivery.ledger.receivers import Reach
from newsletter.editions import corrections, plain_text, shelf
from newsletter.editions.models import Edition
from newsletter.editions.plain_text import Manuscript
from newsletter.errors import BadInput, NewsletterError
from newsletter.jobs import correcting


@root.program.command()
def correct(
    context: typer.Context,
    edition: Which,
    note: Annotated[str, typer.Option(help="What was wrong, for readers of the page to see.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="The words as they should read, as `editions text` writes them.")
    ] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Write a short mail about it, to those who have it.")] = False,
    unknown_too: Annotated[
        bool,
        typer.Option("--unknown-too", help="The mail also goes to those of whom nobody knows whether they have it."),
    ] = False,
    editor: Annotated[str, typer.Option(envvar=["VISUAL", "EDITOR"], help="What to edit with.")] = "vi",
    by: Annotated[str, typer.Option(help="Who decides (default: your user name).")] = "",
    as_json: screen.Json = False,
) -> None:
    """Correct EDITION after it went out: its page says so, and its links lead where they should.

    With --note the words open in your editor, or come from --file. What was sent stays as it is. --mail drafts a short
    mail, which goes to those who have EDITION once it is approved. Without either, what was corrected so far is shown.
    """
    app, who = root.open_app(context), by or getpass.getuser()
    with app.database.read() as session:
        found = shelf.find(session, edition)
    told: dict[str, Any] = {"edition": shelf.name(found)}
    if note:
        with app.database.read() as session:
            seen, words = corrections.says(session, found)
        corrections.refuse_unless_out(found)
        text = plain_text.compose(Manuscript(words, found.date))
        words = plain_text.read(text_of(file)).words if file else _edited(editor, text)
        made = correcting.correct(app, found.id, words, note=note, by=who, seen=seen, now=root.now())
        told |= {"revision": made.revision, "links": [asdict(one) for one in made.moved]}
        if not as_json:
            _say(found, made)
    elif file:
        raise BadInput("say what was wrong with --note: readers of the page see it")
    if mail:
        letter, reach = correcting.write(app, found.id, unknown_too=unknown_too, by=who, now=root.now())
        told |= {"mail": shelf.name(letter), "reach": asdict(reach)}
        if not as_json:
            _say_mail(letter, reach)
    if as_json:
        screen.data(told if note or mail else told | _so_far(app, found))
    elif not note and not mail:
        _show(_so_far(app, found), found)


def _edited(editor: str, text: str) -> Any:
    """The words as they come back from the editor; what can't be understood is kept in a file."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt", delete=False) as stream:
        stream.write(text)
    file = Path(stream.name)
    try:
        open_editor(editor, file)
        words = plain_text.read(text_of(file)).words
    except NewsletterError as error:
        raise BadInput(f"{error}; what you have written is kept in {file}") from error
    file.unlink()
    return words


def _say(edition: Edition, made: correcting.Corrected) -> None:
    screen.say(f"the page of {escape(shelf.name(edition))} says so now; what was sent is as it was")
    for one in made.moved:
        if one.links:
            screen.say(
                f"{plural.counted(one.links, 'link leads', 'links lead')} to {escape(one.url)} in every copy now"
            )
        else:
            screen.say(
                f"[yellow]links in readers' copies go on leading to {escape(one.was)}:[/] this edition's links are not"
                " counted, so they don't pass by here"
            )


def _say_mail(letter: Edition, reach: Reach) -> None:
    name = escape(shelf.name(letter))
    screen.say(f"{name} is in review: approved, it goes to {plural.counted(reach.readers, 'reader')}")
    for line in correcting.numbers(reach, unknown_too=letter.unknown_too):
        screen.say(f"  {escape(line)}")
    if reach.unknown and not letter.unknown_too:
        screen.say("  --unknown-too would take those in of whom nobody knows")
    screen.say(f"newsletter editions edit {name} changes its words, newsletter editions approve {name} sends it")


def _so_far(app: Any, edition: Edition) -> dict[str, Any]:
    with app.database.read() as session:
        history = corrections.history(session, edition.id)
        mails = corrections.mails(session, edition.id)
    return {
        "corrections": [{"at": one.at, "by": one.by, "note": one.note} for one in history],
        "mails": [{"edition": shelf.name(one), "state": one.state} for one in mails],
    }


def _show(told: dict[str, Any], edition: Edition) -> None:
    if not told["corrections"]:
        screen.say(f"nothing of {escape(shelf.name(edition))} was corrected; --note says what was wrong")
        return
    rows = [(f"{one['at']:%Y-%m-%d %H:%M}", one["by"], one["note"]) for one in told["corrections"]]
    screen.table(f"Corrections of {shelf.name(edition)}", ("at", "by", "note"), rows, wrap=("note",))
    for one in told["mails"]:
        screen.say(f"{escape(one['edition'])} is {one['state'].spoken}")
