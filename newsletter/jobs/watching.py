"""The watchdog by the clock: what it finds, where alarms are posted, and the pulse that is missed when it stops."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import logs, plural
from newsletter.app import App
from newsletter.delivery.operations import crew
from newsletter.editions import watch
from newsletter.editions.models import Alarm
from newsletter.tracking import posting, watchdog

log = logs.get_logger(__name__)

LOOK_EVERY = timedelta(minutes=1)
POST_EVERY = timedelta(seconds=30)
PULSE_EVERY = timedelta(minutes=1)
#: what could not be posted for so long is not news any more; it stands on the desk
_GIVEN_UP = timedelta(days=1)
#: alarms posted in one go
_AT_ONCE = 20


def look(session: Session, app: App, *, now: datetime) -> None:
    """Ring for what went wrong or is over, once a minute of all processes together."""
    if watch.take_turn(session, "watchdog", LOOK_EVERY, now):
        watchdog.look(session, app.settings, now=now)
        watch.beat(session, "watchdog", now)


def waits(session: Session, app: App, *, now: datetime) -> bool:
    """Whether there are alarms to post, and it is time to."""
    if not app.settings.watchdog.webhook.get_secret_value():
        return False
    is_due = session.scalar(select(Alarm.id).where(Alarm.posted_at.is_(None)).limit(1)) is not None
    return is_due and watch.take_turn(session, "posts", POST_EVERY, now)


def post(app: App, *, now: datetime) -> str:
    """Post the alarms that were not; one that can't be is tried for a day. What came of it, in words.

    Killed between the answer and the note of it, one is posted twice, with the same id.
    """
    rules = app.settings.watchdog
    with app.database.read() as session:
        query = select(Alarm).where(Alarm.posted_at.is_(None)).order_by(Alarm.id).limit(_AT_ONCE)
        waiting = [(one.id, one.text, one.at) for one in session.scalars(query)]
    posted = 0
    for number, text, at in waiting:
        trouble = ""
        if now - at <= _GIVEN_UP:
            said = {"type": "alarm", "id": f"alarm-{number}", "at": at.isoformat(), "text": text}
            trouble = posting.post(
                rules.webhook.get_secret_value(), said, message_id=f"alarm-{number}",
                secret=rules.webhook_secret.get_secret_value(), fetch=app.settings.fetch, now=now,
            )  # fmt: skip
        if trouble:
            log.warning("alarm.not_posted", alarm=number, why=trouble)
            return f"{plural.counted(posted, 'alarm')} posted; the next could not be: {trouble}"
        with app.database.write() as session:
            session.get_one(Alarm, number).posted_at = now
        posted += 1
    return f"{plural.counted(posted, 'alarm')} posted"


def beats(session: Session, app: App, *, now: datetime) -> bool:
    """Whether it is time to give a sign of life: a scheduler runs, and a Friday could go out."""
    if not app.settings.watchdog.heartbeat.get_secret_value() or crew.missing(session, app.settings, now=now):
        return False
    return watch.take_turn(session, "pulse", PULSE_EVERY, now)


def pulse(app: App) -> str:
    """Give it; what came of it, in words."""
    trouble = posting.get(app.settings.watchdog.heartbeat.get_secret_value(), fetch=app.settings.fetch)
    return f"not heard: {trouble}" if trouble else "heard"
