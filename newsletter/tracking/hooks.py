"""The door for webhooks: whether a post is really SendGrid's, and whether it can be read."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import BadInput, ConfigError
from newsletter.tracking import arrays
from newsletter.tracking.quarantine import Unreadable

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


def read(raw: bytes) -> tuple[list[dict[str, Any]], list[Unreadable]]:
    """The events of a post, and what of it is none; one odd element never costs the others.

    Raises BadInput where it is no array at all.
    """
    elements = _elements(raw)
    events = [each for each in elements if type(each) is dict and (word := each.get("event")) and type(word) is str]
    if len(events) == len(elements):
        return events, []
    events, unreadable = list[dict[str, Any]](), list[Unreadable]()
    for element in elements:
        if isinstance(element, Unreadable):
            unreadable.append(element)
        elif isinstance(element, dict) and isinstance(element.get("event"), str) and element["event"]:
            events.append(element)
        else:
            unreadable.append(Unreadable(json.dumps(element), "it does not say what happened: no word in event"))
    return events, unreadable


def _elements(raw: bytes) -> list[Any]:
    try:
        elements = orjson.loads(raw)
    except ValueError:  # a byte that is no text, a number that is none: what is readable of it is read
        text = raw.decode("utf-8", "replace").strip().removeprefix("\ufeff")
        if not text.startswith("["):
            raise BadInput("not an array of events") from None
        try:
            elements = json.loads(text)
        except (ValueError, RecursionError):
            return [_element(each) for each in arrays.split(text)]
    if not isinstance(elements, list):
        raise BadInput("not an array of events")
    return elements


def _element(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(text, f"not JSON: {error}")


_NO_KEY = "sendgrid.webhook_key is not a public key: copy the verification key from SendGrid's webhook settings"
