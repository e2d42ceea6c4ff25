"""How fast one edition becomes many messages: `python -m benchmarks.rendering [--quick] [--json]`.

The mould against the standard library's EmailMessage, on the same 45 KB message, with and without twelve
tracked links. Times are this process's CPU time: a busy machine
distorts them less than wall time, and the ratios hardly at all.
"""

import email.policy
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial

from benchmarks import _tables
from benchmarks._tables import Row
from newsletter.rendering import links, slots
from newsletter.rendering.mould import Mould, Reader
from newsletter.rendering.slots import Place

_SECRET = "a secret for benchmarks"  # noqa: S105
_SIZE = 40_000
_NAMES = ("Ada Lovelace", "O'Hara, Grace", "Zoë Ångström", "")
_CELL = '<tr><td style="padding:0 24px;color:#211f1c;font-size:17px">The week in retail technology.</td></tr>\n'


def main(arguments: Sequence[str]) -> None:
    quick = "--quick" in arguments
    rows = measure(readers=500 if quick else 20_000, slow=20 if quick else 400)
    _tables.show("one edition into many messages", rows, form=_tables.form_of(arguments))


def measure(*, readers: int, slow: int) -> list[Row]:
    """A row for each way of making a message; *slow* is how many the standard library makes."""
    people = [_reader(number) for number in range(readers)]
    rows = [row for tracked in (0, 12) for row in _both_ways(tracked, people, slow)]
    casting = _microseconds(lambda _: _mould(12), people[:slow])
    signing = _microseconds(lambda reader: links.token(_SECRET, 7, reader.subscriber_id), people)
    return [
        *rows,
        Row("cast a mould", "once for an edition", casting, "µs"),
        Row("token", "once for a reader", signing, "µs"),
    ]


def _both_ways(tracked: int, people: Sequence[Reader], slow: int) -> list[Row]:
    cast = _mould(tracked)
    setting = f"{len(cast.message(people[0])) / 1000:.0f} kB, {tracked} tracked links"
    by_hand = _microseconds(partial(_by_hand, cast), people[:slow])
    moulded = _microseconds(cast.message, people)
    return [
        Row("EmailMessage", setting, by_hand, "µs"),
        Row("mould", setting, moulded, "µs", by_hand / moulded, "times as fast as EmailMessage"),
    ]


def _microseconds(work: Callable[[Reader], object], people: Sequence[Reader]) -> float:
    """The best of three rounds."""
    return min(_round(work, people) for _ in range(3)) / len(people) * 1e6


def _round(work: Callable[[Reader], object], people: Sequence[Reader]) -> float:
    start = time.process_time()
    for reader in people:
        work(reader)
    return time.process_time() - start


def _reader(number: int) -> Reader:
    return Reader(number, f"reader{number}@example.com", _NAMES[number % 4], links.token(_SECRET, 7, number))


def _mould(tracked: int) -> Mould:
    token = {place: slots.marker(place, "token") for place in Place}
    cells = _CELL * (_SIZE // len(_CELL))
    clicks = "".join(f'<a href="https://news.example.com/c/{token[Place.HTML]}/{n}">Read</a>' for n in range(tracked))
    footer = (
        f'<p>{slots.marker(Place.HTML, "address")}</p><a href="https://news.example.com/u/{token[Place.HTML]}">Out</a>'
    )
    return Mould(
        edition_id=7,
        subject="Walmart goes live — Carrefour goes cashierless",
        html=f"<html><body>{clicks}<table>{cells}</table>{footer}</body></html>",
        text=f"The week in retail technology.\n\nhttps://news.example.com/u/{token[Place.TEXT]}\n" * 3,
        sender=("Retail Technology Weekly", "friday@news.example.com"),
        reply_to="editors@news.example.com",
        list_name=("The Friday Five", "friday"),
        public_url="https://news.example.com",
        secret=_SECRET,
        date=datetime(2021, 11, 26, 9, tzinfo=UTC),
    )


def _by_hand(cast: Mould, reader: Reader) -> bytes:
    """The same message by the standard library."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Retail Technology Weekly <friday@news.example.com>"
    message["To"] = reader.address
    message["Subject"] = cast.subject
    message["Message-ID"] = cast.message_id(reader)
    for name, value in cast.headers(reader).items():
        message[name] = value
    message.set_content(cast.text_for(reader), cte="quoted-printable")
    message.add_alternative(cast.html_for(reader), subtype="html", cte="quoted-printable")
    return bytes(message)


if __name__ == "__main__":
    main(sys.argv[1:])
