"""`newsletter subscribers …`: people and lists, by hand and from files."""

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from newsletter.app import App
from newsletter.cli import inviting, moving, readers, screen
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput
from newsletter.staff.acts import Doer
from subscribers import roll
from subscribers.models import Consent, Subscriber, SuppressionReason

if TYPE_CHECKING:
    from newsletter.jobs.inviting import Asked

people = typer.Typer(help="People, lists, and who must not be mailed.", no_args_is_help=True)
program.add_typer(people, name="subscribers")

Email = Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose.")]
By = Annotated[str, typer.Option(envvar="USER", help="Who does it.")]
Lists = Annotated[list[str] | None, typer.Option("--list", "-l", help="A list; may be given again.")]
Confirmed = Annotated[
    str,
    typer.Option(
        "--confirmed-by",
        metavar="WHERE",
        help="They have said yes already, and this is where it is on record, such as “form at the fair, 3 May 2024”; it"
        " is kept with their consent, and they get the next edition. Without it they get nothing until they say yes"
        " (--invite).",
    ),
]


@people.command()
def add(
    context: typer.Context,
    email: Email,
    lists: Lists = None,
    name: Annotated[str, typer.Option(help="The name, as they write it.")] = "",
    language: Annotated[str, typer.Option(help="Such as en or pt-BR.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/London.")] = "",
    confirmed_by: Confirmed = "",
    again: Annotated[bool, typer.Option("--again", help="They left, and ask to come back.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="Mail them a link to confirm by, now.")] = False,
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Put one person on lists."""
    from newsletter.jobs import people as verbs

    if invite and confirmed_by:
        raise BadInput("say one of --invite and --confirmed-by: who has said yes is not asked again")
    app, moment = open_app(context), now()
    with app.database.write() as session:
        person = verbs.add(
            session, email, name=name, language=language, time_zone=time_zone, lists=lists or (),
            confirmed_by=confirmed_by, again=again, by=Doer(by, "command line"), now=moment,
        )  # fmt: skip
        standing = roll.subscriptions(session, person.id)
    asked = _asked(app, person.id, lists) if invite else []
    if json:
        screen.data(_shown(person, standing) | ({"not_invited": asked[0].reason} if asked else {}))
    else:
        where = ", ".join(f"{slug} ({consent})" for slug, consent in standing.items()) or "on no list"
        screen.console.print(f"{person.email}: {where}", markup=False)
        if asked:
            inviting.tell(asked)
            screen.say_where_mail_goes(app.settings)
        elif Consent.PENDING in standing.values():
            inviting.hint(escape(person.email))
    if asked and asked[0].reason:
        raise typer.Exit(1)


people.command()(inviting.invite)
people.command()(readers.show)
people.command()(readers.form)
people.command()(readers.reasons)
people.command()(readers.letter)
people.add_typer(readers.segments, name="segments")


people.command("import")(moving.import_)
people.command()(moving.export)


@people.command("list")
def list_(
    context: typer.Context,
    on: Annotated[str, typer.Option("--list", "-l", help="Which list.")] = "weekly",
    consent: Annotated[Consent, typer.Option(help="Who stands so with it.")] = Consent.CONFIRMED,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 1000,
    json: screen.Json = False,
) -> None:
    """Show who is on a list."""
    app = open_app(context)
    with app.database.read() as session:
        shown = list(islice(roll.on_list(session, on, consent=consent), limit))
    if json:
        screen.data([_shown(person) for person in shown])
        return
    rows = [(person.id, person.email, person.name, person.language, person.time_zone) for person in shown]
    screen.table(
        f"{on}, {consent}: {len(rows):,}",
        ("id", "address", "name", "language", "time zone"),
        rows,
        right=("id",),
        wrap=("name",),
    )
    if len(shown) == limit:
        screen.say(f"[dim]the first {limit:,}; --limit shows more, export writes all[/]")


@people.command()
def lists(
    context: typer.Context,
    create: Annotated[str, typer.Option(help="Make this list, such as retail-tech.")] = "",
    title: Annotated[str, typer.Option(help="What the new list is called.")] = "",
    json: screen.Json = False,
) -> None:
    """Show the lists with their figures, or make one."""
    app = open_app(context)
    if create:
        with app.database.write() as session:
            roll.create_list(session, create, title=title, now=now())
    with app.database.read() as session:
        counts = roll.lists(session)
    if json:
        screen.data([asdict(count) for count in counts])
        return
    figures = ("confirmed", "pending", "unsubscribed")
    rows = [
        (count.slug, count.title, *(f"{figure:,}" for figure in (count.confirmed, count.pending, count.unsubscribed)))
        for count in counts
    ]
    screen.table("Lists", ("list", "title", *figures), rows, right=figures, wrap=("title",))


@people.command()
def suppress(
    context: typer.Context,
    email: Email,
    reason: Annotated[SuppressionReason, typer.Option(help="Why.")] = SuppressionReason.MANUAL,
    note: Annotated[str, typer.Option(help="In your words.")] = "",
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Never mail an address again, whether or not it is anybody's here."""
    from newsletter.jobs import people as verbs

    doer = Doer(by, "command line")
    changed = verbs.suppress(open_app(context), email, reason=reason, note=note, by=doer, now=now())
    _done(email, changed, "suppressed", "was suppressed already", json)


@people.command()
def unsuppress(
    context: typer.Context,
    email: Email,
    why: Annotated[str, typer.Option(help="Why mail may go there again; it is kept with the history.")] = "",
    despite_complaint: Annotated[
        bool, typer.Option("--despite-complaint", help="They reported us as spam, and have asked for mail since.")
    ] = False,
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Allow mail to an address again: what came back from it until now counts no more."""
    from newsletter.jobs import people as verbs

    doer = Doer(by, "command line")
    changed = verbs.lift(open_app(context), email, why=why, despite_complaint=despite_complaint, by=doer, now=now())
    _done(email, changed, "may be mailed again", "was not suppressed", json)


@people.command()
def unsubscribe(
    context: typer.Context, email: Email, lists: Lists = None, by: By = "operator", json: screen.Json = False
) -> None:
    """Take a person off lists, or off all of them."""
    from newsletter.jobs import people as verbs

    app = open_app(context)
    with app.database.read() as session:
        person = roll.get(session, email)
    changed = verbs.unsubscribe(app, person.id, lists, by=Doer(by, "command line"), now=now())
    _done(email, changed > 0, "unsubscribed", "was on none of them", json)


@people.command()
def erase(
    context: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Forget a person for good; a suppression of the address stays."""
    from newsletter.jobs import people as verbs

    app = open_app(context)
    if not yes:
        typer.confirm(f"Delete {email} with name, lists and history, for good?", abort=True)
    with app.database.read() as session:
        person = roll.get(session, email)
    erased = verbs.erase(app, person.id, by=Doer(by, "command line"), now=now())
    _done(email, erased, "erased", "was not here", json)


def _asked(app: App, subscriber_id: int, lists: list[str] | None) -> "list[Asked]":
    from newsletter.jobs import inviting as letters  # loads most of the product, which `list` need not wait for

    return list(letters.invite(app, [subscriber_id], lists=lists, again=True, clock=now))


def _shown(person: Subscriber, standing: dict[str, Consent] | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
    }
    return row if standing is None else row | {"lists": standing}


def _done(email: str, changed: bool, done: str, already: str, json: bool) -> None:
    if json:
        screen.data({"email": email, "changed": changed})
    else:
        screen.console.print(f"{email} {done if changed else already}", markup=False)
