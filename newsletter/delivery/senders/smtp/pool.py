"""The connections to one mail server, and the queue of copies that all of them draw from."""

import asyncio
import ssl
from collections import deque
from dataclasses import replace
from typing import cast

from newsletter.config import Smtp
from newsletter.delivery.senders.smtp import handshake
from newsletter.delivery.senders.smtp.consignment import Consignment, Copy, Standing
from newsletter.delivery.senders.smtp.manners import Learned, Manners
from newsletter.delivery.senders.smtp.session import Session
from newsletter.delivery.wire.parcel import Words
from newsletter.errors import Blocked, Unavailable

#: connections that may be lost under a copy's envelope before it goes back to the ledger
_TRIES = 3
#: seconds between the first two failed connections, doubled each time, and the longest wait
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
#: seconds after which a connection without work is closed
_IDLE = 15.0
#: seconds without an answer before that is told
_STILL = 3.0
#: copies turned down for no fault of their readers, one after the other, that make it everybody's matter:
#: before the server took any of the edition, and after
_FIRST_NO, _LATER_NO = 3, 20
#: new connections in a row that hear "not now" before anything else
_NOT_NOW = 3
#: seconds to wait for an answer that may never come: at least, and so many times the slowest one
_PATIENCE, _TIMES = 0.5, 10.0


class Pool:
    """Lives on one event loop; only `add`, `recall` and `close` are called from outside, and on that loop."""

    def __init__(self, smtp: Smtp, tls: ssl.SSLContext | None, manners: Manners, learned: Learned) -> None:
        self._smtp, self._tls = smtp, tls
        self.manners, self._learned = manners, learned
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
        self._standings: dict[int, Standing] = {}
        #: connections that were made, and how many of them when one heard "not now" after so many messages:
        #: a later one that delivers shows that this was a limit of the connection
        self._made = self._made_then = 0
        self._limit_met = 0
        self.caution = 0
        self._trier: Session | None = None
        #: the slowest answer to an envelope that did not wait for another one
        self._slowest = 0.0
        #: copies that were answered on connections that are over, and what was counted at the last look
        self._answered = self._counted = 0
        self._still_since = self._loop.time()
        #: why nothing moves, in one sentence; empty while something does
        self.trouble = ""
        self._closing = False
        self._ticker = self._loop.create_task(self._tick(min(1.0, smtp.timeout / 8)))

    def add(self, consignment: Consignment) -> None:
        """Queue *consignment*'s copies."""
        consignment.standing = self._standings.setdefault(consignment.edition_id, consignment.standing)
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

    def hand_back(self, copy: Copy, words: Words, *, free: bool) -> None:
        """*copy*'s connection went before its message did: another one may try, a few times unless it is *free*."""
        copy.tries += not free
        copy.message = b""
        if copy.tries >= _TRIES or self._closing:
            copy.again(words)
        else:
            self._queue.appendleft(copy)

    def object(self, copy: Copy, words: Words) -> None:
        """*copy* was turned down for no fault of its reader's: once more after the others, unless all fare so."""
        standing = copy.consignment.standing
        copy.objections += 1
        copy.message = b""
        standing.in_a_row += 1
        again = copy.objections > 1
        general = standing.in_a_row >= _LATER_NO if standing.taken else again or standing.in_a_row >= _FIRST_NO
        if general or self._closing:
            self._block(copy, words)
        elif again:
            copy.again(words)
        else:
            copy.turned_down()
            self._queue.append(copy)

    def may_try(self, session: Session) -> bool:
        """Whether *session* may try what the server bears; one at a time."""
        if self._trier is None or self._trier.is_over or not self._trier.trying:
            self._trier = session
        return self._trier is session

    def learn_grouping(self, groups: bool) -> None:
        """The server showed whether it takes envelopes with the final dot."""
        self._learn(replace(self.manners, groups=groups))

    def learn_errors(self) -> None:
        """The server hung up over a few errors."""
        self._learn(replace(self.manners, counts_errors=True))

    def answered_within(self, seconds: float) -> None:
        """An envelope was answered after so long."""
        if seconds > self._slowest:
            self._slowest = seconds

    def patience(self) -> float:
        """Seconds after which silence means something."""
        return min(max(_PATIENCE, _TIMES * self._slowest), self._smtp.timeout)

    def rest(self, session: Session) -> None:
        """*session* has nothing to do."""
        self._resting[session] = self._loop.time()

    def over(self, session: Session) -> None:
        """*session* has ended."""
        self._sessions.discard(session)
        self._answered += session.answered
        was_idle = self._resting.pop(session, None) is not None
        if session.answered or was_idle:
            self._barren = 0
        else:
            self._barren += 1
            self._pause(self._barren)
        self._confirm_limit(session)
        if session.not_now and session.delivered:
            self._limit_met, self._made_then = session.delivered, self._made
        elif session.not_now and self._barren >= _NOT_NOW:
            self._limit_met = 0
            self._give_up(self._takes_nothing(session.not_now))
        elif self._barren > 3 * self._smtp.connections:
            self._give_up(
                Unavailable(f"{self._where()} loses every connection: {session.why_over}", tried=session.started)
            )
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
        except (Unavailable, Blocked) as failure:
            self._failures += 1
            self._pause(self._failures)
            self.trouble = str(failure)
            self._dials.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            # what a person has to mend the other dials will hear too, and a login refused too often is locked
            if not self._sessions and (isinstance(failure, Blocked) or not self._dials):
                self._give_up(failure)
            return
        self._failures = 0
        self._made += 1
        session.number = self._made
        self._sessions.add(session)
        session.start()

    def _pause(self, failures: int) -> None:
        seconds = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE, self._smtp.timeout)
        self._dial_again_at = self._loop.time() + seconds

    def _give_up(self, failure: Unavailable | Blocked) -> None:
        """Nothing queued can be sent now."""
        self._barren = 0
        self.trouble = str(failure)
        while self._queue:
            self._queue.popleft().undeliverable(failure)

    def _takes_nothing(self, words: Words) -> Unavailable:
        sentence = f"{self._where()} takes nothing now: {words.text}"
        return Unavailable(sentence, reply=words.text, code=words.code, tried=False)

    def _block(self, copy: Copy, words: Words) -> None:
        """Nothing of *copy*'s edition can be sent until a person mends it."""
        edition_id, standing = copy.consignment.edition_id, copy.consignment.standing
        standing.in_a_row = 0
        failure = Blocked(f"{self._where()} refuses this edition: {words.text}", reply=words.text, code=words.code)
        self.trouble = str(failure)
        copy.undeliverable(failure)
        mine = [each for each in self._queue if each.consignment.edition_id == edition_id]
        self._queue = deque(each for each in self._queue if each.consignment.edition_id != edition_id)
        for each in mine:
            each.undeliverable(failure)

    def _put_off_everything(self, words: Words) -> None:
        while self._queue:
            self._queue.popleft().again(words)

    def _learn(self, manners: Manners) -> None:
        if manners != self.manners:
            self.manners = manners
            self._learned(manners)

    # looking around

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
            self._look(now)
            self._stir()

    def _put_off_late(self, now: float) -> None:
        late = [copy for copy in self._queue if copy.consignment.start_by < now]
        if late:
            self._queue = deque(copy for copy in self._queue if copy.consignment.start_by >= now)
        for copy in late:
            copy.again(Words("the mail server was too slow"))

    def _look(self, now: float) -> None:
        """Notice what moves and what does not, and whether a limit that was met is one."""
        answered = self._answered + sum(session.answered for session in self._sessions)
        waits = [session.waits_for() for session in self._sessions if session.waits_for()]
        if answered != self._counted:
            self._counted, self._still_since, self.trouble = answered, now, ""
            for session in self._sessions:
                self._confirm_limit(session)
        elif not waits and not self._queue:
            self._still_since = now
        elif now - self._still_since > _STILL and not self.trouble:
            self.trouble = f"{self._where()} does not answer ({waits[0] if waits else 'no connection yet'})"

    def _confirm_limit(self, session: Session) -> None:
        if self._limit_met and session.delivered and session.number > self._made_then:
            most = min(self._limit_met, self.manners.most or self._limit_met)
            self._limit_met = 0
            self._learn(replace(self.manners, most=most))

    def _where(self) -> str:
        return f"the mail server {self._smtp.host}:{self._smtp.port}"
