"""A name server on loopback that knows the names it is given and says of all others that they don't exist."""

import os
import socketserver
import struct
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Self

from tests.servers.debian import Missing

_A, _MX, _NAME_ERROR = 1, 15, 3
#: a pointer to the name in the question
_THAT_NAME = b"\xc0\x0c"


class NameServer:
    """A context manager: answers at `address`, port 53, that each of *known* is this machine and takes mail."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = {name.lower() for name in known}
        # one for each process, since port 53 can't be chosen freely
        self.address = f"127.0.{os.getpid() % 254 + 1}.{os.getpid() // 254 % 254 + 1}"

    def __enter__(self) -> Self:
        known = self._known

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, socket = self.request
                socket.sendto(answer(data, known), self.client_address)

        try:
            self._server = socketserver.UDPServer((self.address, 53), Handler)
        except PermissionError as error:
            raise Missing("only root can answer as a name server") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def answer(query: bytes, known: Collection[str]) -> bytes:
    """The answer to *query* (RFC 1035 section 4)."""
    number, flags = struct.unpack(">HH", query[:4])
    name, end = _name(query, 12)
    wanted = struct.unpack(">H", query[end : end + 2])[0]
    question = query[12 : end + 4]
    code = 0 if name in known else _NAME_ERROR
    data = {_A: b"\x7f\x00\x00\x01", _MX: b"\x00\x0a" + _THAT_NAME}.get(wanted) if not code else None
    record = _THAT_NAME + struct.pack(">HHIH", wanted, 1, 60, len(data)) + data if data else b""
    head = struct.pack(">HHHHHH", number, 0x8580 | flags & 0x0100 | code, 1, 1 if record else 0, 0, 0)
    return head + question + record


def _name(query: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += length + 1
    return ".".join(labels), at + 1
