"""A real HTTP server on loopback, told in the words of tests what to serve."""

import gzip
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: writes an answer to one visitor
Act = Callable[["_Visit"], None]


@dataclass
class Newsstand:
    """What is served at which path, and who came by."""

    address: str
    acts: dict[str, Act] = field(default_factory=dict)
    #: path → the request headers of each visit
    visits: defaultdict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    #: set at the end of the test, so that endless answers end
    closing: threading.Event = field(default_factory=threading.Event)
    #: visits under way, and the most there ever were
    inside: int = 0
    crowd: int = 0

    def url(self, path: str) -> str:
        return f"{self.address}{path}"

    def serve(self, path: str, body: bytes | str, **headers: str) -> str:
        """Answer 200 with *body*; `content_type="…"` is the header Content-Type."""
        content = body.encode() if isinstance(body, str) else body
        return self._at(path, lambda visit: visit.answer(200, content, headers))

    def answer(self, path: str, status: int, **headers: str) -> str:
        return self._at(path, lambda visit: visit.answer(status, b"", headers))

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.answer(path, status, location=to)

    def serve_until_known(self, path: str, body: str, **validators: str) -> str:
        """200 with *validators* the first time, 304 to whoever brings them back."""

        def act(visit: "_Visit") -> None:
            known = visit.headers.get("If-None-Match") == validators.get("etag") is not None
            known = known or visit.headers.get("If-Modified-Since") == validators.get("last_modified") is not None
            visit.answer(304 if known else 200, b"" if known else body.encode(), validators)

        return self._at(path, act)

    def pour(self, path: str, piece: bytes) -> str:
        """A body that never ends, as fast as it is taken."""
        return self._at(path, lambda visit: visit.pour(piece, 0))

    def drip(self, path: str, piece: bytes) -> str:
        """A body that never ends, a drop at a time."""
        return self._at(path, lambda visit: visit.pour(piece, 0.02))

    def drip_headers(self, path: str) -> str:
        """Headers that never end, a drop at a time."""
        return self._at(path, lambda visit: visit.drip_headers())

    def serve_bomb(self, path: str, megabytes: int) -> str:
        """A small body that unpacks to *megabytes*."""
        return self.serve(path, gzip.compress(b"\0" * megabytes * 2**20), content_encoding="gzip")

    def hang_up(self, path: str) -> str:
        """Promise a thousand bytes, send ten and close."""
        return self._at(path, lambda visit: visit.hang_up())

    def _at(self, path: str, act: Act) -> str:
        self.acts[path] = act
        return self.url(path)


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand: Newsstand
    is_inside = False

    def do_GET(self) -> None:  # the name that http.server calls
        self.stand.visits[self.path].append(dict(self.headers))
        self.stand.inside += 1
        self.is_inside = True
        self.stand.crowd = max(self.stand.crowd, self.stand.inside)
        try:
            self.stand.acts.get(self.path, _not_found)(self)
        except OSError:
            self.close_connection = True
        finally:
            self.leave()

    def leave(self) -> None:
        """Be no visit under way any more, once."""
        self.stand.inside -= self.is_inside
        self.is_inside = False

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.leave()  # before the last byte: whoever has that may come again before we are done here
        self.wfile.write(body)

    def pour(self, piece: bytes, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.stand.closing.is_set():
            self.wfile.write(piece)
            time.sleep(pause)

    def drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.stand.closing.is_set():
            self.wfile.write(b"X: y\r\n")
            time.sleep(0.02)

    def hang_up(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"<rss><chan")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: visitors who hang up are what the tests are about."""


def open_newsstand(tls: ssl.SSLContext | None = None) -> tuple[Newsstand, Callable[[], None]]:
    """A newsstand on a free port of loopback, and the way to close it; with *tls* it speaks HTTPS."""
    server = _Server(("127.0.0.1", 0), _Visit)
    stand = Newsstand(f"http://127.0.0.1:{server.server_address[1]}")
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        stand.address = stand.address.replace("http:", "https:")
    server.RequestHandlerClass = type("_VisitHere", (_Visit,), {"stand": stand})
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()

    def close() -> None:
        stand.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()

    return stand, close


def _not_found(visit: _Visit) -> None:
    visit.answer(404, b"not here", {})
