"""How fast letters that came back are taken in: `python -m benchmarks.mailbox [--quick] [--json]`.

Bounces as Postfix writes them, each to its copy's own return address, in a Maildir and, where it can be had, in
Dovecot's INBOX over IMAP: fetched, understood, their verdicts and texts kept, statuses moved, addresses suppressed,
letters moved out of the way. Beside it what the understanding alone takes. Figures are letters a second of this
process's own processor's time, which a busy machine does not change as much; by the clock beside them.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.app import App
from newsletter.config import Mailbox, Settings
from newsletter.db import Database
from newsletter.jobs import returning
from newsletter.rendering import links
from newsletter.tracking.bounces.understanding import understand
from tests import factories
from tests.delivery import world
from tests.mailbox.letters import bounce
from tests.servers import mailboxes
from tests.servers.debian import Missing

_SECRET = "a secret for benchmarks"  # noqa: S105
#: letters a second
GOAL = 500


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    count = 500 if "--quick" in arguments else 5_000
    letters = _letters(count)
    rows = [_row("understood alone", _timed(lambda: [understand(letter) for letter in letters]), count)]
    for backend in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, _product(backend, Path(folder), count) as app:
            rows.append(_row(f"from a Maildir, {backend}", _timed(lambda: _collect(app)), count))
    try:
        rows.append(_from_dovecot(count))
    except Missing as reason:
        sys.stderr.write(f"Dovecot: {reason}\n")
    _tables.show("letters taken in", rows, form=_tables.form_of(arguments))


def _from_dovecot(count: int) -> Row:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, tempfile.TemporaryDirectory() as folder:
        Path(place).chmod(0o755)
        with mailboxes.server(mailboxes.DOVECOT, Path(place)) as server, _product("sqlite", Path(folder), count) as app:
            box = server.box()
            box.put(*_letters(count))
            mailbox = Mailbox(
                host="127.0.0.1",
                port=server.ports.imap,
                security="none",
                username=box.user,
                password=SecretStr(mailboxes.PASSWORD),
            )
            read = App(app.settings.model_copy(update={"mailbox": mailbox}), app.database)
            return _row("from Dovecot, sqlite", _timed(lambda: _collect(read)), count)


@contextmanager
def _product(backend: str, folder: Path, count: int) -> Iterator[App]:
    """The product on a database of its own with *count* readers of one edition, and their bounces in a Maildir."""
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        _fill(database, count)
        for part in ("tmp", "new", "cur"):
            (folder / "Maildir" / part).mkdir(parents=True)
        for number, letter in enumerate(_letters(count)):
            (folder / "Maildir" / "new" / f"{number}.a.host").write_bytes(letter)
        mailbox = Mailbox(maildir=folder / "Maildir")
        yield App(Settings(home=folder, database_url=url, secret=SecretStr(_SECRET), mailbox=mailbox), database)


def _fill(database: Database, count: int) -> None:
    with database.write() as session:
        world.people(session, count, domain="readers.example")
        factories.an_edition(session)


def _letters(count: int) -> list[bytes]:
    return [
        bounce(
            number,
            to=f"bounces+{links.return_mark(_SECRET, 1, number + 1)}@news.example.com",
            address=f"reader{number}@readers.example",
        )
        for number in range(count)
    ]


def _collect(app: App) -> None:
    found = returning.collect(app, clock=lambda: datetime.now(UTC))
    assert found.new["failed"], "nothing was taken in"


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's processor."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def _row(what: str, seconds: tuple[float, float], count: int) -> Row:
    clock, processor = seconds
    verdict = "reached" if count / processor >= GOAL else "MISSED"
    note = f"{verdict}: {GOAL}/s; {count / clock:,.0f}/s by the clock"
    return Row(what, f"{count:,} letters", count / processor, "/s", note=note)


if __name__ == "__main__":
    main(sys.argv[1:])
