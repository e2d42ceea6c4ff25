"""Lines to PostgreSQL that pass nothing on, and what is waited for all the same."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from newsletter import db
from newsletter.app import App
from newsletter.db import Database
from newsletter.lines import FIRST
from tests.workers.proxy import Proxy


@pytest.fixture
def remote(product: App, cable: Proxy) -> Iterator[Database]:
    """The database, over a wire that can go bad."""
    with closing(db.connect(product.database.url.set(host="127.0.0.1", port=cable.port, query={}))) as database:
        yield database


def test_a_statement_that_takes_long_is_waited_for(remote: Database) -> None:
    with remote.read() as session:
        assert session.scalar(text("SELECT 7 FROM pg_sleep(:seconds)"), {"seconds": FIRST + 1}) == 7


def test_a_line_that_passes_nothing_on_is_given_up_and_the_next_one_works(remote: Database, cable: Proxy) -> None:
    with pytest.raises(OperationalError, match="it can't be reached on another line either"), remote.write() as session:
        session.execute(text("SELECT 1"))
        cable.swallow()
        session.execute(text("SELECT 1"))
    cable.mend()
    with remote.read() as session:
        assert session.scalar(text("SELECT 7")) == 7


def test_a_line_that_was_forgotten_is_given_up_without_anybody_mending_it(remote: Database, cable: Proxy) -> None:
    with pytest.raises(OperationalError, match="it does nothing for us any more"), remote.write() as session:
        session.execute(text("SELECT 1"))
        cable.forget()
        session.execute(text("SELECT 1"))
    with remote.read() as session:
        assert session.scalar(text("SELECT 7")) == 7


def test_a_commit_whose_answer_is_lost_is_told_as_lost(remote: Database, cable: Proxy) -> None:
    with pytest.raises(OperationalError, match="no answer from PostgreSQL"), remote.write() as session:
        session.execute(text("SELECT 1"))
        cable.forget()


def test_what_a_vanished_process_has_locked_is_let_go(product: App, remote: Database, cable: Proxy) -> None:
    with product.database.write() as session:
        session.execute(text("INSERT INTO install (id, name) VALUES (1, 'before')"))
    remote.hurry(1)
    vanished = remote.writer.connect()
    vanished.execute(text("UPDATE install SET name = 'never'"))
    cable.forget()
    with product.database.write() as session:
        session.execute(text("UPDATE install SET name = name || ' and after'"))
    with product.database.read() as session:
        assert session.scalar(text("SELECT name FROM install")) == "before and after"
    vanished.invalidate()


def test_who_was_cut_off_for_its_silence_hears_that_the_line_is_gone(product: App) -> None:
    product.database.hurry(1)
    with pytest.raises(OperationalError, match="idle-in-transaction timeout"), product.database.write() as session:
        (pid,) = session.execute(text("SELECT pg_backend_pid()")).one()
        _wait_until_gone(product, pid)
        session.execute(text("SELECT 1"))


def _wait_until_gone(product: App, pid: int) -> None:
    query = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    count = 1
    while count:
        with product.database.read() as session:
            count = session.scalar(query, {"pid": pid})
