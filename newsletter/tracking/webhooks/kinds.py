"""What can be told, by name, and what an endpoint wants of it."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ColumnElement, and_, or_

from newsletter.delivery.models import BatchState, Status
from newsletter.editions.models import State
from newsletter.errors import BadInput
from newsletter.tracking import heard, sendgrid
from newsletter.tracking.models import Event

#: what one post of many copies is called
DELIVERIES = "delivery.events"
TEST = "webhook.test"

#: where an edition came to → what that is called
OF_STATE: Mapping[State, str] = {
    State.DRAFT: "edition.drafted",
    State.IN_REVIEW: "edition.in_review",
    State.APPROVED: "edition.approved",
    State.HELD: "edition.held",
    State.SENDING: "edition.sending",
    State.SENT: "edition.sent",
    State.SKIPPED: "edition.skipped",
    State.CANCELLED: "edition.cancelled",
}
#: it stayed where it is
CHANGED = "edition.changed"
#: what was done to a sending → what that is called; the rest is of no interest outside
OF_ACT: Mapping[str, str] = {"pause": "edition.paused", "resume": "edition.resumed"}
#: how a hand-over ended → what is told of its copies
OF_BATCH: Mapping[BatchState, str] = {
    BatchState.ACCEPTED: "delivery.accepted",
    BatchState.REFUSED: "delivery.refused",
    BatchState.UNKNOWN: "delivery.unknown",
    BatchState.CANCELLED: "delivery.skipped",
}
#: the same of the exceptions in it
OF_OUTCOME: Mapping[Status, str] = {Status.REFUSED: "delivery.refused", Status.SKIPPED: "delivery.skipped"}
#: what was heard since
OF_STATUS: Mapping[Status, str] = {
    Status.DELIVERED: "delivery.delivered",
    Status.DEFERRED: "delivery.deferred",
    Status.BOUNCED: "delivery.bounced",
    Status.DROPPED: "delivery.dropped",
    Status.COMPLAINED: "delivery.complained",
}
RAISED, OVER = "alarm.raised", "alarm.over"

#: each of them, and what it says
KINDS: Mapping[str, str] = {
    "edition.drafted": "An edition was made.",
    "edition.in_review": "It is shown to the editors, or an approval, a hold or a skip was taken back.",
    "edition.approved": "An editor said yes to it.",
    "edition.held": "An editor said not now, or nobody answered in time.",
    "edition.skipped": "There is no edition that week.",
    "edition.changed": "Its words, its day or its hour were changed; it stands where it stood.",
    "edition.sending": "Its audience is frozen and copies go out.",
    "edition.paused": "The sending was stopped, and can go on.",
    "edition.resumed": "It goes on.",
    "edition.sent": "Every copy is accounted for.",
    "edition.cancelled": "It was stopped for good.",
    "delivery.accepted": "The mail server or provider took responsibility for the copy.",
    "delivery.delivered": "The recipient's server took it.",
    "delivery.deferred": "The recipient's server said later.",
    "delivery.bounced": "The recipient's server refused it.",
    "delivery.dropped": "The provider gave up without trying.",
    "delivery.complained": "The reader pressed “spam”.",
    "delivery.refused": "The mail server or provider will never take it.",
    "delivery.skipped": "It was not handed over: its reader left or is suppressed, or the sending was cancelled.",
    "delivery.unknown": "It was handed over and the answer was lost; what is heard later settles it.",
    "alarm.raised": "Something a person should know.",
    "alarm.over": "It is over.",
}
FAMILIES = ("edition.*", "delivery.*", "alarm.*")

#: provider, and its word → what that is called
_HEARD: Mapping[tuple[str, str], str] = {
    (provider, word): OF_STATUS[status]
    for provider, words in ((heard.SENDGRID, sendgrid.STATUSES), (heard.MAILBOX, heard.BY_MAIL))
    for word, status in words.items()
}


def of_event(provider: str, word: str) -> str:
    """What an event is called that the provider calls *word*."""
    return _HEARD[provider, word]


def is_told() -> ColumnElement[bool]:
    """Whether an event is one that can be told: about a copy, and ours."""
    by_provider: dict[str, list[str]] = {}
    for provider, word in _HEARD:
        by_provider.setdefault(provider, []).append(word)
    told = (and_(Event.provider == name, Event.kind.in_(words)) for name, words in by_provider.items())
    return and_(Event.is_ours, or_(*told))


def understand(words: Iterable[str]) -> list[str]:
    """The kinds that *words* name, "edition.*" for a family, each once; raises BadInput. None means all of them."""
    found = list(dict.fromkeys(word.strip() for word in words if word.strip())) or list(FAMILIES)
    for word in found:
        if word not in KINDS and word not in FAMILIES:
            raise BadInput(f"{word[:60]!r} is nothing that is told; there are {', '.join([*FAMILIES, *KINDS])}")
    return found


def wants(wanted: Collection[str], kind: str) -> bool:
    """Whether *kind* is among the *wanted*."""
    return kind in wanted or f"{kind.partition('.')[0]}.*" in wanted


def wants_deliveries(wanted: Collection[str]) -> bool:
    return any(word.startswith("delivery.") for word in wanted)
