"""Editions and their previews for editors, the send log for operations. It only shows, it changes nothing."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.delivery.models import Process, Sending
from newsletter.delivery.operations import balance, crew, waits
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.operations.waits import Wait
from newsletter.editions import review, revisions, shelf, watch
from newsletter.editions.models import Edition, EditionEvent, State
from newsletter.errors import NotFound
from newsletter.jobs import checking
from newsletter.rendering import proofs
from newsletter.staff.roles import May
from newsletter.stories.models import Ranking
from newsletter.web.desk.edition import choices, correcting, looks, showing
from newsletter.web.ground import Ground
from newsletter.web.staff.visitor import Looks, Visitor

router = APIRouter()

LINES = 100
#: how long an alarm stays on the first page
_LATELY = timedelta(days=14)
_MOST_FOUND = 500
#: its bytes are frozen: what is shown is what was approved
_FROZEN = {State.APPROVED, State.SENDING, State.SENT}


@dataclass(frozen=True, slots=True)
class Row:
    """One edition in the list."""

    edition: Edition
    title: str
    balance: Balance | None


@router.get("/")
def editions(visitor: Looks) -> HTMLResponse:
    """The newest editions."""
    here = visitor.ground
    with here.app.database.read() as session:
        newest = shelf.newest(session, limit=50)
        stand = balance.balances(session, [edition.id for edition in newest])
        rows = [Row(edition, _title(here, edition), stand.get(edition.id)) for edition in newest]
        alarms = watch.lately(session, here.clock() - _LATELY, limit=12)
        is_ticking = watch.is_ticking(session, here.clock())
        processes = _processes(here, session)
        missing = crew.missing(session, here.app.settings, now=here.clock())
        troubles = list(crew.troubles(session, now=here.clock()))
        traffic = list(crew.traffic(session, here.app.settings, now=here.clock()))
    return visitor.page(
        "editions.html",
        rows=rows,
        alarms=alarms,
        is_ticking=is_ticking,
        processes=processes,
        silent={one.name for one in processes if not crew.is_there(one, here.clock())},
        missing=missing,
        troubles=troubles,
        traffic=traffic,
        zone=here.zone,
    )


def _processes(here: Ground, session: Session) -> list[Process]:
    """Who is at work, or fell silent lately; nobody where one scheduler does it all."""
    now = here.clock()
    shown = [one for one in crew.known(session) if crew.is_there(one, now) or crew.fell_silent(one, now)]
    return shown if here.app.settings.workers == "celery" or len(shown) > 1 else []


@router.get("/editions/{edition_id}")
def edition(edition_id: int, visitor: Looks) -> HTMLResponse:
    """One edition: how it will look, why its stories were chosen, and what happened to it."""
    return page(visitor, edition_id)


def page(visitor: Visitor, edition_id: int, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    """The page of an edition, with what *visitor* may decide about it, and what went *sorry*."""
    here = visitor.ground
    with here.app.database.read() as session:
        shown = shelf.get(session, edition_id)
        ranking = session.get(Ranking, shown.ranking_id) if shown.ranking_id else None
        history = session.scalars(
            select(EditionEvent).where(EditionEvent.edition_id == edition_id).order_by(EditionEvent.id)
        ).all()
        stands = _balance(session, shown)
        sending = session.get(Sending, edition_id)
        waiting = _waits(here, session, shown, sending)
        report = checking.report(session, here.app, shown, now=here.clock()) if _is_open(shown) else None
        proof = report.proof if report else proofs.frozen(session, shown)
        correction = correcting.panel(session, visitor, shown)
        looking = looks.panel(session, shown)
        shared = showing.links(session, visitor, shown)
    revisions.see(here.app.database, shown, visitor.doer.who)
    return visitor.page(
        "edition.html",
        status=status,
        sorry=sorry,
        report=report,
        digest=proof.digest if proof else "",
        correction=correction,
        looking=looking,
        shared=shared,
        choices=choices.open_to(visitor, shown, sending),
        may_edit=visitor.may(May.DRAFT) and _is_open(shown),
        may_time=visitor.may(May.APPROVE) and _is_open(shown),
        sending=sending,
        waiting=waiting,
        edition=shown,
        title=_title(here, shown),
        notes=ranking.notes if ranking else [],
        history=history,
        balance=stands,
        zone=_newsletter(here, shown).zone,
    )


def _is_open(edition: Edition) -> bool:
    return edition.state in review.EDITABLE


def _newsletter(here: Ground, edition: Edition) -> Newsletter:
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        raise NotFound(f"The newsletter {edition.newsletter!r} is not in the settings any more.")
    return newsletter


def _title(here: Ground, edition: Edition) -> str:
    newsletter = here.newsletter_of(edition)
    return newsletter.title if newsletter else edition.newsletter


def _waits(here: Ground, session: Session, edition: Edition, sending: Sending | None) -> Wait | None:
    if sending is None:
        return None
    return waits.find(session, sending, _newsletter(here, edition).limits, now=here.clock())


def _balance(session: Session, edition: Edition) -> Balance | None:
    try:
        return balance.balance(session, edition.id)
    except NotFound:
        return None
