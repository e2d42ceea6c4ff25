"""Whatever is killed, and whatever a server forgets: each letter is taken in once, and put away."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from newsletter.tracking.models import Event
from tests.mailbox.conftest import Reader, Started
from tests.mailbox.letters import bounce, note
from tests.servers import mailboxes
from tests.servers.mailboxes import Box

Of = Callable[[Box], Reader]


@pytest.mark.parametrize("when", ["judging", "moving", "moved"])
@pytest.mark.parametrize("name", mailboxes.NAMED)
def test_who_is_killed_and_starts_again_has_each_letter_once(
    servers: Started, of: Of, database_url: str, name: str, when: str
) -> None:
    box = servers(name).box()
    reader = of(box)
    box.put(bounce(1), bounce(2), note(3))
    command = [sys.executable, "-m", "tests.mailbox.dying", database_url, str(box.server.ports.imap), box.user, when]
    killed = subprocess.run(command, check=False, timeout=300)
    reader.collect()
    with reader.app.database.read() as session:
        events = session.scalar(select(func.count()).select_from(Event))
    assert (killed.returncode, sorted(letter.action for letter in reader.knows()), events, list(box.holds())) == (
        -signal.SIGKILL, ["failed", "failed", "unrecognised"], 2, ["A note 3"],
    )  # fmt: skip


def test_two_who_read_one_mailbox_at_once_take_each_letter_in_once(servers: Started, of: Of) -> None:
    from threading import Thread

    box = servers("Dovecot").box()
    box.put(*(bounce(number) for number in range(120)))
    first, second = of(box), of(box)
    threads = [Thread(target=reader.collect) for reader in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first.collect()
    assert (len(first.knows()), box.holds()) == (120, {})
