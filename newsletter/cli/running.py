"""`newsletter scheduler` and `newsletter timetable`: the clock, and what it will do."""

import runpy
import sys
from typing import Annotated, Any

import typer

from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.config import Newsletter
from newsletter.editions import calendar
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
    """Show what is due next, in the newsletter's own time and in UTC."""
    app = open_app(context)
    chosen = [app.newsletter(newsletter)] if newsletter else list(app.settings.newsletters.values())
    if as_json:
        screen.data([entry for one in chosen for entry in _entries(one, weeks)])
        return
    if not chosen:
        app.newsletter()  # says how to set one up
    for one in chosen:
        rows = [
            (e["edition"], e["job"], f"{e['local']:%a %d %b %Y %H:%M %Z}", f"{e['utc']:%a %H:%M}")
            for e in _entries(one, weeks)
        ]
        screen.table(f"{one.title} ({one.time_zone})", ("edition", "job", "local time", "UTC"), rows)
        if one.local_morning:
            screen.say(
                f"Each reader gets it at {one.send.at:%H:%M} on their own clock: “{_FIRST}” is that hour at UTC+14, and"
                " “send” in the newsletter's own zone. What nobody has approved by then is held."
            )


def _entries(newsletter: Newsletter, weeks: int) -> list[dict[str, Any]]:
    moment = now()
    coming = [(day, job.value, at) for day, job, at in calendar.ahead(newsletter, moment, weeks)]
    if newsletter.local_morning:
        days = [day for day, job, _ in coming if job == Job.SEND]
        first = [(day, _FIRST, calendar.opens(newsletter, Job.SEND, day)) for day in days]
        coming = sorted([*coming, *(entry for entry in first if entry[2] > moment)], key=lambda entry: entry[2])
    return [
        {"newsletter": newsletter.slug, "edition": day, "job": job, "local": at.astimezone(newsletter.zone), "utc": at}
        for day, job, at in coming
    ]
