"""What a report says in fields, for machines: RFC 3464 and RFC 6533, as servers really write them.

Fields are believed wherever they stand: in a part of their own, of whatever type, or in a text that a person
forwarded. A field that is there twice begins another recipient, for not every server leaves an empty line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.tracking.bounces import mail
from newsletter.tracking.bounces.mail import Mail

#: kinds of parts that hold the fields
STATUS = ("message/delivery-status", "message/global-delivery-status")

_ONCE = frozenset(
    {"final-recipient", "original-recipient", "x-actual-recipient", "action", "status", "diagnostic-code"}
)
_WHO = ("original-recipient", "final-recipient", "x-actual-recipient")
#: lines of a text that are fields, however a person quoted them
_LOOSE = re.compile(
    r"^[>| \t]*((?:final|original|x-actual)-recipient|action|status|diagnostic-code|remote-mta|reporting-mta"
    r"|original-envelope-id|x-postfix-sender)[ \t]*:(.*)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^(?:[>|] ?)+")
#: characters of a text that are searched for fields, and recipients of one report that are listened to
_LOOKED_AT, _MOST = 200_000, 100
#: RFC 3461 section 4: what must be written so in an Original-Recipient; others write addresses as they are
_XTEXT = re.compile(r"\+(2B|3D|20)")
_STATUS = re.compile(r"([245])[.,](\d{1,3})[.,](\d{1,3})(?!\d)")


@dataclass(slots=True)
class Recipient:
    """What the fields say of one recipient."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """The first word, lower case."""
        return self.fields.get("action", "").partition(" ")[0].strip().lower().rstrip(";,.")

    @property
    def status(self) -> str:
        """The enhanced code; empty where there is none that can be read."""
        found = _STATUS.match(self.fields.get("status", ""))
        return f"{found[1]}.{int(found[2])}.{int(found[3])}" if found else ""

    @property
    def words(self) -> str:
        """The Diagnostic-Code without its type; else the words behind the status."""
        kind, parted, words = self.fields.get("diagnostic-code", "").partition(";")
        if parted and len(kind) < 40 and " " not in kind.strip():
            return words.strip()
        written = self.fields.get("diagnostic-code", "")
        status = self.fields.get("status", "")
        behind = _STATUS.sub("", status, count=1).strip(" ()")
        return written or behind

    @property
    def is_whole(self) -> bool:
        """Whether it has what every recipient's fields must have."""
        return {"final-recipient", "action", "status"} <= self.fields.keys()

    @property
    def addresses(self) -> list[str]:
        """As it was mailed, as it was tried last: Original-, Final-, X-Actual-Recipient."""
        found = [_address(self.fields[name]) for name in _WHO if name in self.fields]
        return [address for address in found if address]


@dataclass(frozen=True, slots=True)
class Report:
    """The fields of a whole report."""

    recipients: Sequence[Recipient]
    #: what is said of all of them
    message: dict[str, str]


def find(message: Mail) -> Report | None:
    """The report that *message* is, in the parts made for it."""
    blocks = [block for part in message.of(*STATUS) for block in _blocks(part.text)]
    report = _gather(blocks)
    return report if report.recipients else None


def find_loose(text: str) -> Report | None:
    """The report whose fields stand within the *text* of a person, or in one that lost its form."""
    report = _gather([list(_loose(text[:_LOOKED_AT]))])
    named = [one for one in report.recipients if one.addresses and (one.action or one.status)]
    return Report(named, report.message) if named else None


def _loose(text: str) -> Iterator[tuple[str, str]]:
    name, values = "", list[str]()
    for line in text.split("\n"):
        found = _LOOSE.match(line)
        rest = _QUOTED.sub("", line)
        if found is None and name and rest[:1] in {" ", "\t"} and rest.strip():
            values.append(rest.strip())
            continue
        if name:
            yield name, " ".join(values)
        name, values = (found[1].lower(), [found[2].strip()]) if found else ("", [])
    if name:
        yield name, " ".join(values)


def _blocks(text: str) -> Iterator[list[tuple[str, str]]]:
    block: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            block.append(line)
        elif block:
            yield list(mail.fields("\n".join(block)))
            block = []
    if block:
        yield list(mail.fields("\n".join(block)))


def _gather(blocks: Iterable[Sequence[tuple[str, str]]]) -> Report:
    message: dict[str, str] = {}
    found: list[Recipient] = []
    for block in blocks:
        now = found[-1] if found else None
        if now is not None and now.addresses and any(name in _WHO for name, _ in block):
            now = None
        for name, value in block:
            if name not in _ONCE:
                message.setdefault(name, value)
                continue
            # an empty line may stand within one recipient's fields, and may be missing between two
            if now is None or name in now.fields or (name in _WHO and now.is_whole):
                if len(found) == _MOST:
                    break
                now = Recipient()
                found.append(now)
            now.fields[name] = value
    return Report([one for one in found if one.addresses or one.action or one.status], message)


def _address(value: str) -> str:
    """The address of "rfc822; ada@example.com", however it is dressed."""
    kind, parted, address = value.partition(";")
    if not parted:
        kind, address = "", value
    if kind.strip().lower() not in {"", "rfc822", "utf-8", "smtp", "unknown", "rfc-822"}:
        return ""
    address = address.strip()
    opened, closed = address.rfind("<"), address.rfind(">")
    if 0 <= opened < closed:
        address = address[opened + 1 : closed]
    address = address.strip(" <>\"',;").removeprefix("smtp:").removeprefix("SMTP:")
    if "@" not in address or any(letter.isspace() for letter in address) or len(address) > 320:
        return ""
    return address


def unescaped(address: str, beside: str) -> str:
    """An Original-Recipient as it was mailed: Postfix writes "+" as +2B (RFC 3461), others do not."""
    if address == beside or "+" not in address:
        return address
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), address)
