"""What a mailbox looks like from here: batches of letters, and what is done with those that were read."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

#: bytes that are read of a letter; what says why a copy came back stands at its beginning
LARGEST = 300 * 1024
#: letters read, taken in and put away together
AT_ONCE = 100

#: a letter's name in its place: a UID, or a file's name
Name = int | str


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a place has been read: everything up to it is taken in and put away."""

    #: numbers mean something only while this stays the same
    validity: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it lies there, the first LARGEST bytes of it."""

    name: Name
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters that are taken in together, and how far the place has been read once they are put away."""

    letters: tuple[Letter, ...]
    mark: Mark


class Place(Protocol):
    """A mailbox's folder that is read."""

    @property
    def key(self) -> str:
        """What progress is kept under."""

    def batches(self, mark: Mark) -> Iterator[Batch]:
        """What lies there beyond *mark*, oldest first; raises MailboxClosed."""

    def put_away(self, done: Collection[Name], odd: Collection[Name]) -> int:
        """Move or flag what was *done*, and mark what is *odd*, where a person will look; how many could not be.

        What has gone meanwhile is as good as put away. Raises MailboxClosed.
        """
