"""A post to an address that somebody gave us: through the guard of feeds, signed as Standard Webhooks does.

The receiver knows a post that comes twice by its `webhook-id`, and one that is old by its `webhook-timestamp`; see
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

import httpx
import orjson

from newsletter.config import Fetch
from newsletter.delivery.wire import replies
from newsletter.errors import BadInput, Forbidden
from newsletter.stories.reading import guard, wire

#: seconds that the other side has for all of it
PATIENCE = 15.0
_PREFIX = "whsec_"
#: of an answer, as it is told
_LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a post."""

    #: None where no answer came
    status: int | None
    #: the first words of the answer, or why there was none; without addresses
    words: str = ""
    #: seconds for which the other side asks to be left alone
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def trouble(self) -> str:
        """Why it was not taken, empty where it was."""
        if self.is_taken:
            return ""
        if self.status is None:
            return self.words
        led_away = ", which leads elsewhere, and no redirect is followed" if 300 <= self.status < 400 else ""
        return f"it answered {self.status}{led_away}{f': {self.words}' if self.words else ''}"


def post(url: str, said: object, *, message_id: str, secret: str, fetch: Fetch, now: datetime) -> str:
    """Post *said* as JSON; why it was not taken, empty where it was. No redirect is followed."""
    secrets = [secret] if secret else []
    return deliver(url, orjson.dumps(said), message_id=message_id, secrets=secrets, fetch=fetch, now=now).trouble


def deliver(
    url: str,
    body: bytes,
    *,
    message_id: str,
    secrets: Sequence[str],
    fetch: Fetch,
    now: datetime,
    patience: float = PATIENCE,
) -> Answer:
    """Post *body*, which is JSON, signed with each of *secrets*; what came of it. No redirect is followed.

    *patience*: the seconds that the other side has for all of it.
    """
    headers = {
        "User-Agent": "newsletter",
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if secrets:
        # several while one takes over from another: the receiver looks for one that it knows
        headers["webhook-signature"] = " ".join(
            sign(body, message_id=message_id, secret=secret, now=now) for secret in secrets
        )
    return _send(url, headers, body, fetch, patience)


def get(url: str, *, fetch: Fetch) -> str:
    """Ask for *url*; why that did not go well, empty where it did."""
    return _send(url, {"User-Agent": "newsletter"}, None, fetch).trouble


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


def _send(url: str, headers: dict[str, str], body: bytes | None, fetch: Fetch, patience: float = PATIENCE) -> Answer:
    status: int | None = None
    rest: int | None = None
    said = b""
    try:
        target = httpx.URL(url)
        resolve = partial(guard.addresses, allow_loopback=fetch.allow_loopback)
        with wire.request(
            target,
            headers,
            seconds=patience,
            resolve=resolve,
            tls=_tls(),
            method="GET" if body is None else "POST",
            body=body,
        ) as answer:
            status, rest = answer.status, _seconds(answer.headers.get("retry-after", ""))
            said = answer.beginning(2_000)
    except (Forbidden, wire.Unreadable, httpx.InvalidURL) as error:
        if status is None:  # else it has answered, and only its words are slow, or odd
            return Answer(None, replies.tidy(str(error), limit=_LONGEST_WORDS))
    return Answer(status, _words(said.decode("utf-8", "replace")), rest)


def _words(said: str) -> str:
    """The first words of an answer; of a page, what a person would see."""
    text = replies.plain(said) if said.lstrip().startswith("<") else said
    return replies.tidy(text, limit=_LONGEST_WORDS)


def _seconds(retry_after: str) -> int | None:
    """What Retry-After says, where it counts seconds."""
    return int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else None


@cache  # reading the certificates takes longer than a post
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
