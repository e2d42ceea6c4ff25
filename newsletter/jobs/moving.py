"""A week's edition put on another day, by any door: written into the audit log, and the editors get the new preview."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import days, hours, moving, shelf
from newsletter.editions.days import Day, Diary
from newsletter.jobs import drafting, setting
from newsletter.staff import acts
from newsletter.staff.acts import Doer


def move(
    app: App, newsletter: Newsletter, day: date, *, to: date | None, by: Doer, why: str = "", now: datetime
) -> Day:
    """Let the edition of *day* go out on *to*, or with None leave its week out; raises as `editions.moving.move`."""
    with app.database.write() as session:
        was = Diary(session, newsletter, now).on(day)
        found = moving.move(session, newsletter, day, to=to, by=by.who, why=why, now=now)
        _tell(session, newsletter, was, found, by, now)
    _bring_hour(app, newsletter.slug, was, found, by, now)
    return found


def put_back(app: App, newsletter: Newsletter, day: date, *, by: Doer, now: datetime) -> Day:
    """Leave the week of *day* to the timetable and its rule again; raises as `editions.moving.put_back`."""
    with app.database.write() as session:
        was = Diary(session, newsletter, now).on(day)
        found = moving.put_back(session, newsletter, day, by=by.who, now=now)
        _tell(session, newsletter, was, found, by, now)
    _bring_hour(app, newsletter.slug, was, found, by, now)
    return found


def _bring_hour(app: App, slug: str, was: Day | None, found: Day, by: Doer, now: datetime) -> None:
    """Let an hour of its own go with the edition, unless it is past there; the timetable follows at its next tick.

    Of a process that dies before, the edition goes out at the usual hour of its new day, as every page says.
    """
    if not (was and was.date and found.date) or was.date == found.date:
        return
    newsletter = app.current().newsletter(slug)
    hour = newsletter.hour(was.date)
    wanted = hours.with_hour(newsletter, found.date, hour)
    if wanted != newsletter.hours and days.instant(found.date, hour, newsletter.zone) > now:
        setting.put(app, {f"newsletters.{newsletter.slug}.hours": list(wanted)}, by=by, now=now)


def _tell(session: Session, newsletter: Newsletter, was: Day | None, found: Day, by: Doer, now: datetime) -> None:
    went, goes = (str(day) if day else "no edition" for day in (was and was.date, found.date))
    acts.note(session, by, "moved an edition", f"{newsletter.slug}/{found.week}", now=now, was=went, to=goes)
    edition = shelf.of_date(session, newsletter.slug, found.date) if found.date and went != goes else None
    if edition is not None:
        drafting.tell_editors(session, edition, f"moved to {days.spoken(edition.date)} by {by.who}", now)
