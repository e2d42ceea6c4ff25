"""The broker looked at from time to time, so that every screen can tell of it without asking it."""

from collections.abc import Callable
from datetime import datetime

from newsletter import plural
from newsletter.app import App
from newsletter.delivery.operations import crew
from newsletter.editions import watch


def look(app: App, *, clock: Callable[[], datetime]) -> str:
    """Keep how the queues of hints stand, or why the broker does not say; what came of it, in words."""
    from newsletter.delivery.wire import broker, hints  # with Celery, where it is used at all

    with app.database.write() as session:
        install = crew.install(session)
    try:
        depths = broker.measure(app.settings.broker_url.get_secret_value(), install, list(app.settings.newsletters))
    except hints.troubles() as error:
        why = hints.said(error)
        with app.database.write() as session:
            watch.beat(session, crew.BROKER, clock(), ok=False, result=why)
        return why
    with app.database.write() as session:
        now = clock()
        watch.beat(session, crew.BROKER, now, result="takes hints")
        for slug, depth in depths.items():
            crew.saw(session, slug, waiting=depth.waiting, listening=depth.listening, now=now)
    return plural.counted(len(depths), "queue")
