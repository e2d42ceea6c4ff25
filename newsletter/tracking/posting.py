"""A post to an address that somebody gave us: through the guard of feeds, signed as Standard Webhooks does.

The receiver knows a post that comes twice by its `webhook-id`, and one that is old by its `webhook-timestamp`; see
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from functools import partial

import httpx
import orjson

from newsletter.config import Fetch
from newsletter.errors import BadInput, Forbidden
from newsletter.stories.reading import guard, wire

#: seconds that the other side has for all of it
PATIENCE = 15.0
_PREFIX = "whsec_"
#: of an answer that says no, as it is told
_LONGEST_WORDS = 200


def post(url: str, said: object, *, message_id: str, secret: str, fetch: Fetch, now: datetime) -> str:
    """Post *said* as JSON; why it was not taken, empty where it was. No redirect is followed."""
    body = orjson.dumps(said)
    headers = {
        "User-Agent": "newsletter",
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if secret:
        headers["webhook-signature"] = sign(body, message_id=message_id, secret=secret, now=now)
    return _send(url, headers, body, fetch)


def get(url: str, *, fetch: Fetch) -> str:
    """Ask for *url*; why that did not go well, empty where it did."""
    return _send(url, {"User-Agent": "newsletter"}, None, fetch)


def sign(body: bytes, *, message_id: str, secret: str, now: datetime) -> str:
    """The signature of a post; raises BadInput for a *secret* that is none."""
    signed = f"{message_id}.{int(now.timestamp())}.".encode() + body
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def key(secret: str) -> bytes:
    """The bytes that *secret*, "whsec_" and base64, stands for; raises BadInput."""
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not 24 <= len(found) <= 64:
        raise BadInput("a webhook's secret is whsec_ and 24 to 64 bytes as base64")
    return found


def _send(url: str, headers: dict[str, str], body: bytes | None, fetch: Fetch) -> str:
    try:
        target = httpx.URL(url)
        resolve = partial(guard.addresses, allow_loopback=fetch.allow_loopback)
        tls = httpx.create_ssl_context(trust_env=False)
        with wire.request(
            target,
            headers,
            seconds=PATIENCE,
            resolve=resolve,
            tls=tls,
            method="GET" if body is None else "POST",
            body=body,
        ) as answer:
            if 200 <= answer.status < 300:
                return ""
            words = " ".join(answer.beginning(2_000).decode("utf-8", "replace").split())[:_LONGEST_WORDS]
            return f"it answered {answer.status}{f': {words}' if words else ''}"
    except (Forbidden, wire.Unreadable, httpx.InvalidURL) as error:
        return str(error)
