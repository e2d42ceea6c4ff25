"""A mould without a template, parcels of it, and senders that wait for tenths of a second."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from newsletter.config import Smtp
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire.parcel import Parcel
from newsletter.delivery.wire.returns import Returns
from newsletter.rendering.mould import Mould, Reader, _Cast


class PlainMould(Mould):
    """Casts a short edition, or one of about *size* bytes."""

    def __init__(self, size: int = 0) -> None:
        story = "<p>Walmart goes live.</p>\n"
        super().__init__(
            edition_id=1,
            subject="Five stories",
            html=story * max(1, size // len(story)),
            text="Walmart goes live.",
            sender=("The Friday Five", "friday@news.example.com"),
            reply_to="editors@news.example.com",
            list_name=("The Friday Five", "friday"),
            public_url="https://news.example.com",
            secret="a secret for tests",
            date=datetime(2021, 11, 26, 9, tzinfo=UTC),
        )


class DottedMould(PlainMould):
    """A mould that breaks its promise: a line is a lone dot, and what follows would be a command."""

    def _cast_head(self, cast: _Cast, date: datetime) -> None:
        super()._cast_head(cast, date)
        cast.constant(b".\r\nMAIL FROM:<eve@example.com>\r\n")


def a_parcel(*addresses: str, mould: Mould | None = None) -> Parcel:
    """A parcel to *addresses* (default: ada, bob and cleo), whose subscriber ids count from 1."""
    addresses = addresses or ("ada@example.com", "bob@example.com", "cleo@example.com")
    readers = [
        Reader(subscriber_id=number, address=address, name=address.partition("@")[0].title(), token=f"t{number}")
        for number, address in enumerate(addresses, start=1)
    ]
    return Parcel(edition_id=1, number=1, attempt="a1", mould=mould or PlainMould(), readers=readers)


MakeSender = Callable[..., SmtpSender]


@pytest.fixture
def a_sender() -> Iterator[MakeSender]:
    """Make a sender to a port on loopback, closed after the test: `a_sender(port, connections=1)`."""
    made: list[SmtpSender] = []

    def make(port: int, returns: Returns | None = None, **settings: object) -> SmtpSender:
        values = {"security": "none", "timeout": 1.5, "dot_timeout": 1.5, "connections": 1} | settings
        sender = SmtpSender(Smtp.model_validate({"host": "127.0.0.1", "port": port} | values), returns=returns)
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.close()
