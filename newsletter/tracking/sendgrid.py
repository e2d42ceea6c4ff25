"""SendGrid's words for what happened, and ours, side by side; pure, it knows no database."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from typing import Any

from orjson import dumps

from newsletter.delivery.models import Status
from newsletter.delivery.senders.sendgrid.sender import ATTEMPT, EDITION, SUBSCRIBER
from newsletter.delivery.wire import blame, replies
from newsletter.tracking.heard import SENDGRID, Heard, Lesson
from newsletter.tracking.links import networks

PROVIDER = SENDGRID

#: SendGrid's word → what it says about the copy; words that are not here are stored and move nothing
STATUSES: Mapping[str, Status] = {
    "deferred": Status.DEFERRED,
    "delivered": Status.DELIVERED,
    "bounce": Status.BOUNCED,
    "dropped": Status.DROPPED,
    "cancel_drop": Status.DROPPED,
    "spamreport": Status.COMPLAINED,
}
#: why SendGrid did not even try → what that says about the person
_DROPPED_FOR: Mapping[str, Lesson] = {
    "bounced address": Lesson.HARD_BOUNCE,
    "invalid": Lesson.HARD_BOUNCE,
    "spam reporting address": Lesson.COMPLAINT,
    "unsubscribed address": Lesson.UNSUBSCRIBE,
    "spam content": Lesson.CONTENT,
}
_PEOPLES_WORDS: Mapping[str, Lesson] = {
    "spamreport": Lesson.COMPLAINT,
    "unsubscribe": Lesson.UNSUBSCRIBE,
    "group_unsubscribe": Lesson.UNSUBSCRIBE,
    "group_resubscribe": Lesson.RESUBSCRIBE,
}
#: SendGrid's own word for bounces that say nothing about whether there is such a mailbox → what they say instead
_NOT_THE_MAILBOX: Mapping[str, Lesson] = {
    "content": Lesson.CONTENT,
    "reputation": Lesson.POLICY,
    "frequency or volume too high": Lesson.POLICY,
    "technical": Lesson.SOFT_BOUNCE,
    "technical failure": Lesson.SOFT_BOUNCE,
}
#: whose fault an answer is → what it says, where it says nothing about the mailbox
_FAULTS: Mapping[blame.Whose, Lesson] = {blame.Whose.US: Lesson.POLICY, blame.Whose.MESSAGE: Lesson.CONTENT}
_MAY_TEACH = frozenset({"bounce", "dropped", *_PEOPLES_WORDS})
_LARGEST_ID = 2**63
#: no address is longer (RFC 5321 section 4.5.3.1), and no word of an event is worth more characters
_LONGEST_ADDRESS, _LONGEST_WORD = 320, 4000


def read(event: Mapping[str, Any], *, now: datetime) -> Heard:
    """One element of a webhook's array, whatever is missing from it; whose it is, `ownership` finds out."""
    get = event.get
    kind = str(event["event"])
    address = _address(get("email"))
    at = _time(get("timestamp"))
    words = get("reason") or get("response")
    status = STATUSES.get(kind)
    return Heard(  # by place: by name takes twice as long
        PROVIDER,
        _key(event),
        _fit(kind)[:64],
        at or now,
        _id(get(EDITION)),
        _id(get(SUBSCRIBER)),
        status,
        _lesson(kind, event) if kind in _MAY_TEACH else None,
        replies.tidy(_fit(str(words))) if words else "",
        address,
        _attempt(get(ATTEMPT)),
        knows_attempt=False,
        is_ours=False,
        proves=True,
        is_dated=at is not None,
        payload=_payload(event, address),
    )


def is_late_bounce(event: Mapping[str, Any]) -> bool:
    """Whether it is a bounce days later, which carries an address and no id at all."""
    return event["event"] == "bounce" and not event.get("sg_message_id") and EDITION not in event


def names_a_copy(event: Mapping[str, Any]) -> bool:
    """Whether it names a copy, by whatever id; what names none can only be about a person, by the address."""
    return any(event.get(name) not in (None, "") for name in (EDITION, SUBSCRIBER, ATTEMPT))


def _payload(event: Mapping[str, Any], address: str) -> str:
    """The whole event less the address, as JSON."""
    payload = dict(event)
    payload.pop("email", None)
    if (address_on_the_network := payload.pop("ip", None)) is not None:  # kept as what it says about machines
        payload["network"] = networks.name(str(address_on_the_network))
    try:
        text = dumps(payload)
        if _is_plain(text, payload.get("smtp-id"), address):
            return text.decode()
    except TypeError:  # half a character, or a number without end: not what a machine writes
        pass
    return json.dumps({_fit(key): _without(value, address) for key, value in payload.items()})


def _is_plain(text: bytes, ours: Any, address: str) -> bool:
    """Whether nothing is in *text* that must not be kept; *ours* is SendGrid's own id, no address."""
    if len(text) > _LONGEST_WORD or b"null" in text or b"\\u0000" in text:  # null: what JSON has no word for, too
        return False
    found = text.count(b"@")
    if not found:
        return True
    if not isinstance(ours, str) or " " in ours or ours.count("@") != found:
        return False
    return not address or address.lower() not in ours.lower()


def _address(value: Any) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST_ADDRESS else ""


def _lesson(kind: str, event: Mapping[str, Any]) -> Lesson | None:
    if kind == "dropped":
        return _DROPPED_FOR.get(str(event.get("reason", "")).strip().lower())
    if kind == "bounce":
        return _of_bounce(event)
    return _PEOPLES_WORDS.get(kind)


def _of_bounce(event: Mapping[str, Any]) -> Lesson | None:
    """SendGrid calls it "bounce" where the address is bad and "blocked" where the moment was."""
    words, status = str(event.get("reason") or ""), str(event.get("status") or "")
    fault = blame.judge(blame.Step.LATER, None, words, status=status)
    if (lesson := _NOT_THE_MAILBOX.get(str(event.get("bounce_classification", "")).lower())) is not None:
        return lesson
    if fault.lesson is blame.Lesson.DEAD:
        return Lesson.HARD_BOUNCE if event.get("type", "bounce") == "bounce" else None
    if fault.lesson is blame.Lesson.FULL or not fault.lasting:
        return Lesson.SOFT_BOUNCE
    return _FAULTS.get(fault.whose)


def _key(event: Mapping[str, Any]) -> str:
    given = event.get("sg_event_id")
    if isinstance(given, str) and 0 < len(given) <= 128 and given.isascii() and given.isprintable():
        return given
    return "sha256-" + sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()


def _time(timestamp: Any) -> datetime | None:
    if type(timestamp) is int:
        return _moment(timestamp)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float | str):
        return None
    try:
        return _moment(float(timestamp))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)  # a post tells of few seconds
def _moment(seconds: float) -> datetime | None:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.year >= 2000 else None


def _id(given: Any) -> int | None:
    """An id of ours, which goes out as text and may come back as a number."""
    if isinstance(given, str):
        if not given.isascii() or not given.isdigit() or len(given) > 19:
            return None
        given = int(given)
    elif isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given if 0 <= given < _LARGEST_ID else None
    return None


def _attempt(text: Any) -> str:
    return text if isinstance(text, str) and len(text) <= 32 and text.isascii() and text.isprintable() else ""


def _without(value: Any, address: str) -> Any:
    """*value* with the address taken out of every string in it."""
    if isinstance(value, str):
        return _fit(_blot(value[: 2 * _LONGEST_WORD], address))[:_LONGEST_WORD]
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # JSON has no word for it, and PostgreSQL keeps none
    if isinstance(value, list):
        return [_without(each, address) for each in value]
    if isinstance(value, dict):
        return {_fit(key): _without(each, address) for key, each in value.items()}
    return value


def _blot(text: str, address: str) -> str:
    if "@" not in text:
        return text
    if address:
        text = _cut_out(address.encode("utf-8", "replace"), text.encode("utf-8", "replace")).decode("utf-8", "replace")
    # ids look like addresses; words with blanks in them are somebody's sentence
    return replies.tidy(text, limit=2000) if " " in text else text


def _cut_out(address: bytes, text: bytes) -> bytes:
    """*text* with "(address)" for *address*, in ASCII's capitals or not: bytes keep their places when lowered."""
    kept, at, wanted, lowered = list[bytes](), 0, address.lower(), text.lower()
    while (found := lowered.find(wanted, at)) >= 0:
        kept += [text[at:found], b"(address)"]
        at = found + len(address)
    return b"".join([*kept, text[at:]])


def _fit(text: str) -> str:
    """*text* without what PostgreSQL can't hold: NUL, and halves of characters."""
    return (
        text if text.isascii() and "\x00" not in text else text.replace("\x00", "").encode("utf-8", "replace").decode()
    )
