"""A mailbox on a real server, and a product that reads it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Mailbox
from newsletter.jobs import returning
from newsletter.tracking.mailbox.collecting import Collected
from newsletter.tracking.models import Returned
from tests.servers import mailboxes
from tests.servers.debian import Missing
from tests.servers.mailboxes import PASSWORD, Box, MailboxServer

Started = Callable[[str], MailboxServer]


@pytest.fixture(scope="session")
def servers() -> Iterator[Started]:
    """`servers(name)` is that IMAP server, started when a test first asks for it; skips where it can't be had."""
    with ExitStack() as stack:
        running: dict[str, MailboxServer | Missing] = {}

        def started(name: str) -> MailboxServer:
            if name not in running:
                try:
                    place = Path(stack.enter_context(_folder()))
                    running[name] = stack.enter_context(mailboxes.server(mailboxes.NAMED[name], place))
                except Missing as reason:
                    running[name] = reason
            found = running[name]
            if isinstance(found, Missing):
                pytest.skip(f"{name}: {found}")
            return found

        yield started


def _folder() -> tempfile.TemporaryDirectory[str]:
    place = tempfile.TemporaryDirectory(prefix="newsletter-mailbox-", ignore_cleanup_errors=True)
    Path(place.name).chmod(0o755)
    return place


@dataclass
class Reader:
    """The product, reading one mailbox."""

    app: App
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 27, 12, tzinfo=UTC))

    def clock(self) -> datetime:
        """A moment later each time."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def collect(self) -> Collected:
        """Look into the mailbox by hand."""
        return returning.collect(self.app, clock=self.clock)

    def knows(self) -> list[Returned]:
        """Every letter that was ever taken in, in order."""
        with self.app.database.read() as session:
            return list(session.scalars(select(Returned).order_by(Returned.id)))

    def set(self, **settings: object) -> None:
        """Change the mailbox's settings."""
        mailbox = self.app.settings.mailbox.model_copy(update=settings)
        self.app = App(self.app.settings.model_copy(update={"mailbox": mailbox}), self.app.database)


@pytest.fixture
def of(app: App) -> Callable[[Box], Reader]:
    """`of(box)` reads that mailbox."""

    def reader(box: Box) -> Reader:
        mailbox = Mailbox(
            host="127.0.0.1",
            port=box.server.ports.imap,
            security="none",
            username=box.user,
            password=SecretStr(PASSWORD),
        )
        return Reader(App(app.settings.model_copy(update={"mailbox": mailbox}), app.database))

    return reader


@pytest.fixture
def of_files(app: App, tmp_path: Path) -> Reader:
    """Reads a Maildir in the test's own folder."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    mailbox = Mailbox(maildir=tmp_path / "Maildir")
    return Reader(App(app.settings.model_copy(update={"mailbox": mailbox}), app.database))
