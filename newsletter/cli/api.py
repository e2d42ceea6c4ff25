"""`newsletter api …`: tokens for other programs, and the description of what they can ask."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import screen, typist
from newsletter.cli.root import now, open_app, program
from newsletter.errors import BadInput
from newsletter.staff import tokens, users
from newsletter.staff.roles import ROLES, May

commands = typer.Typer(help="The JSON API: tokens for other programs, and its description.", no_args_is_help=True)
_tokens = typer.Typer(help="What programs show in place of somebody.", no_args_is_help=True)
program.add_typer(commands, name="api")
commands.add_typer(_tokens, name="token")

_SCOPES = "; ".join(f"{tokens.spoken(may)}: {may.value}" for may in May)


@_tokens.command()
def make(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for, as the audit log shall call it.")],
    owner: Annotated[str, typer.Option(metavar="ADDRESS", help="The account that it acts for.")],
    may: Annotated[
        list[str] | None, typer.Option(help=f"What it may, again for more (default: look). {_SCOPES}.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All that its owner may now.")] = False,
    days: Annotated[int, typer.Option(help=f"How long it is good, at most {tokens.LONGEST.days}.")] = tokens.USUAL.days,
) -> None:
    """Make a token, and show it: once, for nobody can read it again."""
    app, moment = open_app(context), now()
    if not 1 <= days <= tokens.LONGEST.days:
        raise BadInput(f"a token is good for 1 to {tokens.LONGEST.days} days")
    with app.database.write() as session:
        user = users.get(session, owner)
        wanted = ROLES[user.role] if everything else tokens.scope(may or [tokens.spoken(May.LOOK)])
        good_for = timedelta(days=days)
        made, shown = tokens.make(session, user, name, wanted, good_for=good_for, by=typist.doer(), now=moment)
    screen.say(
        f"Token {made.id}, [bold]{escape(made.name)}[/], acts for {escape(user.email)} and may"
        f" {', '.join(made.scope)}, for {plural.counted(days, 'day')}. It is not shown again:"
    )
    typer.echo(shown)


@_tokens.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """Every token, without its secret."""
    app, moment = open_app(context), now()
    with app.database.read() as session:
        found = tokens.all_of_them(session)
    rows = [
        {
            "number": token.id,
            "name": token.name,
            "owner": user.email,
            "may": token.scope,
            "stands": tokens.stands(token, user, now=moment),
            "until": token.until,
            "used": token.used_at,
        }
        for token, user in found
    ]
    if as_json:
        screen.data(rows)
        return
    columns = ("number", "name", "owner", "may", "stands", "until", "last used")
    values = [
        (token.id, token.name, user.email, ", ".join(token.scope), tokens.stands(token, user, now=moment),
         f"{token.until:%Y-%m-%d}", f"{token.used_at:%Y-%m-%d %H:00}" if token.used_at else "never")
        for token, user in found
    ]  # fmt: skip
    screen.table("API tokens", columns, values, right=("number",), wrap=("name", "may"))


@_tokens.command()
def revoke(
    context: typer.Context, number: Annotated[int, typer.Argument(help="As `newsletter api token list` shows it.")]
) -> None:
    """End a token at once."""
    app = open_app(context)
    with app.database.write() as session:
        token = tokens.revoke(session, number, by=typist.doer(), now=now())
    screen.say(f"Token {token.id}, [bold]{escape(token.name)}[/], is good for nothing any more.")


@commands.command()
def openapi(context: typer.Context) -> None:
    """Print what can be asked, as OpenAPI 3.1."""
    from newsletter import config
    from newsletter.web.api import describing

    screen.data(describing.description(config.load(context.find_root().obj).public_url))
