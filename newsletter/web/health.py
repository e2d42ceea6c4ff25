"""GET /healthz: whether the database answers, and when the clock last ticked. GET /readyz: whether all is there.

Whoever asks has little patience, and asks most when the database says nothing: so it is asked in a thread of its own,
beside those of the pages, which may all be waiting for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter import db, logs
from newsletter.delivery.operations import crew
from newsletter.editions import watch
from newsletter.editions.models import Heartbeat
from newsletter.web.ground import Ground

log = logs.get_logger(__name__)
router = APIRouter()

_NO_STORE = {"Cache-Control": "no-store"}
#: seconds until a database that says nothing is called away
_PATIENCE = 5.0


@router.get("/healthz")
async def health(request: Request) -> JSONResponse:
    """200 where the database answers, else 503; it names nobody and nothing."""
    return await _in_time(request, _health) or JSONResponse({"database": "unreachable"}, 503, _NO_STORE)


@router.get("/readyz")
async def readiness(request: Request) -> JSONResponse:
    """200 where a Friday could go out now, else 503 with what is missing; it names nobody and nothing."""
    return await _in_time(request, _readiness) or _ready(["the database can't be reached"])


async def _in_time(request: Request, look: Callable[[Ground], JSONResponse]) -> JSONResponse | None:
    """What *look* sees; None where it sees nothing in time. Who comes while it looks is told what it sees."""
    ground: Ground = request.app.state.ground
    looking = ground.looks.get(look.__name__)
    if looking is None or looking.done():
        looking = ground.looks[look.__name__] = Future()
        Thread(target=_look, args=(looking, ground, look), name=look.__name__, daemon=True).start()
    done, _ = await asyncio.wait([asyncio.wrap_future(looking)], timeout=_PATIENCE)
    return looking.result() if done else None


def _look(looking: "Future[JSONResponse | None]", ground: Ground, look: Callable[[Ground], JSONResponse]) -> None:
    try:
        looking.set_result(look(ground.lately()))
    except SQLAlchemyError:
        looking.set_result(None)
    except Exception:
        log.exception("health.failed")
        looking.set_result(None)


def _health(here: Ground) -> JSONResponse:
    with here.app.database.read() as session:
        beat = session.get(Heartbeat, "tick")
        workers = len(crew.at_work(session, crew.WORKER, now=here.clock()))
    ticked = (here.clock() - beat.started_at).total_seconds() if beat else None
    body = {"database": "ok", "seconds_since_tick": None if ticked is None else round(ticked, 1), "workers": workers}
    return JSONResponse(body, headers=_NO_STORE)


def _readiness(here: Ground) -> JSONResponse:
    app, now = here.app, here.clock()
    if db.revision(app.database) != db.newest():
        return _ready(["the tables are of another version: newsletter db upgrade"])
    with app.database.read() as session:
        is_ticking = watch.is_ticking(session, now)
        missing, deaf = crew.missing(session, app.settings, now=now), crew.broker(session, now=now)
        hints = crew.counts(session, app.settings, now=now)
    ticks = "" if is_ticking else "no scheduler is running: start newsletter scheduler"
    beside = ["the broker takes no hints"] if deaf else []
    return _ready([one for one in (ticks, missing) if one], beside=beside, **({"hints": hints} if hints else {}))


def _ready(missing: list[str], beside: Sequence[str] = (), **more: object) -> JSONResponse:
    body = {"ready": not missing, "says": [*missing, *beside], **more}
    return JSONResponse(body, 503 if missing else 200, _NO_STORE)
