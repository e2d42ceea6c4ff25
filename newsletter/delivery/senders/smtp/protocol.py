"""One SMTP connection, as a state machine that knows at every moment what became of the copies on it.

Where the server allows pipelining (RFC 2920) a message, its final dot and the next envelope leave in one
write, so that a message costs one round trip. What each answer means:

    answer to            2xx/3xx      4xx         5xx       421, or the connection is lost
    MAIL, RCPT, DATA     go on        again       refused   again (nothing but an envelope was written)
    the final dot        accepted     again       refused   421: again; lost: unknown, but again if the
                                                            dot had not left this process

Anything that is not an answer ends the connection, as if it were lost.
"""

import asyncio
from collections import deque
from enum import Enum
from typing import NamedTuple, Protocol, cast

from newsletter import logs
from newsletter.delivery.senders.smtp import envelopes
from newsletter.delivery.senders.smtp.consignment import Copy
from newsletter.delivery.senders.smtp.envelopes import Offer
from newsletter.delivery.wire.parcel import Words
from newsletter.delivery.wire.replies import tidy
from newsletter.errors import Refused

log = logs.get_logger(__name__)

#: more than any envelope: while more than this waits to be written, a final dot behind it has not left
_ENVELOPE = 2048
#: not this reader's fault, and the next one would hear the same (RFC 4954 section 6)
_LOCKED_OUT = frozenset({530, 535})
_LONGEST_LINE = 8192
_MOST_LINES = 200


class Reply(NamedTuple):
    """An answer of the server, its lines joined."""

    code: int
    text: bytes

    def words(self) -> Words:
        return Words(tidy(f"{self.code} {self.text.decode('utf-8', 'replace')}"), self.code)


class Desk(Protocol):
    """Where a session gets its copies, and tells that it has nothing to do or is over."""

    def take(self) -> Copy | None: ...

    def hand_back(self, copy: Copy, words: Words) -> None: ...

    def rest(self, session: "Session") -> None: ...

    def over(self, session: "Session") -> None: ...


class Step(Enum):
    """What the next answer is about."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    #: the final dot of a message
    DOT = "the message"
    #: the final dot of an empty message, after a server asked for one that nobody will get
    EMPTY = "the empty message"
    RSET = "RSET"
    QUIT = "QUIT"


class Session(asyncio.Protocol):
    """A connection that is set up by `ask` and then, after `start`, runs by itself."""

    def __init__(self, desk: Desk, *, timeout: float, dot_timeout: float, most: int) -> None:
        self._desk = desk
        self._timeout, self._dot_timeout = timeout, dot_timeout
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.offer = Offer()
        #: copies the server gave a final answer to
        self.answered = 0
        #: envelopes that may still be written on this connection
        self._left = most
        #: the copy whose final dot was written, and the one whose envelope was
        self._dotted: Copy | None = None
        self._waiting: Copy | None = None
        #: the waiting copy's commands, for a server that wants them one at a time
        self._commands: tuple[bytes, ...] = ()
        self._envelope: tuple[bytes, bytes, bytes] = (b"", b"", b"")
        self._verdict: Reply | None = None
        self._recipient_taken = False
        self._awaited: deque[Step] = deque()
        #: the answer that the set-up waits for; the first is the greeting
        self._asked: asyncio.Future[Reply] = self._loop.create_future()
        self._due = 0.0
        self._rest = b""
        self._unread = 0
        self._lines: list[bytes] = []
        self._stuck = False
        self._started = False
        self.is_over = False
        self.why_over = ""

    # what the connection tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.use(cast(asyncio.Transport, transport))

    def use(self, transport: asyncio.Transport) -> None:
        """Speak over *transport* from now on (another one after STARTTLS)."""
        self.transport = transport
        transport.set_write_buffer_limits(high=_ENVELOPE, low=_ENVELOPE)

    def pause_writing(self) -> None:
        self._stuck = True

    def resume_writing(self) -> None:
        self._stuck = False

    def eof_received(self) -> None:
        self.end("the server closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self.end(f"the connection was lost: {error}" if error else "the connection was lost")

    def data_received(self, data: bytes) -> None:
        lines = (self._rest + data if self._rest else data).split(b"\n")
        self._rest = lines.pop()
        self._unread = len(lines)
        for line in lines:
            self._unread -= 1
            if self.is_over:
                return
            self._read(line)
        if len(self._rest) > _LONGEST_LINE:
            self.end("the server's answer has no end")

    def _read(self, line: bytes) -> None:
        code, mark = line[:3], line[3:4]
        if not (code.isdigit() and b"200" <= code < b"600" and (mark in b" -\r")):
            return self.end(f"the server answered nonsense: {tidy(line[:80].decode('ascii', 'replace'))}")
        if self._lines or mark == b"-":
            self._lines.append(line)
            if self._lines[0][:3] != code or len(self._lines) > _MOST_LINES:
                return self.end("the server's answer of several lines makes no sense")
            if mark == b"-":
                return None
            text = b"\n".join(part[4:].rstrip() for part in self._lines)
            self._lines = []
            return self._heard(Reply(int(code), text))
        return self._heard(Reply(int(code), line[4:].rstrip()))

    # setting it up

    async def greeting(self) -> Reply:
        """The server's first words; raises ConnectionError or TimeoutError."""
        async with asyncio.timeout(self._timeout):
            return await self._asked

    async def ask(self, line: bytes) -> Reply:
        """Write *line* and return the answer; raises ConnectionError or TimeoutError."""
        if self.is_over:
            raise ConnectionError(self.why_over)
        self._asked = self._loop.create_future()
        self.transport.write(line)
        return await self.greeting()

    def must_be_silent(self) -> None:
        """Raise ConnectionError if the server said more than it was asked, as an attacker would before TLS."""
        if self.is_over or self._rest or self._unread or self._lines:
            raise ConnectionError(self.why_over or "the server spoke out of turn")

    # one copy after the other

    def start(self) -> None:
        """Send copies until there are none; call it again when there are."""
        self._started = True
        self._next(b"")

    def quit(self) -> None:
        """Say goodbye, once the answers under way have come."""
        self._left = 0
        if not self.is_over and not self._awaited:
            self._expect(b"QUIT\r\n", Step.QUIT)

    def tick(self, now: float) -> None:
        """Give up what is overdue at *now*."""
        if self._awaited and now > self._due:
            self.end(f"no answer to {self._awaited[0].value} in time")
        elif self._waiting and not self._waiting.settled and now > self._waiting.consignment.dot_by:
            self._waiting.again(Words("the mail server was too slow"))

    def _expect(self, data: bytes, *steps: Step) -> None:
        if not self._awaited:
            self._due = self._loop.time() + (self._dot_timeout if steps[0] is Step.DOT else self._timeout)
        self._awaited.extend(steps)
        self.transport.write(data)

    def _heard(self, reply: Reply) -> None:
        if not self._started:
            return self._heard_while_set_up(reply)
        if not self._awaited:
            return self.end(f"the server said {reply.words().text}")
        step = self._awaited.popleft()
        if self._awaited:
            self._due = self._loop.time() + (self._dot_timeout if self._awaited[0] is Step.DOT else self._timeout)
        if reply.code == 421:
            return self._heard_goodbye(step, reply)
        match step:
            case Step.DOT:
                return self._heard_fate(reply)
            case Step.MAIL | Step.RCPT:
                return self._heard_about_envelope(step, reply)
            case Step.DATA:
                return self._heard_go_ahead(reply)
            case Step.QUIT:
                return self.end("it was closed")
            case Step.RSET | Step.EMPTY:
                if step is Step.RSET and reply.code >= 300:
                    return self.end(f"the server refused RSET: {reply.words().text}")
                return None if self._awaited else self._next(b"")

    def _heard_while_set_up(self, reply: Reply) -> None:
        if self._asked.done():
            return self.end("the server spoke out of turn")
        return self._asked.set_result(reply)

    def _heard_goodbye(self, step: Step, reply: Reply) -> None:
        copy = self._dotted
        if step is Step.DOT and copy is not None:
            self._dotted = None
            copy.again(reply.words())
        self.end(reply.words().text, reply.words())

    def _heard_fate(self, reply: Reply) -> None:
        copy = self._dotted
        assert copy is not None  # noqa: S101 - a DOT is awaited only while a copy is dotted
        if 300 <= reply.code < 400 or (self._stuck and reply.code < 300):
            return self.end(f"the server answered out of turn: {reply.words().text}")
        self._dotted = None
        self.answered += 1
        if reply.code < 300:
            copy.accepted(reply.text)
        else:
            _turn_down(copy, reply)
        if self._stuck:
            return self.end("the server refused the message before its end")
        return None if self._awaited else self._next(b"")

    def _heard_about_envelope(self, step: Step, reply: Reply) -> None:
        if 300 <= reply.code < 400:
            return self.end(f"the server answered out of turn: {reply.words().text}")
        if reply.code >= 400:
            self._verdict = self._verdict or reply
        elif step is Step.RCPT:
            self._recipient_taken = True
        if self._commands:
            self._continue_slowly(step)
        return None

    def _continue_slowly(self, step: Step) -> None:
        """The next command to a server that wants one at a time; after a refusal the copy is done with."""
        if self._verdict:
            self._give_up_waiting(self._verdict)
            self._next(b"RSET\r\n", Step.RSET)
        elif step is Step.MAIL:
            self._expect(self._commands[1], Step.RCPT)
        else:
            self._expect(self._commands[2], Step.DATA)

    def _heard_go_ahead(self, reply: Reply) -> None:
        copy, verdict = self._waiting, self._verdict
        assert copy is not None  # noqa: S101 - DATA is awaited only while a copy waits
        if reply.code != 354:
            if reply.code < 400:
                return self.end(f"the server answered out of turn: {reply.words().text}")
            self._give_up_waiting(verdict or reply)
            return self._next(b"RSET\r\n", Step.RSET)
        if verdict is not None:
            self._give_up_waiting(verdict)
            if self._recipient_taken:  # an empty message would reach somebody
                return self.end("the server asked for a message it had refused")
            return self._next(b".\r\n", Step.EMPTY)
        if copy.settled or self._loop.time() > copy.consignment.dot_by:
            return self.end("the mail server was too slow")
        if self._unread or self._rest:
            return self.end("the server answered before the message was sent")
        self._waiting, self._dotted = None, copy
        return self._next(copy.message, Step.DOT)

    def _give_up_waiting(self, verdict: Reply) -> None:
        copy, self._waiting = self._waiting, None
        self.answered += 1
        if copy is not None and not copy.settled:
            _turn_down(copy, verdict)

    def _next(self, before: bytes, *steps: Step) -> None:
        """Write *before*, which *steps* will answer, and with it the next envelope if that is allowed."""
        if steps and not self.offer.pipelining:
            return self._expect(before, *steps)
        copy = self._take()
        if copy is None:
            return self._expect(before, *steps) if steps else self._nothing_to_do()
        self._waiting, self._verdict, self._recipient_taken = copy, None, False
        if self.offer.pipelining:
            return self._expect(b"".join((before, *self._envelope)), *steps, Step.MAIL, Step.RCPT, Step.DATA)
        self._commands = self._envelope
        return self._expect(self._commands[0], Step.MAIL)

    def _nothing_to_do(self) -> None:
        if self._left:
            self._desk.rest(self)
        else:
            self.quit()

    def _take(self) -> Copy | None:
        """The next copy whose envelope can be written; those that never will be are settled on the way."""
        while self._left and (copy := self._desk.take()) is not None:
            try:
                self._envelope = _pack(copy, self.offer)
            except envelopes.Unwritable as error:
                copy.refused(Words(str(error)))
                continue
            except Exception:
                log.exception("a copy could not be made", subscriber=copy.reader.subscriber_id)
                copy.refused(Words("this copy could not be made; the log says why"))
                continue
            self._left -= 1
            return copy
        return None

    # the end

    def end(self, why: str, words: Words | None = None) -> None:
        """The connection is over: say what became of the copies on it, in the server's *words* if it had any."""
        if self.is_over:
            return
        self.is_over, self.why_over = True, why
        if not self._asked.done():
            self._asked.set_exception(ConnectionError(why))
            self._asked.exception()  # nobody may be waiting, and asyncio would complain
        dotted, waiting, self._dotted, self._waiting = self._dotted, self._waiting, None, None
        if self.transport is not None:
            self.transport.abort()
        if dotted is not None and self._stuck:
            dotted.again(Words(tidy(f"{why}; the message had not left")))
        elif dotted is not None:
            dotted.unknown(Words(tidy(f"{why}; the message had left, its answer is not known")))
        if waiting is not None and not waiting.settled:
            if self._verdict:
                _turn_down(waiting, self._verdict)
            else:
                self._desk.hand_back(waiting, words or Words(tidy(why)))
        if self._started:
            self._desk.over(self)


def _turn_down(copy: Copy, reply: Reply) -> None:
    if reply.code in _LOCKED_OUT:
        words = reply.words()
        copy.undeliverable(Refused("the mail server wants a login", reply=words.text, code=words.code))
    elif reply.code < 500:
        copy.again(reply.words())
    else:
        copy.refused(reply.words())


def _pack(copy: Copy, offered: Offer) -> tuple[bytes, bytes, bytes]:
    """Cast *copy*'s message and write its envelope: MAIL, RCPT and DATA."""
    mould = copy.consignment.mould
    message = mould.message(copy.reader)
    if offered.largest and len(message) > offered.largest:
        raise envelopes.Unwritable(f"the message is larger than the mail server takes ({offered.largest} bytes)")
    recipient = envelopes.path(copy.reader.address, offered)
    command = envelopes.mail(mould.sender[1], recipient, len(message), offered)
    copy.message = finish(message)
    return command, b"RCPT TO:<%b>\r\n" % recipient, b"DATA\r\n"


def finish(message: bytes) -> bytes:
    """*message* with its final dot; moulds begin no line with a dot, and whoever does is put right here."""
    if message.rfind(b"\n.") >= 0 or message[:1] == b".":  # twice as fast as `in`
        message = message.replace(b"\n.", b"\n..")
        message = b"." + message if message[:1] == b"." else message
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
