"""What stands on the outside of a message in SMTP: its two addresses and its size, as bytes for the wire."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import idna

from newsletter.delivery.senders.smtp.consignment import Copy
from newsletter.rendering.mould import Mould, stuffed

#: no space, control character or bracket can stand in an envelope, so none can end it early
_WRITABLE = re.compile(r"[^\s<>\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server said it can do, from its answer to EHLO."""

    pipelining: bool = False
    smtputf8: bool = False
    starttls: bool = False
    #: whether MAIL may state a size, and the largest that is taken (0: no limit was named)
    size: bool = False
    largest: int = 0
    #: mechanisms for AUTH, upper case
    auth: frozenset[str] = frozenset()


_FINAL = b".\r\n"


class Unwritable(ValueError):
    """The address can't be put on an envelope for this server; the message says why."""


class TooLarge(ValueError):
    """The server takes no message of this size; the message says so."""


class Envelope(NamedTuple):
    """What is written before a message is asked for."""

    #: the sender as the server will hold it, for as long as it is the same
    sender: bytes
    mail: bytes
    rcpt: bytes


NONE = Envelope(b"", b"", b"")


def pack(copy: Copy, offered: Offer) -> Envelope:
    """Cast *copy*'s message, final dot and all, and write its envelope; raises Unwritable and TooLarge."""
    mould = copy.consignment.mould
    wired = mould.wired(copy.reader) if isinstance(mould, Mould) else finish(mould.message(copy.reader))
    size = len(wired) - len(_FINAL)
    if offered.largest and size > offered.largest:
        raise TooLarge(f"the message has {size:,} bytes, and the mail server takes {offered.largest:,} at most")
    recipient, sender = path(copy.reader.address, offered), _sender(copy, offered)
    international = b" SMTPUTF8" if offered.smtputf8 and not (sender.isascii() and recipient.isascii()) else b""
    stated = b" SIZE=%d" % size if offered.size else b""
    copy.message = wired
    return Envelope(
        sender + international,
        b"MAIL FROM:<%b>%b%b\r\n" % (sender, stated, international),
        b"RCPT TO:<%b>\r\n" % recipient,
    )


def finish(message: bytes) -> bytes:
    """A *message* that was not cast, with its dots doubled and its final dot."""
    return stuffed(message if message.endswith(b"\r\n") else message + b"\r\n") + _FINAL


def offer(lines: list[str]) -> Offer:
    """Understand the lines of an answer to EHLO; the first is a greeting."""
    words = [line.upper().replace("=", " ", 1).split() for line in lines[1:] if line.strip()]
    said: dict[str, list[str]] = {}
    for keyword, *values in words:
        said.setdefault(keyword, []).extend(values)
    size = said.get("SIZE", [""])
    return Offer(
        pipelining="PIPELINING" in said,
        smtputf8="SMTPUTF8" in said,
        starttls="STARTTLS" in said,
        size="SIZE" in said,
        largest=int(size[0]) if size and size[0].isdecimal() else 0,
        auth=frozenset(said.get("AUTH", ())),
    )


def _sender(copy: Copy, offered: Offer) -> bytes:
    consignment = copy.consignment
    if consignment.returns is not None:
        return consignment.returns.of(consignment.edition_id, copy.reader.subscriber_id)
    return _sender_path(consignment.mould.sender[1], offered)


@lru_cache(maxsize=64)
def _sender_path(address: str, offered: Offer) -> bytes:
    return path(address, offered)


def path(address: str, offered: Offer) -> bytes:
    """*address* as it is written between angle brackets; raises Unwritable."""
    if not _WRITABLE.fullmatch(address) or len(address.encode()) > 254:
        raise Unwritable("it is not an address that can be written on an envelope")
    if address.isascii():
        return address.encode("ascii")
    local, _, domain = address.rpartition("@")
    if local.isascii():
        return f"{local}@{_ascii(domain)}".encode("ascii")
    if not offered.smtputf8:
        raise Unwritable("the mail server does not take addresses with letters outside ASCII (no SMTPUTF8)")
    return address.encode()


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise Unwritable(f"its domain can't be written in ASCII: {error}") from error
