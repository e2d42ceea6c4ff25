"""A mould that casts without a template, parcels of it, and senders that wait for tenths of a second."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from newsletter.config import Smtp
from newsletter.delivery.parcel import Parcel
from newsletter.delivery.senders.smtp import SmtpSender
from newsletter.rendering.mould import Reader


@dataclass(frozen=True)
class PlainMould:
    """A short message to each reader; *padding* bytes longer where size matters."""

    padding: int = 0
    sender: tuple[str, str] = ("The Friday Five", "friday@news.example.com")
    subject: str = "Five stories"
    reply_to: str = "editors@news.example.com"
    html: str = ""
    text: str = ""
    extra: Mapping[str, bytes] = field(default_factory=dict)

    def message(self, reader: Reader) -> bytes:
        lines = [
            b"From: The Friday Five <friday@news.example.com>",
            b"To: " + reader.address.encode(),
            b"Message-ID: " + self.message_id(reader).encode(),
            b"Subject: Five stories",
            b"",
            b"Good morning, " + reader.name.encode() + b".",
            self.extra.get(reader.address, b"Here they are."),
            *[b"x" * 70] * (self.padding // 72),
            b"",
        ]
        return b"\r\n".join(lines)

    def message_id(self, reader: Reader) -> str:
        return f"<{reader.subscriber_id}.friday@news.example.com>"

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        return {}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        return {}


def a_parcel(*addresses: str, mould: PlainMould | None = None) -> Parcel:
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

    def make(port: int, **settings: object) -> SmtpSender:
        values = {"security": "none", "timeout": 0.5, "dot_timeout": 0.5, "connections": 1} | settings
        sender = SmtpSender(Smtp.model_validate({"host": "127.0.0.1", "port": port} | values))
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.close()
