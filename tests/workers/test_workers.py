"""Workers on other machines: a message is a hint, and the ledger decides."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter import app as apps
from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, Process, Sending, SendingState
from newsletter.delivery.operations import audit, controls, crew
from newsletter.delivery.wire import hints
from newsletter.delivery.wire.dispatch import Ended
from newsletter.errors import ConfigError
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, delay
from newsletter.workers import Worker
from tests.workers import crowd
from tests.workers.broker import Broker
from tests.workers.crowd import until
from tests.workers.proxy import Proxy

READERS = 400


@pytest.fixture
def worker(product: App) -> Iterator[Worker]:
    """A worker that is told by hand what a hint would tell it."""
    worker = Worker(product)
    yield worker
    worker.drain()


def test_two_workers_on_one_machine_send_each_reader_one_copy(product: App, broker: Broker, sink: SmtpSink) -> None:
    edition_id = crowd.approved(product, READERS)
    home = product.settings.home
    with crowd.worker(home) as first, crowd.worker(home) as second:
        until(lambda: len(_at_work(product)) == 2, what="the second worker")
        ended = _Overseer(product, edition_id).ended()
        codes = first.end(), second.end()
    assert (ended.state, ended.balance.accepted, codes) == (SendingState.COMPLETE, READERS, (0, 0))
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


def test_a_broker_that_loses_everything_loses_nobody(product: App, broker: Broker, sink: SmtpSink) -> None:
    edition_id = crowd.approved(product, READERS)
    overseer = _Overseer(product, edition_id)
    until(lambda: _batches(product, edition_id))
    broker.lose_everything()
    broker.start()
    with crowd.worker(product.settings.home):
        ended = overseer.ended()
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


def test_without_any_broker_workers_find_by_themselves_what_is_due(product: App, sink: SmtpSink) -> None:
    edition_id = crowd.approved(product, READERS)
    with crowd.worker(product.settings.home):
        until(lambda: _at_work(product))
        ended = _Overseer(product, edition_id).ended()
        troubles = _troubles(product)
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)
    says = "hears no hints (ConnectionRefusedError: [Errno 111] Connection refused), and looks by itself"
    assert [one for one in troubles if says in one] == [one for one in troubles if one.startswith("worker ")] != []


def test_a_worker_that_is_killed_doubles_nobody_and_is_followed_by_another(
    product: App, broker: Broker, sink: SmtpSink
) -> None:
    edition_id = crowd.approved(product, READERS)
    overseer = _Overseer(product, edition_id)
    with crowd.worker(product.settings.home) as first:
        until(lambda: len(sink.taken) > 25)
        first.kill()
        with crowd.worker(product.settings.home):
            ended = overseer.ended()
    copies = Counter(taken.recipient for taken in sink.taken)
    assert (max(copies.values()), ended.balance.accepted + ended.balance.unknown) == (1, READERS)
    assert READERS - len(copies) <= ended.balance.unknown <= 2  # one for each connection


@pytest.mark.parametrize("more", ["[newsletters.friday.limits]\ncanary_share = 0"])
def test_a_worker_takes_up_what_a_killed_one_had_in_hand_also_where_nothing_else_is_due(
    product: App, worker: Worker, sink: SmtpSink
) -> None:
    crowd.begin(product, crowd.approved(product, 100))
    sink.script = _very_slowly
    with crowd.worker(product.settings.home) as first:
        until(lambda: sink.taken and not _readers(product, BatchState.QUEUED), what="the last batch")
        first.kill()
    worker.enter()
    worker.stop.set()  # it looks, and begins nothing
    before = _readers(product, BatchState.SENDING)
    worker.look()
    assert (before > 2, _readers(product, BatchState.SENDING)) == (True, 0)
    assert _readers(product, BatchState.UNKNOWN) <= 2  # one for each connection


def test_a_worker_whose_connection_was_cut_comes_back_and_hears_hints_again(product: App, wire: Proxy) -> None:
    edition_id = crowd.approved(product, READERS)
    with crowd.worker(product.settings.home) as run:
        until(lambda: run.words.count("broker.connected") == 1, what="the first connection")
        wire.cut()
        until(lambda: run.words.count("broker.connected") == 2, what="the second connection")
        _Overseer(product, edition_id).ended()
        until(lambda: _at_work(product)[0].hints, what="word of a hint")
        code = run.end()
    assert code == 0


def test_a_wire_to_the_broker_that_passes_nothing_on_is_noticed_and_the_edition_goes_out(
    product: App, wire: Proxy, sink: SmtpSink
) -> None:
    edition_id = crowd.approved(product, READERS)
    with crowd.worker(product.settings.home) as run:
        until(lambda: _hears(product))
        wire.swallow()
        ended = _Overseer(product, edition_id).ended()
        until(lambda: not _hears(product), what="word that the line is dead")
        wire.mend()
        until(lambda: _hears(product), what="the next connection")
        code = run.end()
    assert (ended.state, ended.balance.accepted, code) == (SendingState.COMPLETE, READERS, 0)


def test_a_broker_without_memory_takes_no_hints_and_the_edition_goes_out(
    product: App, broker: Broker, sink: SmtpSink
) -> None:
    edition_id = crowd.approved(product, READERS)
    with crowd.worker(product.settings.home):
        until(lambda: _hears(product))
        broker.control("set_vm_memory_high_watermark", "0")
        try:
            ended = _Overseer(product, edition_id).ended()
        finally:
            broker.control("set_vm_memory_high_watermark", "0.4")
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)


def test_while_postgresql_is_away_a_worker_keeps_its_answers(product: App, cable: Proxy, sink: SmtpSink) -> None:
    edition_id = crowd.approved(product, READERS)
    sink.script = _slowly
    overseer = _Overseer(product, edition_id)
    with crowd.worker(product.settings.home, environ=crowd.through(product, cable.port)) as run:
        until(lambda: len(sink.taken) > 50)
        cable.refuse()
        until(lambda: "database.away" in run.words, what="word that the database is away")
        cable.mend()
        ended = overseer.ended()
    assert (ended.state, ended.balance.accepted, ended.balance.unknown) == (SendingState.COMPLETE, READERS, 0)
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


def test_a_line_to_postgresql_that_passes_nothing_on_is_given_up_and_the_worker_goes_on(
    product: App, cable: Proxy, sink: SmtpSink
) -> None:
    edition_id = crowd.approved(product, READERS)
    sink.script = _slowly
    with crowd.worker(product.settings.home, environ=crowd.through(product, cable.port)) as run:
        overseer = _Overseer(product, edition_id)
        until(lambda: len(sink.taken) > 50)
        cable.forget()
        ended = overseer.ended()
    assert "database.line_given_up" in run.words
    assert (ended.state, ended.balance.accepted, ended.balance.unknown) == (SendingState.COMPLETE, READERS, 0)
    assert set(Counter(taken.recipient for taken in sink.taken).values()) == {1}


@pytest.mark.skipif(not crowd.FAKETIME.exists(), reason="no faketime here; .ci/run installs Debian's package")
def test_a_worker_whose_clock_is_ahead_does_no_harm_and_says_so(product: App, sink: SmtpSink) -> None:
    edition_id = crowd.approved(product, READERS)
    overseer = _Overseer(product, edition_id)
    with crowd.worker(product.settings.home, "--name", "fast", environ=crowd.ahead(600)):
        ended = overseer.ended()
        troubles = _troubles(product)
    assert (ended.state, ended.balance.accepted) == (SendingState.COMPLETE, READERS)
    assert any("worker fast: its machine's clock is 600 s ahead of the database's" in one for one in troubles)


def test_a_worker_names_nothing_at_the_broker_that_is_not_ours() -> None:
    application = hints.celery("amqp://127.0.0.1")
    application.conf.task_queues = [hints.queue("abc", "friday")]
    names = [name for queue in application.amqp.queues.values() for name in (queue.name, queue.exchange.name)]
    assert names == ["newsletter.abc.friday", "newsletter.hints"]


def test_a_hint_begins_an_edition_and_the_next_ones_tell_nothing_new(product: App, worker: Worker) -> None:
    edition_id = _frozen(product)
    for _ in range(3):
        worker.hear(edition_id)
    until(lambda: _state(product, edition_id) is SendingState.COMPLETE)
    assert (worker.process.hints, worker.process.stale) == (3, 2)


def test_a_hint_of_another_time_does_nothing(worker: Worker, sink: SmtpSink) -> None:
    worker.hear(404)
    worker.drain()
    assert (sink.taken, worker.busy) == ([], [])


def test_a_hint_while_the_sending_is_paused_leaves_everything_queued(
    product: App, worker: Worker, sink: SmtpSink
) -> None:
    edition_id = _frozen(product)
    with product.database.write() as session:
        controls.pause(session, edition_id, by="test", reason="a look", now=crowd.now())
    worker.hear(edition_id)
    worker.drain()
    with product.database.read() as session:
        states = set(session.scalars(select(Batch.state)))
    assert (sink.taken, states) == ([], {BatchState.QUEUED})


@pytest.mark.parametrize("more", ["[newsletters.friday.limits]\nper_second = 200\ncanary_share = 0"])
def test_under_a_limit_one_hint_is_enough_for_a_whole_edition(product: App, worker: Worker, sink: SmtpSink) -> None:
    edition_id = _frozen(product)
    worker.hear(edition_id)
    until(lambda: _state(product, edition_id) is SendingState.COMPLETE)
    assert len(sink.taken) == READERS


def test_an_edition_that_cannot_be_sent_from_here_is_told_and_left_to_others(product: App) -> None:
    edition_id = _frozen(product)
    elsewhere = Worker(_without_the_newsletter(product))
    elsewhere.hear(edition_id)
    elsewhere.drain()
    elsewhere.look()
    assert ["there is no newsletter 'friday': monday" in one for one in _troubles(product)] == [True]


def test_workers_on_sqlite_are_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", "utf-8")
    with (
        closing(apps.start(tmp_path, fresh=True)) as small,
        pytest.raises(ConfigError, match="set database_url to postgresql"),
    ):
        Worker(small)


def _slowly(moment: Moment) -> Fault | None:
    return delay(0.02) if moment.step == "message" else None


def _very_slowly(moment: Moment) -> Fault | None:
    return delay(0.3) if moment.step == "message" else None


def _without_the_newsletter(product: App) -> App:
    (friday,) = product.settings.newsletters.values()
    settings = product.settings.model_copy(update={"newsletters": {"monday": friday}})
    return App(settings, product.database)


class _Overseer:
    """The process with the clock, in a thread."""

    def __init__(self, product: App, edition_id: int) -> None:
        self._product, self.edition_id, self._result = product, edition_id, list[Ended]()
        crowd.begin(product, edition_id)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._oversee, daemon=True)
        self._thread.start()

    def ended(self) -> Ended:
        """How it ended; it balances."""
        self._thread.join(120)
        self._stop.set()
        self._thread.join(30)
        assert self._result, "the overseer did not come back"
        with self._product.database.read() as session:
            assert audit.audit(session, self.edition_id).violations == ()
        return self._result[0]

    def _oversee(self) -> None:
        ended = jobs.send(self._product, self.edition_id, by="test", owner="overseer", clock=crowd.now, stop=self._stop)
        self._result.append(ended)


def _frozen(product: App) -> int:
    edition_id = crowd.approved(product, READERS)
    crowd.begin(product, edition_id)
    return edition_id


def _batches(product: App, edition_id: int) -> int:
    with product.database.read() as session:
        return session.scalar(select(func.count()).where(Batch.edition_id == edition_id)) or 0


def _readers(product: App, state: BatchState) -> int:
    """How many stand in batches of that state."""
    with product.database.read() as session:
        return session.scalar(select(func.sum(Batch.size)).where(Batch.state == state)) or 0


def _state(product: App, edition_id: int) -> SendingState:
    with product.database.read() as session:
        return session.get_one(Sending, edition_id).state


def _at_work(product: App) -> list[Process]:
    with product.database.read() as session:
        return crew.at_work(session, crew.WORKER, now=product.clock())


def _hears(product: App) -> bool:
    """Whether a worker is at work, and hears hints by its own last word."""
    return [one.trouble for one in _at_work(product)] == [""]


def _troubles(product: App) -> list[str]:
    with product.database.read() as session:
        return list(crew.troubles(session, now=product.clock()))
