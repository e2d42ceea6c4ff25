"""All that decides why somebody got or did not get an edition, as plain values; who gathers them is `gathering`."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.delivery.models import BatchState, SendingState, Status
from newsletter.delivery.operations import sendlog
from newsletter.delivery.operations.waits import Wait
from newsletter.editions.models import SlotState, State
from subscribers.standing import Found


@dataclass(frozen=True, slots=True)
class Moved:
    """Who brought an edition to the state it is in, and why."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour of the timetable at which an edition was to go out."""

    due_at: datetime
    state: SlotState
    #: what came of it, or why it was missed
    result: str


@dataclass(frozen=True, slots=True)
class Run:
    """The sending of an edition."""

    #: "maildir", "smtp" or "sendgrid"
    sender: str
    state: SendingState
    #: when the audience was fixed; None while it is being
    frozen_at: datetime | None
    #: why nothing moves, where something is left and nothing does
    wait: Wait | None = None
    #: the segment's query as it was when the audience was fixed
    segment_then: str = ""
    #: who did the last of pause, resume and cancel, and when
    by: str = ""
    reason: str = ""
    at: datetime | None = None
    canary_passed: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a segment's query, and whether the person meets it today."""

    words: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Corrected:
    """The edition that a correction is of, and the person's copy of it."""

    #: "friday/2021-11-26"
    name: str
    #: the correction goes to whom nobody can say of whether they have the edition, too
    unknown_too: bool
    #: where the person's copy stands; None where none was planned
    copy: "Copy | None" = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An edition, or a date that none was made for."""

    newsletter: str
    title: str
    day: date
    zone: ZoneInfo
    #: the lists that it goes to
    lists: tuple[str, ...]
    edition_id: int | None = None
    state: State | None = None
    moved: Moved | None = None
    hour: Hour | None = None
    segment: str = ""
    #: of the segment, as the person stands today; empty where nobody can say any more
    conditions: tuple[Condition, ...] = ()
    #: the first edition of the month, where this is a later one
    first_of_month: date | None = None
    run: Run | None = None
    #: what it corrects, where it is a correction; and which of the corrections of its date it is
    corrects: Corrected | None = None
    correction: int = 0

    @property
    def name(self) -> str:
        """What commands call it."""
        return f"{self.newsletter}/{self.day}" + (f"/correction-{self.correction}" if self.correction else "")

    @property
    def spoken(self) -> str:
        """What people call it."""
        said = f"{self.title} of {self.day.day} {self.day:%B %Y}"
        return f"The correction of {said}" if self.correction else said


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a copy after it was taken, by the last that counts."""

    status: Status
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """The row of the ledger, with its batch and what differs from it."""

    batch: BatchState
    #: "skipped" or "refused", where this copy is an exception in its batch
    outcome: Told | None = None
    progress: Told | None = None
    not_before: datetime | None = None
    attempts: int = 0
    fenced_at: datetime | None = None
    settled_at: datetime | None = None
    reply: str = ""
    canary: bool = False
    lane: str = ""

    @property
    def stands(self) -> Status:
        """What the send log says of it."""
        told = self.progress or self.outcome
        return told.status if told is not None else sendlog.MEANING[self.batch]


class Sign(StrEnum):
    """What a reader, or a machine in their stead, did with a copy."""

    OPEN = "open"
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class Heard:
    """One event about a copy, in the provider's own words."""

    at: datetime
    provider: str
    kind: str
    reason: str = ""
    #: what stands beside it: the server's answer, a link, a code
    detail: str = ""
    #: why a copy came back, where that was understood: "dead", "full", "policy"
    meaning: str = ""
    #: nothing says that a person did it: a provider or our own rules hold it for a machine's, or don't know
    by_machine: bool = False


@dataclass(frozen=True, slots=True)
class Settling:
    """What will settle a copy whose answer was lost."""

    words: str
    #: SendGrid's events are believed
    hears: bool
    #: a mailbox is read for what comes back
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """One person and one edition."""

    now: datetime
    found: Found
    issue: Issue | None = None
    copy: Copy | None = None
    heard: tuple[Heard, ...] = ()
    settling: Settling = Settling("", hears=False)
    #: asked by number, the way the ledger knows them
    number: int | None = None

    @property
    def who(self) -> str:
        """How sentences call the person."""
        if self.found.person is not None:
            return self.found.person.email
        return f"reader {self.number}" if self.number is not None else self.found.asked
