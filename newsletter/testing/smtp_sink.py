"""A mail server on loopback that delivers nothing and remembers exactly what it took.

`python -m newsletter.testing.smtp_sink PORT_FILE LOG` runs it as a process of its own, which appends one
line (Message-ID, recipient) to LOG for each message before it answers 250.
"""

import asyncio
import base64
import re
import signal
import socket
import ssl
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from newsletter.testing.wire_faults import Fault, Moment, Script, Step, obedient

_BUFFER = 2**18
#: seconds between two looks at what a fault waits for
_GLANCE = 0.005
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)


class Taken(NamedTuple):
    """One message that the sink took responsibility for."""

    recipient: str
    message_id: str
    sender: str
    #: with LF lines and dots unstuffed; empty unless the sink keeps messages
    message: bytes


class SmtpSink:
    """A context manager: a server on `port` that follows *script* and keeps `taken`, in order.

    With *login* ("user", "password") it wants AUTH; with *tls* it offers STARTTLS, or starts with TLS
    where *implicit*; an *eager* one asks for a message even when its only recipient was refused.
    """

    def __init__(
        self,
        script: Script = obedient,
        *,
        pipelining: bool = True,
        offers: tuple[str, ...] = ("SMTPUTF8", "8BITMIME"),
        size: int = 10_000_000,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        eager: bool = False,
        keep: bool = True,
        log: Path | None = None,
        port: int = 0,
    ) -> None:
        self.script, self.login, self.tls, self.implicit = script, login, tls, implicit
        self.eager, self.keep, self.size = eager, keep, size
        self.extensions = (*(("PIPELINING",) if pipelining else ()), *offers, f"SIZE {size}")
        self.log = log.open("a", buffering=1) if log else None
        self.taken: list[Taken] = []
        self.connections = 0
        #: every command line that came, in order, without what AUTH carried
        self.commands: list[str] = []
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        if self.log:
            self.log.close()

    def recipients(self) -> list[str]:
        """Who got something, sorted; twice if twice."""
        return sorted(one.recipient for one in self.taken)

    def take(self, message: Taken) -> None:
        """Remember *message*: from here on it is the sink's."""
        self.taken.append(message)
        if self.log:
            self.log.write(f"{message.message_id} {message.recipient}\n")

    async def _open(self) -> None:
        door = socket.create_server(("127.0.0.1", self.port), backlog=512)
        # a buffer that does not grow: what the sink has not read stays with the sender, but for these bytes
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        # answers of several lines leave at once: held back for an acknowledgement, each costs 40 ms
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = await asyncio.start_server(
            self._serve, sock=door, limit=2**20, ssl=self.tls if self.implicit else None
        )
        self.port = door.getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        self._closing = True
        for _ in range(10):  # a connection begins and ends some turns of the loop after it was told
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.sleep(0.001)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closing:
            return writer.transport.abort()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - start_server makes one for each connection
        self._tasks.add(task)
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError, _Hangup):
            await _Conversation(self, reader, writer, self.connections).run()
        self._tasks.discard(task)
        return writer.transport.abort()


class _Hangup(Exception):
    """The script cut the connection."""


class _Conversation:
    """One client, from greeting to QUIT."""

    def __init__(self, sink: SmtpSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._sink, self._reader, self._writer, self._number = sink, reader, writer, number
        self._sender: str | None = None
        self._recipient = ""
        self._refused = False
        self._taken = 0
        self._encrypted = sink.implicit
        self._known = sink.login is None

    async def run(self) -> None:
        await self._answer("greeting", "220 sink ESMTP")
        while True:
            line = (await self._reader.readuntil(b"\n")).decode("utf-8", "replace").strip()
            verb, _, rest = line.partition(" ")
            self._sink.commands.append(line if verb.upper() != "AUTH" else "AUTH")
            match verb.upper():
                case "EHLO":
                    await self._answer("ehlo", *self._extensions())
                case "HELO":
                    await self._answer("ehlo", "250 sink")
                case "STARTTLS":
                    await self._encrypt()
                case "AUTH":
                    await self._log_in(rest)
                case "MAIL":
                    await self._mail(rest)
                case "RCPT":
                    await self._rcpt(rest)
                case "DATA":
                    await self._data()
                case "RSET":
                    self._forget()
                    await self._answer("rset", "250 2.0.0 forgotten")
                case "NOOP":
                    await self._write("250 2.0.0 nothing")
                case "QUIT":
                    await self._write("221 2.0.0 bye")
                    return
                case _:
                    await self._write("500 5.5.1 what?")

    def _extensions(self) -> tuple[str, ...]:
        lines = ["sink", *self._sink.extensions]
        if self._sink.tls and not self._encrypted:
            lines.append("STARTTLS")
        if self._sink.login:
            lines.append("AUTH PLAIN LOGIN")
        return (*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")

    async def _encrypt(self) -> None:
        if not self._sink.tls or self._encrypted:
            return await self._write("503 5.5.1 not now")
        if await self._answer("starttls", "220 2.0.0 ready"):
            await self._writer.start_tls(self._sink.tls)
            self._encrypted = True
        return None

    async def _log_in(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            _, user, password = base64.b64decode(initial).decode().split("\0")
        else:
            user, password = await self._ask("VXNlcm5hbWU6"), await self._ask("UGFzc3dvcmQ6")
        self._known = (user, password) == self._sink.login
        answer = "235 2.7.0 welcome" if self._known else "535 5.7.8 wrong user or password"
        self._known = await self._answer("auth", answer) and self._known

    async def _ask(self, prompt: str) -> str:
        await self._write(f"334 {prompt}")
        return base64.b64decode(await self._reader.readuntil(b"\n")).decode()

    async def _mail(self, rest: str) -> None:
        self._recipient, self._refused = "", False
        if not self._known:
            return await self._write("530 5.7.0 log in first")
        if self._sender is not None:
            return await self._write("503 5.5.1 nested MAIL")
        if await self._answer("mail", "250 2.1.0 ok"):
            self._sender = _between_brackets(rest)
        return None

    async def _rcpt(self, rest: str) -> None:
        recipient = _between_brackets(rest)
        if self._sender is None:
            return await self._write("503 5.5.1 MAIL first")
        if await self._answer("rcpt", "250 2.1.5 ok", recipient=recipient):
            self._recipient = recipient
        else:
            self._refused = True
        return None

    async def _data(self) -> None:
        if not self._recipient and not (self._sink.eager and self._refused):
            return await self._write("554 5.5.1 no valid recipients")
        if await self._answer("data", "354 go ahead"):
            await self._message()
        return None

    async def _message(self) -> None:
        if fault := self._fault("body"):
            await self._reader.readexactly(100)
            await self._perform(fault)
        message = await self._body()
        if fault and fault.say:  # it was answered already: the rest is thrown away
            return self._forget()
        sender, recipient = self._sender or "", self._recipient
        fault = self._fault("message")
        if not recipient:
            self._forget()
            return await self._write("554 5.5.1 no valid recipients")
        if len(message) > self._sink.size:
            self._forget()
            return await self._write("552 5.3.4 too large")
        if fault is None or fault.taken or not (fault.say or fault.then != "go on"):
            found = _MESSAGE_ID.search(message)
            kept = message if self._sink.keep else b""
            self._sink.take(Taken(recipient, found[1].decode() if found else "", sender, kept))
            self._taken += 1
        await self._perform(fault, "250 2.0.0 taken")
        self._forget()
        return None

    async def _body(self) -> bytes:
        """The message up to its final dot."""
        lines: list[bytes] = []
        while (line := await self._reader.readuntil(b"\n")) != b".\r\n":
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
        return b"".join(lines)

    def _forget(self) -> None:
        self._sender, self._recipient, self._refused = None, "", False

    def _fault(self, step: Step, recipient: str | None = None) -> Fault | None:
        return self._sink.script(Moment(step, recipient or self._recipient, self._number, self._taken))

    async def _answer(self, step: Step, *proper: str, recipient: str | None = None) -> bool:
        """Answer properly, unless the script wants otherwise; returns whether it was properly."""
        return await self._perform(self._fault(step, recipient), *proper)

    async def _perform(self, fault: Fault | None, *proper: str) -> bool:
        if fault is None:
            await self._write(*proper)
            return True
        while fault.until and not fault.until():
            await asyncio.sleep(_GLANCE)
        await asyncio.sleep(fault.after)
        self._writer.write(fault.say)
        if fault.then == "cut":
            await self._writer.drain()
            self._writer.close()
            raise _Hangup
        if fault.then == "stall":
            await asyncio.Event().wait()
        if not fault.say:
            await self._write(*proper)
        return not fault.say

    async def _write(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


def _between_brackets(rest: str) -> str:
    return rest[rest.find("<") + 1 : rest.find(">")]


def main(port_file: str, log: str) -> None:
    """Run until SIGTERM; the port is written to *port_file*."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with SmtpSink(keep=False, log=Path(log)) as sink:
        Path(port_file).write_text(str(sink.port))
        stop.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
