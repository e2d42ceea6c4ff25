"""What may become of a batch, as tables and pure decisions; the SQL of the ledger and its explorer both read them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.delivery.models import BatchState as State


class Verdict(StrEnum):
    """How a hand-over ended, as its own worker saw it."""

    #: the other side took responsibility
    ACCEPTED = "accepted"
    #: certainly not taken, and never will be
    REFUSED = "refused"
    #: certainly not taken this time
    AGAIN = "again"
    #: bytes left, no answer came
    UNKNOWN = "unknown"


#: what may follow what; the database is asked to move a batch only along these edges
MAY_FOLLOW: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.CLAIMED, State.CANCELLED, State.ACCEPTED, State.UNKNOWN}),
    State.CLAIMED: frozenset({State.SENDING, State.QUEUED, State.CANCELLED, State.ACCEPTED, State.UNKNOWN}),
    State.SENDING: frozenset({State.ACCEPTED, State.REFUSED, State.QUEUED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.ACCEPTED, State.REFUSED, State.QUEUED}),
    State.REFUSED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset(),
    State.ACCEPTED: frozenset(),
}

#: the worker's own verdict → the batch's next state
AFTER: dict[Verdict, State] = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.AGAIN: State.QUEUED,
    Verdict.UNKNOWN: State.UNKNOWN,
}

#: a worker that is late still knows what became of its own attempt, as long as no other attempt was made
RECORDABLE = frozenset({State.SENDING, State.UNKNOWN})

#: "accepted" is proof, and proof counts even for what was queued again after it
PROVABLE = frozenset({State.SENDING, State.UNKNOWN, State.QUEUED, State.CLAIMED})

#: the lease is over: before the fence nothing was written, after it nobody can say
LEASE_OVER: dict[State, State] = {State.CLAIMED: State.QUEUED, State.SENDING: State.UNKNOWN}


class Mark(StrEnum):
    """What the black box of a process says of a copy; the order is that of the file."""

    #: nothing of its content was written
    NOT_BEGUN = "not begun"
    #: its content goes to the wire, and no answer was heard
    BEGUN = "begun"
    #: the answer that was heard, or that none will come
    ACCEPTED = "accepted"
    REFUSED = "refused"
    AGAIN = "again"
    UNKNOWN = "unknown"


#: what the process would have said of the copy, had it lived a moment longer
INHERITED: dict[Mark, Verdict] = {
    Mark.NOT_BEGUN: Verdict.AGAIN,
    Mark.BEGUN: Verdict.UNKNOWN,
    Mark.ACCEPTED: Verdict.ACCEPTED,
    Mark.REFUSED: Verdict.REFUSED,
    Mark.AGAIN: Verdict.AGAIN,
    Mark.UNKNOWN: Verdict.UNKNOWN,
}


def speaks_of(written: tuple[object, object], stands: tuple[object, object]) -> bool:
    """Whether what was *written* in a black box is about what *stands* here: each a boot of a machine and an attempt.

    Pages of another boot may be older than what their process did, and those of another attempt tell of another
    hand-over.
    """
    return written == stands


#: still to be done
OPEN = frozenset({State.QUEUED, State.CLAIMED, State.SENDING})

#: a cancel stops what has not been handed over
STOPPABLE = frozenset({State.QUEUED, State.CLAIMED})


def recordable(verdict: Verdict) -> frozenset[State]:
    """In which states a worker's own *verdict* on the batch's newest attempt still counts."""
    return PROVABLE if verdict is Verdict.ACCEPTED else RECORDABLE


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard of a provider so far: enough to tell silence from deafness."""

    #: the newest event time we hold
    watermark: datetime | None
    #: how long after the hand-over an event may be missing without meaning anything
    quiet: timedelta
    #: when our hook last failed to take an event; the provider is still bringing it back
    trouble_at: datetime | None = None

    def silent_since(self) -> datetime | None:
        """Hand-overs that ended before this moment and left no event were not accepted; None: nobody can say.

        Only the provider's own clock counts. When events are late, so is the watermark, and nothing
        is called silent; our own clock would go on and call everything silent.
        """
        if self.watermark is None:
            return None
        if self.trouble_at is not None and self.watermark <= self.trouble_at + self.quiet:
            return None
        return self.watermark - self.quiet

    def is_stuck(self, handed_over: datetime, canary_at: datetime | None, now: datetime) -> bool:
        """Whether a message of ours, sent now, would let us tell what became of hand-overs up to *handed_over*.

        So it is when a quiet period is over by our clock and the provider's has not passed it, because
        nothing more was heard. At most one such canary goes out in a quiet period.
        """
        since = max(handed_over, self.trouble_at or handed_over) + self.quiet
        if now < since + SKEW or (self.watermark is not None and self.watermark > since):
            return False
        # a clock that was set back must not stop it for an hour
        return canary_at is None or not (canary_at <= now < canary_at + self.quiet)


#: by which the provider's clock may be slow
SKEW = timedelta(minutes=1)
#: a provider that has not brought its events within a day (SendGrid's own limit) will not
GIVE_UP = timedelta(days=1)


def backoff(attempts: int, jitter: float, *, least: float = 30, most: float = 1800) -> timedelta:
    """How long to wait after *attempts* failures: doubling, and scattered by *jitter* (0 to 1)."""
    whole = min(most, least * 2.0 ** min(max(attempts - 1, 0), 20))
    return timedelta(seconds=whole * (0.5 + jitter / 2))


#: with the waits above, about a day; then the last words are final
MOST_ATTEMPTS = 50


def is_last(attempt: int) -> bool:
    """Whether what is not taken in this *attempt* is given up."""
    return attempt >= MOST_ATTEMPTS
