"""What is heard of a copy, whoever says it: one value for SendGrid's events, answers at hand-over, and mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from newsletter.delivery.models import Status

#: who says it: an event's provider
SENDGRID, SMTP, MAILBOX = "sendgrid", "smtp", "mailbox"


class Lesson(StrEnum):
    """What an event teaches, beyond this one copy."""

    #: the address does not exist: never mail it again
    HARD_BOUNCE = "hard_bounce"
    #: the mailbox is full, or could not be reached for days: counted
    SOFT_BOUNCE = "soft_bounce"
    #: the reader pressed "spam": never mail them again
    COMPLAINT = "complaint"
    #: the reader left through SendGrid's own link, or by mail
    UNSUBSCRIBE = "unsubscribe"
    #: the reader came back by SendGrid's own page, and takes back that they left there
    RESUBSCRIBE = "resubscribe"
    #: refused because of who we are: operations are told, no reader is touched
    POLICY = "policy"
    #: refused because of what the mail holds: operations are told, no reader is touched
    CONTENT = "content"
    #: refused, or lost on its way, by the fault of a server: operations are told, no reader is touched
    WIRE = "wire"


@dataclass(slots=True)  # not frozen: that takes longer than all the rest, thousands of times in a second
class Heard:
    """One event, in our words; whoever made it fills it in, and nobody changes it after it is stored."""

    #: SENDGRID, SMTP or MAILBOX
    provider: str
    #: unique for ever with this provider, at most 128 characters
    key: str
    #: the provider's word: "delivered", "bounce"; "refused"; "failed", "delayed", "complaint"
    kind: str
    #: the provider's clock; where it did not say, when we heard it
    at: datetime
    edition_id: int | None = None
    subscriber_id: int | None = None
    #: what it says about the copy; None moves nothing
    status: Status | None = None
    lesson: Lesson | None = None
    #: the other side's words, tidy (see `replies`): without addresses
    reason: str = ""
    #: whom it is about, where that is more than the reader's own address; never stored
    address: str = ""
    attempt: str = ""
    #: the attempt is one of the ledger's: it proves its whole hand-over
    knows_attempt: bool = False
    #: about a copy or a person of this install
    is_ours: bool = True
    #: it proves that the copy was taken, where we did not know
    proves: bool = True
    #: it said when
    is_dated: bool = True
    #: what else was said, less the address, as JSON
    payload: str = "{}"

    @property
    def evidence(self) -> str:
        """What it is called wherever something rests on it."""
        return f"{self.provider}/{self.key}"


#: what mail that came back does → what that says about the copy; what is not here moves nothing
BY_MAIL = {"failed": Status.BOUNCED, "delayed": Status.DEFERRED, "complaint": Status.COMPLAINED}
#: where a refusal is nobody's address's fault: what it means → whose it is
_ALARMS = {"policy": Lesson.POLICY, "too large": Lesson.CONTENT}


def _lesson(action: str, meaning: str, judged: str) -> Lesson | None:
    """What mail that came back teaches, as `bounces` judged it."""
    match judged:
        case "suppress":
            return Lesson.COMPLAINT if action == "complaint" else Lesson.HARD_BOUNCE
        case "count":
            return Lesson.SOFT_BOUNCE
        case "alarm":
            return _ALARMS.get(meaning, Lesson.WIRE)
    return None


def by_mail(
    key: str,
    *,
    action: str,
    meaning: str,
    lesson: str,
    edition_id: int | None,
    subscriber_id: int | None,
    at: datetime,
    words: str = "",
    address: str = "",
    payload: Mapping[str, Any] | None = None,
) -> Heard:
    """What came back by mail, as `bounces` judged it; *key* is unique for ever among such, *words* are tidy.

    Without *subscriber_id* and *address* it is about nobody here: it is stored and changes nothing.
    """
    return Heard(
        MAILBOX,
        key,
        action,
        at,
        edition_id=edition_id,
        subscriber_id=subscriber_id,
        status=BY_MAIL.get(action),
        lesson=_lesson(action, meaning, lesson),
        reason=words,
        address=address,
        is_ours=subscriber_id is not None or bool(address),
        payload=orjson.dumps({"meaning": meaning, **(payload or {})}).decode(),
    )
