"""Alarms: what is wrong now and what to do about it, and everything that was ever rung, with who was told."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from newsletter.editions import shelf, watch
from newsletter.tracking import watchdog
from newsletter.web.ops.scheduler import zone_of
from newsletter.web.staff.visitor import Looks

router = APIRouter(prefix="/ops")

_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Way:
    """Where something can be done about an alarm."""

    says: str
    path: str


#: how an alarm's key begins → where one goes for it; all others lead to the edition they name
_PLACES = {
    "clock": Way("Scheduler", "/ops/scheduler"),
    "no scheduler": Way("Scheduler", "/ops/scheduler"),
    "no worker": Way("Scheduler", "/ops/scheduler"),
    "no broker": Way("Scheduler", "/ops/scheduler"),
    "failed": Way("Scheduler", "/ops/scheduler"),
    "source": Way("Sources", "/desk/sources"),
    "mailbox": Way("Doctor", "/ops/doctor"),
    "webhook": Way("Webhooks", "/ops/webhooks"),
}
#: what is wrong → what a person does, where the words that were rung for it say only what happened
_TODO = {
    "clock": "Set the clock right if it is wrong; if it is right, wait until it has held for ten minutes.",
    "not approved": "Approve it, hold it, or skip this week.",
    "paused": "Let it go on, or cancel what is left.",
    "stands": "Put right what the words name; it goes on by itself.",
}


@router.get("/alarms")
def alarms(visitor: Looks, before: int | None = None) -> HTMLResponse:
    """What is open, and a page of what was rung, the newest first."""
    app = visitor.ground.app
    with app.database.read() as session:
        matters = [] if before is not None else watchdog.open_matters(session)
        rung = watch.rung(session, before=before, limit=_ON_A_PAGE + 1)
        keys = [*(one.key for one in matters), *(one.key for one in rung)]
        numbers = shelf.numbers(session, {name for key in keys for name in _names(key)})
    older = rung[_ON_A_PAGE - 1].id if len(rung) > _ON_A_PAGE else None
    return visitor.page(
        "alarms.html",
        matters=[(one, _todo(one.key), _way(one.key, numbers)) for one in matters],
        rung=[(one, _way(one.key, numbers)) for one in rung[:_ON_A_PAGE]],
        older=older,
        is_later=before is not None,
        is_posted=bool(app.settings.watchdog.webhook.get_secret_value()),
        zone=zone_of(app),
    )


def _names(key: str) -> Iterable[str]:
    """What in *key* may be the name of an edition."""
    return (word.rstrip(":") for word in key.split(" ") if "/" in word)


def _way(key: str, numbers: dict[str, int]) -> Way | None:
    about = key.removeprefix("over ")
    for name in _names(about):
        if name in numbers and not about.startswith("no worker"):
            return Way(name, f"/editions/{numbers[name]}")
    return next((way for beginning, way in _PLACES.items() if about.startswith(beginning)), None)


def _todo(key: str) -> str:
    return next((text for beginning, text in _TODO.items() if key.startswith(beginning)), "")
