"""A parcel on its way over SMTP: its copies, and the fate of each as it becomes known."""

from concurrent.futures import Future
from dataclasses import dataclass

from newsletter.delivery.ledger.rules import Mark
from newsletter.delivery.wire.blackbox import no_page
from newsletter.delivery.wire.parcel import Parcel, Report, Words
from newsletter.delivery.wire.replies import tidy
from newsletter.delivery.wire.returns import Returns
from newsletter.errors import Blocked, Unavailable
from newsletter.rendering.mould import Reader


class Copy:
    """One recipient's copy: queued, then on a connection, then settled once."""

    __slots__ = ("consignment", "index", "message", "objections", "reader", "settled", "tries")

    def __init__(self, consignment: "Consignment", reader: Reader, index: int) -> None:
        self.consignment, self.reader, self.index = consignment, reader, index
        self.message = b""
        #: connections that were lost under its envelope
        self.tries = 0
        #: answers against it that were not about its reader
        self.objections = 0
        self.settled = False

    def begun(self) -> None:
        """Its content is written next: to be said before that, or a successor would send it again."""
        self.consignment.page.begun(self.index)

    def turned_down(self) -> None:
        """It was certainly not taken, and waits for another try."""
        self.consignment.page.not_begun(self.index)

    def accepted(self, reply: bytes) -> None:
        """The server took responsibility."""
        consignment = self.consignment
        consignment.reply = reply
        consignment.standing.in_a_row = 0
        consignment.standing.taken = True
        self._settle(Mark.ACCEPTED, reply)

    def refused(self, words: Words) -> None:
        """The server will never take it."""
        self.consignment.refused[self.reader.subscriber_id] = words
        self._settle(Mark.REFUSED, words)

    def again(self, words: Words) -> None:
        """It was certainly not taken this time."""
        self.consignment.put_off[self.reader.subscriber_id] = words
        self._settle(Mark.AGAIN, words)

    def unknown(self, words: Words) -> None:
        """The final dot went out and no answer came."""
        self.consignment.unknown[self.reader.subscriber_id] = words
        self._settle(Mark.UNKNOWN, words)

    def undeliverable(self, failure: Unavailable | Blocked) -> None:
        """There was no connection to send it over, or the server takes nothing of its edition."""
        self.consignment.failure = failure
        self.consignment.failed += 1
        self.again(Words(failure.reply or str(failure), failure.code))

    def _settle(self, mark: Mark, words: Words | bytes) -> None:
        if self.settled:
            raise RuntimeError("a copy was settled twice")
        self.consignment.page.answered(self.index, mark, words)
        self.settled = True
        self.message = b""
        self.consignment.settle_one()


@dataclass(slots=True)
class Standing:
    """How an edition stands with the server."""

    #: the server has taken a copy of it
    taken: bool = False
    #: copies that it turned down since the last one it took, for no fault of their readers
    in_a_row: int = 0


class Consignment:
    """A parcel with a promise: `done` holds its report once every copy is settled."""

    def __init__(self, parcel: Parcel, *, start_by: float, dot_by: float, returns: Returns | None = None) -> None:
        self.edition_id, self.mould = parcel.edition_id, parcel.mould
        #: writes the sender on each envelope; None: it is the mould's
        self.returns = returns
        #: shared by all consignments of one edition
        self.standing = Standing()
        self.copies = [Copy(self, reader, index) for index, reader in enumerate(parcel.readers)]
        self.page = parcel.page or no_page(len(self.copies))
        #: times on the loop's clock: no envelope is written after the first, no message after the second
        self.start_by, self.dot_by = start_by, dot_by
        self.done: Future[Report] = Future()
        #: the server's last word of acceptance, as it came
        self.reply = b""
        self.refused: dict[int, Words] = {}
        self.put_off: dict[int, Words] = {}
        self.unknown: dict[int, Words] = {}
        #: some were taken back by us, which is no reason to wait before the next try
        self.recalled = False
        self.failure: Unavailable | Blocked | None = None
        self.failed = 0
        self._left = len(self.copies)

    def settle_one(self) -> None:
        """One copy fewer to wait for."""
        self._left -= 1
        if not self._left:
            self._finish()

    def _finish(self) -> None:
        if self.failure is not None and self.failed == len(self.copies):
            self.done.set_exception(self.failure)
        else:
            reply = tidy(self.reply.decode("utf-8", "replace"))
            blocked = self.failure if isinstance(self.failure, Blocked) else None
            retry_after = 0.0 if self.recalled or blocked else None
            report = Report(
                "", reply, self.refused, self.put_off, self.unknown, retry_after=retry_after, blocked=blocked
            )
            self.done.set_result(report)
