"""Another hour for one edition: kept among the settings, agreed on with the timetable, told in its history."""

from datetime import datetime, time

from newsletter.app import App
from newsletter.editions import hours, shelf
from newsletter.editions.models import EditionEvent
from newsletter.jobs import setting
from newsletter.staff import acts
from newsletter.staff.acts import Doer

_LONGEST_REASON = 300


def to_hour(app: App, edition_id: int, at: time | None, *, by: Doer, why: str = "", now: datetime) -> datetime:
    """Let the edition go out *at* that hour of its day, on the newsletter's clock; None: at the usual one.

    Returns the moment in UTC. Raises BadInput for an hour that is past, and WrongState once its sending has begun.
    Of a process that dies between the two steps the setting is left, and the timetable follows it at its next tick.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        newsletter = app.newsletter(edition.newsletter)
        hours.refuse(session, newsletter, edition, at or newsletter.send.at, now)
    wanted = hours.with_hour(newsletter, edition.date, at)
    if wanted != newsletter.hours:
        app = setting.put(app, {f"newsletters.{newsletter.slug}.hours": list(wanted)}, by=by, now=now, seen=app.change)
    newsletter = app.newsletter(edition.newsletter)
    said = " ".join(why.split())[:_LONGEST_REASON]
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        due_at = hours.bring(session, newsletter, edition, now)
        hour = newsletter.hour(edition.date)
        reason = f"goes out at {hour:%H:%M}{f': {said}' if said else ''}"
        session.add(EditionEvent(edition_id=edition.id, state=edition.state, by=by.who, reason=reason, at=now))
        details = {"reason": said} if said else {}
        acts.note(session, by, "chose another hour", shelf.name(edition), now=now, hour=f"{hour:%H:%M}", **details)
    return due_at
