"""How fast other programs are told: `python -m benchmarks.webhooks [--quick] [--json]`.

On PostgreSQL a million copies and a million events of them, on SQLite a tenth of that. What became of the copies at
hand-over is collected, in batches as SendGrid gets them and as a mail server does; then the events; then all of it is
posted to a receiver in a process of its own, over loopback. Beside it what a look costs that finds nothing while a
sending is under way, which is what a scheduler adds to a Friday: milliseconds of this process's and the database's
own time, as the clock says.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import func, select, text, update

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Batch, BatchState
from newsletter.jobs import telling
from newsletter.staff.acts import Doer
from newsletter.tracking.webhooks import happenings
from newsletter.tracking.webhooks.models import Happening

_READERS = {"sqlite": 100_000, "postgresql": 1_000_000}
#: copies in a batch: SendGrid's, and a mail server's
_BATCHES = {"sendgrid": 1000, "smtp": 20}
_EVENTS = """
    INSERT INTO event (provider, provider_event_id, kind, at, received_at, is_ours, edition_id, subscriber_id, attempt,
                       lesson, reason, payload)
    SELECT 'sendgrid', 'd-' || subscriber_id, 'delivered', :now, :now, {true}, edition_id, subscriber_id, 'b.1', '', '',
           '{{"response": "250 OK"}}'
    FROM delivery WHERE edition_id = :edition
"""
_RECEIVER = """
import socket
door = socket.create_server(("127.0.0.1", 0), backlog=64)
print(door.getsockname()[1], flush=True)
while True:
    line, _ = door.accept()
    with line, line.makefile("rb") as file:
        length = 0
        while (head := file.readline().strip()):
            if head.lower().startswith(b"content-length:"):
                length = int(head.partition(b":")[2])
        file.read(length)
        line.sendall(b"HTTP/1.1 204 No Content\\r\\nContent-Length: 0\\r\\n\\r\\n")
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    quick = "--quick" in arguments
    rows = [row for backend, readers in _READERS.items() for row in measure(backend, 5_000 if quick else readers)]
    _tables.show("Other programs told", rows, form=_tables.form_of(arguments))


def measure(backend: str, readers: int) -> Iterator[Row]:
    """What telling costs on one database."""
    setting = f"{backend}, {readers:,} copies"
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database, _receiver() as address:
        app = App(_settings(url), database)
        _ground.fill(database, readers)
        telling.add(app, address, by=Doer("a benchmark", "command line"), now=datetime.now(UTC))
        for number, (sender, size) in enumerate(_BATCHES.items()):
            edition = _handed_over(database, number, sender, size)
            taken = _seconds(lambda: _collect(app))
            yield Row(f"copies collected, {size:,} in a batch", setting, readers / taken, "copies/s")
        yield Row("a look that finds nothing, meanwhile", setting, _idle(app), "ms", note="every two seconds at most")
        with database.write() as session:
            true = "1" if database.is_sqlite else "true"
            session.execute(text(_EVENTS.format(true=true)), {"edition": edition, "now": datetime.now(UTC)})
        planning.look_at_the_figures(database)
        taken = _seconds(lambda: _collect(app))
        yield Row("events collected", setting, readers / taken, "events/s")
        with database.read() as session:
            count = session.scalar(select(func.count()).select_from(Happening)) or 0
        taken = _seconds(lambda: telling.serve(app, 1, "a benchmark", app.clock))
        yield Row(
            "all of it posted, one after the other", setting, 3 * readers / taken, "copies/s", note=f"{count:,} posts"
        )
        yield Row("a post", setting, 1000 * taken / count, "ms")


def _handed_over(database: Database, number: int, sender: str, size: int) -> int:
    """An edition whose copies were all taken."""
    edition = _ground.an_edition(database, 1 + 7 * number)
    _ground.plan(database, edition, sender=sender, batch_size=size)
    with database.write() as session:
        accepted = {"state": BatchState.ACCEPTED, "settled_at": datetime.now(UTC)}
        session.execute(update(Batch).where(Batch.edition_id == edition).values(accepted))
    return edition


def _collect(app: App) -> None:
    while happenings.collect(app.database, now=app.clock()):
        pass


def _idle(app: App) -> float:
    """Milliseconds of a look with nothing to find, the median of some."""
    happenings.collect(app.database, now=app.clock())
    return median([1000 * _seconds(lambda: happenings.collect(app.database, now=app.clock())) for _ in range(9)])


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


@contextmanager
def _receiver() -> Iterator[str]:
    """The address of one that takes everything."""
    with subprocess.Popen([sys.executable, "-c", _RECEIVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/hook"
        process.kill()


def _settings(url: str) -> Settings:
    friday = {"title": "The Friday Five", "from_address": "friday@news.example.com", "postal_address": "1 Market Row"}
    said = {
        "home": Path.cwd(),
        "database_url": url,
        "secret": "a secret for benchmarks",
        "newsletters": {"friday": friday},
    }
    return Settings.model_validate(said | {"fetch": {"allow_loopback": True}})


if __name__ == "__main__":
    main(sys.argv[1:])
