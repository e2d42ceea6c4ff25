"""How fast an audience moves in: `python -m benchmarks.audience [--quick] [--json] [--against REVISION] [--peer]`.

A file of addresses, names, languages and zones through `newsletter subscribers import`, into an empty database and
into one that has them already, on SQLite and on PostgreSQL; each figure is rows for a second of processor's time,
the database server's included, because other things run on this machine. With a revision, that build reads the same
file in the same run. A reader leaves by one click, again and again, while an import runs. --peer has listmonk's
importer read the file where `listmonk` is installed.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks import _builds, _ground, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row, ratio
from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.rendering import links
from subscribers import roll
from subscribers.models import Consent
from tests.web.site import served

#: how many times the build before these goals, and rows a second
GOALS = {"sqlite": (12, 40_000), "postgresql": (80, 30_000)}
#: megabytes, and seconds for the slowest click in a hundred
MEMORY, PATIENCE = 150, 1.0
_SETTINGS = """\
database_url = "{url}"
secret = "a secret for benchmarks"
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds, and figures that only show that it runs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--against", default="", help="a revision to compare with")
    parser.add_argument("--against-rows", type=int, default=100_000, help="rows of the file both builds read")
    parser.add_argument("--peer", action="store_true", help="listmonk's importer too, where it is installed")
    asked = parser.parse_args()
    count = 5_000 if asked.quick else asked.rows
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        for backend in GOALS:
            rows += _alone(backend, _file(Path(folder), count))
            rows.append(_clicked(backend, _file(Path(folder), min(count, 200_000))))
            if asked.against:
                rows += _compared(
                    backend, _file(Path(folder), 5_000 if asked.quick else asked.against_rows), asked.against
                )
        if asked.peer:
            rows.append(_peer(_file(Path(folder), count)))
    _tables.show("an audience moves in", rows, form="json" if asked.json else "markdown" if asked.markdown else "table")


def _file(folder: Path, count: int) -> Path:
    """A file of *count* people, the same for the same number."""
    file = folder / f"people-{count}.csv"
    if not file.exists():
        chance = random.Random(count)
        names = ("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
        with file.open("w", encoding="utf-8") as stream:
            stream.write("email,name,language,time zone\n")
            for number in range(count):
                name, host = chance.choice(names), chance.randrange(200)
                stream.write(
                    f"{name}.{chance.randrange(10**6)}.{number}@mail{host}.example.com,"
                    f"{name.title()} {number},en,Europe/London\n"
                )
    return file


def _alone(backend: str, file: Path) -> list[Row]:
    goal = GOALS[backend][1]
    count = int(file.stem.partition("-")[2])
    with _home(backend) as (home, database):
        rows = []
        for into in ("empty", "full"):
            cost = _import(_builds.Build("this build", Path(__file__).parents[1]), home, file, database)
            rows.append(
                Row(
                    f"{count:,} rows into {into} tables", backend, count / cost.processor, "rows/s",
                    note=f"goal {goal:,}; {cost.wall:.0f} s by the clock, {cost.memory:.0f} MB (goal {MEMORY})",
                )
            )  # fmt: skip
        with database.read() as session:
            assert session.scalar(text("SELECT count(*) FROM subscription")) == count
    return rows


def _compared(backend: str, file: Path, against: str) -> list[Row]:
    """The same file by both builds, each into a database of its own, one after the other."""
    count, goal = int(file.stem.partition("-")[2]), GOALS[backend][0]
    rates: dict[str, float] = {}
    with _builds.builds(against) as both:
        for build in both:
            with _home(backend, build) as (home, database):
                rates[build.name] = count / _import(build, home, file, database).processor
    before, now = rates.values()
    return [
        Row(f"{count:,} rows, {against[:12]}", backend, before, "rows/s", 1.0),
        Row(f"{count:,} rows, this build", backend, now, "rows/s", ratio(now, before), f"goal {goal}"),
    ]


class _Cost:
    def __init__(self, processor: float, wall: float, memory: float) -> None:
        self.processor, self.wall, self.memory = processor, wall, memory


def _import(build: Build, home: Path, file: Path, database: Database) -> _Cost:
    """What one import costs: seconds of processor's time, the server's with it, seconds by the clock, and megabytes."""
    served_before, began = _server(database), time.perf_counter()
    process = build.start("subscribers", "import", str(file), "--list", "weekly", "--confirmed-by", "x", home=home)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{build.name}: {said}")
    server = _server(database) - served_before
    return _Cost(used.ru_utime + used.ru_stime + server, time.perf_counter() - began, used.ru_maxrss / 1024)


def _server(database: Database) -> float:
    """Seconds of processor's time that PostgreSQL has taken with all its processes so far."""
    if database.is_sqlite:
        return 0.0
    with database.read() as session:
        folder = Path(str(session.scalar(text("SHOW data_directory"))))
    database.close()  # what a connection of ours took counts when it is over
    time.sleep(0.5)
    master = int((folder / "postmaster.pid").read_text().split()[0])
    stats = [_times(master)] + [_times(int(child)) for child in _children(master)]
    return sum(stats) / os.sysconf("SC_CLK_TCK")


def _children(master: int) -> list[str]:
    return Path(f"/proc/{master}/task/{master}/children").read_text().split()


def _times(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15]))


@contextmanager
def _home(backend: str, build: Build | None = None) -> Iterator[tuple[Path, Database]]:
    """A folder with settings and an empty database of *build*'s, with the list they go to."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder, _ground.empty_url(backend) as url:
        home = Path(folder)
        (home / "newsletter.toml").write_text(_SETTINGS.format(url=url), "utf-8")
        (build or Build("this build", Path(__file__).parents[1])).run("db", "upgrade", home=home)
        with closing(db.connect(url)) as database:
            with database.write() as session:
                session.execute(
                    text("INSERT INTO list (slug, title, created_at) VALUES ('weekly', 'Weekly', :now) "
                         "ON CONFLICT DO NOTHING"),
                    {"now": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")},
                )  # fmt: skip
            yield home, database


def _clicked(backend: str, file: Path) -> Row:
    """How long the slowest click in a hundred takes, while an import writes as fast as it can."""
    with _home(backend) as (home, database):
        settings = Settings.model_validate({
            "home": home, "database_url": database.url.render_as_string(hide_password=False),
            "secret": "a secret for benchmarks", "public_url": "https://news.example.com",
            "newsletters": {"friday": {"title": "Friday", "from_address": "friday@news.example.com",
                                       "postal_address": "1 Market Row"}},
        })  # fmt: skip
        app = App(settings, database)
        with database.write() as session:
            people = [
                roll.add(session, f"clicker{number}@example.com", lists=["weekly"], consent=Consent.CONFIRMED,
                         source="benchmark", now=datetime.now(UTC)).id
                for number in range(2000)
            ]  # fmt: skip
        over = threading.Event()
        build = Build("this build", Path(__file__).parents[1])
        running = threading.Thread(target=_import_quietly, args=(build, home, file, over))
        took: list[float] = []
        with served(app, lambda: datetime.now(UTC)) as site:
            running.start()
            for person in people:
                if over.is_set():
                    break
                token = links.token("a secret for benchmarks", 0, person)
                began = time.perf_counter()
                answer = site.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200, answer.text
                time.sleep(0.02)
        running.join()
    slowest = sorted(took)[len(took) * 99 // 100]
    return Row(
        "one click during an import, p99", backend, slowest * 1000, "ms",
        note=f"goal {PATIENCE * 1000:.0f} ms; {len(took):,} clicks, slowest {max(took) * 1000:.0f} ms",
    )  # fmt: skip


def _import_quietly(build: Build, home: Path, file: Path, over: threading.Event) -> None:
    try:
        build.run("subscribers", "import", str(file), "--list", "weekly", "--confirmed-by", "x", home=home)
    finally:
        over.set()


def _peer(file: Path) -> Row:
    """listmonk's importer is reached over its own API only; see its documentation for a server to point it at."""
    program, server = shutil.which("listmonk"), os.environ.get("LISTMONK_URL", "")
    if not program and not server:
        return Row("listmonk's importer", "postgresql", note="not here: install listmonk, start it, set LISTMONK_URL")
    began = time.perf_counter()
    parameters = (
        '{"mode": "subscribe", "subscription_status": "confirmed", "delim": ",", "lists": [1], "overwrite": true}'
    )
    subprocess.run(
        ["curl", "-fsS", "-u", os.environ.get("LISTMONK_USER", "admin:admin"), "-F", f"params={parameters}",
         "-F", f"file=@{file}", f"{server}/api/import/subscribers"],
        check=True, capture_output=True,
    )  # fmt: skip
    while b'"importing"' in subprocess.run(
        ["curl", "-fsS", "-u", os.environ.get("LISTMONK_USER", "admin:admin"), f"{server}/api/import/subscribers"],
        check=True, capture_output=True,
    ).stdout:  # fmt: skip
        time.sleep(0.2)
    count = int(file.stem.partition("-")[2])
    return Row(
        "listmonk's importer", "postgresql", count / (time.perf_counter() - began), "rows/s", note="by the clock"
    )


if __name__ == "__main__":
    main()
