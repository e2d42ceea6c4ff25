"""How fast past editions are read: `python -m benchmarks.archive [--quick] [--json]`.

One process serves them on loopback, and another one asks over open connections. The baseline is the stylesheet, which
every page needs too. Each figure is by the clock, with the client on the same machine; what the serving process itself
spends on an answer stands beside it.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions.models import Edition, EditionStory, State
from newsletter.testing.serving import serving
from newsletter.web.app import create

_CONNECTIONS, _STORIES = 8, 5
_CLIENT = """
import socket, sys, threading
host, port, connections, header = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
paths = sys.stdin.read().split()
def ask(some):
    with socket.create_connection((host, port)) as wire:
        for path in some:
            wire.sendall(f"GET {path} HTTP/1.1\\r\\nHost: a\\r\\n{header}\\r\\n".encode())
            answer = b""
            while b"\\r\\n\\r\\n" not in answer:
                answer += wire.recv(65536)
            head, _, body = answer.partition(b"\\r\\n\\r\\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\\r\\n")[1:])
            left = int(fields.get(b"content-length", 0)) - len(body)
            while left > 0:
                left -= len(wire.recv(65536))
            assert head[9:12] in (b"200", b"304"), head
threads = [threading.Thread(target=ask, args=(paths[start::connections],)) for start in range(connections)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    editions, requests = (50, 1_000) if "--quick" in arguments else (500, 10_000)
    rows = [row for backend in ("sqlite", "postgresql") for row in measure(backend, editions, requests)]
    _tables.show("archive", rows, form=_tables.form_of(arguments))


def measure(backend: str, editions: int, requests: int) -> Iterator[Row]:
    """The rows of one database."""
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        days = [date(2021, 11, 26) - timedelta(weeks=number) for number in range(editions)]
        with database.write() as session:
            session.add_all(map(_edition, days))
        friday = {"title": "F", "from_address": "f@example.com", "postal_address": "A"}
        settings = {"database_url": url, "secret": _ground.SECRET, "newsletters": {"friday": friday}}
        web = create(App(Settings.model_validate(settings), database))
        pages = [f"/archive/friday/{day}" for day in days]
        with serving(web) as site:
            usual, _ = _asked(site, ["/static/style.css"], requests)
            yield Row("the stylesheet", backend, usual, "requests/s", 1.0)
            _asked(site, pages, len(pages))  # each page is made once
            for what, paths, header in (
                ("one edition, again and again", pages[:1], ""),
                ("every edition in turn", pages, ""),
                ("the newest, and the list", ["/archive/friday"], ""),
                ("one that a cache has", pages[:1], "If-None-Match: *\r\n"),
                ("the Atom feed", ["/archive/friday/atom.xml"], ""),
                ("a search", ["/archive/friday?q=shop"], ""),
            ):
                rate, cost = _asked(site, paths, requests, header)
                note = f"{cost * 1e6:,.0f} µs of the process; to reach: 1,000"
                yield Row(what, f"{backend}, {editions} editions", rate, "requests/s", rate / usual, note)


def _asked(site: str, paths: Sequence[str], requests: int, header: str = "") -> tuple[float, float]:
    """Requests in a second, and seconds of this process for each."""
    host, port = site.removeprefix("http://").split(":")
    client = [sys.executable, "-c", _CLIENT, host, port, str(_CONNECTIONS), header]
    asked = "\n".join(paths[number % len(paths)] for number in range(requests))
    began, spent = time.perf_counter(), time.process_time()
    subprocess.run(client, input=asked, text=True, check=True)
    return requests / (time.perf_counter() - began), (time.process_time() - spent) / requests


def _edition(day: date) -> Edition:
    words = f"A shop of {day} opens, and says what it will sell, to whom and why. " * 5
    stories = [
        EditionStory(position=number, headline=f"Story {number} of {day}", summary=words, url="https://example.com/")
        for number in range(1, _STORIES + 1)
    ]
    return Edition(
        newsletter="friday",
        date=day,
        state=State.SENT,
        title="F",
        subject=f"News of {day}",
        preheader="And more",
        stories=stories,
        created_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
