"""A clock that tests turn, the pages under it, and the letters that came of them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from newsletter.app import App
from newsletter.config import Settings
from subscribers import roll
from subscribers.models import Consent
from tests.factories import a_list
from tests.web.conftest import World, world
from tests.web.site import served

__all__ = ["World", "world"]


#: seconds after which a letter will not come, however busy the machine
PATIENCE = 60


@dataclass
class Clock:
    """The time, which passes when a test says so."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def site(app: App, clock: Clock) -> Iterator[httpx.Client]:
    """The pages, by the clock of the test."""
    with app.database.write() as session:
        a_list(session)
    with served(app, clock) as client:
        yield client


@dataclass(frozen=True)
class Mailbox:
    """Every letter that was handed over, oldest first by its name on disk."""

    folder: Path

    @property
    def letters(self) -> list[EmailMessage]:
        files = sorted((self.folder / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def to(self, address: str, *, letters: int = 1) -> list[EmailMessage]:
        """What *address* got; waits for so many, which go out behind the page."""
        until = time.monotonic() + PATIENCE
        while len(found := [letter for letter in self.letters if letter["To"] == address]) < letters:
            assert time.monotonic() < until, f"{len(found)} of {letters} letters to {address}"
            time.sleep(0.02)
        return found

    def link(self, address: str, kind: str) -> str:
        """The path of the newest link of that kind ("c", "a", "p", "u") that *address* got."""
        found = re.findall(rf"https://news\.example\.com(/{kind}/\S+)", words(self.to(address)[-1]))
        assert found, words(self.to(address)[-1])
        return str(found[0])


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    return str(body.get_content())


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.path(settings.maildir.path))


def standing(app: App, address: str) -> dict[str, Consent]:
    """List → how *address* stands with it; empty where nobody has it."""
    with app.database.read() as session:
        person = roll.find(session, address)
        return roll.subscriptions(session, person.id) if person else {}
