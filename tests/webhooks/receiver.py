"""A receiver on loopback, over plain sockets, that answers as it is told to and remembers what it heard."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

#: how one post is answered, on the connection it came by
Manner = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Post:
    """What was posted."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.said["type"])


def status(number: int, words: str = "", *headers: str) -> Manner:
    """Answer with *number* and *words*."""
    head = "\r\n".join([f"HTTP/1.1 {number} so", f"Content-Length: {len(words.encode())}", *headers])
    return lambda line: line.sendall(f"{head}\r\n\r\n{words}".encode())


def reset(line: socket.socket) -> None:
    """Hang up without a word, as a machine that crashed."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.close()


def garbage(line: socket.socket) -> None:
    line.sendall(b"\x00\xff not HTTP\r\n\r\n")


def huge(line: socket.socket) -> None:
    """Answer 500 and words without end."""
    line.sendall(b"HTTP/1.1 500 so\r\n\r\n")
    with suppress(OSError):
        while True:
            line.sendall(b"no room " * 10_000)


def bomb(line: socket.socket) -> None:
    """Answer 200 and what says it is packed, and is not."""
    line.sendall(b"HTTP/1.1 200 so\r\nContent-Encoding: gzip\r\n\r\n" + b"\x1f\x8b" + b"x" * 200_000)


def trickle(line: socket.socket) -> None:
    """Answer 200, drop by drop and without end."""
    with suppress(OSError):
        line.sendall(b"HTTP/1.1 200 so\r\n\r\n")
        while True:
            line.sendall(b".")
            time.sleep(0.01)


def hang(line: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    with suppress(OSError):
        line.recv(1)


class Receiver:
    """Takes posts at `url`; *manners* answer the first ones, then `manner` does."""

    def __init__(self) -> None:
        self.heard: list[Post] = []
        self.manner: Manner = status(204)
        self.manners: list[Manner] = []
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/hook"

    @property
    def ids(self) -> list[str]:
        return [post.id for post in self.heard]

    @property
    def types(self) -> list[str]:
        return [post.type for post in self.heard]

    @property
    def copies(self) -> list[tuple[str, int]]:
        """What was told of copies, in its order."""
        events = [one for post in self.heard if post.type == "delivery.events" for one in post.said["data"]["events"]]
        return [(one["type"], one["reader"]) for one in events]

    def start(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def close(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._door.accept()
                threading.Thread(target=self._take, args=(line,), daemon=True).start()

    def _take(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            file = line.makefile("rb")
            file.readline()
            headers = dict[str, str]()
            while (text := file.readline().decode("latin-1").strip()) and ":" in text:
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            post = Post(headers, file.read(int(headers.get("content-length", 0))))
            with self._lock:
                self.heard.append(post)
                manner = self.manners.pop(0) if self.manners else self.manner
            manner(line)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver().start()
    yield receiver
    receiver.close()
