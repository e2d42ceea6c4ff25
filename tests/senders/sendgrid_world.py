"""A small edition and its readers, for tests of the SendGrid sender and its look-alike."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from newsletter.config import SendGrid
from newsletter.delivery.senders.sendgrid.sender import SendGridSender
from newsletter.delivery.wire.parcel import Parcel
from newsletter.rendering.mould import Mould, Reader
from newsletter.testing.sendgrid import KEY

HTML = '<p>Hello zqHTMLnameqz</p><a href="https://news.example.com/u/zqHTMLtokenqz">Leave</a>'
TEXT = "Hello zqTEXTnameqz\nLeave: https://news.example.com/u/zqTEXTtokenqz\n"


def mould(*, html: str = HTML, text: str = TEXT) -> Mould:
    """An edition of one sentence, with the reader's name and a link of their own."""
    return Mould(
        edition_id=7,
        subject="Walmart goes live",
        html=html,
        text=text,
        sender=("Retail Technology Weekly", "friday@news.example.com"),
        reply_to="editors@news.example.com",
        list_name=("The Friday Five", "friday"),
        public_url="https://news.example.com",
        secret="a secret for tests",
        date=datetime(2021, 11, 26, 9, 0, tzinfo=UTC),
    )


def reader(number: int, address: str = "", name: str = "Ada") -> Reader:
    return Reader(number, address or f"reader{number}@example.com", name, f"token{number}")


def parcel(*readers: Reader, attempt: str = "a1", cast: Mould | None = None) -> Parcel:
    return Parcel(edition_id=7, number=1, attempt=attempt, mould=cast or mould(), readers=readers)


def sender(url: str, *, key: str = KEY, clock: Callable[[], float] = time.time, **settings: Any) -> SendGridSender:
    settings = {"timeout": 60, **settings}
    return SendGridSender(SendGrid(api_key=SecretStr(key), host=url, **settings), clock=clock)
