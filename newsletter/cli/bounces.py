"""`newsletter bounces …`: what came back by mail, and how it is understood."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter import config
from newsletter.cli import screen
from newsletter.cli.root import program
from newsletter.errors import ConfigError
from newsletter.tracking.bounces import files, telling, whose
from newsletter.tracking.bounces.judgement import Judgement, Lesson
from newsletter.tracking.bounces.understanding import understand

bounces = typer.Typer(no_args_is_help=True, help="What came back by mail: collected, listed, judged, explained.")
program.add_typer(bounces, name="bounces")

_COLOURS = {Lesson.SUPPRESS: "red", Lesson.COUNT: "yellow", Lesson.ALARM: "magenta", Lesson.NONE: "green"}


@bounces.command()
def explain(
    context: typer.Context,
    paths: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Messages, mboxes, Maildirs or folders; - is the input.")
    ],
    as_json: screen.Json = False,
) -> None:
    """Say of each message what it is, whose copy it is about, and what it teaches. Needs no database."""
    secret = _secret(context.find_root().obj)
    found = ((file.name, understand(file.raw)) for path in paths for file in files.read(path))
    if as_json:
        screen.data([_as_data(name, judged, secret) for name, judged in found])
        return
    for name, judged in found:
        _show(name, judged, secret)


def _as_data(name: str, judged: Sequence[Judgement], secret: str) -> dict[str, Any]:
    first, *others = judged
    proved = whose.proved(first, secret) if secret else None
    return {
        "file": name,
        **_values(first),
        "says": telling.tell(first),
        "ours": {"edition": proved[0], "subscriber": proved[1]} if proved else None,
        "others": [_values(one) for one in others],
    }


def _values(judgement: Judgement) -> dict[str, Any]:
    return {
        "action": judgement.action.value,
        "meaning": judgement.meaning.value if judgement.meaning else None,
        "code": judgement.code or None,
        "address": judgement.address or None,
        "token": judgement.token or None,
        "message_id": judgement.message_id or None,
        "lesson": judgement.lesson.value,
        "words": judgement.words or None,
        "list_id": judgement.list_id or None,
        "feedback_id": judgement.feedback_id or None,
    }


def _show(name: str, judged: Sequence[Judgement], secret: str) -> None:
    screen.say(f"[bold]{escape(name)}[/]")
    for judgement in judged:
        follows = telling.follows(judgement)
        screen.say(f"  [{_COLOURS[judgement.lesson]}]{escape(telling.tell(judgement))}[/]")
        if judgement.words:
            screen.say(f"  [dim]“{escape(judgement.words[:200])}”[/]")
        if follows:
            screen.say(f"  {follows}")
    screen.say(f"  [dim]{escape(_about(judged[0], secret))}[/]\n")


def _about(judgement: Judgement, secret: str) -> str:
    """Whose copy it is about, and how that is known."""
    proved = whose.proved(judgement, secret) if secret else None
    if proved:
        return f"Signed here: edition {proved[0]}, subscriber {proved[1]}."
    if judgement.token:
        by = ", which was not signed with the secret of this folder" if secret else ""
        return f"It came to the return address marked {judgement.token}{by}."
    if judgement.message_id:
        return f"It is about the message {judgement.message_id}."
    return "Nothing in it says which copy it is about." if judgement.address else "It names no copy and nobody."


def _secret(home: Path | None) -> str:
    """The secret of the home folder, where there is one: then it can be said which copy is really ours."""
    try:
        return config.load(home).secret.get_secret_value()
    except ConfigError:
        return ""  # a message can be understood without it
