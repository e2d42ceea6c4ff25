"""One reader's message taken apart again, as their program does: what is looked at is what would go out."""

import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr


@dataclass(frozen=True, slots=True)
class Letter:
    """What a program finds in a message; the HTML is empty for who asked for text alone."""

    sender: str
    address: str
    subject: str
    html: str
    text: str


def opened(message: bytes) -> Letter:
    """The letter in *message*, as `Mould.message` writes it."""
    parsed = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(message)
    name, address = parseaddr(str(parsed["From"]))
    return Letter(name or address, address, str(parsed["Subject"]), _part(parsed, "html"), _part(parsed, "plain"))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
