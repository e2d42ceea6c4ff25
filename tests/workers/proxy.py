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
        #: of each connection, whether anything is passed on
        self._flows = set[threading.Event]()
        self._swallows = self._refuses = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _abort(self._door)
        self.mend()
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
        self._swallows = True
        self.forget()

    def forget(self) -> None:
        """Pass nothing on of the connections there are, and close none; new ones are as good as ever."""
        for flows in tuple(self._flows):
            flows.clear()

    def mend(self) -> None:
        """Be a good wire again."""
        self._refuses = self._swallows = False
        for flows in tuple(self._flows):
            flows.set()

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
        flows = threading.Event()
        if not self._swallows:
            flows.set()
        self._near.add(near)
        self._far.add(far)
        self._flows.add(flows)
        back = threading.Thread(target=_pass, args=(far, near, flows), daemon=True)
        back.start()
        _pass(near, far, flows)
        back.join()
        self._flows.discard(flows)
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


def _pass(source: socket.socket, target: socket.socket, flows: threading.Event) -> None:
    """Pass on what comes until one side ends: a proper goodbye is passed on too, an abort is not."""
    try:
        while data := source.recv(2**16):
            flows.wait()
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _abort(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
    one.close()
