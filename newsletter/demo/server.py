"""The web of the demo week: its feeds, pages and pictures, served on this machine and to it alone."""

import hashlib
import html
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsletter.stories.reading import pictures, plain, xmlfeeds
from newsletter.stories.reading.entries import Raw

#: the week that ships with the product
WEEK = Path(__file__).parent / "week"

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="canonical" href="{link}">
<meta property="og:title" content="{title}">
<meta property="og:site_name" content="{site}">
<meta property="article:published_time" content="{published}">
<style>
body {{ font: 18px/1.6 Georgia, serif; color: #222; background: #fff }}
body {{ max-width: 36em; margin: 3em auto; padding: 0 1em }}
header, footer {{ font: 14px/1.6 system-ui, sans-serif; color: #666 }}
h1 {{ font-size: 1.8em; line-height: 1.2; margin: .3em 0 }}
img {{ max-width: 100%; height: auto; border-radius: 6px }}
@media (prefers-color-scheme: dark) {{ body {{ color: #ddd; background: #16181c }} header, footer {{ color: #999 }} }}
</style>
</head>
<body>
<article>
<header>{site}</header>
<h1>{title}</h1>
<header><time datetime="{published}">{day}</time></header>
{picture}{body}
</article>
<footer>Written for the demo of newsletter; the publication is made up.</footer>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Document:
    """What stands at one address."""

    body: bytes
    type: str
    #: an HTTP date
    modified: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@contextmanager
def serve(folder: Path = WEEK, *, port: int = 0) -> Iterator[str]:
    """Serve the week in *folder*; gives the base address, without a final slash, while the block lasts.

    Where *port* is taken another one serves. Feeds stand at /feeds/….xml, pictures at /images/…, and each
    article at the link its feed names.
    """
    with _listen(port) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        server.documents = dict(documents(folder, base))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield base
        finally:
            server.shutdown()
            thread.join()


def documents(folder: Path, base: str) -> Iterator[tuple[str, Document]]:
    """Path → document, for all of the week in *folder* as it is served at *base*."""
    for file in sorted((folder / "images").glob("*.png")):
        yield f"/images/{file.name}", Document(file.read_bytes(), "image/png", _http_date(_EVER))
    for file in sorted((folder / "feeds").glob("*.xml")):
        text = file.read_text("utf-8").replace("{base}", base)
        articles = xmlfeeds.read(text, url=f"{base}/feeds/{file.name}", most=_ALL).raws
        newest = max(map(_when, articles))
        kind = f"application/{'atom' if '<feed' in text else 'rss'}+xml; charset=utf-8"
        yield f"/feeds/{file.name}", Document(text.encode(), kind, _http_date(newest))
        site = html.unescape(text.partition("<title>")[2].partition("</title>")[0])
        for article in articles:
            page = Document(_page(article, site).encode(), "text/html; charset=utf-8", _http_date(_when(article)))
            yield urlsplit(article.links[0]).path, page


def _listen(port: int) -> "_Server":
    try:
        return _Server(("127.0.0.1", port), _Handler)
    except OSError:
        return _Server(("127.0.0.1", 0), _Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    documents: Mapping[str, Document]


class _Handler(BaseHTTPRequestHandler):
    """Answers from memory, so that no path can lead to a file."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        document = self.server.documents.get(urlsplit(self.path).path)
        if document is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self._is_known(document):
            self._answer(HTTPStatus.NOT_MODIFIED, document)
        else:
            self._answer(HTTPStatus.OK, document)
            self.wfile.write(document.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (named so by http.server)
        """Stay silent."""

    def _is_known(self, document: Document) -> bool:
        # If-Modified-Since counts only where no If-None-Match came (RFC 9110 section 13.1.3)
        if "If-None-Match" in self.headers:
            return document.etag in self.headers["If-None-Match"]
        return bool(self.headers.get("If-Modified-Since") == document.modified)

    def _answer(self, status: HTTPStatus, document: Document) -> None:
        self.send_response(status)
        self.send_header("ETag", document.etag)
        self.send_header("Last-Modified", document.modified)
        if status is HTTPStatus.OK:
            self.send_header("Content-Type", document.type)
            self.send_header("Content-Length", str(len(document.body)))
        self.end_headers()


_EVER = datetime(2021, 11, 19, tzinfo=UTC)
_ALL = 1_000


def _page(article: Raw, site: str) -> str:
    body = article.content.value or article.summary.value
    own = pictures.best(article.pictures, base=article.links[0])
    picture = f'<p><img src="{html.escape(own.url)}" alt=""></p>\n' if own and own.url not in body else ""
    moment = _when(article)
    return _PAGE.format(
        title=html.escape(plain.line(article.title, 300)),
        site=html.escape(site),
        link=html.escape(article.links[0]),
        published=moment.isoformat(),
        day=f"{moment:%A}, {moment.day} {moment:%B %Y}",
        picture=picture,
        body=body,
    )


def _when(article: Raw) -> datetime:
    return article.published or _EVER


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
