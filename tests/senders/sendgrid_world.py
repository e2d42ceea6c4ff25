"""A small edition and its readers, for tests of the SendGrid sender and its look-alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from newsletter.config import SendGrid
from newsletter.delivery.parcel import Parcel
from newsletter.delivery.senders.sendgrid import SendGridSender
from newsletter.rendering.mould import Reader
from newsletter.testing.sendgrid import KEY


@dataclass(frozen=True)
class SmallMould:
    """An edition of one sentence, with a slot for the reader's name and one for the link."""

    subject: str = "Walmart goes live"
    sender: tuple[str, str] = ("Retail Technology Weekly", "friday@news.example.com")
    reply_to: str = "editors@news.example.com"
    html: str = '<p>Hello {{name}}</p><a href="{{link}}">Leave</a>'
    text: str = "Hello {{name}}\nLeave: {{link}}\n"

    def message(self, reader: Reader) -> bytes:
        return self.text.replace("{{name}}", reader.name).encode()

    def message_id(self, reader: Reader) -> str:
        return f"<{reader.token}@news.example.com>"

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        return {"{{name}}": reader.name, "{{link}}": f"https://news.example.com/u/{reader.token}"}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        return {
            "List-Unsubscribe": f"<https://news.example.com/u/{reader.token}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def reader(number: int, address: str = "", name: str = "Ada") -> Reader:
    return Reader(number, address or f"reader{number}@example.com", name, f"token{number}")


def parcel(*readers: Reader, attempt: str = "a1", mould: SmallMould | None = None) -> Parcel:
    return Parcel(edition_id=7, number=1, attempt=attempt, mould=mould or SmallMould(), readers=readers)


def sender(url: str, *, key: str = KEY, clock: Callable[[], float] = time.time, **settings: Any) -> SendGridSender:
    settings = {"timeout": 5, **settings}
    return SendGridSender(SendGrid(api_key=SecretStr(key), host=url, **settings), clock=clock)
