"""`newsletter bounces …`: what came back by mail: collected, listed, shown, judged by hand."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import root, screen
from newsletter.cli.bounces import bounces
from newsletter.cli.controls import By
from newsletter.staff.acts import Doer

if TYPE_CHECKING:
    from newsletter.tracking.models import Returned

Number = Annotated[int, typer.Argument(metavar="ID", help="As newsletter bounces list shows it.")]


@bounces.command()
def collect(
    context: typer.Context,
    again: Annotated[
        bool,
        typer.Option("--again", help="Look through the letters that were moved, too: after a backup was restored."),
    ] = False,
    json: screen.Json = False,
) -> None:
    """Look into the mailbox now, and take in what is new; the scheduler does so by itself."""
    from newsletter.jobs import returning  # with the IMAP library

    app = root.open_app(context)
    found = returning.collect(app, clock=root.now)
    if again:
        found += returning.collect_again(app, clock=root.now)
    if json:
        screen.data({"new": dict(found.new), "known": found.known, "unclear": found.unclear, "left": found.left})
    else:
        screen.say(escape(str(found)))


@bounces.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what was understood.")] = False,
    action: Annotated[str, typer.Option(help="Only failed, delayed, complaint, auto-reply, reply, …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    json: screen.Json = False,
) -> None:
    """The letters that somebody should look at, newest first; the others with --all."""
    from newsletter.tracking.mailbox import progress, shelf

    app = root.open_app(context)
    with app.database.read() as session:
        letters = shelf.newest(session, everything=everything, action=action, limit=limit)
        subjects, counts = shelf.subjects(session, letters), shelf.counts(session)
        unclear, places = shelf.unclear(session), progress.rows(session)
    if json:
        screen.data(
            {
                "counts": dict(counts),
                "to_look_at": unclear,
                "letters": [_data(letter) | {"subject": subjects[letter.id]} for letter in letters],
            }
        )
        return
    title = "Letters" if everything or action else "Letters to look at"
    columns = ("id", "written", "what", "meaning", "code", "reader", "known by", "words or subject")
    rows = [
        (
            letter.id,
            f"{letter.at:%Y-%m-%d %H:%M}",
            letter.action,
            letter.meaning,
            letter.code,
            letter.subscriber_id,
            letter.known_by,
            letter.words or subjects[letter.id],
        )
        for letter in letters
    ]
    # what is known of none of them takes no room
    told = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    screen.table(
        title,
        [columns[place] for place in told],
        [[row[place] for place in told] for row in rows],
        right=("id", "reader"),
        wrap=("words or subject",),
    )
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    screen.say(escape(f"ever taken in: {said or 'none'}; to look at: {unclear:,}"))
    for place in places:
        when = f"last read {place.read_at:%Y-%m-%d %H:%M} UTC" if place.read_at else "never read to its end"
        trouble = f"; not readable now ({plural.counted(place.failures, 'try', 'tries')}): {place.trouble}"
        screen.say(escape(f"{place.place}: {when}{trouble if place.failures else ''}"))


@bounces.command()
def show(
    context: typer.Context,
    number: Number,
    raw: Annotated[bool, typer.Option("--raw", help="The letter alone, as it came.")] = False,
    json: screen.Json = False,
) -> None:
    """One letter: what was made of it and by whom, and its beginning, while that is kept."""
    from newsletter.tracking.mailbox import shelf

    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.show(session, number)
    text = found.raw.decode("utf-8", "replace")
    if json:
        rulings = [
            {"at": one.at, "by": one.by, "said": one.said, "came_of_it": one.came_of_it} for one in found.rulings
        ]
        screen.data(_data(found.letter) | {"rulings": rulings, "text": text})
        return
    if not raw:
        for line in _described(found.letter):
            screen.say(escape(line))
        for one in found.rulings:
            screen.say(escape(f"{one.at:%Y-%m-%d %H:%M} {one.by} said {one.said}: {one.came_of_it}"))
        screen.say("")
    typer.echo(shelf.readable(found.raw) or "the letter itself has been forgotten")


@bounces.command()
def judge(
    context: typer.Context,
    number: Number,
    word: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="dead, full, temporary, no-host, policy, too-large, failed, delayed, complaint, unsubscribe,"
            " auto-reply; seen where it is nothing.",
        ),
    ],
    address: Annotated[str, typer.Option(help="Whom it is about, where that is not known or wrong.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would follow.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Say what a letter is: what would follow is said first, and done when you agree; your name stays beside it.

    It counts for this letter alone: nothing is learned for others like it.
    """
    from newsletter.jobs import judging
    from newsletter.tracking.mailbox import rulings

    app = root.open_app(context)
    with app.database.read() as session:
        sentence = rulings.plan(session, app.settings, number, word, address=address).sentence
    if not dry_run:
        if not yes:
            typer.confirm(f"Letter {number} is {word}: {sentence}. Do it?", abort=True)
        sentence = judging.judge(app, number, word, address=address, by=Doer(by, "command line"), now=root.now())
    if json:
        screen.data({"id": number, "is": word, "came_of_it": sentence, "done": not dry_run})
    else:
        screen.say(escape(f"letter {number} {'would be' if dry_run else 'is'} {word}: {sentence}"))


@bounces.command("take-back")
def take_back(
    context: typer.Context,
    number: Number,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would follow.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Take back what was said last of a letter by hand: it waits for a verdict again, and nothing rests on it."""
    from newsletter.jobs import judging
    from newsletter.tracking.mailbox import rulings

    app = root.open_app(context)
    with app.database.read() as session:
        back = rulings.plan_back(session, number)
        sentence = back.sentence
    if not dry_run:
        if not yes:
            typer.confirm(f"Letter {number} is not {back.ruling.said}: {sentence}. Do it?", abort=True)
        sentence = judging.take_back(app, number, by=Doer(by, "command line"), now=root.now())
    if json:
        screen.data({"id": number, "came_of_it": sentence, "done": not dry_run})
    else:
        screen.say(escape(f"letter {number}: {sentence}"))


def _data(letter: "Returned") -> dict[str, Any]:
    names = [
        "id",
        "at",
        "taken_at",
        "action",
        "meaning",
        "code",
        "lesson",
        "known_by",
        "edition_id",
        "subscriber_id",
        "words",
    ]
    return {name: getattr(letter, name) for name in names} | {"to_look_at": letter.is_odd}


def _described(letter: "Returned") -> list[str]:
    what = (
        letter.action + (f", {letter.meaning}" if letter.meaning else "") + (f" ({letter.code})" if letter.code else "")
    )
    whose = "nobody here that we know of"
    if letter.subscriber_id is not None:
        copy = f" of edition {letter.edition_id}" if letter.edition_id else ""
        whose = f"the copy{copy} to reader {letter.subscriber_id}, known by {letter.known_by}"
    return [
        f"letter {letter.id}, written {letter.at:%Y-%m-%d %H:%M}, taken in {letter.taken_at:%Y-%m-%d %H:%M} UTC",
        f"what it is: {what}",
        f"about: {whose}",
        f"what it taught: {letter.lesson or 'none'}",
        *([f"in their words: {letter.words}"] if letter.words else []),
        *([f"to look at: newsletter bounces judge {letter.id} WHAT"] if letter.is_odd else []),
    ]
