"""The pages put together: an ASGI app made from an App."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter import logs, traces
from newsletter.app import App
from newsletter.errors import BadInput, ConfigError, Forbidden, NewsletterError, NotFound, Unavailable, WrongState
from newsletter.web import tracing
from newsletter.web.api import app as api
from newsletter.web.ground import ENGLISH, HERE, lay
from newsletter.web.methods import allowed
from newsletter.web.readers import PREFIXES, following
from newsletter.web.rooms import INSIDE, ROOMS
from newsletter.web.staff import visitor
from newsletter.web.staff.navigation import Navigation, is_at
from newsletter.web.staff.visitor import NotSignedIn
from subscribers.errors import SubscribersError

log = logs.get_logger(__name__)

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (BadInput, 400),
    (WrongState, 409),
    # no newsletter is set up, or not as it has to be: whoever looks is told what to set
    (ConfigError, 409),
    (Forbidden, 403),
    (Unavailable, 503),
    (SubscribersError, 400),
)


def create(app: App, *, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The pages of *app*; *clock* says what time it is, in UTC."""
    ground = lay(app, clock or app.clock)

    @asynccontextmanager
    async def living(_web: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(ground.clicks.close)

    web = FastAPI(title="newsletter", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living)
    web.state.ground = ground
    web.add_middleware(_Headers)
    web.add_middleware(_Head)
    web.add_middleware(following.Doors, ground=ground)
    if traces.are_on():
        web.add_middleware(tracing.Traced)
    web.mount("/static", StaticFiles(directory=HERE / "static"))
    web.mount(api.PREFIX, api.create(ground))
    for room in ROOMS:
        web.include_router(room.router)
    routes = (route for room in INSIDE for route in room.router.routes)
    ground.templates.globals |= {"navigation": Navigation(routes), "is_at": is_at}
    web.add_exception_handler(NotSignedIn, _sign_in_first)
    web.add_exception_handler(NewsletterError, _mistake)
    web.add_exception_handler(SubscribersError, _mistake)
    web.add_exception_handler(HTTPException, _http_error)
    web.add_exception_handler(RequestValidationError, _nonsense)
    web.add_exception_handler(DataError, _unkeepable)  # as PostgreSQL says it
    web.add_exception_handler(OverflowError, _unkeepable)  # as SQLite does
    web.add_exception_handler(OperationalError, _database_gone)
    web.add_exception_handler(PoolTimeout, _database_gone)
    return web


class _Headers:
    """Adds to every answer what no page should be without, unless it says something else itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                if message["status"] == HTTPStatus.TEMPORARY_REDIRECT:
                    said = [
                        (name, _nearby(value, scope["raw_path"]) if name == b"location" else value)
                        for name, value in said
                    ]
                named = {name.lower() for name, _ in said}
                message["headers"] = [*said, *(header for header in _ALWAYS if header[0] not in named)]
            await send(message)

        await self._app(scope, receive, with_headers)


def _nearby(location: bytes, path: bytes) -> bytes:
    """From *path* to itself with or without a slash at its end: Starlette names whatever host a request names."""
    address = urlsplit(location)
    *_, last, end = address.path.split(b"/")
    way = b"../" * (len(path) - len(path.rstrip(b"/"))) + end if end else b"./" + last + b"/"
    return way + (b"?" + address.query if address.query else b"")


class _Head:
    """Answers HEAD as GET would be, less the body (RFC 9110 section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


async def _mistake(request: Request, error: Exception) -> HTMLResponse:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status == 500:
        log.error("page failed", path=request.scope["route"].path, why=str(error))
    return _sorry(request, str(error), status)


async def _sign_in_first(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request") == "true":
        # a part of a page, asked for by htmx: the whole page has to go, and no redirect tells it so
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    return RedirectResponse(visitor.way_to_sign_in(request, request.app.state.ground), 303)


async def _http_error(request: Request, error: Any) -> Response:
    if request.url.path.startswith(f"{api.PREFIX}/"):
        # what is mounted is not asked where the path has the end of a line in it
        return await api.mistake(request, error)
    words = {404: "There is nothing here.", 405: "This page can't be asked in that way."}
    answer = _sorry(request, words.get(error.status_code, str(error.detail)), error.status_code)
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(allowed(request))
    return answer


async def _nonsense(request: Request, _error: Exception) -> HTMLResponse:
    return _sorry(request, "There is nothing here.", 404)


async def _unkeepable(request: Request, error: Exception) -> HTMLResponse:
    """A number that no row has, or a sign that no database keeps: nobody gets there by our own pages."""
    log.warning("page.unkeepable", path=request.scope["route"].path, why=type(error).__name__)
    return _sorry(request, "There is a number or a sign in that which can't be: open the page again.", 400)


async def _database_gone(request: Request, error: Exception) -> HTMLResponse:
    log.error("database unreachable", why=type(error).__name__)
    answer = _sorry(request, "We can't get at our records just now: please try again in a minute.", 503)
    answer.headers["Retry-After"] = "60"
    return answer


def _sorry(request: Request, sentence: str, status: int) -> HTMLResponse:
    ground = request.app.state.ground
    words = ground.words() if request.url.path.startswith(PREFIXES) else ENGLISH
    page: HTMLResponse = ground.page("sorry.html", status=status, words=words, sentence=words.text(sentence))
    return page
