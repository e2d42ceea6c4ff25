"""By the clock: looked into every few minutes; one that can't be read is left alone for a while, then told of."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter import jobs
from newsletter.editions.models import Alarm, Heartbeat
from newsletter.jobs import Work, returning
from newsletter.tracking.mailbox import progress
from tests.mailbox.conftest import Reader, Started
from tests.mailbox.letters import bounce
from tests.servers.house import free_port


@pytest.fixture
def reader(of_files: Reader, tmp_path: Path) -> Reader:
    """With one letter in the mailbox, which is looked into every five minutes."""
    (tmp_path / "Maildir" / "new" / "1.a.host").write_bytes(bounce(1))
    return of_files


def due(reader: Reader, after: timedelta = timedelta(0)) -> bool:
    """Whether the clock would look into the mailbox now, or after that time."""
    reader.now += after
    with reader.app.database.write() as session:
        return returning.due(session, reader.app, now=reader.now)


def look(reader: Reader) -> None:
    """As the scheduler does it."""
    jobs.run(reader.app, Work("bounces"), owner="test", clock=reader.clock)


def alarms(reader: Reader) -> list[str]:
    """What was told."""
    with reader.app.database.read() as session:
        return list(session.scalars(select(Alarm.text)))


def beat(reader: Reader) -> str:
    """What the scheduler last wrote of it."""
    with reader.app.database.read() as session:
        return session.get_one(Heartbeat, "bounces").result


def test_the_scheduler_looks_into_the_mailbox(reader: Reader) -> None:
    work = jobs.tick(reader.app, now=reader.now, owner="test")
    assert Work("bounces") in work
    look(reader)
    assert (beat(reader), len(reader.knows())) == ("1 letter taken in (1 failed)", 1)


def test_it_is_looked_into_every_few_minutes(reader: Reader) -> None:
    looks = [due(reader), due(reader, timedelta(minutes=4)), due(reader, timedelta(minutes=1))]
    assert looks == [True, False, True]


def test_where_there_is_no_mailbox_nothing_is_done(reader: Reader) -> None:
    reader.set(maildir=None)
    assert not due(reader)


def test_a_network_that_is_away_for_a_while_is_nobodys_business(reader: Reader) -> None:
    reader.set(maildir=None, host="127.0.0.1", port=free_port(), security="none")
    look(reader)
    assert (alarms(reader), beat(reader).startswith("could not be read: 127.0.0.1:")) == ([], True)


def test_each_failure_waits_longer_than_the_one_before(reader: Reader) -> None:
    reader.set(maildir=None, host="127.0.0.1", port=free_port(), security="none")
    waits = []
    for _ in range(8):
        look(reader)
        with reader.app.database.read() as session:
            [row] = progress.rows(session)
        assert row.next_at is not None
        waits.append(round((row.next_at - reader.now).total_seconds() / 60))
        reader.now = row.next_at
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_one_that_stays_away_is_told_of_once(reader: Reader) -> None:
    reader.set(maildir=None, host="127.0.0.1", port=free_port(), security="none")
    for _ in range(3):
        look(reader)
        reader.now += timedelta(minutes=20)
    assert [text.partition(":")[0] for text in alarms(reader)] == [
        "The mailbox that bounces come back to can't be read"
    ]


def test_what_a_person_has_to_mend_is_told_at_once(reader: Reader, servers: Started) -> None:
    box = servers("Dovecot").box()
    reader.set(
        maildir=None,
        host="127.0.0.1",
        port=box.server.ports.imap,
        security="none",
        username=box.user,
        password=SecretStr("wrong"),
    )
    look(reader)
    assert [f"127.0.0.1 did not let {box.user!r} in" in text for text in alarms(reader)] == [True]


def test_one_that_can_be_read_again_is_looked_into_as_before(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "Maildir"
    folder.rename(tmp_path / "Away")
    look(reader)
    (tmp_path / "Away").rename(folder)
    reader.now += timedelta(minutes=5)
    look(reader)
    with reader.app.database.read() as session:
        [row] = progress.rows(session)
    assert (row.failures, row.trouble, row.next_at, len(reader.knows())) == (0, "", None, 1)
