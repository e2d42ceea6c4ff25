"""The provider's door: POST /hooks/sendgrid."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter import logs
from newsletter.errors import BadInput, ConfigError
from newsletter.tracking import events, hooks, quarantine
from newsletter.tracking.quarantine import Unreadable
from newsletter.tracking.sendgrid import PROVIDER
from newsletter.web.ground import Ground, Here

log = logs.get_logger(__name__)
router = APIRouter()

#: SendGrid posts at most 768 KB
MOST_BYTES = 8 * 1024 * 1024
#: seconds for which a post waits for others
_PATIENCE = 30


@router.post("/hooks/sendgrid")
async def sendgrid(request: Request, here: Here) -> PlainTextResponse:
    """Take an array of events: 401 where it is not SendGrid's, 400 where it is no array, 503 to be told again."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            return PlainTextResponse("too large", 413)
    stamp, signature = request.headers.get(hooks.TIMESTAMP, ""), request.headers.get(hooks.SIGNATURE, "")
    return await run_in_threadpool(_take, here, bytes(raw), stamp, signature)


def _take(here: Ground, raw: bytes, stamp: str, signature: str) -> PlainTextResponse:
    now = here.clock()
    try:
        genuine = hooks.verify(here.app.settings.sendgrid.webhook_key, stamp, raw, signature, now=now)
    except ConfigError as error:
        log.warning("webhook refused", why=str(error))
        genuine = False
    if not genuine:
        return PlainTextResponse("not signed by SendGrid", 401)
    try:
        return _record(here, raw, now)
    except BadInput as error:
        log.warning("webhook can't be read", why=str(error))
        with here.app.database.write() as session:
            quarantine.keep(session, PROVIDER, [Unreadable(raw.decode("utf-8", "replace"), str(error))], now=now)
        return PlainTextResponse(str(error), 400)
    except Exception:  # whatever it was, SendGrid must bring these events again
        log.exception("webhook failed")
        _remember_trouble(here, now)
        return PlainTextResponse("try again later", 503, {"Retry-After": "30"})


def _record(here: Ground, raw: bytes, now: datetime) -> PlainTextResponse:
    settings, trouble_at = here.app.settings, here.trouble.since
    with _turn(here), here.app.database.write() as session:
        heard, unreadable = hooks.read(raw)
        recorded = events.record(
            session,
            heard,
            unreadable=unreadable,
            account_is_ours=settings.sendgrid.account_is_ours,
            rules=settings.lessons,
            now=now,
            trouble_at=trouble_at,
        )
    here.trouble.since = None
    say = log.warning if recorded.unreadable else log.info
    say("webhook", **asdict(recorded))
    return PlainTextResponse("ok")


@contextmanager
def _turn(here: Ground) -> Iterator[None]:
    """One post after the other where there is one writer: at once they would only take the interpreter from another.

    Raises TimeoutError where it does not come in time.
    """
    if not here.app.database.is_sqlite:
        yield
        return
    if not here.turn.acquire(timeout=_PATIENCE):
        raise TimeoutError("other posts are in the way")
    try:
        yield
    finally:
        here.turn.release()


def _remember_trouble(here: Ground, now: datetime) -> None:
    """In the database if it can be reached, and here until it can: silence then proves nothing."""
    here.trouble.since = now
    try:
        with here.app.database.write() as session:
            events.trouble(session, now=now)
    except SQLAlchemyError:
        return
    here.trouble.since = None
