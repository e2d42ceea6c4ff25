"""The connections to one mail server, and the queue of copies that all of them draw from."""

import asyncio
import ssl
from collections import deque

from newsletter.config import Smtp
from newsletter.delivery.senders.smtp import handshake
from newsletter.delivery.senders.smtp.consignment import Consignment, Copy
from newsletter.delivery.senders.smtp.protocol import Session
from newsletter.delivery.wire.parcel import Words
from newsletter.errors import Refused, Unavailable

#: connections that may be lost under a copy's envelope before it goes back to the ledger
_TRIES = 3
#: seconds between the first two failed connections, doubled each time, and the longest wait
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
#: seconds after which a connection without work is closed
_IDLE = 15.0


class Pool:
    """Lives on one event loop; only `add`, `recall` and `close` are called from outside, and on that loop."""

    def __init__(self, smtp: Smtp, tls: ssl.SSLContext | None) -> None:
        self._smtp, self._tls = smtp, tls
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Copy] = deque()
        self._sessions: set[Session] = set()
        #: sessions without work, with the time since when
        self._resting: dict[Session, float] = {}
        self._dials: set[asyncio.Task[None]] = set()
        self._failures = 0
        #: connections in a row that ended without an answer about any copy
        self._barren = 0
        self._dial_again_at = 0.0
        self._closing = False
        self._ticker = self._loop.create_task(self._tick(min(1.0, smtp.timeout / 8)))

    def add(self, consignment: Consignment) -> None:
        """Queue *consignment*'s copies."""
        self._queue.extend(consignment.copies)
        if self._closing:
            self._put_off_everything(Words("sending was stopped"))
        self._stir()

    def recall(self) -> None:
        """Give back the copies that no connection has begun."""
        for copy in self._queue:
            copy.consignment.recalled = True
        self._put_off_everything(Words("sending was stopped"))

    async def close(self) -> None:
        """Give out nothing more, wait for the answers under way, say goodbye."""
        self._closing = True
        self._put_off_everything(Words("sending was stopped"))
        while self._sessions or self._dials:
            for session in tuple(self._sessions):
                session.quit()
            await asyncio.sleep(0.01)
        self._ticker.cancel()

    # what sessions call

    def take(self) -> Copy | None:
        """The next copy, for whoever asks first."""
        return self._queue.popleft() if self._queue else None

    def hand_back(self, copy: Copy, words: Words) -> None:
        """*copy*'s connection went before its message did: another one may try, a few times."""
        copy.tries += 1
        copy.message = b""
        if copy.tries >= _TRIES or self._closing:
            copy.again(words)
        else:
            self._queue.appendleft(copy)

    def rest(self, session: Session) -> None:
        """*session* has nothing to do."""
        self._resting[session] = self._loop.time()

    def over(self, session: Session) -> None:
        """*session* has ended."""
        self._sessions.discard(session)
        was_idle = self._resting.pop(session, None) is not None
        self._barren = 0 if session.answered else self._barren + (not was_idle)
        if self._barren:
            self._pause(self._barren)
        if self._barren > 3 * self._smtp.connections:
            self._barren = 0
            self._give_up(Unavailable(f"{self._where()} loses every connection: {session.why_over}"))
        self._loop.call_soon(self._stir)

    # keeping enough connections

    def _stir(self) -> None:
        while self._queue and self._resting:
            session, _ = self._resting.popitem()
            session.start()
        if self._closing or self._loop.time() < self._dial_again_at:
            return
        room = self._smtp.connections - len(self._sessions) - len(self._dials)
        for _ in range(min(room, len(self._queue))):
            dial = self._loop.create_task(self._dial())
            self._dials.add(dial)
            dial.add_done_callback(self._dials.discard)

    async def _dial(self) -> None:
        try:
            session = await handshake.connect(self._smtp, self._tls, self)
        except (Unavailable, Refused) as failure:
            self._failures += 1
            self._pause(self._failures)
            if not self._sessions and len(self._dials) == 1:
                self._give_up(failure)
            return
        self._failures = 0
        self._sessions.add(session)
        session.start()

    def _pause(self, failures: int) -> None:
        seconds = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE, self._smtp.timeout)
        self._dial_again_at = self._loop.time() + seconds

    def _give_up(self, failure: Unavailable | Refused) -> None:
        """Nothing queued can be sent now."""
        while self._queue:
            self._queue.popleft().undeliverable(failure)

    def _put_off_everything(self, words: Words) -> None:
        while self._queue:
            self._queue.popleft().again(words)

    async def _tick(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            now = self._loop.time()
            for session in tuple(self._sessions):
                session.tick(now)
            for session, since in tuple(self._resting.items()):
                if now - since > _IDLE:
                    del self._resting[session]
                    session.quit()
            self._put_off_late(now)
            self._stir()

    def _put_off_late(self, now: float) -> None:
        late = [copy for copy in self._queue if copy.consignment.start_by < now]
        if late:
            self._queue = deque(copy for copy in self._queue if copy.consignment.start_by >= now)
        for copy in late:
            copy.again(Words("the mail server was too slow"))

    def _where(self) -> str:
        return f"the mail server {self._smtp.host}:{self._smtp.port}"
