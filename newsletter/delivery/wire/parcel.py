"""What is handed to a sender and what it answers: the seam between the ledger and the wire."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from newsletter.delivery.wire.blame import Lesson
from newsletter.errors import Blocked
from newsletter.rendering.mould import Mould, Reader

if TYPE_CHECKING:
    from newsletter.delivery.wire.blackbox import Page


@dataclass(frozen=True, slots=True)
class Parcel:
    """One batch past the fence: who gets it, and the edition they all get."""

    edition_id: int
    number: int
    #: rides with each copy (custom_args), so that one event proves the whole hand-over
    attempt: str
    mould: Mould
    readers: Sequence[Reader]
    #: where it is written down what is begun and what was answered, in case this process dies
    page: "Page | None" = None


@dataclass(frozen=True, slots=True)
class Words:
    """The other side's own words about one recipient."""

    text: str
    code: int | None = None
    #: what they teach about the recipient, beyond this copy
    lesson: Lesson | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each of a parcel's recipients, by subscriber id; who is in none of the three was accepted."""

    #: the provider's id for the hand-over, and its words
    provider_id: str = ""
    reply: str = ""
    #: will never be taken
    refused: Mapping[int, Words] = field(default_factory=dict)
    #: certainly not taken this time; may be tried again
    again: Mapping[int, Words] = field(default_factory=dict)
    #: handed over, answer lost
    unknown: Mapping[int, Words] = field(default_factory=dict)
    #: seconds to wait before `again`, where the other side named a time
    retry_after: float | None = None
    #: why no further copy will be taken until a person mends it; who it befell is in `again`
    blocked: Blocked | None = None


class Sender(Protocol):
    """A way to the wire. Safe to call from several threads at once."""

    #: "maildir", "smtp" or "sendgrid"
    name: str
    #: recipients in a batch
    batch_size: int
    #: batches under way at once
    window: int
    #: seconds within which `send` has returned or raised, whatever the other side does
    deadline: float

    def send(self, parcel: Parcel) -> Report:
        """Hand over *parcel*.

        Where all its recipients share one fate it raises instead: Unavailable (nothing was sent, again
        later), Blocked (nothing was sent, and a
        person must mend it first), Refused (nothing was sent, never will be), Unknown (handed over, answer lost).
        """
        ...

    def close(self) -> None:
        """Give back connections; the sender is not used again."""
        ...


@runtime_checkable
class Careful(Sender, Protocol):
    """A sender that tells the parcel's page when it begins a copy; one that does not is taken to begin all at once."""

    tells_what_is_begun: Literal[True]


@runtime_checkable
class Prompt(Sender, Protocol):
    """A sender that need not be waited for, which saves a thread for each batch."""

    @property
    def trouble(self) -> str:
        """Why nothing gets through, in one sentence; empty while something does."""
        ...

    def begin(self, parcel: Parcel) -> Future[Report]:
        """Take *parcel* and come back at once; the future gets what `send` would have returned or raised."""
        ...

    def recall(self) -> None:
        """Hand nothing more over of what was begun: the recipients whose turn has not come are `again`."""
        ...
