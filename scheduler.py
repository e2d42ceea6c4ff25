"""The timetable: what runs, and when. `newsletter scheduler` starts it; nothing imports it.

    when, on each newsletter's own clock    job        what happens
    ─────────────────────────────────────   ────────   ──────────────────────────────────────────────
    every 30 minutes                        collect    feeds that are due are read
    `assemble`, by default thu 16:00        assemble   the week's stories become a draft; editors are mailed
    `lock`, by default fri 08:00            lock       late news and a missing approval are told
    `send`, by default fri 09:00            send       approved: to every reader. Not approved: held, and told
    always                                  dispatch   a sending that was interrupted goes on
    always                                  letters    alarms and drafts are mailed to the editors
    every 5 minutes                         bounces    the mailbox is read; between looks the server tells of new mail

The three times are settings of each newsletter, on its own clock: a time that a clock change leaves out
moves later by the gap, and of a time that comes twice the first counts. `newsletter timetable` prints them.

This process decides nothing. Every TICK it asks the database what is due (`jobs.tick`) and does that in
threads (`jobs.run`). So it may be killed at any moment, started late, or run twice: what it held is taken
up again when its lease ends, what it slept through is caught up inside the newsletter's window, and what
is too old is recorded as missed and told. A clock that jumped ahead, or that the database's clock contradicts,
is not acted on; what was judged under one that went back is judged again.
"""

import argparse
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter import app, jobs, logs, traces
from newsletter.app import App
from newsletter.delivery.ledger import owners
from newsletter.delivery.wire import hints
from newsletter.editions import forecast, timekeeping
from newsletter.errors import NewsletterError
from newsletter.jobs import Work

log = structlog.get_logger("scheduler")

TICK = timedelta(seconds=15)
#: how long work under way may take to come to a safe end after SIGTERM; what does not is taken up again
DRAIN = timedelta(seconds=60)


def main() -> None:
    """Run until SIGTERM or SIGINT, then come to a safe end and exit with 0."""
    parser = argparse.ArgumentParser(prog="scheduler", description="Run the timetable of every newsletter.")
    parser.add_argument("--home", type=Path, help="the folder with newsletter.toml (default: NEWSLETTER_HOME, or here)")
    parser.add_argument("--tick", type=float, default=TICK.total_seconds(), help="seconds between two looks")
    arguments = parser.parse_args()
    logs.configure()
    try:
        product = app.start(arguments.home)
        traces.start(product.settings, "scheduler")
        if product.settings.workers == "celery":
            hints.celery(product.settings.broker_url.get_secret_value()).close()  # says where the extra is missing
    except NewsletterError as error:
        sys.exit(f"error: {error}")
    safe = run(product, every=arguments.tick)
    product.close()
    traces.stop()
    sys.stderr.flush()
    if not safe:
        os._exit(0)  # threads that read a slow feed would keep the interpreter; the next start takes their work up


def run(product: App, *, every: float) -> bool:
    """Tick until told to stop; False means that something was still under way when patience ended."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    desk = Desk(product, stop)
    clock = BackgroundScheduler(timezone=UTC)
    clock.add_job(
        desk.tick,
        "interval",
        seconds=every,
        next_run_time=_now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    _announce(product)
    clock.start()
    stop.wait()
    log.info("scheduler.draining", doing=[work.name for work in desk.busy])
    clock.shutdown(wait=True)
    safe = desk.drain(DRAIN)
    desk.leave()
    log.info("scheduler.stopped", safe=safe)
    return safe


class Desk:
    """What this process is doing: one thread for each piece of work, and never one name twice."""

    def __init__(self, product: App, stop: Event) -> None:
        self._product, self._stop = product, stop
        self._owner = owners.name()
        self._threads: dict[Work, Thread] = {}
        self._lock = Lock()

    @property
    def busy(self) -> list[Work]:
        """What is under way, so that its leases are renewed."""
        with self._lock:
            return [work for work, thread in self._threads.items() if thread.is_alive()]

    def tick(self) -> None:
        """Ask the database what is due, and begin it. A database that is away is asked again at the next tick."""
        if self._stop.is_set():
            return
        try:
            self._product = self._product.current()
            found = jobs.tick(
                self._product,
                now=_now(),
                owner=self._owner,
                busy=self.busy,
                counter=timekeeping.counter(),
                witness=timekeeping.of_the_database,
            )
        except Exception:
            log.exception("tick.failed")
            return
        for work in found:
            self._begin(work)

    def drain(self, patience: timedelta) -> bool:
        """Wait for what is under way; True if all of it ended."""
        until = time.monotonic() + patience.total_seconds()
        for thread in list(self._threads.values()):
            thread.join(max(0.0, until - time.monotonic()))
        return not self.busy

    def leave(self) -> None:
        """Let operators know that this was an end, and no death."""
        jobs.leave(self._product, self._owner)

    def _begin(self, work: Work) -> None:
        thread = Thread(target=self._do, args=(work,), name=work.name, daemon=True)
        with self._lock:
            self._threads = {known: old for known, old in self._threads.items() if old.is_alive()}
            if all(known.name != work.name for known in self._threads):
                self._threads[work] = thread
                thread.start()

    def _do(self, work: Work) -> None:
        try:
            follows = jobs.run(self._product, work, owner=self._owner, clock=self._product.clock, stop=self._stop)
        except Exception:  # even its failure could not be written down; the lease ends and another takes over
            log.exception("work.lost", work=work.name)
            return
        if follows is not None and not self._stop.is_set():
            self._begin(follows)


def _announce(product: App) -> None:
    """Say what comes next, for each newsletter."""
    with product.database.read() as session:
        for slug, newsletter in product.settings.newsletters.items():
            coming = forecast.forecast(session, newsletter, _now(), editions=1).coming
            log.info("timetable", newsletter=slug, **{one.job.value: f"{one.at:%Y-%m-%d %H:%M} UTC" for one in coming})


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
