"""The doors that counted links and pixels lead to: /l/ sends on to the page, /o/ is a picture of one pixel.

They stand before all other pages and wait for nothing: where the links of an edition lead is remembered for a moment,
and what is heard is noted for `tracking.links.recording` to write. Only where the edition's links lead can anybody be
sent, whatever stands in the address.
"""

import time
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter import logs
from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.rendering import languages, links
from newsletter.rendering.counted import PIXEL
from newsletter.rendering.languages import Words
from newsletter.tracking.links import agents, networks, register
from newsletter.tracking.links.models import Tracked
from newsletter.tracking.links.visits import Note
from newsletter.web.ground import Ground
from newsletter.web.readers import origins

log = logs.get_logger(__name__)

CLICK, PICTURE = "/l/", "/o/"
#: seconds for which it is remembered where an edition's links lead: so late is a correction at the latest
REMEMBERED = 0.25
#: editions whose links are remembered
_MOST = 500
_STRICTNESS = ("off", "anonymous", "individual")
_NOT_KEPT = (
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01"
    b"\x00\x00\x02\x02D\x01\x00;"
)


class Way(NamedTuple):
    """Where the links of one edition lead, and what is counted of them now."""

    urls: dict[int, str]
    #: what is counted: the stricter of what was approved and what the settings say by now
    mode: str
    pixel: bool
    date: datetime
    until: datetime | None
    newsletter: str
    #: when it has to be looked at again, by the machine's counter
    looked_at: float


class Visitor(NamedTuple):
    """What a request tells of who asks, as it is judged by."""

    agent: str
    network: str
    #: asks not to be followed (Global Privacy Control)
    private: bool


class Doors:
    """Answers what begins with /l/ and /o/, and lets everything else pass."""

    def __init__(self, app: ASGIApp, ground: Ground) -> None:
        self._app, self._ground = app, ground
        self._ways: dict[int, Way] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith((CLICK, PICTURE)):
            await self._app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            wrong = BadInput("This page can't be asked in that way.")
            await self._sorry(wrong, 405, {"Allow": "GET, HEAD"})(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_picture = path.startswith(PICTURE)
        signed = path[len(PICTURE) :].removesuffix(".gif") if is_picture else path[len(CLICK) :]
        try:
            edition_id, subscriber_id, number = links.read_click(self._ground.secret, signed)
        except BadInput as error:
            await self._sorry(error, 400)(scope, receive, send)
            return
        way = self._ways.get(edition_id)
        if way is None or way.looked_at + REMEMBERED < time.monotonic():
            try:
                way = await run_in_threadpool(self._look, edition_id)
            except SQLAlchemyError as error:
                log.error("database unreachable", why=type(error).__name__)  # noqa: TRY400 (the page says it)
                if way is None:
                    away = BadInput("We can't get at our records just now: please try again in a minute.")
                    await self._sorry(away, 503, {"Retry-After": "60"})(scope, receive, send)
                    return
        if is_picture != (number == PIXEL) or way is None or number not in way.urls:
            await self._sorry(NotFound("This link is not in our records any more."), 404)(scope, receive, send)
            return
        now, is_head = self._ground.clock(), scope["method"] == "HEAD"
        is_over = way.until is not None and now >= way.until
        if not is_over and way.mode != "off" and subscriber_id:
            visitor = self._visitor(scope)
            mode = "anonymous" if visitor.private else way.mode
            self._ground.clicks.note(
                Note(edition_id, subscriber_id, number, now, is_head, visitor.agent, visitor.network, mode)
            )
        if is_picture:
            await _tell(send, 200, ((b"content-type", b"image/gif"),), b"" if is_head else _GIF, len(_GIF))
        elif is_over:
            await self._over(way, number)(scope, receive, send)
        else:
            await _tell(send, 302, ((b"location", way.urls[number].encode("ascii")),), b"", 0)

    def _look(self, edition_id: int) -> Way | None:
        """Where the links of the edition lead now; None where nothing of it is counted, or it is gone."""
        looked_at = time.monotonic()
        with self._ground.app.database.read() as session:
            tracked, edition = session.get(Tracked, edition_id), session.get(Edition, edition_id)
            if tracked is None or edition is None:
                self._ways.pop(edition_id, None)
                return None
            urls = {link.number: register.location(link.url) for link in register.of(session, edition_id)}
            self._ground = self._ground.lately()
            newsletter = self._ground.newsletter_of(edition)
            date = datetime.combine(edition.date, datetime.min.time(), self._ground.clock().tzinfo)
        allowed = newsletter.tracking if newsletter else "anonymous"
        days = newsletter.links_days if newsletter else 0
        way = Way(
            urls | {PIXEL: ""},
            min(tracked.mode, allowed, key=_STRICTNESS.index),
            tracked.pixel,
            date,
            date + timedelta(days=days) if days else None,
            edition.newsletter,
            looked_at,
        )
        if len(self._ways) >= _MOST:
            self._ways.pop(next(iter(self._ways)), None)
        self._ways[edition_id] = way
        return way

    def _visitor(self, scope: Scope) -> Visitor:
        agent, forwarded, private = b"", b"", False
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name == b"x-forwarded-for":
                forwarded = forwarded + b"," + value if forwarded else value
            elif name == b"sec-gpc":
                private = value.strip() == b"1"
        peer = scope["client"][0] if scope.get("client") else ""
        proxies = self._ground.app.settings.sign_up.proxies
        return Visitor(
            agents.name(agent.decode("latin-1")), _network(peer, forwarded.decode("latin-1"), proxies), private
        )

    def _over(self, way: Way, number: int) -> HTMLResponse:
        words = self._words(way)
        sentence = words.text(
            "This link was in our edition of %(date)s, and is not followed any more. It led to:",
            date=words.date(way.date),
        )
        return self._page(words, sentence, 410, url=way.urls[number])

    def _sorry(self, why: NewsletterError, status: int, headers: dict[str, str] | None = None) -> HTMLResponse:
        words = self._ground.words()
        page = self._page(words, words.text(str(why)), status)
        page.headers.update(headers or {})
        return page

    def _page(self, words: Words, sentence: str, status: int, *, url: str = "") -> HTMLResponse:
        return self._ground.page("nowhere.html", status=status, words=words, sentence=sentence, url=url)

    def _words(self, way: Way) -> Words:
        newsletter = self._ground.app.settings.newsletters.get(way.newsletter)
        return languages.choose(newsletter.language) if newsletter else self._ground.words()


@lru_cache(maxsize=8192)
def _network(peer: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    return networks.name(origins.nearest(peer, forwarded, proxies))


async def _tell(send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes, length: int) -> None:
    described = [*headers, (b"content-length", str(length).encode()), *_NOT_KEPT]
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": body})
