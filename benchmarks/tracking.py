"""How fast the provider's events are taken in, through the web app: `python -m benchmarks.tracking`.

[--quick] [--json] [--against REVISION]. For each reader of one edition a processed and a delivered event, and for
one in fifty a bounce instead, as SendGrid writes them: in signed posts of about 750 KB, over loopback to
`newsletter serve`, which answers 200 when they are committed. Then the same again, for much of what SendGrid posts
has been posted before. With --against the builds take turns; the ratio is to the other one. Beside the events a
second stands what one costs the web process, in processor's time, which a busy machine does not change as much.
"""

import http.client
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

from benchmarks import _builds, _ground, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row, middle, ratio
from newsletter.testing.sendgrid_events import Signer

#: SendGrid's posts hold at most 768 KB
_POST_BYTES = 750_000
#: posts under way at once: SendGrid has many servers
_AT_ONCE = 4
_BATCH = 1000
#: run by each build with its own tables and its own benchmarks
_PREPARE = """
import json
from contextlib import closing
from sqlalchemy import update
from benchmarks import _ground
from newsletter import db
from newsletter.delivery.models import Batch, BatchState
with closing(db.connect({url!r})) as database:
    db.upgrade(database)
    _ground.fill(database, {readers})
    edition = _ground.an_edition(database)
    _ground.plan(database, edition, sender="sendgrid", batch_size={batch})
    with database.write() as session:
        for number in range(1, {readers} // {batch} + 2):
            accepted = dict(state=BatchState.ACCEPTED, attempt=f"benchmark.{{number}}")
            session.execute(update(Batch).where(Batch.number == number).values(accepted))
    print(json.dumps(dict(edition=edition)))
"""
_SETTINGS = """
database_url = {url}
secret = "a secret for benchmarks that is long enough"
[sendgrid]
webhook_key = "{key}"
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _builds.asked("tracking", __doc__, arguments)
    rounds, readers = (1, 5_000) if asked.quick else (3, 20_000)
    with _builds.builds(asked.against) as builds:
        found = [
            row for backend in ("sqlite", "postgresql") for row in measure(builds, backend, readers, rounds=rounds)
        ]
        _tables.show("Events taken in", found, form=asked.form)


def measure(builds: Sequence[Build], backend: str, readers: int, *, rounds: int) -> Iterator[Row]:
    """Each figure of each build, the median of *rounds* in which they took turns."""
    taken = [{build.name: _trial(build, backend, readers) for build in builds} for _ in range(rounds)]
    for what, key, unit in (
        ("new events", "new", "events/s"),
        ("the same again", "again", "events/s"),
        ("processor for a new event", "cost", "µs"),
        ("processor for one again", "cost again", "µs"),
    ):
        figures = {build.name: middle([each[build.name][key] for each in taken]) for build in builds}
        first = figures[builds[0].name]
        for name, figure in figures.items():
            yield Row(what, f"{backend}, {name}", figure, unit, ratio(figure, first) if len(builds) > 1 else None)


def _trial(build: Build, backend: str, readers: int) -> dict[str, float]:
    with _ground.empty_url(backend) as url, tempfile.TemporaryDirectory(prefix="bench") as folder:
        edition = build.call(_PREPARE.format(url=url, readers=readers, batch=_BATCH))["edition"]
        signer, home = Signer(), Path(folder)
        (home / "newsletter.toml").write_text(_SETTINGS.format(url=json.dumps(url), key=signer.public_key))
        posts = [(body, _headers(signer, body)) for body in _posts(int(edition), readers)]
        count = 2 * readers
        with _serving(build, home) as (process, port):
            _post(port, b"[]", _headers(signer, b"[]"))  # whatever is loaded at the first post
            figures: dict[str, float] = {}
            for rate, cost in (("new", "cost"), ("again", "cost again")):
                before, began = _processor(process.pid), time.perf_counter()
                with ThreadPoolExecutor(_AT_ONCE) as threads:
                    list(threads.map(lambda post: _post(port, *post), posts))
                figures[rate] = count / (time.perf_counter() - began)
                figures[cost] = (_processor(process.pid) - before) / count * 1e6
        return figures


@contextmanager
def _serving(build: Build, home: Path) -> Iterator[tuple[Popen[str], int]]:
    process = build.start("serve", "--port", "0", home=home)
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"http://[\d.]+:(\d+)/", line) for line in process.stdout)))
        # what it logs is read, or it would wait for its reader
        with ThreadPoolExecutor(1) as threads:
            threads.submit(process.stdout.read)
            try:
                yield process, int(found[1])
            finally:
                process.terminate()
                process.wait()
    finally:
        process.kill()
        process.wait()


def _post(port: int, body: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("POST", "/hooks/sendgrid", body, headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}: {answer.read()[:200]!r}")
        answer.read()
    finally:
        connection.close()


def _headers(signer: Signer, body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/json", **signer.headers(body, str(int(time.time())))}


def _processor(pid: int) -> float:
    """Seconds of processor's time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _posts(edition_id: int, readers: int) -> Iterator[bytes]:
    """All that is told, cut as SendGrid cuts it."""
    some, size = list[str](), 0
    for event in _told(edition_id, readers):
        written = json.dumps(event, separators=(",", ":"))
        if size + len(written) > _POST_BYTES:
            yield f"[{','.join(some)}]\r\n".encode()
            some, size = [], 0
        some.append(written)
        size += len(written) + 1
    yield f"[{','.join(some)}]\r\n".encode()


def _told(edition_id: int, readers: int) -> Iterator[dict[str, Any]]:
    at = int(time.time()) - 3600
    for one in range(1, readers + 1):
        number = (one - 1) // _BATCH + 1
        message = f"q7Zk{number:04}rTmW2yB0dX9aLg"
        about = {
            "email": f"reader{one}@example.com",
            "timestamp": at + one % 60,
            "smtp-id": f"<{message}{one}@geopod-ismtpd-1>",
            "sg_message_id": f"{message}.recvd-6d9f7c-1-619F0A11-{one}.{one}",
            "nl_edition": str(edition_id),
            "nl_subscriber": str(one),
            "nl_attempt": f"benchmark.{number}",
        }
        yield {**about, "event": "processed", "sg_event_id": f"cHJvY2Vzc2VkLTAtNDI0Mi{message}{one}"}
        if one % 50:
            words = f"250 2.0.0 OK  16379{one} d2e1a72fcca58-6d{one}si114 - gsmtp"
            more = {"event": "delivered", "response": words, "ip": "192.0.2.10", "tls": 1}
            yield {**about, **more, "sg_event_id": f"ZGVsaXZlcmVkLTAtNDI0Mi{message}{one}"}
        else:
            words = "421 4.7.1 try again later"
            more = {"event": "bounce", "type": "blocked", "status": "4.7.1", "reason": words}
            yield {**about, **more, "sg_event_id": f"Ym91bmNlLTAtNDI0Mi{message}{one}"}


if __name__ == "__main__":
    main()
