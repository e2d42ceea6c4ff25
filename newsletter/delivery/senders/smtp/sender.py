"""The sender that hands over to a mail server: pipelined connections on an event loop in a thread of its own."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

from newsletter import logs
from newsletter.config import Smtp
from newsletter.delivery.senders.smtp import handshake
from newsletter.delivery.senders.smtp.consignment import Consignment
from newsletter.delivery.senders.smtp.manners import Learned, Manners
from newsletter.delivery.senders.smtp.pool import Pool
from newsletter.delivery.wire.parcel import Parcel, Report
from newsletter.delivery.wire.returns import Returns
from newsletter.errors import Unavailable, Unknown

log = logs.get_logger(__name__)

#: recipients under way at once, at most: what a kill -9 can leave unknown
IN_FLIGHT = 256


class SmtpSender:
    """Hands parcels to the mail server of *smtp*; the connections are made for the first parcel and kept.

    *manners* is what is known of that server; *learned* is told, in a thread of its own, what it shows of itself.
    *returns* writes the sender on the envelope of each copy; without them it is the newsletter's own address.

    Raises ConfigError for a certificate file that can't be read, and for a password that would travel
    unencrypted to another machine.
    """

    name = "smtp"
    tells_what_is_begun: Literal[True] = True

    def __init__(
        self,
        smtp: Smtp,
        manners: Manners = Manners(),
        learned: Learned = lambda manners: None,
        returns: Returns | None = None,
    ) -> None:
        self._smtp, self.manners, self._learned = smtp, manners, learned
        self._returns = returns
        self._tls = handshake.trust(smtp)
        self.batch_size = smtp.batch_size
        self.window = IN_FLIGHT // smtp.batch_size
        #: envelopes are begun for so long, then two answers may be awaited, then the last one
        self._patience = 5 * smtp.timeout
        self.deadline = self._patience + 2 * smtp.timeout + smtp.dot_timeout + 2
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: Pool | None = None
        self._lessons = ThreadPoolExecutor(1, thread_name_prefix="smtp-lessons")
        self._closed = False

    @property
    def trouble(self) -> str:
        """Why nothing moves, in one sentence; empty while something does."""
        pool = self._pool
        return "" if pool is None else pool.trouble

    def send(self, parcel: Parcel) -> Report:
        """Hand over *parcel*; blocks until the fate of each of its copies is known or lost."""
        if not parcel.readers:
            return Report()
        try:
            return self.begin(parcel).result(timeout=self.deadline)
        except TimeoutError as error:
            raise Unknown(f"the mail server {self._smtp.host} left the fate of a batch open for too long") from error

    def begin(self, parcel: Parcel) -> Future[Report]:
        """Take *parcel* and come back at once; the future gets what `send` would have returned or raised."""
        with self._lock:
            if self._closed:
                raise Unavailable("the mail sender was closed")
            if self._loop is None or self._pool is None:
                self._loop, self._pool = self._start()
            loop, pool = self._loop, self._pool
            start_by = loop.time() + self._patience
            dot_by = start_by + 2 * self._smtp.timeout
            consignment = Consignment(parcel, start_by=start_by, dot_by=dot_by, returns=self._returns)
            loop.call_soon_threadsafe(pool.add, consignment)
        return consignment.done

    def recall(self) -> None:
        """Hand nothing more over of what was begun; who waits for a connection is reported as "again"."""
        with self._lock:
            if self._loop is not None and self._pool is not None:
                self._loop.call_soon_threadsafe(self._pool.recall)

    def close(self) -> None:
        """Wait for the answers under way, at most as long as `deadline`; then say goodbye to the server."""
        with self._lock:
            loop, pool, self._closed = self._loop, self._pool, True
            self._loop = self._pool = None
        try:
            if loop is not None and pool is not None:
                asyncio.run_coroutine_threadsafe(pool.close(), loop).result(timeout=self.deadline)
        finally:
            if loop is not None:
                loop.call_soon_threadsafe(loop.stop)
            self._lessons.shutdown()

    def _start(self) -> tuple[asyncio.AbstractEventLoop, Pool]:
        """An event loop that runs in a thread of its own, and the pool on it."""
        loop = _new_loop()
        threading.Thread(target=_run, args=(loop,), name="smtp", daemon=True).start()
        return loop, asyncio.run_coroutine_threadsafe(self._make_pool(), loop).result()

    async def _make_pool(self) -> Pool:
        return Pool(self._smtp, self._tls, self.manners, self._learn)

    def _learn(self, manners: Manners) -> None:
        self.manners = manners
        self._lessons.submit(_remember, self._learned, manners)


def _remember(learned: Learned, manners: Manners) -> None:
    try:
        learned(manners)
    except Exception:
        log.exception("smtp.lesson_lost", manners=manners)  # it will be learned again


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
