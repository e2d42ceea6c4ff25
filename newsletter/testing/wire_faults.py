"""What can go wrong between us and a mail server, on cue: answers of a server, and cuts of the wire itself."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

#: what the server is about to answer: "body" is in the middle of a message, "message" its final dot
Step = Literal["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "message", "rset"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a conversation stands."""

    step: Step
    #: of the copy it is about; empty where none is
    recipient: str
    #: of all connections, from 1
    connection: int
    #: messages that this connection has taken already
    taken: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server does instead of what it should."""

    #: written as it stands, before anything else
    say: bytes = b""
    then: Literal["go on", "cut", "stall"] = "go on"
    #: at "message": the server does take it, whatever it says
    taken: bool = False
    #: seconds to wait before
    after: float = 0
    #: and until this is so, which is looked at every few milliseconds
    until: Callable[[], bool] | None = None


#: asked at every step; None is the proper answer
Script = Callable[[Moment], Fault | None]


def obedient(_moment: Moment) -> Fault | None:
    """No faults."""
    return None


def answer(code: int, text: str = "so says the script") -> Fault:
    """Answer *code* instead."""
    return Fault(say=f"{code} {text}\r\n".encode())


def goodbye() -> Fault:
    """Answer 421 and close."""
    return Fault(say=b"421 4.3.2 going down\r\n", then="cut")


def cut(*, taken: bool = False) -> Fault:
    """Close without an answer, after taking the message if *taken*."""
    return Fault(then="cut", taken=taken)


def stall(*, taken: bool = False) -> Fault:
    """Never answer, after taking the message if *taken*."""
    return Fault(then="stall", taken=taken)


def garble(*, taken: bool = False) -> Fault:
    """Answer what is no answer."""
    return Fault(say=b"\x00\xff=%%? +++\r\n", taken=taken)


def delay(seconds: float) -> Fault:
    """Answer properly, but later."""
    return Fault(after=seconds)


def held(until: Callable[[], bool], *, then_after: float = 0) -> Fault:
    """Answer properly, but not before *until* is so, and *then_after* seconds later."""
    return Fault(until=until, after=then_after)


def at(step: Step, fault: Fault, *, recipient: str | None = None, first: int | None = None) -> Script:
    """*fault* at *step*: for *recipient*, or for the *first* so many times, or always."""
    times = 0

    def script(moment: Moment) -> Fault | None:
        nonlocal times
        if moment.step != step or (recipient is not None and moment.recipient != recipient):
            return None
        times += 1
        return fault if first is None or times <= first else None

    return script


class Wire:
    """A wire to the server at *port* that breaks: give `port` to the client.

    The first *connections* break as soon as *up* bytes went to the server or *down* bytes came back
    (None: never); later ones hold.
    """

    def __init__(self, port: int, *, up: int | None = None, down: int | None = None, connections: int = 1) -> None:
        self._server, self._limits, self._breaks = port, (up, down), connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _close(self._listener)
        for end in self._open:
            _close(end)
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                return
            up, down = self._limits if self._breaks > 0 else (None, None)
            self._breaks -= 1
            self._open += [client, server]
            self._spawn(lambda a=client, b=server, most=up: _carry(a, b, most))  # type: ignore[misc]
            self._spawn(lambda a=server, b=client, most=down: _carry(a, b, most))  # type: ignore[misc]


def _carry(source: socket.socket, target: socket.socket, most: int | None) -> None:
    """Copy bytes until either side closes or *most* bytes were copied; then close both."""
    left = most
    with suppress(OSError):
        while left is None or left > 0:
            data = source.recv(65536 if left is None else min(65536, left))
            if not data:
                break
            target.sendall(data)
            left = None if left is None else left - len(data)
    _close(source)
    _close(target)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
