"""A worker: for each edition that is being sent it runs the dispatcher's loop, as the process with the clock would.

A hint only begins that, or changes nothing; the ledger shares the batches out. So a worker keeps answers, waits for
limits and for a database that is away exactly as threads do. Every few seconds it says a word for operators and looks
at the ledger by itself: without any broker it begins a few seconds later, and that is all.
"""

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Event, Lock, Thread

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import clocks, config, db, jobs, logs, plural
from newsletter.app import App
from newsletter.delivery.ledger import claiming, owners
from newsletter.delivery.models import Process, Sending, SendingState
from newsletter.delivery.operations import crew
from newsletter.delivery.wire import hints
from newsletter.delivery.wire.handover import Route
from newsletter.delivery.wire.patience import Patience
from newsletter.editions.models import Edition
from newsletter.errors import ConfigError, NewsletterError, WrongState
from newsletter.jobs import sending
from newsletter.workers.listening import Listener

log = logs.get_logger(__name__)

#: an edition of which nothing can go for so many seconds is left; a hint or a look comes back to it
_IDLE = 30.0
#: seconds after which the database takes back what a worker that fell silent has locked
_HURRY = 20
#: seconds that the database may take to answer a look before that is told, and for how long it is
_LONG = 5.0
_WORTH_TELLING = timedelta(minutes=2)
#: seconds between two looks at whether a name is free
_NAME = 1.0
#: seconds for which an edition that could not be sent from here is left alone
_SPARE = 30.0


class Worker:
    """One process: the editions it is sending. Safe to call from several threads at once."""

    def __init__(
        self,
        app: App,
        *,
        name: str = "",
        newsletters: Collection[str] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        _refuse_unfit(app, newsletters)
        self.app, self.clock = app, clock or app.clock
        # its transactions are short, and while one is open others wait for its locks
        app.database.hurry(_HURRY)
        with app.database.write() as session:
            self.install = crew.install(session)
        self._owner = owners.name()
        self._is_named = bool(name)
        self.process = Process(
            name=name or f"{socket.gethostname()[:40]}/{self.install}/{os.getpid()}",
            owner=self._owner,
            kind=crew.WORKER,
            version=version("newsletter"),
            newsletters=sorted(newsletters),
            settings=crew.fingerprint(app.base),
            started_at=self.clock(),
            seen_at=self.clock(),
            left_at=None,
            doing="starting",
            trouble="",
            ahead=0.0,
            hints=0,
            stale=0,
        )
        #: set to end: what is on the wire is finished, nothing more is begun
        self.stop = Event()
        #: why it must not go on, in a sentence; empty while it may
        self.unfit = ""
        #: set whenever somebody should look at once
        self._turn = Event()
        self._stints: dict[int, Thread] = {}
        self._routes: dict[tuple[int, str], Route] = {}
        self._spared: dict[int, float] = {}
        self._troubles: dict[int, str] = {}
        #: when the database answered after a long time, and how long that was, in seconds
        self._waited: tuple[datetime, float] | None = None
        self._lock = Lock()

    @property
    def busy(self) -> list[int]:
        """The editions it is sending now."""
        with self._lock:
            return [edition_id for edition_id, thread in self._stints.items() if thread.is_alive()]

    def enter(self) -> None:
        """Be known by its name, which may take until a dead one of that name counts as gone.

        Raises WrongState where another one lives by a name that was asked for; another name is made unlike any other.
        """
        heard_at: datetime | None = None
        while not self.stop.is_set():
            now = self.process.seen_at = self.clock()
            with self.app.database.write() as session:
                holder = crew.enter(session, self.process)
                if holder is None:
                    return
                if not self._is_named:
                    self.process.name, self._is_named = f"{self.process.name}/{secrets.token_hex(3)}", True
                elif heard_at is not None and holder.seen_at > heard_at:
                    raise WrongState(crew.taken(self.process.name, holder, now=now))
                else:
                    log.info("worker.waits_for_its_name", name=self.process.name, held_by=holder.owner)
                    heard_at = heard_at or holder.seen_at
            self.stop.wait(_NAME)

    def hear(self, edition_id: int) -> None:
        """A hint: come and help with that edition, unless it is under way here."""
        self.process.hints += 1
        self.process.stale += not self.begin(edition_id)

    def waited(self, seconds: float) -> None:
        """A look took so long, the tries before it included; where that is long, others should know for a while."""
        if seconds > _LONG:
            self._waited = self.clock(), seconds

    def begin(self, edition_id: int) -> bool:
        """Send of that edition what may go, in a thread; False where that is under way, or was no good lately."""
        now = self.clock().timestamp()
        with self._lock:
            thread = self._stints.get(edition_id)
            if self.stop.is_set() or (thread and thread.is_alive()) or self._spared.get(edition_id, 0) > now:
                return False
            self._stints[edition_id] = thread = Thread(
                target=self._stint, args=(edition_id,), name=f"send {edition_id}"
            )
            thread.start()
        return True

    def look(self, *, trouble: str = "") -> None:
        """Say a word, with the *trouble* that others should know of; take over from the dead, and begin what is due."""
        now = self.clock()
        self.app = self.app.current()
        with self.app.database.write() as session:
            is_known = self._speak(session, now, trouble)
            self.unfit = self.unfit or _outdated(self.app) or ("" if is_known else self._usurped(session, now))
            # the scheduler sweeps its own machine's home, and here nothing may be due but what a dead one holds
            sending.take_over(session, self.app, now=now)
            waiting = [
                edition_id for edition_id in claiming.due(session, now=now) if self._is_ours(session, edition_id)
            ]
            is_alone = crew.clockless(session, now=now)
        for edition_id in waiting:
            self.begin(edition_id)
        if is_alone and (work := jobs.stand_in(self.app, now=now)):
            Thread(target=self._stand_in, args=(work,), name=work.name, daemon=True).start()

    def drain(self) -> None:
        """Begin nothing more, and come back when what is on the wire is written down."""
        self.stop.set()
        for thread in list(self._stints.values()):
            thread.join()

    def leave(self) -> None:
        """Say farewell, where the database is there to hear it."""
        try:
            with self.app.database.write() as session:
                self.process.left_at = self.clock()
                self._speak(session, self.process.left_at, self.unfit)
        except SQLAlchemyError as error:
            log.warning("worker.left_without_a_word", error=str(error.__cause__ or error))

    def _stand_in(self, work: jobs.Work) -> None:
        jobs.run(self.app, work, owner=self._owner, clock=self.clock, stop=self.stop)

    def _usurped(self, session: Session, now: datetime) -> str:
        """It fell silent, and another one took its name meanwhile."""
        return crew.taken(self.process.name, session.get_one(Process, self.process.name), now=now)

    def _speak(self, session: Session, now: datetime, trouble: str) -> bool:
        one, busy = self.process, self.busy
        one.seen_at, one.ahead = now, clocks.ahead(self.clock).total_seconds()
        one.trouble = "; ".join(filter(None, [trouble, self._slow(now), *self._troubles.values()]))
        what = f"sending {plural.counted(len(busy), 'edition')}" if busy else "waiting"
        one.doing = "left" if one.left_at else "draining" if self.stop.is_set() else what
        return crew.say(session, one)

    def _slow(self, now: datetime) -> str:
        if self._waited is None or now - self._waited[0] > _WORTH_TELLING:
            return ""
        until, seconds = self._waited
        return f"the database did not answer for {seconds:.0f} s, until {until:%H:%M:%S} UTC"

    def _is_ours(self, session: Session, edition_id: int) -> bool:
        chosen = self.process.newsletters
        return not chosen or session.get_one(Edition, edition_id).newsletter in chosen

    def _stint(self, edition_id: int) -> None:
        try:
            route = self._route(edition_id)
            if route is not None:
                log.info("edition.begun", edition=edition_id)
                ended = sending.send_here(
                    self.app,
                    route,
                    owner=self._owner,
                    clock=self.clock,
                    stop=self.stop,
                    patience=Patience(idle=_IDLE),
                )
                log.info("edition.left", edition=edition_id, state=str(ended.state), why=ended.reason)
            self._troubles.pop(edition_id, None)
        except Exception as error:
            self._spared[edition_id] = self.clock().timestamp() + _SPARE
            self._troubles[edition_id] = str(error)
            if isinstance(error, NewsletterError):
                log.error("edition.failed", edition=edition_id, error=str(error))  # noqa: TRY400 (it is one sentence)
            else:
                log.exception("edition.failed", edition=edition_id)

    def _route(self, edition_id: int) -> Route | None:
        """What sending needs to know of the edition; only the hour can change while it is being sent."""
        now = self.clock()
        key = (edition_id, f"{now:%Y-%m-%d %H}")
        if key not in self._routes:
            with self.app.database.read() as session:
                found = session.get(Sending, edition_id)
                if found is None or found.state is not SendingState.RUNNING:
                    return None  # a hint of another time
                self._routes = {key: sending.route(session, self.app, edition_id, now=now)}
        return self._routes[key]


def run(
    app: App, *, name: str = "", newsletters: Collection[str] = (), clock: Callable[[], datetime] | None = None
) -> None:
    """Send what is due until SIGTERM; then finish what is on the wire and come back.

    Raises NewsletterError where it must not go on: the database was upgraded, or the settings are no good.
    """
    worker = Worker(app, name=name, newsletters=newsletters, clock=clock)
    settings = app.settings
    queues = [hints.queue(worker.install, slug) for slug in newsletters or settings.newsletters]
    with _ended_by_signals(worker.stop):
        worker.enter()
        listener = Listener(settings.broker_url.get_secret_value(), queues, worker.hear, name=worker.process.name)
        log.info("worker.ready", name=worker.process.name, newsletters=list(newsletters or settings.newsletters))
        listener.start()
        since = None
        while not worker.stop.is_set() and not worker.unfit:
            since = since or time.monotonic()
            try:
                worker.look(trouble=_deaf(listener))
                worker.waited(time.monotonic() - since)
                since = None
            except SQLAlchemyError as error:
                log.warning("database.away", error=str(error.__cause__ or error))
            worker.stop.wait(crew.EVERY)
        log.info("worker.draining", editions=worker.busy)
        listener.close()
        worker.drain()
        worker.leave()
    if worker.unfit:
        raise WrongState(worker.unfit)
    log.info("worker.stopped", name=worker.process.name)


def _deaf(listener: Listener) -> str:
    return f"hears no hints ({listener.trouble}), and looks by itself" if listener.trouble else ""


@contextmanager
def _ended_by_signals(stop: Event) -> Iterator[None]:
    """Let SIGTERM and Ctrl+C set *stop*, once; a second one ends the process at once, as if it were killed."""

    def end(number: int, _frame: object) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_unfit(app: App, newsletters: Collection[str]) -> None:
    """Raise ConfigError for a machine that can't send as the others do."""
    if app.database.is_sqlite:
        raise ConfigError("workers on several machines need PostgreSQL: set database_url to postgresql+psycopg://…")
    if outdated := _outdated(app):
        raise WrongState(outdated)
    settings = app.settings
    if not settings.newsletters:
        raise ConfigError(
            f"no newsletter is set up in {settings.home / config.FILE_NAME}: copy the file from the machine that runs "
            "newsletter scheduler (docs/scaling.md)"
        )
    if unknown := set(newsletters) - set(settings.newsletters):
        raise ConfigError(f"there is no newsletter {min(unknown)!r} for --queues: {', '.join(settings.newsletters)}")
    config.require(settings, "secret")
    app.sender().close()  # names what is missing
    with app.database.read() as session:
        for one in crew.at_work(session, crew.SCHEDULER, now=app.clock()):
            if one.settings and not crew.same_secret(one.settings, crew.fingerprint(app.base)):
                raise ConfigError(
                    f"the secret here is not that of scheduler {one.name}: readers' links would be dead. Set the same"
                )


def _outdated(app: App) -> str:
    """Why this version does not fit the tables of the database, in a sentence; empty where it does."""
    at, ours = db.revision(app.database), db.newest()
    if at == ours:
        return ""
    if at > ours:
        return (
            f"the database was upgraded to {at}, and this is an older version, of {ours}: "
            "install the new one on this machine too, and start it again"
        )
    return f"the database stands at {at or 'nothing'}, and this version needs {ours}: run newsletter db upgrade first"
