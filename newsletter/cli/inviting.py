"""`newsletter subscribers invite`: ask people who wait for their confirmation, and say what came of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import screen
from newsletter.cli.root import now, open_app
from newsletter.errors import BadInput
from subscribers import roll, waiting

if TYPE_CHECKING:
    from newsletter.jobs.inviting import Asked


def invite(
    context: typer.Context,
    emails: Annotated[
        list[str] | None, typer.Argument(metavar="ADDRESS", help="Who is asked, even if they were lately.")
    ] = None,
    lists: Annotated[list[str] | None, typer.Option("--list", "-l", help="Who waits on it; may be repeated.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Who waits on any list.")] = False,
    json: screen.Json = False,
) -> None:
    """Mail people who wait for their confirmation a link to confirm by.

    With --list or --all only those whom nobody has asked within a week. Who has left or is suppressed is
    never mailed. Exit code 1 where a letter did not go out.
    """
    from newsletter.jobs import inviting  # loads most of the product, which `list` need not wait for

    if not (emails or lists or everybody):
        raise BadInput("say who is to be asked: addresses, --list, or --all")
    if everybody and (emails or lists):
        raise BadInput("--all is everybody: say no addresses and no --list with it")
    app = open_app(context)
    with app.database.read() as session:
        ids = (
            list(dict.fromkeys(roll.get(session, email).id for email in emails))
            if emails
            else waiting.due(session, lists, now=now())
        )
    with screen.progress() as bar:
        letters = inviting.invite(app, ids, lists=lists, again=bool(emails), clock=now)
        asked = list(bar.track(letters, total=len(ids), description="inviting"))
    with app.database.read() as session:
        lately = 0 if emails else waiting.waiting(session, lists) - len(asked)
    if json:
        failed = [asdict(one) for one in asked if one.reason]
        screen.data({"invited": [one.email for one in asked if not one.reason], "failed": failed, "not_again": lately})
    else:
        tell(asked, lately)
        if asked:
            screen.say_where_mail_goes(app.settings)
    if any(one.reason for one in asked):
        raise typer.Exit(1)


def tell(asked: "Sequence[Asked]", lately: int = 0) -> None:
    """Say who was asked, who was not and why, and how many were asked lately."""
    failed = [one for one in asked if one.reason]
    if failed:
        screen.table("Not asked", ("address", "reason"), [(one.email, one.reason) for one in failed], wrap=("reason",))
    done = len(asked) - len(failed)
    screen.say(
        f"{done:,} {'letter' if done == 1 else 'letters'} handed over" + (f", {len(failed):,} not" if failed else "")
    )
    if lately:
        screen.say(f"[dim]{lately:,} more wait, and were asked within the week; name an address to ask it again[/]")


def hint(how: str, *, who: str = "they get nothing before they confirm") -> None:
    """Say that nobody is mailed their confirmation by itself."""
    screen.say(f"[dim]{who}: newsletter subscribers invite {how} mails them the link[/]")
