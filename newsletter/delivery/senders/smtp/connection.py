"""One connection to a mail server: lines in, commands out, and set up by asking; it knows nothing of mail."""

import asyncio
import socket
from typing import Any, NamedTuple, cast

from newsletter.delivery.senders.smtp.envelopes import Offer
from newsletter.delivery.wire.parcel import Words
from newsletter.delivery.wire.replies import tidy

#: more than any envelope: while more than this waits to be written, a final dot behind it has not left
ENVELOPE = 2048
#: not on every system
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_LONGEST_LINE = 8192
_MOST_LINES = 200


class Reply(NamedTuple):
    """An answer of the server, its lines joined."""

    code: int
    text: bytes

    def words(self) -> Words:
        return Words(tidy(f"{self.code} {self.said}"), self.code)

    @property
    def said(self) -> str:
        return self.text.decode("utf-8", "replace")


class Connection(asyncio.Protocol):
    """Reads whole answers and hands each to `heard`; until `started`, to whoever asked."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._socket: Any = None
        self.offer = Offer()
        #: the answer that the set-up waits for; the first is the greeting
        self._asked: asyncio.Future[Reply] = self._loop.create_future()
        self._rest = b""
        #: lines of this read that were not looked at yet
        self._unread = 0
        self._lines: list[bytes] = []
        #: more than an envelope waits to be written
        self._stuck = False
        self.started = False
        self.is_over = False
        self.why_over = ""

    def heard(self, code: int, text: bytes) -> None:
        """The next answer, once the connection is `started`."""
        raise NotImplementedError

    def expects_more(self) -> bool:
        """Whether the rest of several answers must come before anything else is written."""
        return False

    def end(self, why: str) -> None:
        """The connection is over."""
        raise NotImplementedError

    # what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.use(cast(asyncio.Transport, transport))

    def use(self, transport: asyncio.Transport) -> None:
        """Speak over *transport* from now on (another one after STARTTLS)."""
        self.transport = transport
        self._socket = transport.get_extra_info("socket")
        transport.set_write_buffer_limits(high=ENVELOPE, low=ENVELOPE)

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
        elif _QUICK_ACK is not None and self.expects_more() and not self.is_over:
            # a server that writes one answer after the other waits for this between them (RFC 896),
            # and the kernel keeps it back for 40 ms, because we say nothing before the last
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _read(self, line: bytes) -> None:
        code, mark = line[:3], line[3:4]
        if not (code.isdigit() and b"200" <= code < b"600" and (mark in b" -\r")):
            return self.end(f"the server answered nonsense: {tidy(line[:80].decode('ascii', 'replace'))}")
        if not self._lines and mark != b"-":
            return self._answer(int(code), line[4:].rstrip())
        self._lines.append(line)
        if self._lines[0][:3] != code or len(self._lines) > _MOST_LINES:
            return self.end("the server's answer of several lines makes no sense")
        if mark == b"-":
            return None
        text = b"\n".join(part[4:].rstrip() for part in self._lines)
        self._lines = []
        return self._answer(int(code), text)

    def _answer(self, code: int, text: bytes) -> None:
        if self.started:
            return self.heard(code, text)
        if self._asked.done():
            return self.end("the server spoke out of turn")
        return self._asked.set_result(Reply(code, text))

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

    def _hang_up(self, why: str) -> None:
        self.is_over, self.why_over = True, why
        if not self._asked.done():
            self._asked.set_exception(ConnectionError(why))
            self._asked.exception()  # nobody may be waiting, and asyncio would complain
        if self.transport is not None:
            self.transport.abort()


class Trial(Connection):
    """A connection that is set up and asked, and never takes a copy."""

    def heard(self, code: int, text: bytes) -> None:
        """Never called: it is not started."""

    def end(self, why: str) -> None:
        if not self.is_over:
            self._hang_up(why)
