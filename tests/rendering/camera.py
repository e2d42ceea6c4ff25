"""A real Chromium that looks at an email served on loopback, and writes down whom it asked for anything."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser's program, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Shelf:
    """What is served on loopback, by name."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Camera:
    """Opens what lies on the shelf."""

    browser: Browser
    shelf: Shelf
    #: hosts that were asked for anything
    asked: set[str] = field(default_factory=set)

    @contextmanager
    def view(self, file: str, width: int, scheme: Literal["light", "dark"] = "light") -> Iterator[Page]:
        """The page *file* in a window of that width."""
        page = self.browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.on("request", lambda request: self.asked.add(urlsplit(request.url).hostname or request.url))
        try:
            page.goto(f"{self.shelf.address}/{file}", wait_until="load")
            yield page
        finally:
            page.close()


@contextmanager
def shelf() -> Iterator[Shelf]:
    """A web server on loopback."""
    kept = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = kept.files.get(self.path.lstrip("/"))
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if self.path.endswith("html") else "image/png")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def camera(program: str) -> Iterator[Camera]:
    """A camera with an empty shelf."""
    with shelf() as kept, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield Camera(browser, kept)
        finally:
            browser.close()
