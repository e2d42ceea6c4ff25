"""Personal links: a signed token stands for one reader of one edition, and names nobody."""

import hmac
import re
import struct
from functools import lru_cache
from hashlib import sha256

from newsletter.errors import BadInput

#: bytes of the signature that are kept: 96 bits
_KEPT = 12
#: bytes of the signature of a link's number, which alone opens nothing
_KEPT_OF_TAG = 4
_HEX = re.compile(r"[0-9a-f]{42}")
_CLICK_HEX = re.compile(r"[0-9a-f]{54}")
_LINK, _MESSAGE, _TAG = b"link", b"message", b"tag"
#: edition, subscriber, and 64 bits of the signature that the copy's Message-ID has; servers may make capitals of it
_MARK = re.compile(r"e([1-9][0-9]{0,9})-s([1-9][0-9]{0,12})-[0-9a-f]{16}")


def token(secret: str, edition_id: int, subscriber_id: int) -> str:
    """42 hex digits that stand for this reader of this edition; hex, so that no mail program cuts its end off."""
    return _sign(secret, _LINK, edition_id, subscriber_id)


def read(secret: str, token: str) -> tuple[int, int]:
    """(edition id, subscriber id) of a *token*; raises BadInput where it is not one of ours."""
    return _check(secret, _LINK, token)


def message_id(secret: str, edition_id: int, subscriber_id: int, domain: str) -> str:
    """The Message-ID of this reader's copy: the same every time, and readable by us when it bounces."""
    return f"<{_message(secret, edition_id, subscriber_id)}@{domain}>"


def read_message_id(secret: str, message_id: str) -> tuple[int, int]:
    """(edition id, subscriber id) of a *message_id*; raises BadInput where it is not one of ours."""
    return _check(secret, _MESSAGE, message_id.strip().removeprefix("<").partition("@")[0])


def return_mark(secret: str, edition_id: int, subscriber_id: int) -> str:
    """What marks the return address of this reader's copy, "e12-s345-…": at most 43 characters, the same every time.

    It says no more than the Message-ID does, and has its signature, so that a copy costs one.
    """
    return f"e{edition_id}-s{subscriber_id}-{_message(secret, edition_id, subscriber_id)[18:34]}"


def read_return_mark(secret: str, mark: str) -> tuple[int, int]:
    """(edition id, subscriber id) of a return address's *mark*; raises BadInput where it is not one of ours."""
    found = _MARK.fullmatch(mark.lower())
    if found is None:
        raise BadInput("This is no mark of a return address of ours.")
    edition_id, subscriber_id = int(found[1]), int(found[2])
    if not hmac.compare_digest(return_mark(secret, edition_id, subscriber_id), mark.lower()):
        raise BadInput("This mark of a return address was not made here.")
    return edition_id, subscriber_id


def unsubscribe(public_url: str, token: str) -> str:
    """Where a POST unsubscribes at once (RFC 8058), and a GET asks."""
    return f"{public_url}/u/{token}"


def preferences(public_url: str, token: str) -> str:
    """Where a reader changes what they get."""
    return f"{public_url}/p/{token}"


def browser(public_url: str, token: str) -> str:
    """The edition as a page."""
    return f"{public_url}/e/{token}"


def corrected(public_url: str, token: str) -> str:
    """The edition that a correction corrects, as a page, by the correction's token."""
    return f"{browser(public_url, token)}?corrected"


def click_token(secret: str, edition_id: int, subscriber_id: int) -> str:
    """42 hex digits that stand for this reader's copy in the links that are counted; they open nothing else."""
    return tokens(secret, edition_id, subscriber_id)[1]


def tokens(secret: str, edition_id: int, subscriber_id: int) -> tuple[str, str]:
    """`token` and `click_token`: two parts of one signature, made in half the time; neither tells the other."""
    ids, signature = _signed(secret, _LINK, edition_id, subscriber_id)
    return (ids + signature[:_KEPT]).hex(), (ids + signature[_KEPT : 2 * _KEPT]).hex()


def tag(secret: str, edition_id: int, number: int) -> str:
    """12 hex digits that stand for the link *number* of this edition, the same in every copy."""
    try:
        ids = struct.pack(">IH", edition_id, number)
    except struct.error as error:
        raise BadInput(f"edition {edition_id} has too many links: {number:,}") from error
    signature = _keyed(secret).copy()
    signature.update(_TAG + ids)
    return (ids[4:] + signature.digest()[:_KEPT_OF_TAG]).hex()


def read_click(secret: str, signed: str) -> tuple[int, int, int]:
    """(edition id, subscriber id, number of the link); raises BadInput where *signed* is not one of ours.

    Both halves are signed, and both for one edition: a number of another edition fits no copy of this one.
    """
    if not _CLICK_HEX.fullmatch(signed):
        raise _not_whole()
    edition_id, subscriber_id = _ids(signed)
    if not hmac.compare_digest(click_token(secret, edition_id, subscriber_id), signed[:42]):
        raise _not_ours()
    number = int(signed[42:46], 16)
    if not hmac.compare_digest(tag(secret, edition_id, number), signed[42:]):
        raise _not_ours()
    return edition_id, subscriber_id, number


def click(public_url: str, token: str, tag: str) -> str:
    """Where a link leads that is counted, for a reader's click token and a link's tag."""
    return f"{public_url}/l/{token}{tag}"


def pixel(public_url: str, token: str, tag: str) -> str:
    """Where the picture is that says that a mail was opened."""
    return f"{public_url}/o/{token}{tag}.gif"


@lru_cache(maxsize=16)
def _message(secret: str, edition_id: int, subscriber_id: int) -> str:
    """What stands before the domain; kept for a moment, for message and envelope are made one after the other."""
    return _sign(secret, _MESSAGE, edition_id, subscriber_id)


def _sign(secret: str, purpose: bytes, edition_id: int, subscriber_id: int) -> str:
    ids, signature = _signed(secret, purpose, edition_id, subscriber_id)
    return (ids + signature[:_KEPT]).hex()


def _signed(secret: str, purpose: bytes, edition_id: int, subscriber_id: int) -> tuple[bytes, bytes]:
    """The two numbers as bytes, and 32 bytes of signature over them."""
    try:
        # four bytes of edition, five of subscriber: room for a million million
        ids = struct.pack(">IBI", edition_id, subscriber_id >> 32, subscriber_id & 0xFFFFFFFF)
    except struct.error as error:
        raise BadInput(
            f"edition {edition_id}, subscriber {subscriber_id}: ids of links are 0 to 2³² and 2⁴⁰"
        ) from error
    signature = _keyed(secret).copy()
    signature.update(purpose + ids)
    return ids, signature.digest()


@lru_cache(maxsize=8)
def _keyed(secret: str) -> hmac.HMAC:
    # hmac.digest would let go of the interpreter's lock, and two threads make these for every message
    return hmac.new(secret.encode(), digestmod=sha256)


def _check(secret: str, purpose: bytes, signed: str) -> tuple[int, int]:
    if not _HEX.fullmatch(signed):
        raise _not_whole()
    edition_id, subscriber_id = _ids(signed)
    if not hmac.compare_digest(_sign(secret, purpose, edition_id, subscriber_id), signed):
        raise _not_ours()
    return edition_id, subscriber_id


def _ids(signed: str) -> tuple[int, int]:
    """The numbers that *signed* begins with, whoever wrote them."""
    edition_id, high, low = struct.unpack(">IBI", bytes.fromhex(signed[:18]))
    return edition_id, (high << 32) | low


def _not_whole() -> BadInput:
    return BadInput("This link is not complete: open it from the email, or copy it whole.")


def _not_ours() -> BadInput:
    return BadInput("This link is not one of ours: open it from the email, or copy it whole.")
