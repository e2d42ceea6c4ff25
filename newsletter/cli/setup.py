"""Setting up: init, db upgrade, doctor."""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import config, db, doctor
from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.doctor import Level
from newsletter.errors import WrongState
from newsletter.jobs import restoring
from subscribers import roll

_MARKS = {Level.GOOD: "[green]✓[/]", Level.NOTE: "[yellow]![/]", Level.BAD: "[red]✗[/]"}

_TEMPLATE = """\
# Settings of the newsletter. NEWSLETTER_… in the environment overrides what stands here:
# [smtp] host is NEWSLETTER_SMTP_HOST, and every key may be given as …_FILE, a file that holds the value.

# signs the links in the mails; keep it secret, and keep it: changing it breaks links already sent
secret = "{secret}"

# where readers reach the pages (unsubscribe, view in browser); https once you are live
public_url = "http://127.0.0.1:8025"

# "maildir" writes real mail to a folder; "smtp" and "sendgrid" send it
sender = "maildir"

[smtp]
# host = "smtp.example.com"
# username = "friday"
# password: NEWSLETTER_SMTP_PASSWORD or NEWSLETTER_SMTP_PASSWORD_FILE

[sendgrid]
# api_key: NEWSLETTER_SENDGRID_API_KEY or NEWSLETTER_SENDGRID_API_KEY_FILE
# webhook_key = "…"

[newsletters.friday]
title = "The Friday Five"
from_name = "The Friday Five"
from_address = "friday@example.com"
reply_to = "editors@example.com"
postal_address = "Your street, your town, your country"
time_zone = "Europe/London"
lists = ["weekly"]
editors = []

# the timetable, on the newsletter's own clock
assemble = "thu 16:00"
lock = "fri 08:00"
send = "fri 09:00"

# what matters to your readers: phrases with weights; the picker looks for them
[newsletters.friday.interests]
"self-checkout" = 2
"livestream shopping" = 2
"""

_database = typer.Typer(help="The database.", no_args_is_help=True)
program.add_typer(_database, name="db")


@program.command()
def init(context: typer.Context) -> None:
    """Make newsletter.toml, the database and the first list, in this folder."""
    home: Path = (context.find_root().obj or Path()).absolute()
    file = home / config.FILE_NAME
    if file.exists():
        raise WrongState(f"{file} is there already; edit it, or choose another folder with --home")
    home.mkdir(parents=True, exist_ok=True)
    _write_secretly(file, _TEMPLATE.format(secret=secrets.token_urlsafe(36)))
    app = open_app(context, fresh=True)
    db.upgrade(app.database)
    with app.database.write() as session:
        for slug in app.newsletter().lists:
            roll.create_list(session, slug, now=now())
    screen.say(f"[green]✓[/] {file}")
    screen.say(f"[green]✓[/] {app.database.url.render_as_string(hide_password=True)}")
    screen.say("Next: edit the file; then [bold]newsletter sources add[/], [bold]newsletter subscribers import[/],")
    screen.say("and [bold]newsletter doctor[/], which says what is still missing.")


@_database.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables up to this version's; harmless when they already are."""
    app = open_app(context, fresh=True)
    db.upgrade(app.database)
    screen.say(f"[green]✓[/] {app.database.url.render_as_string(hide_password=True)} is up to date")


@_database.command()
def restored(
    context: typer.Context,
    by: Annotated[str, typer.Option(envvar="USER", help="Who does it.")] = "operator",
    json: screen.Json = False,
) -> None:
    """After restoring a backup, before anything is started: nothing that may have been sent is sent again.

    Copies that are not proved to be accepted become unknown, approved editions are held, and what the clock
    would catch up on is left to you.
    """
    made_safe = restoring.restored(open_app(context), by=by, now=now())
    if json:
        screen.data(asdict(made_safe))
        return
    screen.say(f"{made_safe.unknown} readers are unknown now; events that still come may prove their copies")
    screen.say(f"held, for they may have been sent: {escape(', '.join(made_safe.held) or 'no edition')}")
    screen.say(f"sendings taken from the clock: {made_safe.given_up}")
    screen.say("Look at what readers have; then [bold]newsletter deliveries resolve[/], or approve what was not sent.")


@program.command("doctor")
def _doctor(context: typer.Context, json: screen.Json = False) -> None:
    """What is configured, reachable, missing; exit code 1 where something will not work."""
    findings = doctor.examine(open_app(context, fresh=True), now=now())
    if json:
        screen.data([asdict(finding) for finding in findings])
    for finding in findings if not json else ():
        screen.console.print(_MARKS[finding.level], f"[bold]{finding.name:<12}[/]", end=" ")
        screen.console.print(finding.text, markup=False, soft_wrap=True)
    if any(finding.level is Level.BAD for finding in findings):
        raise typer.Exit(1)


def _write_secretly(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    file.touch(mode=0o600)
    file.write_text(text, "utf-8")
