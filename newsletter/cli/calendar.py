"""`newsletter calendar …`: a week's edition put on another day, left out, put back."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import screen, typist
from newsletter.cli.root import now, open_app, program
from newsletter.editions import days
from newsletter.editions.days import Day

commands = typer.Typer(help="Editions on other days than the newsletter's.", no_args_is_help=True)
program.add_typer(commands, name="calendar")

_FORMATS = ["%Y-%m-%d"]
Which = Annotated[datetime, typer.Argument(metavar="DATE", formats=_FORMATS, help="When its edition goes out.")]
Slug = Annotated[str | None, typer.Option("--newsletter", help="Which newsletter, where there are several.")]
Why = Annotated[str, typer.Option(help="Why; the timetable repeats it.")]


@commands.command()
def move(
    context: typer.Context,
    day: Which,
    to: Annotated[datetime, typer.Argument(metavar="TO", formats=_FORMATS, help="When it shall go out instead.")],
    newsletter: Slug = None,
    why: Why = "",
    as_json: screen.Json = False,
) -> None:
    """Let the edition of DATE go out on another day, between the editions around it.

    An edition that is there already goes along, and its editors get a new preview; an approved one has to be
    reopened first.
    """
    from newsletter.jobs import moving  # loads what drafts editions, which the help need not wait for

    app = open_app(context)
    of = app.newsletter(newsletter)
    _say(moving.move(app, of, day.date(), to=to.date(), by=typist.doer(), why=why, now=now()), as_json=as_json)


@commands.command()
def skip(
    context: typer.Context, day: Which, newsletter: Slug = None, why: Why = "", as_json: screen.Json = False
) -> None:
    """Leave out the week of DATE, of which there is no edition yet."""
    from newsletter.jobs import moving

    app = open_app(context)
    of = app.newsletter(newsletter)
    _say(moving.move(app, of, day.date(), to=None, by=typist.doer(), why=why, now=now()), as_json=as_json)


@commands.command()
def back(context: typer.Context, day: Which, newsletter: Slug = None, as_json: screen.Json = False) -> None:
    """Leave the week of DATE to the timetable again."""
    from newsletter.jobs import moving

    app = open_app(context)
    of = app.newsletter(newsletter)
    _say(moving.put_back(app, of, day.date(), by=typist.doer(), now=now()), as_json=as_json)


def _say(day: Day, *, as_json: bool) -> None:
    if as_json:
        screen.data(asdict(day) | {"reason": days.reason(day)})
        return
    goes = f"goes out on [bold]{_spoken(day.date)}[/]" if day.date else "[bold]is left out[/]"
    reason = f": {escape(days.reason(day))}" if days.reason(day) else ""
    screen.say(f"the edition of the week of {days.spoken(day.week)} {goes}{reason}")


def _spoken(day: date) -> str:
    return days.spoken(day)
