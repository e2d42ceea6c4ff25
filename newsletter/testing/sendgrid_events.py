"""What SendGrid tells afterwards about each copy: its events, signed, and in no order one may rely on."""

import base64
import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


class Outcome(enum.Enum):
    """What becomes of a copy after it was accepted."""

    #: taken by the recipient's server
    DELIVERED = "delivered"
    #: no such mailbox
    BOUNCE = "bounce"
    #: refused for reputation; the address stays good
    BLOCKED = "blocked"
    #: put off twice, then delivered
    DEFERRED = "deferred"
    #: not even tried, for the address is on SendGrid's own list
    DROPPED = "dropped"
    #: delivered, and the reader pressed "spam"
    SPAM = "spam"
    #: delivered, and the reader left by SendGrid's own link
    UNSUBSCRIBED = "unsubscribed"
    #: delivered, and a bounce days later that carries an address and nothing else
    LATE_BOUNCE = "late_bounce"
    #: never heard of again
    SILENT = "silent"


#: which address meets which fate: a pattern searched for in the part before the @, first match wins
BY_ADDRESS: Sequence[tuple[str, Outcome]] = (
    ("late-bounce", Outcome.LATE_BOUNCE),
    ("bounce", Outcome.BOUNCE),
    ("blocked", Outcome.BLOCKED),
    ("deferred", Outcome.DEFERRED),
    ("dropped", Outcome.DROPPED),
    ("spam", Outcome.SPAM),
    ("unsubscribe", Outcome.UNSUBSCRIBED),
    ("silent", Outcome.SILENT),
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One mail that was accepted, for one recipient."""

    to: str
    custom_args: Mapping[str, str]
    message_id: str
    index: int
    #: seconds since 1970 when it was taken, or when it was released
    at: float


class Fates:
    """Turns copies into the events of their outcomes."""

    def __init__(self, by_address: Sequence[tuple[str, Outcome]] = BY_ADDRESS) -> None:
        self._patterns = [(re.compile(pattern), outcome) for pattern, outcome in by_address]

    def outcome(self, address: str) -> Outcome:
        local = address.rpartition("@")[0]
        return next((outcome for pattern, outcome in self._patterns if pattern.search(local)), Outcome.DELIVERED)

    def events(self, copy: Copy) -> list[dict[str, Any]]:
        """Everything that is ever heard of *copy*, in the order in which it happens."""
        return list(_STORIES[self.outcome(copy.to)](copy))


class Signer:
    """A webhook's key pair: ECDSA over P-256 with SHA-256."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """One line of base64, as SendGrid's settings page shows it."""
        return base64.b64encode(
            self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).decode()

    def headers(self, body: bytes, timestamp: str) -> dict[str, str]:
        """The two headers that prove *body*."""
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}


def _event(copy: Copy, kind: str, *, after: float = 1, serial: int = 0, **more: Any) -> dict[str, Any]:
    """An event with the ids that SendGrid gives it; custom_args are mixed in, its own keys win."""
    name = f"{kind}-{serial}-4242-{copy.message_id}-{copy.index}"
    return {
        **copy.custom_args,
        "email": copy.to,
        "timestamp": int(copy.at + after),
        "event": kind,
        "smtp-id": f"<{copy.message_id}@geopod-ismtpd-1>",
        "sg_event_id": base64.urlsafe_b64encode(name.encode()).decode().rstrip("="),
        "sg_message_id": f"{copy.message_id}.recvd-6f7c9-1-619F0A11-{copy.index}.{copy.index}",
        **more,
    }


def _taken(copy: Copy) -> Iterator[dict[str, Any]]:
    yield _event(copy, "processed", after=0)


def _delivered(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _taken(copy)
    yield _event(copy, "delivered", after=2, response="250 2.0.0 OK", ip="192.0.2.10", tls=1)


def _bounce(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _taken(copy)
    yield _event(
        copy,
        "bounce",
        after=2,
        serial=4,
        type="bounce",
        status="5.1.1",
        reason=f"550 5.1.1 <{copy.to}>: user unknown",
        bounce_classification="Invalid Address",
        ip="192.0.2.10",
        tls=1,
    )


def _blocked(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _taken(copy)
    yield _event(
        copy,
        "bounce",
        after=2,
        serial=4,
        type="blocked",
        status="5.7.1",
        reason="550 5.7.1 message refused for its sender's reputation",
        bounce_classification="Reputation",
    )


def _deferred(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _taken(copy)
    for attempt in (1, 2):
        yield _event(
            copy,
            "deferred",
            after=60 * attempt,
            serial=attempt,
            response="451 4.7.1 come back later",
            attempt=str(attempt),
            domain=copy.to.rpartition("@")[2],
        )
    yield _event(copy, "delivered", after=300, response="250 2.0.0 OK", tls=1)


def _dropped(copy: Copy) -> Iterator[dict[str, Any]]:
    yield _event(copy, "dropped", after=0, reason="Bounced Address", status="5.0.0")


def _spam(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _delivered(copy)
    yield _event(copy, "spamreport", after=3600)


def _unsubscribed(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _delivered(copy)
    yield _event(copy, "unsubscribe", after=3600)


def _late_bounce(copy: Copy) -> Iterator[dict[str, Any]]:
    yield from _delivered(copy)
    event = _event(
        copy, "bounce", after=86400, serial=5, type="bounce", status="5.1.10", reason="550 5.1.10 recipient not found"
    )
    kept = {"email", "event", "type", "status", "reason", "timestamp", "sg_event_id"}
    yield {key: value for key, value in event.items() if key in kept}


def _silent(_copy: Copy) -> Iterator[dict[str, Any]]:
    yield from ()


_STORIES = {
    Outcome.DELIVERED: _delivered,
    Outcome.BOUNCE: _bounce,
    Outcome.BLOCKED: _blocked,
    Outcome.DEFERRED: _deferred,
    Outcome.DROPPED: _dropped,
    Outcome.SPAM: _spam,
    Outcome.UNSUBSCRIBED: _unsubscribed,
    Outcome.LATE_BOUNCE: _late_bounce,
    Outcome.SILENT: _silent,
}
