"""`newsletter users …`: who works at the desk. Links are printed here, once, for somebody to hand on."""

from typing import Annotated

import typer
from rich.markup import escape

from newsletter.app import App
from newsletter.cli import screen, typist
from newsletter.cli.root import now, open_app, program
from newsletter.staff import keys, users
from newsletter.staff.models import Role, User
from newsletter.staff.roles import SAID

commands = typer.Typer(help="Who works at the desk: accounts, roles, links to come in.", no_args_is_help=True)
program.add_typer(commands, name="users")

_ROLES = " ".join(f"{role.value.capitalize()}: {said}." for role, said in SAID.items())

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Of the account.")]


@commands.command()
def add(
    context: typer.Context,
    address: Address,
    role: Annotated[
        Role | None, typer.Option(help=f"What they may do (default: editor; the first one: admin). {_ROLES}")
    ] = None,
    name: Annotated[str, typer.Option(help="As colleagues see them.")] = "",
) -> None:
    """Make an account, and a link by which they choose a password: good once, for a week."""
    app, moment = open_app(context), now()
    with app.database.write() as session:
        chosen = role or (Role.EDITOR if users.are_there(session) else Role.ADMIN)
        user = users.add(session, address, chosen, name=name, by=typist.doer(), now=moment)
        token = keys.make(session, user, now=moment)
    screen.say(f"[bold]{escape(user.email)}[/] is {user.role.value}: {SAID[user.role]}.")
    _hand_on(app, token)


@commands.command("list")
def list_(context: typer.Context, as_json: screen.Json = False) -> None:
    """Everybody who has an account."""
    app = open_app(context)
    with app.database.read() as session:
        found = users.all_of_them(session)
    rows = [
        {
            "address": user.email,
            "name": user.name,
            "role": user.role.value,
            "stands": "closed" if user.closed_at else "open" if user.password else "no password",
            "second_factor": bool(user.sealed_totp),
        }
        for user in found
    ]
    if as_json:
        screen.data(rows)
        return
    columns = ("address", "name", "role", "stands", "second factor")
    values = [(*list(row.values())[:4], "yes" if row["second_factor"] else "no") for row in rows]
    screen.table("Accounts", columns, values, wrap=("name",))


@commands.command()
def role(
    context: typer.Context, address: Address, role: Annotated[Role, typer.Argument(help=f"What they may do. {_ROLES}")]
) -> None:
    """Give an account another role; it counts from the next page on."""
    app = open_app(context)
    with app.database.write() as session:
        user = users.get(session, address)
        users.set_role(session, user, role, by=typist.doer(), now=now())
    screen.say(f"[bold]{escape(user.email)}[/] is {user.role.value}: {SAID[user.role]}.")


@commands.command()
def reset(context: typer.Context, address: Address) -> None:
    """Forget password, second factor and sessions, and make a link to begin anew."""
    app, moment = open_app(context), now()
    with app.database.write() as session:
        user = users.get(session, address)
        users.forget_proofs(session, user, by=typist.doer(), now=moment)
        token = keys.make(session, user, now=moment)
    screen.say(f"[bold]{escape(user.email)}[/] is signed out everywhere; password and second factor are forgotten.")
    _hand_on(app, token)


@commands.command()
def close(context: typer.Context, address: Address) -> None:
    """Let somebody in no more; what they did stays written."""
    _change(context, address, users.close, "can't come in any more")


@commands.command()
def reopen(context: typer.Context, address: Address) -> None:
    """Let them in again."""
    _change(context, address, users.reopen, "can come in again")


def _change(context: typer.Context, address: str, verb: "users.Verb", became: str) -> None:
    app = open_app(context)
    with app.database.write() as session:
        user: User = users.get(session, address)
        verb(session, user, by=typist.doer(), now=now())
    screen.say(f"[bold]{escape(user.email)}[/] {became}.")


def _hand_on(app: App, token: str) -> None:
    screen.say("They choose a password at this address (good once, for a week; it is not shown again):")
    screen.say(f"[bold]{app.settings.public_url}{keys.path(token)}[/]")
