"""The figures of editions, kept: made when a sending is done, and by the clock as long as an edition moves."""

from datetime import datetime

from newsletter import plural
from newsletter.app import App
from newsletter.tracking.reports import kept


def keep(app: App, edition_id: int, *, now: datetime) -> None:
    """Count an edition and keep what it comes to; nothing is locked while it is counted."""
    with app.database.read() as session:
        report = kept.make(session, app.settings, edition_id, now=now)
    with app.database.write() as session:
        kept.keep(session, report)


def keep_those_due(app: App, *, now: datetime) -> str:
    """Count the editions whose figures are old; how many, in words."""
    with app.database.read() as session:
        found = kept.due(session, now=now)
    for edition_id in found:
        keep(app, edition_id, now=now)
    return plural.counted(len(found), "edition")
