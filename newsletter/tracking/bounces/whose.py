"""Whose copy a message is about: the mark of its return address first, then what else names a message or a person."""

import re
from collections.abc import Iterator

from newsletter.errors import BadInput
from newsletter.rendering import links
from newsletter.tracking.bounces.judgement import Judgement
from newsletter.tracking.bounces.mail import Head

#: heads in which servers write where a message was delivered to
ENVELOPE = (
    *(
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "x-envelope-to",
        "x-delivered-to",
        "x-rcpt-to",
        "x-apparently-to",
    ),
    *("to", "cc", "resent-to", "apparently-to", "received", "return-path", "errors-to", "x-postfix-sender"),
)
#: what stands around an address, as servers write them; an "=" may be within one
_AROUND = re.compile(r"[\s<>\[\]()\"',;:]+")
_MARK = re.compile(r"(?:^|[+=_.-])(e[0-9]{1,10}-s[0-9]{1,13}-[a-z0-9]{8,26})$", re.IGNORECASE)
#: marks of other systems, or of an older key of ours: bounce+…, return-…
_FOREIGN = re.compile(r"^(?:bounces?|returns?|verp|b|rp)[+=_-]([a-z0-9][a-z0-9+=_.-]{5,100})$", re.IGNORECASE)
_LONGEST = 320


def addresses(text: str) -> Iterator[str]:
    """What looks like an address in *text*, in its order."""
    if "@" not in text:
        return
    for word in _AROUND.split(text):
        if "@" in word and len(word) <= _LONGEST:
            local, _, domain = word.strip(".!?*|`").rpartition("@")
            if local and domain and "@" not in local:
                yield f"{local}@{domain}"


def token(*texts: str) -> str:
    """The mark of a return address among *texts*; empty where there is none."""
    found = [address.rpartition("@")[0] for text in texts for address in addresses(text[:2000])]
    for pattern in (_MARK, _FOREIGN):
        for local in found:
            if match := pattern.search(local[-100:]):
                return match[1].lower() if pattern is _MARK else match[1]
    return ""


def message_id(*texts: str) -> str:
    """The last message that *texts* name, with its angle brackets: References end with the one answered to."""
    for text in texts:
        words = [word for word in text[-2000:].replace(">", "> ").split() if word[:1] == "<" and word[-1:] == ">"]
        named = [word for word in words if "@" in word and len(word) <= _LONGEST]
        if named:
            return named[-1]
    return ""


def envelope(head: Head) -> Iterator[str]:
    """The values of *head* that may hold a return address."""
    return head.all(*ENVELOPE)


def proved(judgement: Judgement, secret: str) -> tuple[int, int] | None:
    """(edition id, subscriber id) that *judgement* is about, where our own signature says so; None else.

    An address alone proves nothing: anybody can write a letter that says an address is dead.
    """
    for read, signed in ((links.read_return_mark, judgement.token), (links.read_message_id, judgement.message_id)):
        try:
            return read(secret, signed)
        except BadInput:
            continue
    return None
