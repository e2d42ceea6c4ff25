"""A server that can tells of new mail at once (IDLE); a connection that died is noticed, and others are asked."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from newsletter.errors import MailboxClosed
from newsletter.jobs import returning
from tests.mailbox.conftest import Reader, Started
from tests.mailbox.letters import bounce
from tests.servers.mailboxes import Box

Of = Callable[[Box], Reader]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
#: seconds; no more than a sign that something hangs
PATIENCE = 120


@pytest.mark.parametrize("name", ["Dovecot", "Cyrus"])
def test_new_mail_is_taken_in_while_we_wait(servers: Started, of: Of, name: str) -> None:
    box = servers(name).box()
    reader, waits, stop = of(box), Event(), Event()

    def goes_on() -> bool:
        waits.set()
        return not stop.is_set()

    def until_it_came() -> None:
        returning.collect(reader.app, clock=reader.clock, goes_on=goes_on)

    thread = Thread(target=until_it_came)
    thread.start()
    assert waits.wait(PATIENCE)
    box.put(bounce(1))
    tries = 0
    while not reader.knows() and tries < PATIENCE * 10:
        tries += 1
        stop.wait(0.1)
    stop.set()
    thread.join(PATIENCE)
    assert (thread.is_alive(), [letter.action for letter in reader.knows()]) == (False, ["failed"])


def test_a_connection_that_dies_while_we_wait_is_noticed(servers: Started, of: Of) -> None:
    box = servers("Dovecot").box()
    reader, waits = of(box), Event()
    with _relay(box.server.ports.imap) as (port, cut):
        reader.set(port=port)

        def goes_on() -> bool:
            if waits.is_set():
                cut()
            waits.set()
            return True

        with pytest.raises(MailboxClosed, match="closed the connection"):
            returning.collect(reader.app, clock=reader.clock, goes_on=goes_on)


@contextmanager
def _relay(to: int) -> Iterator[tuple[int, Callable[[], None]]]:
    """A port that leads to another until it is cut."""
    ends: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass

    def cut() -> None:
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            near, _ = server.accept()
            far = socket.create_connection(("127.0.0.1", to))
            ends.extend((near, far))
            threads = [Thread(target=carry, args=pair) for pair in ((near, far), (far, near))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            near.close()
            far.close()

        thread = Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], cut
        finally:
            cut()
            thread.join()
