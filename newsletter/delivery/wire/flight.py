"""What is on the wire: batches under way, and their answers as they come back, whatever thread brings them."""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from types import TracebackType

from newsletter import traces
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.wire import handover
from newsletter.delivery.wire.blackbox import BlackBox
from newsletter.delivery.wire.handover import Answer, Route
from newsletter.delivery.wire.parcel import Prompt, Report, Sender
from newsletter.errors import Unknown
from newsletter.traces import Span

#: seconds after its deadline at which a sender that promised to come back is not waited for any more
_GRACE = 5.0


class Flight:
    """The batches past the fence. Used by one thread, while others bring the answers."""

    def __init__(self, sender: Sender, route: Route, box: BlackBox | None = None) -> None:
        self._sender, self._route, self._box = sender, route, box
        # asked once: to look through a protocol costs more than a hand-over
        self._prompt = sender if isinstance(sender, Prompt) else None
        self._threads = ThreadPoolExecutor(sender.window, thread_name_prefix="hand-over")
        #: with the moment, by the monotonic clock, at which nobody will bring the answer any more
        self._out: dict[Future[Report], tuple[Fenced, float]] = {}
        self._back: deque[Future[Report]] = deque()
        self._enough = 1
        self._enough_is_back = Event()

    def __enter__(self) -> "Flight":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._threads.shutdown()

    def __len__(self) -> int:
        return len(self._out)

    @property
    def numbers(self) -> list[int]:
        """The batches that were begun and have not landed."""
        return [fenced.number for fenced, _ in self._out.values()]

    @property
    def trouble(self) -> str:
        """Why the sender gets nothing through, in one sentence; empty while it does."""
        return "" if self._prompt is None else self._prompt.trouble

    def begin(self, fenced: Fenced, *, deadline: float) -> None:
        """Hand over *fenced* unless *deadline* is over; its answer will be among those that `land` returns."""
        batch = traces.span("batch", edition=fenced.edition_id, batch=fenced.number, attempt=fenced.attempt)
        future = self._hand_over(fenced, deadline, batch)
        if batch:
            future.add_done_callback(partial(_ended, batch))
        self._out[future] = (fenced, time.monotonic() + self._sender.deadline + _GRACE)
        future.add_done_callback(self._came_back)

    def recall(self) -> None:
        """Let what waits for its turn on the wire come back unsent; what is being said is said to its end."""
        if self._prompt is not None and self._out:
            self._prompt.recall()

    def wait(self, timeout: float, *, gather: float) -> None:
        """Until half of them are back, or one is and *gather* seconds are over, or *timeout* is.

        A transaction costs much the same for one answer as for several, so half of them are waited for,
        but not for long: the other half keeps the wire busy meanwhile.
        """
        ends = time.monotonic() + timeout
        self._enough_is_back.clear()
        self._enough = (len(self._out) + 1) // 2
        while len(self._back) < self._enough and (left := ends - time.monotonic()) > 0:
            self._enough_is_back.wait(min(left, gather))
            if self._back:
                return

    def land(self) -> list[tuple[Fenced, Answer]]:
        """The answers that came since, and "unknown" where none will come any more."""
        landed = []
        while self._back:
            future = self._back.popleft()
            if future in self._out:
                fenced, _ = self._out.pop(future)
                landed.append((fenced, handover.answer(fenced, future.result)))
        now = time.monotonic()
        for future in [future for future, (_, ends) in self._out.items() if ends < now]:
            fenced, _ = self._out.pop(future)
            if self._box is not None:
                self._box.abandon(fenced.attempt)
            landed.append((fenced, Answer(failure=Unknown("the sender left its fate open for too long"))))
        return landed

    def _hand_over(self, fenced: Fenced, deadline: float, batch: Span) -> Future[Report]:
        if self._prompt is None:
            return self._threads.submit(
                batch.within(handover.send), self._sender, self._route, fenced, deadline, self._box
            )
        try:
            return self._prompt.begin(handover.parcel(self._route, fenced, deadline, self._box))
        except Exception as error:  # noqa: BLE001 - what it means is for `handover.answer` to say
            failed: Future[Report] = Future()
            failed.set_exception(error)
            return failed

    def _came_back(self, future: Future[Report]) -> None:
        self._back.append(future)
        if len(self._back) >= self._enough:
            self._enough_is_back.set()


def _ended(batch: Span, future: Future[Report]) -> None:
    """A batch is off the wire, in whatever thread."""
    if error := future.exception():
        batch.end(error)
        return
    report = future.result()
    batch.end(refused=len(report.refused), again=len(report.again), unknown=len(report.unknown))
