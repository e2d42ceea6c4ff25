"""`newsletter webhooks …`: addresses of other programs that are told what happens. Secrets are printed once."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import screen, typist
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput
from newsletter.jobs import telling
from newsletter.tracking.webhooks import endpoints, kinds
from newsletter.tracking.webhooks.endpoints import Secret
from newsletter.tracking.webhooks.models import Endpoint, Tried

commands = typer.Typer(
    help="Addresses of other programs that are told what happens, signed and in order.", no_args_is_help=True
)
program.add_typer(commands, name="webhooks")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the webhook, as list shows it.")]


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to post to, over https.")],
    events: Annotated[
        str,
        typer.Option(
            metavar="KINDS",
            help="What it is told, with commas: edition.*, alarm.raised, delivery.bounced (default: all).",
        ),
    ] = "",
    newsletter: Annotated[str, typer.Option(metavar="SLUG", help="Of this newsletter alone (default: all).")] = "",
) -> None:
    """Tell URL what happens from now on. Prints the secret that signs the posts, once."""
    app, moment = open_app(context), now()
    wanted = events.split(",")
    made = telling.add(app, url, wanted=wanted, newsletter=newsletter, by=typist.doer(), now=moment)
    _hand_on(made, "is told what happens from now on")


@commands.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """All of them, and how they stand."""
    app, moment = open_app(context), now()
    with app.database.read() as session:
        newest = endpoints.newest(session)
        rows = [_row(one, newest, moment) for one in endpoints.all_of_them(session)]
    if as_json:
        screen.data(rows)
        return
    columns = ("number", "url", "newsletter", "events", "stands", "waiting")
    values = [(one["webhook"], one["url"], one["newsletter"] or "all", ", ".join(one["events"]), one["stands"],
               one["waiting"]) for one in rows]  # fmt: skip
    screen.table("Webhooks", columns, values, right=("number", "waiting"), wrap=("url", "events", "stands"))


@commands.command()
def show(context: typer.Context, number: Number, as_json: screen.Json = False) -> None:
    """One of them, and its last posts with their answers."""
    app, moment = open_app(context), now()
    with app.database.read() as session:
        row = _row(endpoints.get(session, number), endpoints.newest(session), moment)
        posts = [_post(one) for one in endpoints.tried(session, number)]
    if as_json:
        screen.data({**row, "posts": posts})
        return
    screen.say(f"[bold]{number}[/] {escape(row['url'])}: {escape(row['stands'])}")
    columns = ("at", "happening", "what", "try", "answer", "ms", "words")
    values = [
        (one["at"][:19], one["happening"] or "", one["type"], one["try"], one["status"] or "none", one["milliseconds"],
         one["words"])
        for one in posts
    ]  # fmt: skip
    screen.table("Last posts", columns, values, right=("happening", "try", "ms"), wrap=("words",))


@commands.command()
def remove(context: typer.Context, number: Number) -> None:
    """Tell it nothing more, and forget it."""
    app = open_app(context)
    with app.database.write() as session:
        endpoint = endpoints.get(session, number)
        endpoints.remove(session, endpoint, by=typist.doer(), now=now())
    screen.say(f"Webhook {number} is gone: {escape(endpoint.url)}")


@commands.command()
def test(context: typer.Context, number: Number) -> None:
    """Post a test to it now; exit code 1 where it is not taken."""
    app = open_app(context)
    answer = telling.test(app, number, now=now())
    if not answer.is_taken:
        screen.say(f"Not taken: {escape(answer.trouble)}")
        raise typer.Exit(1)
    screen.say(f"Taken: it answered {answer.status}{f', {escape(answer.words)}' if answer.words else ''}")


@commands.command()
def rotate(
    context: typer.Context,
    number: Number,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The secret before signs no more: it is in the wrong hands.")
    ] = False,
) -> None:
    """A new secret, printed once; for a day the one before signs beside it."""
    app, moment = open_app(context), now()
    made = telling.rotate(app, number, at_once=at_once, by=typist.doer(), now=moment)
    _hand_on(made, "has a new secret" if at_once else "has a new secret; for a day the one before signs too")


@commands.command()
def replay(
    context: typer.Context,
    number: Number,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Everything since then, in UTC: 2026-11-27 or 2026-11-27T09:00.")
    ] = "",
    happening: Annotated[
        int | None, typer.Option("--from", metavar="HAPPENING", help="From this happening on, as show numbers them.")
    ] = None,
) -> None:
    """Tell it again what happened since a time, or from a happening on; or leave out what it won't take."""
    if bool(since) is (happening is not None):
        raise BadInput("say from where: --since 2026-11-27T09:00, or --from with a happening's number")
    app = open_app(context)
    with app.database.write() as session:
        endpoint = endpoints.get(session, number)
        moment = endpoints.moment(since) if since else None
        count = endpoints.replay(session, endpoint, since=moment, number=happening, by=typist.doer(), now=now())
        off = " once it is enabled" if endpoint.disabled_at else ""
    screen.say(f"Webhook {number} is told {plural.counted(count, 'happening')} again{off}, with the ids they had.")


@commands.command()
def enable(context: typer.Context, number: Number) -> None:
    """Go on where it stopped, or try at once what waits for its next try."""
    app = open_app(context)
    with app.database.write() as session:
        endpoint = endpoints.get(session, number)
        endpoints.enable(session, endpoint, by=typist.doer(), now=now())
        waiting = endpoints.newest(session) - endpoint.cursor
    screen.say(f"Webhook {number} is on; {plural.counted(waiting, 'happening waits', 'happenings wait')} for it.")


@commands.command()
def disable(
    context: typer.Context, number: Number, why: Annotated[str, typer.Option(help="Why; kept beside your name.")] = ""
) -> None:
    """Tell it nothing until it is enabled; what happens meanwhile waits for it, for thirty days."""
    app = open_app(context)
    with app.database.write() as session:
        endpoints.disable(session, endpoints.get(session, number), by=typist.doer(), why=why, now=now())
    screen.say(f"Webhook {number} is off.")


@commands.command("kinds")
def kinds_(context: typer.Context, as_json: screen.Json = False) -> None:
    """What can be told, by name."""
    if as_json:
        screen.data(dict(kinds.KINDS))
        return
    screen.table("Events", ("name", "says"), list(kinds.KINDS.items()), wrap=("says",))


def _hand_on(made: Secret, became: str) -> None:
    screen.say(f"Webhook [bold]{made.endpoint.id}[/] {became}: {escape(made.endpoint.url)}")
    screen.say("Its posts are signed with this secret (Standard Webhooks; it is not shown again):")
    screen.say(f"[bold]{made.secret}[/]")


def _row(one: Endpoint, newest: int, moment: datetime) -> dict[str, Any]:
    return {
        "webhook": one.id,
        "url": one.url,
        "newsletter": one.newsletter,
        "events": one.kinds,
        "stands": endpoints.stands(one, now=moment),
        "waiting": newest - one.cursor,
        "made_by": one.made_by,
        "made_at": one.made_at.isoformat(),
    }


def _post(one: Tried) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "happening": one.happening_id,
        "type": one.type,
        "id": one.message_id,
        "try": one.number,
        "status": one.status,
        "milliseconds": round(1000 * one.seconds),
        "words": one.words,
    }
