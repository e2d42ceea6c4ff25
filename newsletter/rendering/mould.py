"""An edition cast once: constant bytes with slots, so that one reader's message is a join of bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reader:
    """One recipient, as the mould needs them. Plain values: nothing here is escaped or encoded."""

    subscriber_id: int
    address: str
    name: str
    #: signed, opaque: stands for this reader of this edition in every personal link
    token: str


class Mould(Protocol):
    """What senders need of an edition; `rendering.mould` makes it."""

    #: the edition's subject, as text
    subject: str
    #: (name, address) of the sender, and the address that answers go to
    sender: tuple[str, str]
    reply_to: str
    #: HTML and text with slot markers, as text: what an API with substitutions is given
    html: str
    text: str

    def message(self, reader: Reader) -> bytes:
        """The whole message for *reader*: CRLF lines, no line over 998 bytes or beginning with a dot."""
        ...

    def message_id(self, reader: Reader) -> str:
        """The same for this edition and reader every time, with its angle brackets."""
        ...

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        """Slot marker → what stands there for *reader*, already escaped for where it stands."""
        ...

    def headers(self, reader: Reader) -> Mapping[str, str]:
        """The headers that an API is told to add: List-Unsubscribe, List-Id and the like."""
        ...
