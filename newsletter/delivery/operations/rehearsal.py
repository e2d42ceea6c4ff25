"""A rehearsal of the way to the wire: everything that comes before a message, and no message.

What works here works on Friday: it is the senders' own handshake, with the addresses and sizes of real editions.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter import config
from newsletter.delivery.wire import blame
from newsletter.errors import Delivery, Unavailable

if TYPE_CHECKING:
    from newsletter.delivery.senders.smtp.connection import Connection

#: seconds that an operator waits for one answer
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was tried, in a sentence that says what to do where it did not work."""

    works: bool
    text: str
    #: it works, and whoever stands between may read along
    is_exposed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What an edition would come with: its sender, somebody whom a trial may name, its size in bytes."""

    sender: str
    recipient: str
    size: int


def smtp(settings: config.Smtp, parts: Sequence[Part]) -> list[Seen]:
    """Connect, introduce, encrypt, log in, and offer each of *parts* up to its recipient; nothing is sent."""
    hurried = settings.model_copy(update={"timeout": min(settings.timeout, _PATIENCE)})
    where = f"{settings.host}:{settings.port}"
    try:
        return asyncio.run(_shake_hands(hurried, parts))
    except Delivery as failure:
        return [Seen(False, f"{failure}{_said(failure)}")]
    except OSError as error:
        return [Seen(False, f"{where} can't be reached: {error}")]


def way(settings: config.Smtp, *, own: str, peer: str, offers_starttls: bool) -> Seen:
    """How mail goes from the address *own* to the server's, *peer*: in the open it should stay on one machine."""
    encrypted = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "unencrypted"}[settings.security]
    logged_in = f", logged in as {settings.username}" if settings.username else ""
    text = f"{settings.host}:{settings.port} takes mail {encrypted}{logged_in}"
    if settings.security != "none" or own == peer or ipaddress.ip_address(peer.partition("%")[0]).is_loopback:
        return Seen(True, text)
    remedy = (
        'it offers STARTTLS, so set smtp.security = "starttls"'
        if offers_starttls
        else "have it offer STARTTLS, or hand mail to a relay on this machine"
    )
    return Seen(True, f"{text}, from another machine: whoever stands between reads every copy; {remedy}", True)


def sendgrid(settings: config.SendGrid, parts: Sequence[Part]) -> list[Seen]:
    """Ask what the key may do, and have SendGrid check a message of each of *parts* in its sandbox."""
    from newsletter.delivery.senders.sendgrid import trial

    hurried = settings.model_copy(update={"timeout": min(settings.timeout, _PATIENCE)})
    seen: list[Seen] = []
    try:
        missing = trial.missing_scopes(hurried)
        if missing:
            return [Seen(False, f"the API key lacks the scope {', '.join(missing)}: give it in SendGrid's settings")]
        seen.append(Seen(True, "SendGrid knows the key, and it may send"))
        for sender in sorted({part.sender for part in parts}):
            trial.check(hurried, sender)
            seen.append(Seen(True, f"SendGrid takes mail from {sender} (checked in its sandbox)"))
    except Delivery as failure:
        seen.append(Seen(False, f"{failure}{_said(failure)}"))
    return seen


async def _shake_hands(settings: config.Smtp, parts: Sequence[Part]) -> list[Seen]:
    from newsletter.delivery.senders.smtp import handshake
    from newsletter.delivery.senders.smtp.connection import Trial

    trial = Trial(timeout=settings.timeout)
    await handshake.set_up(settings, handshake.trust(settings), trial)
    try:
        own, peer = (trial.transport.get_extra_info(which)[0] for which in ("sockname", "peername"))
        opened = way(settings, own=own, peer=peer, offers_starttls=trial.offer.starttls)
        return [opened, *[await _offer(trial, part) for part in parts]]
    except ConnectionError as error:
        raise Unavailable(f"the mail server hung up during the trial: {error}") from error
    except TimeoutError as error:
        raise Unavailable("the mail server stopped answering during the trial") from error
    finally:
        trial.end("the trial is over")


async def _offer(trial: "Connection", part: Part) -> Seen:
    """Sender, size and one recipient, then RSET: the server has answered all that it asks before a message."""
    from newsletter.delivery.senders.smtp import envelopes

    largest = trial.offer.largest
    if 0 < largest < part.size:
        return Seen(False, f"the server takes messages of {largest:,} bytes at most, and an edition has {part.size:,}")
    try:
        to, by = (envelopes.path(address, trial.offer) for address in (part.recipient, part.sender))
    except envelopes.Unwritable as error:
        return Seen(False, f"{part.sender} or {part.recipient} can't be put on an envelope: {error}")
    stated = b" SIZE=%d" % part.size if trial.offer.size else b""
    sender = await trial.ask(b"MAIL FROM:<%b>%b\r\n" % (by, stated))
    recipient = await trial.ask(b"RCPT TO:<%b>\r\n" % to) if sender.code < 300 else None
    await trial.ask(b"RSET\r\n")
    if sender.code >= 300:
        return Seen(False, f"the server takes no mail from {part.sender}: {sender.words().text}")
    if recipient is not None and recipient.code >= 300:
        words = recipient.words().text
        whose = blame.judge(blame.Step.RCPT, recipient.code, recipient.said).whose
        if whose is not blame.Whose.READER:
            return Seen(False, f"the server takes no mail from {part.sender} to {part.recipient}: {words}")
        return Seen(True, f"takes mail from {part.sender}, of {part.size:,} bytes; {part.recipient} it does not know")
    return Seen(True, f"takes mail from {part.sender}, of {part.size:,} bytes as an edition has")


def _said(failure: Delivery) -> str:
    return f" ({failure.reply})" if failure.reply and failure.reply not in str(failure) else ""
