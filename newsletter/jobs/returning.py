"""What came back by mail is collected: by the clock, which waits at the server where it can, or by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import watch
from newsletter.errors import ConfigError, MailboxClosed
from newsletter.tracking.bounces.understanding import understand
from newsletter.tracking.mailbox import imap, progress
from newsletter.tracking.mailbox import session as sessions
from newsletter.tracking.mailbox.collecting import Collected, read
from newsletter.tracking.mailbox.maildir import Maildir
from newsletter.tracking.mailbox.places import Place
from subscribers import returned

#: before the next look is due the connection is given up, so that the next one makes it anew
_MARGIN = timedelta(seconds=30)


def due(session: Session, app: App, *, now: datetime) -> bool:
    """Whether there is a mailbox, and it is time to look into it."""
    mailbox = app.settings.mailbox
    return (
        mailbox.is_read
        and progress.is_due(session, _places(app.settings), now=now)
        and watch.take_turn(session, "bounces", timedelta(minutes=mailbox.every), now)
    )


def by_the_clock(app: App, *, clock: Callable[[], datetime], stop: Event | None = None) -> str:
    """Collect, and wait for more until the next look is due; what goes wrong is kept, and told when it lasts."""
    stop = stop or Event()
    until = clock() + timedelta(minutes=app.settings.mailbox.every) - _MARGIN
    try:
        collected = collect(app, clock=clock, goes_on=lambda: not stop.is_set() and clock() < until)
    except MailboxClosed as error:
        _failed(app, error, now=clock())
        return f"could not be read: {error}"
    return str(collected)


def collect(app: App, *, clock: Callable[[], datetime], goes_on: Callable[[], bool] = lambda: False) -> Collected:
    """Take in what lies in the mailbox; while it *goes_on*, wait at the server for more. Raises MailboxClosed."""
    settings, collected = app.settings, Collected()
    if not settings.mailbox.is_read:
        raise ConfigError("no mailbox is set up: set mailbox.host, or mailbox.maildir (docs/bounces.md)")
    if settings.mailbox.maildir:
        _look(app, Maildir(settings.path(settings.mailbox.maildir), settings.mailbox), collected, clock)
    if settings.mailbox.host:
        with sessions.connect(settings) as client:
            folders = [imap.Folder(client, settings.mailbox, name) for name in settings.mailbox.folders]
            while True:
                for folder in folders:
                    _look(app, folder, collected, clock)
                if not goes_on() or not folders[0].wait(goes_on):
                    break
    return collected


def collect_again(app: App, *, clock: Callable[[], datetime]) -> Collected:
    """Look through what was read and moved, for what this database does not know: after a backup was restored.

    Raises MailboxClosed where there is no such folder.
    """
    settings, collected = app.settings, Collected()
    # it lies where it belongs
    mailbox = settings.mailbox.model_copy(update={"after": "flag"})
    if mailbox.maildir:
        place = Maildir(settings.path(mailbox.maildir), mailbox)
        if place.done.path.is_dir():
            _look(app, place.done, collected, clock, again=True)
        else:  # it is made when the first letter is moved
            place.describe()
    if mailbox.host:
        with sessions.connect(settings) as client:
            _look(app, imap.Folder(client, mailbox, mailbox.done_folder), collected, clock, again=True)
    return collected


def sweep(session: Session, settings: Settings, *, now: datetime) -> int:
    """Forget the letters whose time is over; the verdicts stay. How many."""
    return returned.forget_old(session, before=now - timedelta(days=settings.mailbox.keep_days))


def _look(app: App, place: Place, collected: Collected, clock: Callable[[], datetime], *, again: bool = False) -> None:
    read(app.database, app.settings, place, understand, collected, clock, again=again)


def _places(settings: Settings) -> list[str]:
    mailbox = settings.mailbox
    found = [imap.key(mailbox, name) for name in mailbox.folders] if mailbox.host else []
    return [*found, Maildir(settings.path(mailbox.maildir), mailbox).key] if mailbox.maildir else found


def _failed(app: App, error: MailboxClosed, *, now: datetime) -> None:
    with app.database.write() as session:
        for_so_long = progress.failed(session, _places(app.settings), str(error), now=now)
        if error.lasting or for_so_long >= progress.ALARM_AFTER:
            text = (
                f"The mailbox that bounces come back to can't be read: {error}. It is tried again; until then nobody"
                " learns of dead addresses, and who leaves by letter stays. newsletter doctor looks at it."
            )
            watch.ring(session, f"mailbox {now:%Y-%m-%d}", text, now)
