"""A wire that can be cut, refused or left half-open, between a process and a server on this machine."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

#: closes with a reset and not with a goodbye
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A context manager: what comes to `port` goes to *upstream*, a port of loopback or the path of a socket."""

    def __init__(self, upstream: int | str) -> None:
        self._upstream = upstream
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._near: set[socket.socket] = set()
        self._far: set[socket.socket] = set()
        self._flows, self._refuses = threading.Event(), False
        self._flows.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _abort(self._door)
        self._flows.set()
        for one in (*self._near, *self._far):
            _abort(one)

    def cut(self) -> None:
        """Reset every connection on the near side; the far side is not told, as behind a NAT that forgot."""
        for one in tuple(self._near):
            _abort(one)

    def refuse(self) -> None:
        """Reset every connection on both sides, and every new one, until `mend`."""
        self._refuses = True
        for one in (*self._near, *self._far):
            _abort(one)

    def swallow(self) -> None:
        """Pass nothing on, of old connections and new ones, and close none, until `mend`."""
        self._flows.clear()

    def mend(self) -> None:
        """Be a good wire again."""
        self._refuses = False
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if self._refuses:
                _abort(near)
                continue
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = self._connect()
        except OSError:
            _abort(near)
            return
        self._near.add(near)
        self._far.add(far)
        back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
        back.start()
        self._pass(near, far)
        back.join()
        for sockets, one in ((self._near, near), (self._far, far)):
            sockets.discard(one)
            one.close()

    def _connect(self) -> socket.socket:
        if isinstance(self._upstream, int):
            return socket.create_connection(("127.0.0.1", self._upstream))
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self._upstream)
        except OSError:
            far.close()
            raise
        return far

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        """Pass on what comes until one side ends: a proper goodbye is passed on too, an abort is not."""
        try:
            while data := source.recv(2**16):
                self._flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def _abort(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
    one.close()
