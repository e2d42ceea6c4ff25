"""Polite visits: conditional, one at a time for each host, with a gap between them, and never to a forbidden address.

A visit never raises for what the other side does: every ending is an Answer, with words for an editor.
"""

import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Literal

import httpx

from newsletter.config import Fetch
from newsletter.errors import Forbidden
from newsletter.stories.reading import guard, wire

FEED_BYTES = 5 * 2**20
PAGE_BYTES = 3 * 2**20
REDIRECTS = 5

_FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_MOVED = {301, 302, 303, 307, 308}
_FOR_GOOD = {301, 308}


class Outcome(StrEnum):
    """How a visit ended."""

    #: a body came
    FRESH = "fresh"
    #: 304: nothing has changed since the validators were given
    UNCHANGED = "unchanged"
    #: 410: not to be visited again, if it is meant
    GONE = "gone"
    #: anything else; `Answer.problem` says what
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one visit, redirects and all."""

    outcome: Outcome
    #: where the body was found in the end
    url: str
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    #: opaque; to be echoed exactly as given
    etag: str = ""
    last_modified: str = ""
    #: the header as given: seconds or a date
    retry_after: str = ""
    cache_control: str = ""
    #: the new address, where every step of the way said "moved permanently"
    moved_to: str = ""
    problem: str = ""


class Fetcher:
    """Visits feeds and pages; safe to use from several threads, which then wait their turn for each host."""

    def __init__(
        self,
        settings: Fetch,
        *,
        public_url: str,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        resolve: wire.Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.settings = settings
        self.user_agent = settings.user_agent.replace("{public_url}", public_url)
        self._resolve = resolve or partial(guard.addresses, allow_loopback=settings.allow_loopback)
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._turns = _Turns(settings.host_gap, monotonic, sleep)

    def feed(self, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
        """Visit the feed at *url*, unless it is still as the validators say."""
        headers = {"Accept": _FEEDS}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return self._visit(url, headers, limit=FEED_BYTES, may_visit=_anything)

    def page(
        self, url: str, *, may_visit: Callable[[str], bool], limit: int = PAGE_BYTES, accept: str = "text/html"
    ) -> Answer:
        """Visit the page at *url*; *may_visit* is asked before each step, redirects too."""
        return self._visit(url, {"Accept": f"{accept}, */*;q=0.1"}, limit=limit, may_visit=may_visit)

    def beginning(self, url: str, *, may_visit: Callable[[str], bool], limit: int) -> Answer:
        """Visit the picture at *url* for its first *limit* bytes, and leave the rest."""
        headers = {"Accept": "image/*", "Accept-Encoding": "identity", "Range": f"bytes=0-{limit - 1}"}
        return self._visit(url, headers, limit=limit, may_visit=may_visit, whole=False)

    def head(self, url: str) -> Answer:
        """Ask whether there is a page at *url*, without reading it: a person has linked to it, and wants to know."""
        return self._visit(url, {"Accept": "*/*"}, limit=1, may_visit=_anything, whole=False, method="HEAD")

    def glance(self, url: str) -> Answer:
        """The same, of a server that answers HEAD otherwise than GET: the first byte is read."""
        return self._visit(url, {"Accept": "text/html, */*;q=0.9"}, limit=1, may_visit=_anything, whole=False)

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least *seconds* between visits to the host of *url*, as its robots.txt asks."""
        self._turns.slow_down(_host(httpx.URL(url)), seconds)

    def _visit(
        self,
        url: str,
        headers: dict[str, str],
        *,
        limit: int,
        may_visit: Callable[[str], bool],
        whole: bool = True,
        method: Literal["GET", "HEAD"] = "GET",
    ) -> Answer:
        left = self.settings.timeout
        moved_to, for_good = "", True
        for _ in range(REDIRECTS + 1):
            if not may_visit(url):
                return Answer(Outcome.FAILED, url, problem="its robots.txt asks not to be read")
            asked = partial(self._ask, headers=headers, limit=limit, seconds=left, whole=whole, method=method)
            answer, spent, target = self._step(url, asked)
            if not target:
                return replace(answer, moved_to=moved_to)
            for_good = for_good and answer.status in _FOR_GOOD
            moved_to = target if for_good else moved_to
            left -= spent
            if left <= 0:
                return Answer(Outcome.FAILED, url, problem="did not finish in time")
            url = target
        return Answer(Outcome.FAILED, url, problem=f"redirects more than {REDIRECTS} times")

    def _step(self, url: str, ask: Callable[[httpx.URL], tuple[Answer, str]]) -> tuple[Answer, float, str]:
        """One request: its answer, how long it took, and where it leads on to, if anywhere."""
        try:
            where = _parsed(url)
        except wire.Unreadable as error:
            return Answer(Outcome.FAILED, url, problem=str(error)), 0, ""
        with self._turns.turn(_host(where)):
            began = time.monotonic()
            try:
                answer, target = ask(where)
            except (Forbidden, wire.Unreadable) as error:
                answer, target = Answer(Outcome.FAILED, url, problem=str(error)), ""
            return answer, time.monotonic() - began, target

    def _ask(
        self,
        url: httpx.URL,
        headers: dict[str, str],
        *,
        limit: int,
        seconds: float,
        whole: bool,
        method: Literal["GET", "HEAD"],
    ) -> tuple[Answer, str]:
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "gzip, deflate", **headers}
        with wire.request(
            url, headers, seconds=seconds, resolve=self._resolve, tls=self._tls, method=method
        ) as response:
            answer = _read_head(str(url), response)
            if response.status in _MOVED and "location" in response.headers:
                return answer, _join(url, response.headers["location"])
            if answer.outcome is Outcome.FRESH:
                answer = replace(answer, body=response.body(limit) if whole else response.beginning(limit))
            return answer, ""


class _Turns:
    """One visit at a time for each host, and a gap between two of them."""

    def __init__(self, gap: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._monotonic, self._sleep = monotonic, sleep
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._gaps: defaultdict[str, float] = defaultdict(lambda: gap)
        self._free_at: dict[str, float] = {}
        self._guard = threading.Lock()

    def slow_down(self, host: str, seconds: float) -> None:
        self._gaps[host] = max(self._gaps[host], seconds)

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks[host]
        with lock:
            wait = self._free_at.get(host, float("-inf")) - self._monotonic()
            if wait > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                self._free_at[host] = self._monotonic() + self._gaps[host]


def _anything(_url: str) -> bool:
    # an editor added the feed, which is there to be fetched by programs
    return True


def _read_head(url: str, response: wire.Response) -> Answer:
    headers = response.headers
    answer = Answer(
        _outcome(response.status),
        url,
        status=response.status,
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        retry_after=headers.get("retry-after", ""),
        cache_control=headers.get("cache-control", ""),
    )
    if answer.outcome is Outcome.FAILED:
        return replace(answer, problem=_explain(response.status))
    if answer.outcome is Outcome.GONE:
        return replace(answer, problem="is gone for good (410)")
    return answer


def _outcome(status: int) -> Outcome:
    if status in {200, 203, 206, 226}:
        return Outcome.FRESH
    return {304: Outcome.UNCHANGED, 410: Outcome.GONE}.get(status, Outcome.FAILED)


def _explain(status: int) -> str:
    if status == 404:
        return "was not found (404): is the address still right?"
    if status in {401, 402, 403, 451}:
        return f"refuses to be read ({status})"
    if status in {429, 503}:
        return f"asks to be visited less often ({status})"
    if status >= 500:
        return f"has trouble of its own ({status})"
    return f"answered {status}, which is no feed or page"


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise wire.Unreadable(f"is not an address that can be visited: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise wire.Unreadable(f"leads to {url[:100]}, which is not a page of the web")
    return parsed


def _join(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError):
        return location


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii", "replace")
