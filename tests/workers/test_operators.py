"""What operators are told of processes, brokers and clocks, and what a process refuses to begin with."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from newsletter import clocks, db, doctor
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.delivery.models import Process, Sending
from newsletter.delivery.operations import crew
from newsletter.delivery.wire import hints
from newsletter.delivery.wire.hints import CeleryHints
from newsletter.doctor import Finding, Level
from newsletter.editions.models import Alarm
from newsletter.errors import ConfigError, WrongState
from newsletter.jobs import sending
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.workers import Worker
from newsletter.workers.listening import Listener
from tests.web.site import served
from tests.workers import crowd
from tests.workers.broker import Broker
from tests.workers.crowd import until
from tests.workers.proxy import Proxy

READERS = 40


def test_without_a_worker_a_sending_says_so_and_somebody_is_mailed(product: App) -> None:
    edition_id = crowd.approved(product, READERS)
    with _overseen(product, edition_id):
        until(lambda: _stuck(product, edition_id) == crew.NOBODY)
        until(lambda: _alarms(product))
    says = f"friday/2021-11-26 is being sent, and nothing moves: {crew.NOBODY}"
    assert [one for one in _alarms(product) if "no worker" in one] == [says]


def test_once_a_worker_comes_a_sending_says_nothing_more(product: App) -> None:
    edition_id = crowd.approved(product, READERS)
    with _overseen(product, edition_id):
        until(lambda: _stuck(product, edition_id) == crew.NOBODY)
        with crowd.worker(product.settings.home):
            until(lambda: _stuck(product, edition_id) == "")


def test_status_says_that_no_worker_is_there(product: App) -> None:
    crowd.begin(product, crowd.approved(product, READERS))
    said = CliRunner().invoke(program, ["--home", str(product.settings.home), "status", "2021-11-26"])
    assert f"workers: {crew.NOBODY}" in said.output.replace("\n", " ")


def test_the_doctor_says_that_no_worker_is_there(product: App) -> None:
    found = [one for one in doctor.examine(product, now=product.clock()) if one.name == "workers"]
    assert found == [Finding("workers", Level.BAD, crew.NOBODY)]


def test_the_doctor_says_that_the_broker_is_away(product: App) -> None:
    (found,) = [one for one in doctor.examine(product, now=product.clock()) if one.name == "broker"]
    assert (found.level, "Connection refused" in found.text) == (Level.BAD, True)


def test_readyz_names_who_is_missing(product: App) -> None:
    with served(product, product.clock) as site:
        answer = site.get("/readyz")
    says = ["no scheduler is running: start newsletter scheduler", crew.NOBODY]
    assert (answer.status_code, answer.json()["ready"], answer.json()["says"]) == (503, False, says)


def test_readyz_is_content_once_all_are_there(product: App) -> None:
    with crowd.Run(product.settings.home, "scheduler"), crowd.worker(product.settings.home):
        with served(product, product.clock) as site:
            until(lambda: site.get("/readyz").status_code == 200)
            answer = site.get("/readyz").json()
            alive = site.get("/healthz").json()["workers"]
    assert (answer["ready"], alive) == (True, 1)


def test_the_desk_shows_who_is_at_work(product: App) -> None:
    with product.database.write() as session:
        crew.say(session, _process(product, name="mail2", doing="waiting"))
    with served(product, product.clock) as site:
        page = site.get("/").text
    assert ("mail2" in page, "o worker is running" in page) == (True, False)


def test_a_worker_that_died_is_named_and_one_that_left_is_not(product: App) -> None:
    long_ago = product.clock() - timedelta(minutes=2)
    with product.database.write() as session:
        crew.say(session, _process(product, name="died", seen_at=long_ago))
        crew.say(session, _process(product, name="left", seen_at=long_ago, left_at=long_ago))
    assert [one.partition(" at ")[0] for one in _troubles(product)] == ["worker died was last heard of"]


def test_a_clock_that_is_off_is_named_with_the_way_to_mend_it(product: App) -> None:
    with product.database.write() as session:
        crew.say(session, _process(product, name="fast", ahead=600.0))
    says = "worker fast: its machine's clock is 600 s ahead of the database's, which counts; "
    assert _troubles(product) == [says + "set it right (is time synchronisation running?)"]


def test_a_worker_with_other_settings_than_the_scheduler_is_named(product: App) -> None:
    with product.database.write() as session:
        crew.say(session, _process(product, name="clock", kind=crew.SCHEDULER, settings="a.1"))
        crew.say(session, _process(product, name="old", settings="a.2"))
    (trouble,) = _troubles(product)
    assert trouble.startswith("worker old goes by other settings than scheduler clock")


def test_a_worker_without_newsletters_is_refused_with_the_way_out(product: App) -> None:
    empty = App(product.settings.model_copy(update={"newsletters": {}}), product.database)
    with pytest.raises(ConfigError, match="copy the file from the machine that runs newsletter scheduler"):
        Worker(empty)


def test_a_worker_with_another_secret_than_the_scheduler_is_refused(product: App) -> None:
    with product.database.write() as session:
        crew.say(session, _process(product, name="clock", kind=crew.SCHEDULER, settings="another.1"))
    with pytest.raises(ConfigError, match="the secret here is not that of scheduler clock"):
        Worker(product)


def test_an_older_worker_beside_newer_tables_does_not_begin(product: App) -> None:
    _upgrade_to(product, "9999")
    with pytest.raises(WrongState, match="the database was upgraded to 9999, and this is an older version"):
        Worker(product)


def test_a_newer_worker_beside_older_tables_asks_for_the_upgrade(product: App) -> None:
    _upgrade_to(product, "0001")
    with pytest.raises(WrongState, match="run newsletter db upgrade first"):
        Worker(product)


def test_a_worker_whose_tables_are_upgraded_ends_with_one_sentence(product: App) -> None:
    with crowd.worker(product.settings.home) as run:
        until(lambda: "worker.ready" in run.words)
        _upgrade_to(product, "9999")
        code = run.process.wait(60)
    assert (code, "error: the database was upgraded to 9999" in run.words, "Traceback" in run.words) == (2, True, False)


def test_a_worker_that_was_told_to_end_says_farewell(product: App) -> None:
    with crowd.worker(product.settings.home, "--name", "mail2") as run:
        until(lambda: "worker.ready" in run.words)
        code = run.end()
    with product.database.read() as session:
        one = session.get_one(Process, "mail2")
    assert (code, one.doing, one.left_at is not None) == (0, "left", True)


def test_a_second_worker_of_one_name_is_refused_with_one_sentence(product: App) -> None:
    home = product.settings.home
    with crowd.worker(home, "--name", "mail2") as first:
        until(lambda: "worker.ready" in first.words)
        with crowd.worker(home, "--name", "mail2") as second:
            code = second.process.wait(60)
        assert (code, first.process.poll()) == (2, None)
    assert "error: a worker called mail2 is at work already, on" in second.words
    assert "Traceback" not in second.words


def test_a_second_worker_of_one_name_on_another_machine_is_refused_too(product: App) -> None:
    here = Worker(product, name="mail2")
    here.enter()
    there = _elsewhere(product, "mail2")
    alive = threading.Event()
    words = threading.Thread(target=_speak_until, args=(here, alive), daemon=True)
    words.start()
    with pytest.raises(WrongState, match="a worker called mail2 is at work already, on"):
        there.enter()
    alive.set()
    words.join(30)


def test_a_name_is_free_once_its_worker_has_left_or_is_dead(product: App) -> None:
    left, killed = Worker(product, name="left"), crowd.worker(product.settings.home, "--name", "killed")
    left.enter()
    left.leave()
    with killed:
        until(lambda: "worker.ready" in killed.words)
        killed.kill()
    later = {name: Worker(product, name=name) for name in ("left", "killed")}
    for worker in later.values():
        worker.enter()
    assert {name: _holder(product, name) for name in later} == {
        name: worker.process.owner for name, worker in later.items()
    }


def test_a_name_of_one_that_fell_silent_on_another_machine_is_free_once_it_counts_as_gone(product: App) -> None:
    silent, later = _elsewhere(product, "mail2"), Worker(product, name="mail2")
    silent.process.seen_at -= timedelta(seconds=15)
    with product.database.write() as session:
        crew.say(session, silent.process)
    later.enter()
    assert _holder(product, "mail2") == later.process.owner


def test_a_worker_whose_name_was_taken_while_it_was_frozen_ends_with_one_sentence(product: App) -> None:
    frozen, later = Worker(product, name="mail2"), _elsewhere(product, "mail2")
    frozen.enter()
    with product.database.write() as session:
        session.execute(text("UPDATE process SET seen_at = seen_at - interval '1 minute'"))
    later.enter()
    frozen.look()
    frozen.leave()
    assert frozen.unfit.startswith("a worker called mail2 is at work already, on elsewhere")
    assert _holder(product, "mail2") == later.process.owner


def test_workers_without_a_name_of_their_own_get_one(product: App) -> None:
    workers = [Worker(product), Worker(product)]
    for worker in workers:
        worker.enter()
    assert len({worker.process.name for worker in workers}) == 2


@pytest.mark.parametrize("more", ['editors = ["editor@example.com"]'])
def test_that_no_scheduler_is_at_work_is_told_and_mailed_by_a_worker(product: App, sink: SmtpSink) -> None:
    long_ago = product.clock() - timedelta(minutes=2)
    with product.database.write() as session:
        crew.say(session, _process(product, name="clock", kind=crew.SCHEDULER, seen_at=long_ago))
    worker = Worker(product)
    worker.look()
    until(lambda: _told(product))
    assert (crew.NO_CLOCK in _troubles(product), _alarms(product)) == (True, [f"{crew.NO_CLOCK}."])
    assert [taken.recipient for taken in sink.taken] == ["editor@example.com"]


def test_two_installs_on_one_broker_hear_their_own_hints_alone(broker: Broker) -> None:
    heard: list[int] = []
    ours = Listener(broker.url, [hints.queue("ours", "friday")], heard.append, name="ours")
    ours.start()
    until(lambda: ours.is_connected)
    for install, edition_id in (("theirs", 1), ("ours", 2)):
        with closing(_hints(broker, install)) as way:
            assert way.give(edition_id) == ""
    until(lambda: heard)
    ours.close()
    assert heard == [2]


def test_an_install_keeps_its_name(product: App) -> None:
    with product.database.write() as session:
        names = {crew.install(session), crew.install(session)}
    assert len(names) == 1


def test_a_hint_that_nobody_took_is_forgotten(broker: Broker) -> None:
    with closing(_hints(broker, "nobody")) as way:
        way.give(7)
        assert _depth(broker, "nobody") == 1
        until(lambda: _depth(broker, "nobody") == 0)


def test_a_clock_of_the_database_goes_on_while_the_database_is_away(product: App, cable: Proxy) -> None:
    url = product.database.url.set(host="127.0.0.1", port=cable.port, query={})

    with closing(db.connect(url)) as database:
        own = product.clock() + timedelta(hours=1)
        clock = clocks.Shared(database, own=lambda: own)
        told = clock()
        cable.refuse()
        assert (timedelta(0) <= clock() - told < timedelta(minutes=5), clock.ahead > timedelta(minutes=50)) == (
            True,
            True,
        )


class _overseen:  # noqa: N801 (it reads as a word where it is used)
    """The process with the clock, in a thread, for the length of a block."""

    def __init__(self, product: App, edition_id: int) -> None:
        self._product, self._edition_id, self._stop = product, edition_id, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        crowd.begin(self._product, self._edition_id)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        sending.dispatch_edition(
            self._product, self._edition_id, owner="test", clock=self._product.clock, stop=self._stop
        )


def _process(product: App, **values: object) -> Process:
    now = product.clock()
    usual = {
        "owner": "",
        "kind": crew.WORKER,
        "version": "",
        "newsletters": [],
        "settings": "",
        "started_at": now,
        "seen_at": now,
        "left_at": None,
        "doing": "",
        "trouble": "",
        "ahead": 0.0,
        "hints": 0,
        "stale": 0,
    }
    return Process(**{**usual, **values})


def _elsewhere(product: App, name: str) -> Worker:
    """A worker on another machine."""
    worker = Worker(product, name=name)
    worker.process.owner = f"elsewhere/{worker.process.owner.partition('/')[2]}"
    return worker


def _speak_until(worker: Worker, over: threading.Event) -> None:
    while not over.wait(1):
        worker.look()


def _holder(product: App, name: str) -> str:
    with product.database.read() as session:
        return session.get_one(Process, name).owner


def _told(product: App) -> bool:
    with product.database.read() as session:
        return None not in session.scalars(select(Alarm.told_at)).all()


def _stuck(product: App, edition_id: int) -> str:
    with product.database.read() as session:
        return session.get_one(Sending, edition_id).stuck


def _alarms(product: App) -> list[str]:
    with product.database.read() as session:
        return list(session.scalars(select(Alarm.text)))


def _troubles(product: App) -> list[str]:
    with product.database.read() as session:
        return list(crew.troubles(session, now=product.clock()))


def _upgrade_to(product: App, revision: str) -> None:
    with product.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def _hints(broker: Broker, install: str) -> CeleryHints:
    return CeleryHints(hints.celery(broker.url), hints.queue(install, "friday"))


def _depth(broker: Broker, install: str) -> int:
    with closing(hints.celery(broker.url)) as application, application.connection_for_write() as connection:
        name = hints.queue(install, "friday").name
        return int(connection.default_channel.queue_declare(name, passive=True).message_count)
