"""`newsletter scheduler` and `newsletter timetable`: the clock, and what it will do."""

import runpy
import sys
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.config import Newsletter
from newsletter.editions import calendar, days, forecast, watch
from newsletter.editions.forecast import Forecast
from newsletter.editions.models import Job

#: when sending begins, where each reader has a morning of their own
_FIRST = "first mornings"


@program.command()
def scheduler(context: typer.Context) -> None:
    """Run the timetable until SIGTERM or Ctrl+C."""
    home = context.find_root().obj
    sys.argv = ["scheduler", *(["--home", str(home)] if home else [])]
    # run, not imported: it is the outermost thing, as `python -m scheduler` is
    runpy.run_module("scheduler", run_name="__main__")


@program.command()
def timetable(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(help="Only this newsletter.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many editions ahead.")] = 4,
    as_json: screen.Json = False,
) -> None:
    """Show what will be done next, in the newsletter's own time and in UTC, and what will not."""
    app = open_app(context)
    chosen = [app.newsletter(newsletter)] if newsletter else list(app.settings.newsletters.values())
    if not chosen:
        app.newsletter()  # says how to set one up
    with app.database.read() as session:
        told = [(one, forecast.forecast(session, one, now(), editions=weeks)) for one in chosen]
        is_running = watch.is_ticking(session, now())
    if as_json:
        screen.data([entry for one, found in told for entry in _entries(one, found)])
        return
    for one, found in told:
        _show(one, found)
    if not is_running:
        screen.say("[yellow]No scheduler is running: nothing of this happens before newsletter scheduler does.[/]")


def _show(one: Newsletter, found: Forecast) -> None:
    rows = [
        (e["edition"], e["job"], f"{e['local']:%a %d %b %Y %H:%M %Z}", f"{e['utc']:%a %H:%M}", _remark(e))
        for e in _entries(one, found)
    ]
    screen.table(f"{one.title} ({one.time_zone})", ("edition", "job", "local time", "UTC", ""), rows, wrap=("",))
    for sentence in found.not_done:
        screen.say(f"[dim]not done:[/] {escape(sentence)}")
    for day in found.without:
        screen.say(f"[yellow]no edition[/] in the week of {days.spoken(day.week)}: {escape(days.reason(day))}")
    if one.local_morning:
        screen.say(
            f"Each reader gets it at {one.send.at:%H:%M} on their own clock: “{_FIRST}” is that hour at UTC+14, and"
            " “send” in the newsletter's own zone. What nobody has approved by then is held."
        )


def _remark(entry: dict[str, Any]) -> str:
    """What it depends on, and with the sending why it is not the usual day."""
    moved = entry["moved"] if entry["job"] == Job.SEND else ""
    return "; ".join(part for part in (entry["note"], moved) if part)


def _entries(newsletter: Newsletter, found: Forecast) -> list[dict[str, Any]]:
    coming = [(one.date, one.job.value, one.at, one.note, one.day) for one in found.coming]
    if newsletter.local_morning:
        sends = [one for one in found.coming if one.job is Job.SEND]
        first = [(one.date, _FIRST, calendar.opens(newsletter, Job.SEND, one.date), "", one.day) for one in sends]
        coming = sorted([*coming, *(entry for entry in first if entry[2] > now())], key=lambda entry: entry[2])
    return [
        {
            "newsletter": newsletter.slug,
            "edition": day,
            "job": job,
            "local": at.astimezone(newsletter.zone),
            "utc": at,
            "note": note,
            "week": of.week if of else None,
            "moved": days.reason(of) if of else "",
        }
        for day, job, at, note, of in coming
    ]
