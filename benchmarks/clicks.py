"""How fast counted links lead on and are recorded: `python -m benchmarks.clicks [--quick] [--json]`.

Each of many readers follows a few links of one edition. The door is asked as a server asks it, and over HTTP on
loopback, and the time ends when the last click is in the database; the baseline writes one row in each transaction.
Then what counted links cost a message on its way to the wire.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from sqlalchemy import insert, update

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState
from newsletter.rendering import links
from newsletter.rendering.counted import Counting
from newsletter.rendering.mould import Mould
from newsletter.rendering.slots import Reader
from newsletter.testing.serving import serving
from newsletter.tracking.links.models import Link, Tracked, Visit
from newsletter.web.app import create
from newsletter.web.readers.following import Doors

_LINKS, _ONE_BY_ONE, _CONNECTIONS = 12, 200, 8
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
#: a client of its own process: keeps connections open and asks again as soon as it is answered
_CLIENT = """
import socket, sys, threading
host, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
paths = sys.stdin.read().split()
def ask(some):
    with socket.create_connection((host, port)) as wire:
        for path in some:
            wire.sendall(f"GET {path} HTTP/1.1\\r\\nHost: a\\r\\nUser-Agent: Firefox\\r\\n\\r\\n".encode())
            answer = b""
            while b"\\r\\n\\r\\n" not in answer:
                answer += wire.recv(65536)
            assert answer.startswith(b"HTTP/1.1 302"), answer
threads = [threading.Thread(target=ask, args=(paths[start::connections],)) for start in range(connections)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    readers = 2_000 if "--quick" in arguments else 20_000
    rows = [row for backend in ("sqlite", "postgresql") for row in measure(backend, readers)]
    rows += messages(2_000 if "--quick" in arguments else 20_000)
    _tables.show("clicks", rows, form=_tables.form_of(arguments))


def measure(backend: str, readers: int) -> Iterator[Row]:
    """The rows of one database."""
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        _ground.fill(database, readers)
        edition_id = _ground.an_edition(database)
        _ground.plan(database, edition_id, sender="smtp", batch_size=25)
        began = datetime.now(UTC)
        with database.write() as session:
            session.execute(update(Batch).values(state=BatchState.ACCEPTED, fenced_at=began, settled_at=began))
        slowly = _one_by_one(database, edition_id)
        yield Row("one row a transaction", backend, slowly, "clicks/s", 1.0)
        for mode in ("anonymous", "individual"):
            _register(database, edition_id, mode)
            app = App(_settings(url, mode), database)
            rate, times = asyncio.run(_followed(app, edition_id, readers))
            note = f"answered in {1e3 * median(times):.3f} ms, 99 of 100 in {1e3 * quantiles(times, n=100)[98]:.3f} ms"
            yield Row(
                f"{mode}, at the door", backend, rate, "clicks/s", rate / slowly, f"{note}; to reach: 5,000, 5 ms"
            )
            over = _over_http(app, edition_id, readers)
            yield Row(f"{mode}, over HTTP", backend, over, "clicks/s", over / slowly, "one process, client beside it")


async def _followed(app: App, edition_id: int, readers: int) -> tuple[float, list[float]]:
    web = create(app)
    clicks, doors = web.state.ground.clicks, Doors(web, web.state.ground)
    paths, times = list(_paths(edition_id, readers)), list[float]()

    async def nothing(_message: Any = None) -> Any:
        return None

    began = time.perf_counter()
    for path in paths:
        scope = {
            "type": "http", "method": "GET", "path": path, "client": ("203.0.113.9", 1),
            "headers": [(b"host", b"a"), (b"user-agent", _CHROME.encode())],
        }  # fmt: skip
        asked = time.perf_counter()
        await doors(scope, nothing, nothing)
        times.append(time.perf_counter() - asked)
    clicks.close()
    return len(paths) / (time.perf_counter() - began), times


def _over_http(app: App, edition_id: int, readers: int) -> float:
    web, paths = create(app), list(_paths(edition_id, readers))
    with serving(web) as url:
        host, port = url.removeprefix("http://").split(":")
        began = time.perf_counter()
        client = [sys.executable, "-c", _CLIENT, host, port, str(_CONNECTIONS)]
        subprocess.run(client, input="\n".join(paths), text=True, check=True)
        web.state.ground.clicks.close()
        return len(paths) / (time.perf_counter() - began)


def _paths(edition_id: int, readers: int) -> Iterator[str]:
    for reader in range(1, readers + 1):
        token = links.click_token(_ground.SECRET, edition_id, reader)
        for number in (1 + reader % _LINKS, 1 + reader * 7 % _LINKS):
            yield f"/l/{token}{links.tag(_ground.SECRET, edition_id, number)}"


def _one_by_one(database: Database, edition_id: int) -> float:
    row = {
        "edition_id": edition_id, "number": 1, "at": datetime.now(UTC), "delay": 60, "agent": "browser",
        "verdict": "human", "reasons": "", "rules": 0, "subscriber_id": 1,
    }  # fmt: skip
    began = time.perf_counter()
    for _ in range(_ONE_BY_ONE):
        with database.write() as session:
            session.execute(insert(Visit).values(**row))
    return _ONE_BY_ONE / (time.perf_counter() - began)


def _register(database: Database, edition_id: int, mode: str) -> None:
    with database.write() as session:
        session.merge(Tracked(edition_id=edition_id, mode=mode, pixel=False, seen=_LINKS))
        for number in range(1, _LINKS + 1):
            url = f"https://example.com/{number}"
            session.merge(Link(edition_id=edition_id, number=number, url=url, part="html", place="story", words=""))


def _settings(url: str, mode: str) -> Settings:
    friday = {"title": "F", "from_address": "f@example.com", "postal_address": "A", "tracking": mode, "links_days": 0}
    return Settings.model_validate({"database_url": url, "secret": _ground.SECRET, "newsletters": {"friday": friday}})


def messages(count: int) -> Iterator[Row]:
    """What a message costs that is made for the wire, of 15 KB and with twelve links, counted and not, in turn."""
    straight, counted = _cast(Counting()), _cast(Counting("anonymous", decoy=True))
    figures: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(5):
        for counts, mould in ((False, straight), (True, counted)):
            began = time.perf_counter()
            for number in range(count // 5):
                token, click = links.tokens(_ground.SECRET, 1, number)
                mould.wired(
                    Reader(number, f"reader{number}@example.com", "Reader", token, False, click if counts else "")
                )
            figures[counts].append(count / 5 / (time.perf_counter() - began))
    usual, with_links = median(figures[False]), median(figures[True])
    yield Row("messages made, links as they are", "15 KB", usual, "messages/s", 1.0)
    more = 1e6 / with_links - 1e6 / usual
    yield Row(
        "messages made, links counted", "15 KB", with_links, "messages/s", with_links / usual, f"{more:+.1f} µs each"
    )


def _cast(counting: Counting) -> Mould:
    stories = "".join(f'<p><a href="https://example.com/{n}">story {n}</a></p>\n' for n in range(_LINKS))
    html = f"<html><body>{stories}{'<p>Walmart holds its first shoppable livestream.</p>' * 270}</body></html>"
    return Mould(
        edition_id=1, subject="Five stories", html=html, text="Hello\n\nhttps://example.com/1\n",
        sender=("The Friday Five", "friday@news.example.com"), reply_to="", list_name=("The Friday Five", "friday"),
        public_url="https://news.example.com", secret=_ground.SECRET, date=datetime(2021, 11, 26, 9, tzinfo=UTC),
        counting=counting,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
