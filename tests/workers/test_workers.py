"""Workers on other machines: a message is a hint, and the ledger decides."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter import app as apps
from newsletter import jobs, workers
from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.wire import hints
from newsletter.delivery.wire.dispatch import Ended
from newsletter.editions.models import Edition, State
from newsletter.errors import ConfigError
from newsletter.jobs import sending
from newsletter.testing.smtp_sink import SmtpSink
from tests.databases import Databases
from tests.delivery import world
from tests.factories import an_edition
from tests.workers.broker import PROGRAM, Broker

READERS = 400

needs_rabbitmq = pytest.mark.skipif(
    not PROGRAM.exists(), reason=f"no RabbitMQ on this machine ({PROGRAM}); .ci/run installs Debian's rabbitmq-server"
)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A RabbitMQ of our own."""
    broker = Broker(tmp_path_factory.mktemp("rabbitmq"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def postgresql(postgresql_databases: Databases) -> Iterator[str]:
    """An empty, upgraded PostgreSQL database."""
    url = postgresql_databases.take()
    yield url.render_as_string(hide_password=False)
    postgresql_databases.give_back(url)


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server that remembers what it took."""
    with SmtpSink(keep=False) as sink:
        yield sink


@pytest.fixture
def product(tmp_path: Path, postgresql: str, sink: SmtpSink, request: pytest.FixtureRequest) -> Iterator[App]:
    """A newsletter that sends by SMTP, with workers on the broker where the test uses one."""
    url = request.getfixturevalue("broker").url if "broker" in request.fixturenames else "amqp://127.0.0.1:1//"
    (tmp_path / "newsletter.toml").write_text(_settings(postgresql, sink.port, url), "utf-8")
    with closing(apps.start(tmp_path)) as product:
        yield product


@pytest.fixture
def worker(product: App) -> Iterator[workers.Worker]:
    """A worker that is told by hand what a hint would tell it."""
    with closing(workers.Worker(product, clock=_now)) as worker:
        yield worker


@needs_rabbitmq
def test_two_workers_send_each_reader_one_copy(product: App, broker: Broker, sink: SmtpSink) -> None:
    edition_id = _approved(product)
    with _Worker(product), _Worker(product):
        ended = jobs.send(product, edition_id, by="test", owner="overseer", clock=_now, stop=_in(60))
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


@needs_rabbitmq
def test_a_broker_that_loses_everything_loses_nobody(product: App, broker: Broker, sink: SmtpSink) -> None:
    edition_id = _approved(product)
    overseer = _Overseer(product, edition_id)
    _until(lambda: _hinted(product, overseer))
    broker.lose_everything()
    broker.start()
    with _Worker(product):
        ended = overseer.ended()
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)
    assert Counter(taken.recipient for taken in sink.taken).most_common(1)[0][1] == 1


@needs_rabbitmq
def test_a_worker_that_is_killed_doubles_nobody_and_is_followed_by_another(
    product: App, broker: Broker, sink: SmtpSink
) -> None:
    edition_id = _approved(product)
    overseer = _Overseer(product, edition_id)
    with _Worker(product) as first:
        _until(lambda: len(sink.taken) > 25)
        first.kill()
    with _Worker(product):
        ended = overseer.ended()
    copies = Counter(taken.recipient for taken in sink.taken)
    assert max(copies.values()) == 1
    assert ended.balance.accepted + ended.balance.unknown == READERS
    assert READERS - len(copies) <= ended.balance.unknown <= 256


def test_a_hint_at_a_batch_that_was_sent_does_nothing(product: App, worker: workers.Worker, sink: SmtpSink) -> None:
    edition_id, canary = _frozen(product)
    assert [worker.send_batch(edition_id, canary) for _ in range(2)] == [True, False]
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


def test_a_hint_of_another_time_does_nothing(worker: workers.Worker) -> None:
    assert worker.send_batch(404, 1) is False


def test_a_hint_does_not_overtake_the_canaries(product: App, worker: workers.Worker) -> None:
    edition_id, canary = _frozen(product)
    with product.database.read() as session:
        other = session.scalars(select(Batch.number).where(Batch.canary.is_(False))).first()
    assert worker.send_batch(edition_id, other or canary) is False


def test_a_hint_while_the_sending_is_paused_leaves_the_batch_queued(product: App, worker: workers.Worker) -> None:
    edition_id, canary = _frozen(product)
    with product.database.write() as session:
        controls.pause(session, edition_id, by="test", reason="a look", now=_now())
    assert worker.send_batch(edition_id, canary) is False
    with product.database.read() as session:
        assert session.get_one(Batch, (edition_id, canary)).state is BatchState.QUEUED


def test_workers_on_sqlite_are_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", "utf-8")
    with (
        closing(apps.start(tmp_path, fresh=True)) as small,
        pytest.raises(ConfigError, match="set database_url to postgresql"),
    ):
        workers.Worker(small, clock=_now)


class _Worker:
    """`newsletter worker` as a process."""

    def __init__(self, product: App) -> None:
        command = [sys.executable, "-m", "newsletter", "--home", str(product.settings.home), "worker"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        self._process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class _Overseer:
    """The process with the clock, in a thread: hints, and hints again soon."""

    def __init__(self, product: App, edition_id: int) -> None:
        self._product, self.edition_id, self._result = product, edition_id, list[Ended]()
        _begin(product, edition_id)
        self._thread = threading.Thread(target=self._oversee, daemon=True)
        self._thread.start()

    def ended(self) -> Ended:
        self._thread.join(90)
        assert self._result, "the overseer did not come back"
        return self._result[0]

    def _oversee(self) -> None:
        with self._product.database.read() as session:
            way = sending.route(session, self._product, self.edition_id, now=_now())
        url = self._product.settings.broker_url.get_secret_value()
        with closing(hints.CeleryHints(hints.celery(url))) as broker:
            ended = hints.oversee(self._product.database, broker, way, clock=_now, stop=_in(80), again=2)
        self._result.append(ended)


def _approved(product: App) -> int:
    with product.database.write() as session:
        world.people(session, READERS)
        edition = an_edition(session, state=State.IN_REVIEW)
    jobs.approve(product, edition.id, by="test", now=_now())
    return edition.id


def _frozen(product: App) -> tuple[int, int]:
    """An edition whose audience is frozen, and the number of its first canary batch."""
    edition_id = _approved(product)
    _begin(product, edition_id)
    with product.database.read() as session:
        canary = session.scalar(select(func.min(Batch.number)).where(Batch.canary.is_(True)))
    assert canary is not None
    return edition_id, canary


def _begin(product: App, edition_id: int) -> None:
    with closing(product.sender()) as sender, product.database.write() as session:
        edition = session.get_one(Edition, edition_id)
        sending.begin(session, product, edition, sender, by="test", now=_now())


def _hinted(product: App, overseer: _Overseer) -> bool:
    with product.database.read() as session:
        return bool(session.scalar(select(func.count()).where(Batch.edition_id == overseer.edition_id)))


def _until(true: Callable[[], bool]) -> None:
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that in 30 seconds")


def _in(seconds: float) -> threading.Event:
    """A stop that comes by itself, so that a test that hangs fails."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    return stop


def _now() -> datetime:
    return datetime.now(UTC)


def _settings(database_url: str, smtp_port: int, broker_url: str) -> str:
    return f"""
public_url = "https://news.example.com"
database_url = "{database_url}"
secret = "a secret for tests"
sender = "smtp"
workers = "celery"
broker_url = "{broker_url}"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
connections = 2

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
"""
