"""Editions, moulds and readers without a database, for tests of what they turn into."""

import email.policy
import struct
import zlib
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage

from newsletter.config import Newsletter, Settings
from newsletter.editions.models import Edition, EditionStory
from newsletter.rendering import links, sheet, slots
from newsletter.rendering.mould import Mould, Reader
from newsletter.rendering.sheet import Sheet
from newsletter.rendering.slots import Place

SECRET = "a secret for tests"
PUBLIC = "https://news.example.com"
NINE = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)

H_TOKEN, T_TOKEN = slots.marker(Place.HTML, "token"), slots.marker(Place.TEXT, "token")
H_NAME, T_NAME = slots.marker(Place.HTML, "vocative"), slots.marker(Place.TEXT, "vocative")


def settings(**changes: object) -> Settings:
    """Settings of the newsletter `friday`, which name no database."""
    values = {
        "public_url": PUBLIC,
        "secret": SECRET,
        "newsletters": {
            "friday": {
                "title": "The Friday Five",
                "from_name": "Retail Technology Weekly",
                "from_address": "friday@news.example.com",
                "reply_to": "editors@news.example.com",
                "postal_address": "1 Market Row, London SW9 8LB, United Kingdom",
            }
        },
    }
    return Settings.model_validate(values | changes)


def friday(given: Settings | None = None) -> Newsletter:
    return (given or settings()).newsletters["friday"]


def story(headline: str = "Walmart goes live", **words: str) -> EditionStory:
    """A story with every part, of which tests name what they are about."""
    told = {
        "summary": "Walmart sells from a livestream.\n\nIt opens Cyber Week.",
        "url": "https://www.retaildive.example/walmart?a=1&b=2",
        "attribution": "Retail Dive and 3 more",
        "image_url": "https://img.example/walmart.png",
        "image_alt": "A stage",
    }
    return EditionStory(headline=headline, **(told | words))


def edition(*stories: EditionStory, **words: str) -> Edition:
    """The edition 7 of 26 November 2021, with one story unless said."""
    told = {
        "title": "Five stories",
        "subject": "Walmart goes live",
        "preheader": "And more",
        "introduction": "The week in five.",
        "sponsor_name": "",
        "sponsor_text": "",
        "sponsor_url": "",
    }
    return Edition(
        id=7,
        newsletter="friday",
        date=date(2021, 11, 26),
        revision=1,
        stories=list(stories or [story()]),
        **(told | words),
    )


def laid_out(*stories: EditionStory, **words: str) -> Sheet:
    """That edition in the shipped template."""
    given = settings()
    return sheet.lay_out(edition(*stories, **words), friday(given), given)


def mould(
    html: str = f"<p>Hello{H_NAME}</p>", text: str = f"Hello{T_NAME}", subject: str = "News", **parts: object
) -> Mould:
    """A mould of those words."""
    given = {
        "edition_id": 7,
        "sender": ("Retail Technology Weekly", "friday@news.example.com"),
        "reply_to": "editors@news.example.com",
        "list_name": ("The Friday Five", "friday"),
        "public_url": PUBLIC,
        "secret": SECRET,
        "date": NINE,
    }
    return Mould(subject=subject, html=html, text=text, **(given | parts))  # type: ignore[arg-type]


def reader(name: str = "Ada", address: str = "ada@example.com", subscriber_id: int = 345) -> Reader:
    return Reader(subscriber_id, address, name, links.token(SECRET, 7, subscriber_id))


def parsed(message: bytes) -> EmailMessage:
    """*message* as a mail program understands it."""
    return message_from_bytes(message, policy=email.policy.default)


def part(message: bytes, kind: str) -> str:
    """The content of the part text/*kind*, with plain line ends."""
    found = parsed(message).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def defects(message: bytes) -> list[object]:
    """Everything a strict parser finds wrong, in every part and header."""
    whole = parsed(message)
    return [
        *(defect for inner in whole.walk() for defect in inner.defects),
        *(defect for value in whole.values() for defect in getattr(value, "defects", ())),
    ]


def picture(width: int = 600, height: int = 320, seed: int = 0) -> bytes:
    """A PNG of a soft gradient."""
    line = b"".join(bytes(((x // 4 + 40 * seed) % 256, 120, (160 - x // 8) % 256)) for x in range(width))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress((b"\0" + line) * height))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
