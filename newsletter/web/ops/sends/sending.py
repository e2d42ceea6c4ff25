"""One sending: watched while it goes, what went wrong by reason and domain, its batches, and what was done to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Act, Batch, BatchState, Sending
from newsletter.delivery.operations import balance, batches, crew, unknowns
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.operations.controls import OPEN_TO, Verb
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.staff.roles import May
from newsletter.tracking.reports import failures
from newsletter.tracking.reports.failures import Failures
from newsletter.web.ground import Ground
from newsletter.web.ops.sends import view
from newsletter.web.ops.sends.view import Live
from newsletter.web.staff import charts, glances
from newsletter.web.staff.charts import Chart
from newsletter.web.staff.visitor import Looks, Visitor

router = APIRouter(prefix="/ops/sends")

_BATCHES = 20
#: which batches are shown unless somebody chooses
_TO_LOOK_AT = frozenset({BatchState.CLAIMED, BatchState.SENDING, BatchState.REFUSED, BatchState.UNKNOWN})
_ACTS = 30
#: how many times as long as counting took the failures are good
_OF_FAILURES = 50
#: what one must be allowed for each
MAY: dict[Verb, May] = {verb: May.STOP if verb is Verb.PAUSE else May.SEND for verb in Verb}


@router.get("/{edition_id}")
def sending(
    edition_id: int,
    visitor: Looks,
    batches: Annotated[BatchState | Literal["all"] | None, Query()] = None,
    after: int = 0,
) -> HTMLResponse:
    """All of it; *batches* and *after* choose among those."""
    return page(visitor, edition_id, chosen=batches, after=after)


@router.get("/{edition_id}/now")
def now(edition_id: int, visitor: Looks, was: str = "") -> HTMLResponse:
    """What moves of it, asked for by a page that *was* made of it as it stood; where it stands elsewhere, all of it."""
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        live = _live(session, here, edition)
    answer = visitor.page("send_now.html", live=live, chart=_chart(live) if live else None)
    if live is None or live.sending.state != was:
        answer.headers["HX-Refresh"] = "true"
    return answer


def page(
    visitor: Visitor,
    edition_id: int,
    *,
    chosen: BatchState | Literal["all"] | None = None,
    after: int = 0,
    sorry: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page of a sending, and what went *sorry*; of an edition that is not sent yet, what has to come first."""
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        newsletter = here.newsletter_of(edition)
        title = newsletter.title if newsletter else edition.newsletter
        live = _live(session, here, edition)
        if live is None:
            why = balance.unplanned(session, edition)
            return visitor.page("send_none.html", edition=edition, title=title, why=why, sorry=sorry, status=status)
        states = (
            frozenset({chosen}) if isinstance(chosen, BatchState) else _TO_LOOK_AT if chosen is None else frozenset()
        )
        rows = batches.page(session, edition_id, states=states, after=max(0, after), limit=_BATCHES + 1)
        counts = _batches(session, here, edition_id)
        acts = session.scalars(
            select(Act).where(Act.edition_id == edition_id).order_by(Act.id.desc()).limit(_ACTS)
        ).all()
        at_work = list(crew.words(session, here.app.settings, now=live.at, newsletter=edition.newsletter))
        wrong, counted_at = _failures(session, here, edition_id)
    return visitor.page(
        "send.html",
        status=status,
        sorry=sorry,
        title=title,
        live=live,
        chart=_chart(live),
        choices=_choices(visitor, live.sending, live.balance),
        settles=unknowns.settled_by_itself(here.app.settings, live.sending.sender),
        failures=wrong,
        counted_at=counted_at,
        at_work=at_work,
        batches=rows[:_BATCHES],
        more=rows[_BATCHES - 1].number if len(rows) > _BATCHES else None,
        counts=counts,
        chosen=chosen or "",
        after=after,
        acts=acts,
        when=_when,
    )


def _live(session: Session, here: Ground, edition: Edition) -> Live | None:
    found = session.get(Sending, edition.id)
    return view.look(session, here, edition, found) if found else None


def _failures(session: Session, here: Ground, edition_id: int) -> tuple[Failures, datetime]:
    """What went wrong, and when that was counted."""
    key = ("failures", edition_id, view.newest_act(session))
    return glances.at(here.app, key, lambda: (failures.of(session, edition_id), here.clock()), times=_OF_FAILURES)


def _batches(session: Session, here: Ground, edition_id: int) -> Mapping[BatchState, int]:
    key = ("batches", edition_id, view.newest_act(session))
    return glances.at(here.app, key, lambda: batches.counts(session, edition_id))


def _choices(visitor: Visitor, sending: Sending, stands: Balance) -> list[Verb]:
    """What *visitor* may do to a sending that stands so."""
    needs = {Verb.RETRY: stands.refused, Verb.ASSUME_ACCEPTED: stands.unknown, Verb.RESEND: stands.unknown}
    return [
        verb for verb in Verb if visitor.may(MAY[verb]) and sending.state in OPEN_TO[verb][0] and needs.get(verb, 1)
    ]


def _chart(live: Live) -> Chart:
    hour = "The last hour" if live.sending.state in view.UNDER_WAY else "Its last hour"
    total = live.pace.course.total("copies")
    return charts.happening(
        "pace", hour, f"{total:,} copies taken, a bar for each minute.", live.pace.course, live.zone
    )


def _when(batch: Batch) -> str:
    """The word for the moment that a batch's line tells."""
    if batch.state is BatchState.QUEUED:
        return "not before"
    return "since" if batch.state in (BatchState.CLAIMED, BatchState.SENDING) else "at"
