"""The story of one copy: each thing on record in its own words, and beside it a plain sentence; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.delivery.models import BatchState, Status
from newsletter.tracking.reports.facts import Copy, Facts, Heard, Run
from subscribers.models import Consent

#: a provider's word → what it means, beside it
_MEANS: Mapping[str, str] = {
    "processed": "It was taken in and prepared for sending.",
    "delivered": "Their mail server took it.",
    "deferred": "Their mail server said to come back later.",
    "delayed": "Their mail server said to come back later.",
    "bounce": "Their mail server sent it back.",
    "bounced": "Their mail server sent it back.",
    "failed": "Their mail server sent it back.",
    "blocked": "Their mail server would not have it this time.",
    "dropped": "It was given up without a try.",
    "cancel_drop": "It was held back when the sending was stopped.",
    "open": "It was opened.",
    "click": "A link in it was followed.",
    "spamreport": "The reader reported it as spam.",
    "complaint": "The reader reported it as spam.",
    "unsubscribe": "The reader left, by the provider's own link.",
    "group_unsubscribe": "The reader left a group of the account.",
    "group_resubscribe": "The reader came back to a group of the account.",
    "relayed": "It was handed on to a server that tells nothing.",
    "auto-reply": "A machine of the reader's answered, and said nothing about the copy.",
    "mdn": "The reader's program says what it did with it.",
    "refused": "The mail server refused it.",
}
_ENDED: Mapping[BatchState, str] = {
    BatchState.ACCEPTED: "It was taken.",
    BatchState.REFUSED: "It was refused, for good.",
    BatchState.UNKNOWN: "The answer was lost: nobody can say whether it was taken.",
    BatchState.CANCELLED: "The sending was cancelled before it went out.",
    BatchState.QUEUED: "It was put off, and is tried again.",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a copy, or to its reader while it was under way."""

    at: datetime
    #: whose record it is: "ledger", "list", or the provider's name
    source: str
    #: in their own words
    words: str
    #: ours, beside them
    sentence: str


def moments(facts: Facts) -> list[Moment]:
    """What happened, oldest first; nothing where no copy was planned."""
    issue, copy = facts.issue, facts.copy
    if issue is None or issue.run is None or copy is None:
        return []
    found = [*_of_ledger(issue.run, copy), *map(_of_event, facts.heard), *_of_reader(facts, issue.run)]
    return sorted(found, key=lambda moment: moment.at)


def _of_ledger(run: Run, copy: Copy) -> Iterator[Moment]:
    if run.frozen_at:
        yield Moment(run.frozen_at, "ledger", "planned", "The audience was fixed, and they were in it.")
    if run.at and run.reason and run.state.value in ("paused", "cancelled"):
        yield Moment(
            run.at, "ledger", f"{run.state.value} by {run.by}: {run.reason}", f"The sending was {run.state.value}."
        )
    if copy.fenced_at:
        tries = "The copy was handed over." if copy.attempts < 2 else f"The copy was handed over, try {copy.attempts}."
        yield Moment(copy.fenced_at, "ledger", f"sent through {run.sender}", tries)
    if copy.outcome:
        what = "It was left out." if copy.outcome.status is Status.SKIPPED else "It was refused, for good."
        source = "ledger" if copy.outcome.status is Status.SKIPPED else run.sender
        yield Moment(copy.outcome.at, source, copy.outcome.reason, what)
    elif copy.settled_at and copy.batch in _ENDED:
        yield Moment(copy.settled_at, run.sender, copy.reply or copy.batch.value, _ENDED[copy.batch])


def _of_event(heard: Heard) -> Moment:
    words = " ".join(part for part in (heard.kind, heard.reason or heard.detail) if part)
    sentence = _MEANS.get(heard.kind, "Stored as it came; it moves nothing.")
    if heard.by_machine:
        sentence = "It was fetched; whether a person looked nobody can say."
    return Moment(heard.at, heard.provider, words, sentence)


def _of_reader(facts: Facts, run: Run) -> Iterator[Moment]:
    """What the reader did since: left, came back, moved, was suppressed."""
    person, issue = facts.found.person, facts.issue
    if person is None or issue is None or run.frozen_at is None:
        return
    verbs = {
        Consent.UNSUBSCRIBED: "They left {}.",
        Consent.CONFIRMED: "They said yes to {}.",
        Consent.PENDING: "They wait for their yes to {}.",
    }
    for step in person.steps:
        if step.at > run.frozen_at and step.slug in issue.lists:
            yield Moment(
                step.at, "list", f"{step.consent.value}, by {step.source}", verbs[step.consent].format(step.slug)
            )
    for change in person.changes:
        if change.at > run.frozen_at:
            yield Moment(change.at, "list", f"from {change.old} to {change.new}", "They moved to another address.")
    stop = person.suppression
    if stop is not None and stop.at > run.frozen_at:
        words = " ".join(part for part in (stop.reason.value, stop.note) if part)
        yield Moment(stop.at, "list", words, "Nothing is mailed to them since.")
