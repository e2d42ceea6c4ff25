"""The first page of operations: what goes out now, what goes out next, who is at work, and what went out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Sending
from newsletter.delivery.operations import balance, crew
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.operations.crew import Word
from newsletter.editions import shelf, watch
from newsletter.editions.models import Edition, Job, Slot, SlotState
from newsletter.web.ground import Ground
from newsletter.web.ops.sends import view
from newsletter.web.ops.sends.view import Live
from newsletter.web.staff import glances
from newsletter.web.staff.visitor import Looks

router = APIRouter(prefix="/ops")

_ROWS = 20
#: how many times as long as counting took the figures of what is over are good, where nobody does anything to it
_SETTLED = 100
#: sendings under way that are shown one by one
_MOST_LIVE = 10
#: hours ahead that are told
_NEXT = 5
#: before an hour of sending the page looks by itself whether it began
_SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sent:
    """A sending that is over, or one of more than are shown."""

    edition: Edition
    sending: Sending
    balance: Balance
    title: str
    lasted: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Hour:
    """When something goes out next."""

    newsletter: str
    title: str
    due_at: datetime
    edition: Edition | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Moving:
    """The part of the page that moves."""

    lives: Sequence[Live]
    hours: Sequence[Hour]
    at_work: Sequence[Word]
    at: datetime
    #: an hour of sending is near, or has come
    is_soon: bool

    @property
    def which(self) -> str:
        """What is under way, for a page to know whether that is still so."""
        return " ".join(f"{live.edition.id}-{live.sending.state}" for live in self.lives)


@router.get("")
def sends(visitor: Looks, before: int | None = None) -> HTMLResponse:
    """All of it; *before* is for what went out earlier than that edition."""
    here = visitor.ground
    with here.app.database.read() as session:
        moving = _moving(session, here)
        sent = _sent(session, here, {live.edition.id for live in moving.lives}, before)
        newest = shelf.newest(session, limit=1) if not sent and not moving.lives else []
        is_ticking = watch.is_ticking(session, here.clock())
    return visitor.page(
        "sends.html",
        moving=moving,
        sent=sent[:_ROWS],
        older=sent[_ROWS - 1].edition.id if len(sent) > _ROWS else None,
        before=before,
        newest=newest[0] if newest else None,
        newsletters=list(here.app.settings.newsletters.values()),
        is_ticking=is_ticking,
    )


@router.get("/now")
def now(visitor: Looks, was: str = "") -> HTMLResponse:
    """The part that moves, asked for by a page on which *was* under way; where another is, the whole page goes."""
    with visitor.ground.app.database.read() as session:
        moving = _moving(session, visitor.ground)
    page = visitor.page("sends_now.html", moving=moving)
    if moving.which != was:
        page.headers["HX-Refresh"] = "true"
    return page


def _moving(session: Session, here: Ground) -> Moving:
    at = here.clock()
    rows = session.execute(
        select(Edition, Sending)
        .join(Sending, Sending.edition_id == Edition.id)
        .where(Sending.state.in_(view.UNDER_WAY))
        .order_by(Sending.started_at.desc(), Sending.edition_id.desc())
        .limit(_MOST_LIVE)
    ).all()
    lives = [view.look(session, here, edition, sending) for edition, sending in rows]
    hours = _hours(session, here)
    soon = any(hour.due_at - at <= _SOON for hour in hours)
    return Moving(lives, hours, list(crew.words(session, here.app.settings, now=at)), at, is_soon=soon)


def _hours(session: Session, here: Ground) -> list[Hour]:
    edition = and_(Edition.newsletter == Slot.newsletter, Edition.date == Slot.date, Edition.correction == 0)
    newsletters = here.app.settings.newsletters
    rows = session.execute(
        select(Slot, Edition)
        .outerjoin(Edition, edition)
        .where(Slot.job == Job.SEND, Slot.state == SlotState.PLANNED, Slot.newsletter.in_(newsletters))
        .order_by(Slot.due_at, Slot.newsletter)
        .limit(_NEXT)
    )
    return [
        Hour(slot.newsletter, newsletters[slot.newsletter].title, slot.due_at, one, newsletters[slot.newsletter].zone)
        for slot, one in rows
    ]


def _sent(session: Session, here: Ground, live: set[int], before: int | None) -> list[Sent]:
    query = select(Edition, Sending).join(Sending, Sending.edition_id == Edition.id)
    query = query.where(Edition.id.not_in(live))
    if before is not None:
        query = query.where(Edition.id < before)
    rows = session.execute(query.order_by(Edition.id.desc()).limit(_ROWS + 1)).all()
    ids = tuple(edition.id for edition, _ in rows)
    key = ("balances", ids, view.newest_act(session))
    stand = glances.at(here.app, key, lambda: balance.balances(session, ids), times=_SETTLED)
    newsletters = here.app.settings.newsletters
    return [
        Sent(
            edition,
            sending,
            stand.get(edition.id) or Balance(sending.planned),
            newsletters[edition.newsletter].title if edition.newsletter in newsletters else edition.newsletter,
            view.lasted(sending),
            view.zone_of(newsletters.get(edition.newsletter)),
        )
        for edition, sending in rows
    ]
