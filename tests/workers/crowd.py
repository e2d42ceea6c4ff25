"""Processes of the product as operators run them, and the settings that they share."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from newsletter import jobs
from newsletter.app import App
from newsletter.editions.models import Edition, State
from newsletter.jobs import sending
from tests.delivery import world
from tests.factories import an_edition

#: changes the clock of a process, where Debian's package is installed
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


class Run:
    """One `newsletter` command as a process; ended at the end of the block, at the latest by force."""

    def __init__(self, home: Path, *command: str, environ: Mapping[str, str] = {}) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        self.log = home / f"{command[0]}.{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "newsletter", "--home", str(home), *command],
                env={**own, **environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def words(self) -> str:
        """What it said."""
        return self.log.read_text("utf-8", "replace")

    def end(self) -> int:
        """Ask it to end, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def worker(home: Path, *options: str, environ: Mapping[str, str] = {}) -> Run:
    return Run(home, "worker", *options, environ=environ)


def ahead(seconds: int) -> Mapping[str, str]:
    """An environment in which clocks are ahead."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{seconds:+d}s"}


def through(product: App, port: int) -> Mapping[str, str]:
    """An environment in which the database is reached by way of that port."""
    url = product.database.url.set(host="127.0.0.1", port=port, query={})
    return {"NEWSLETTER_DATABASE_URL": url.render_as_string(hide_password=False)}


def until(true: Callable[[], object], seconds: float = 90, what: str = "it") -> None:
    """Wait for what is sure to come; the time is for machines that have much else to do."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise AssertionError(f"{what} did not come in {seconds:.0f} seconds")
        time.sleep(0.05)


def now() -> datetime:
    return datetime.now(UTC)


def approved(product: App, readers: int) -> int:
    """An edition that may go out to so many people; its number."""
    with product.database.write() as session:
        world.people(session, readers)
        edition = an_edition(session, state=State.IN_REVIEW)
    jobs.approve(product, edition.id, by="test", now=now())
    return edition.id


def begin(product: App, edition_id: int) -> None:
    """Freeze its audience: from here on it is being sent."""
    with closing(product.sender()) as sender, product.database.write() as session:
        edition = session.get_one(Edition, edition_id)
        sending.begin(session, product, edition, sender, by="test", now=now())


def settings(database_url: str, smtp_port: int, broker_url: str, more: str = "") -> str:
    """A newsletter.toml that sends by SMTP, with workers on that broker; *more* is of the newsletter."""
    return f"""
public_url = "https://news.example.com"
database_url = "{database_url}"
secret = "a secret for tests"
sender = "smtp"
workers = "celery"
broker_url = "{broker_url}"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
connections = 2

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
{more}
"""
