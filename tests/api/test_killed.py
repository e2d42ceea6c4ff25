"""A web process that is killed in the middle of a request, and another one on the same database that is asked again."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.staff import answers
from newsletter.stories.models import Source
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.api.conftest import a_token, problem
from tests.databases import Databases
from tests.stories.conftest import stand
from tests.stories.newsstand import Newsstand
from tests.stories.test_collecting import feed
from tests.workers.crowd import until

__all__ = ["stand"]


@pytest.fixture
def app(postgresql_databases: Databases, tmp_path: Path) -> Iterator[App]:
    """A home in which processes of their own find what this one finds."""
    url = postgresql_databases.take()
    told = {"database_url": url.render_as_string(hide_password=False), "secret": "s" * 40}
    text = "".join(f'{name} = "{value}"\n' for name, value in told.items())
    (tmp_path / "newsletter.toml").write_text(f"{text}[fetch]\nallow_loopback = true\nhost_gap = 0\n", "utf-8")
    fetch = {"allow_loopback": True, "host_gap": 0}
    database = db.connect(url)
    yield App(Settings.model_validate({"home": tmp_path, "fetch": fetch, **told}), database)
    database.close()
    postgresql_databases.give_back(url)


@contextmanager
def _serve(home: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    command = (sys.executable, "-m", "newsletter", "--home", str(home), "serve", "--port", "0")
    with (
        (home / "log").open("ab") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout
        address = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert address, (home / "log").read_text()
        yield address[0], process
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)


def _add(door: str, token: str, address: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    return httpx.post(f"{door}/api/sources", json={"address": address}, headers=headers, trust_env=False, timeout=120)


def _sources(app: App) -> int:
    with app.database.read() as session:
        return session.scalar(select(func.count()).select_from(Source)) or 0


def test_what_a_killed_process_had_begun_is_done_once_by_another(app: App, stand: Newsstand) -> None:
    token = a_token(app, now=datetime.now(UTC))
    address = stand.drip_headers("/feed")
    with _serve(app.settings.home) as (one, process), _serve(app.settings.home) as (other, _):
        with ThreadPoolExecutor(1) as pool:
            lost = pool.submit(_add, one, token, address)
            until(lambda: stand.visits["/feed"], what="the request that is under way")
            meanwhile = _add(other, token, address)
            process.kill()
            with suppress(httpx.HTTPError):
                lost.result()
        stand.serve("/feed", feed("One"))
        at_once = _add(other, token, address)
        with serving(create(app, clock=lambda: datetime.now(UTC) + answers.LEASE)) as later:
            done = _add(later, token, address)
        again = _add(other, token, address)
    assert ([problem(each)[::2] for each in (meanwhile, at_once)], done.status_code, _sources(app)) == (
        [(409, "in-flight")] * 2,
        201,
        1,
    )
    assert (again.content == done.content, again.headers["idempotency-replayed"]) == (True, "true")


def test_two_processes_that_are_asked_at_one_moment_do_it_once(app: App, stand: Newsstand) -> None:
    token = a_token(app, now=datetime.now(UTC))
    address = stand.serve("/feed", feed("One"))
    with _serve(app.settings.home) as (one, _), _serve(app.settings.home) as (other, _):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda door: _add(door, token, address), (one, other) * 4))
    statuses = {each.status_code for each in found}
    assert (statuses <= {201, 409}, 201 in statuses, _sources(app)) == (True, True, 1)
