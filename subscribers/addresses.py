"""Addresses: checked and normalised without asking the network, and compared whatever their case."""

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

from .errors import BadAddress


def check(text: str) -> str:
    """*text* as it is kept: spaces around it gone, domain in lower case and readable letters.

    The part before the @ must be ASCII: other letters need SMTPUTF8 at every server on the way
    (RFC 6531), and what can't be delivered everywhere is better refused at the door.
    Raises BadAddress.
    """
    text = text.strip()
    if (kept := plain(text)) is not None:
        return kept
    try:
        return _validated(text).normalized
    except ValueError as error:
        raise BadAddress(f"{_shown(text)} is not an address: {_sentence(error)}") from error


def plain(text: str) -> str | None:
    """*text* as `check` keeps it, where it is so plain that nobody has to think; None says nothing against it.

    A hundred times as fast as the whole check, and of the same verdict (tests/subscribers/test_addresses.py).
    """
    # as short as a label may be, so that none of the lengths that there are can be passed
    if len(text) > 63 or not _PLAIN.fullmatch(text):
        return None
    local, _, domain = text.partition("@")
    domain = domain.lower()
    if "--" in domain or domain.rpartition(".")[2] in SPECIAL or local.lower() in ROLES:
        return None
    return f"{local}@{domain}"


def key(address: str) -> str:
    """What two spellings of one address have in common: case folded, domain in its ASCII form.

    The domain is not merely casefolded, because that would make faß.de and fass.de, two domains, one.
    Takes anything, so that it can be asked about an address from outside.
    """
    if address.isascii():
        return address.strip().lower()
    local, at, domain = address.strip().rpartition("@")
    return unicodedata.normalize("NFC", local.casefold()) + at + _ascii(domain)


def wire(address: str) -> str:
    """*address* as mail servers want it: the domain in its ASCII form."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    return local + at + _ascii(domain)


_PLAIN = re.compile(
    r"[A-Za-z0-9_+'-]+(?:\.[A-Za-z0-9_+'-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
#: domains that no mail goes to (RFC 6761 and others), and mailboxes that are the same in capitals (RFC 2142), as
#: email-validator has them
SPECIAL = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
ROLES = frozenset(
    [
        "info",
        "marketing",
        "sales",
        "support",
        "abuse",
        "noc",
        "security",
        "postmaster",
        "hostmaster",
        "usenet",
        "news",
        "webmaster",
        "www",
        "uucp",
        "ftp",
    ]
)


def _validated(address: str) -> "ValidatedEmail":
    """Raises the library's own ValueError."""
    from email_validator import validate_email  # slow to load, and who reads what is stored need not check it

    return validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True)


def _ascii(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return _validated("x@" + domain).ascii_domain
    except ValueError:
        return domain.casefold()


def _shown(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _sentence(error: ValueError) -> str:
    words = str(error).rstrip(".")
    return words[0].lower() + words[1:]
