"""The door for webhooks: whether a post is really SendGrid's, and whether it can be read."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import BadInput, ConfigError

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"

#: SendGrid brings what we did not take for 24 hours, perhaps under its first signature; what is older is a
#: replay, which would do no harm either, for each event counts once
WINDOW = timedelta(hours=26)


def verify(key: str, timestamp: str, raw: bytes, signature: str, *, now: datetime) -> bool:
    """Whether *signature* is SendGrid's, over the timestamp and the *raw* body, and not from long ago.

    *key* is the public key as SendGrid's settings page shows it; raises ConfigError where it is none.
    """
    public = public_key(key)
    try:
        public.verify(base64.b64decode(signature, validate=True), timestamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (InvalidSignature, binascii.Error, ValueError, OverflowError, OSError):
        return False
    return abs(now - signed_at) <= WINDOW


def public_key(key: str) -> ec.EllipticCurvePublicKey:
    """The public key in one line of base64; raises ConfigError where it is none."""
    try:
        public = load_der_public_key(base64.b64decode("".join(key.split()), validate=True))
    except (ValueError, TypeError) as error:
        raise ConfigError(_NO_KEY) from error
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ConfigError(_NO_KEY)
    return public


def read(raw: bytes) -> list[dict[str, Any]]:
    """The events of a post; raises BadInput where it is not an array of them."""
    try:
        events = json.loads(raw, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON: {error}") from error
    if not isinstance(events, list):
        raise BadInput("not an array of events")
    for index, event in enumerate(events):
        if not isinstance(event, dict) or not isinstance(event.get("event"), str) or not event["event"]:
            raise BadInput(f"element {index} is not an event")
    return events


_NO_KEY = "sendgrid.webhook_key is not a public key: copy the verification key from SendGrid's webhook settings"


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
