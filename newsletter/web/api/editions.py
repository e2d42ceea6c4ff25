"""Editions: listed, looked at, and what would go out of each."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import listing, review, shelf
from newsletter.editions.models import Edition, EditionEvent, State
from newsletter.jobs import checking
from newsletter.rendering import proofs
from newsletter.rendering.preflight.findings import Level
from newsletter.web.api import etags
from newsletter.web.api.callers import Caller, Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Day, Number, Slug
from newsletter.web.api.pages import Page, Turn, turn

router = APIRouter(route_class=Door, tags=["Editions"])

#: what the latest moves were
_EVENTS = 100
_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "name": "friday/2026-11-27",
    "newsletter": "friday",
    "date": "2026-11-27",
    "state": "in_review",
    "title": "The Friday Five",
    "subject": "Five stories from retail technology",
    "preheader": "Self-checkout, again",
    "segment": "",
    "revision": 3,
    "corrects": None,
    "created_at": "2026-11-26T16:00:02Z",
    "edited_at": "2026-11-26T17:12:40Z",
}


class EditionLine(BaseModel):
    """An edition, as lists have it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    name: str = Field(description="As people call it.")
    newsletter: str
    date: date
    state: State
    title: str
    subject: str
    preheader: str
    segment: str = Field(description="It goes to this segment alone; empty: to all on the newsletter's lists.")
    revision: int = Field(description="Counts up with every change of its words; decisions are about one revision.")
    corrects: int | None = Field(description="The edition that this one corrects.")
    created_at: datetime
    edited_at: datetime | None = Field(description="When a person last changed its words.")


class Move(BaseModel):
    """Who brought an edition to a state, and why."""

    at: datetime
    state: State
    by: str
    reason: str


class EditionFound(EditionLine):
    """An edition, with what happened to it."""

    may_become: list[State] = Field(description="What may follow.")
    is_editable: bool
    history: list[Move] = Field(description="The last hundred moves, the oldest first.")


class Found(BaseModel):
    """What a check has found."""

    check: str
    level: Level
    text: str
    field: str = Field(description="Where it is mended; empty where elsewhere than in the words.")


class Check(BaseModel):
    """What would go out of an edition now, and what the checks say of it."""

    revision: int
    digest: str = Field(description="Of the bytes; approve says yes to these. Empty where they can't be made.")
    worst: Level
    findings: list[Found]


class Mail(BaseModel):
    """The mail of an edition, with slots where readers differ."""

    revision: int
    digest: str
    subject: str
    html: str
    text: str


@router.get("/editions", summary="Editions")
def list_editions(
    caller: Looks,
    turn: Annotated[Turn, Depends(turn(str, int))],
    newsletter: Annotated[Slug | None, Query(description="Of this newsletter alone.")] = None,
    state: Annotated[list[State] | None, Query(description="In one of these states.", max_length=8)] = None,
    since: Annotated[Day | None, Query(description="Of that day or later.")] = None,
    until: Annotated[Day | None, Query(description="Of that day or earlier.")] = None,
) -> Page[EditionLine]:
    """The newest first."""
    after = (date.fromisoformat(turn.after[0]), turn.after[1]) if turn.after else None
    with caller.app.database.read() as session:
        rows = listing.page(
            session, newsletter=newsletter, states=state or (), since=since, until=until, after=after, limit=turn.fetch
        )
        page = turn.page(rows, line, lambda row: (row.date.isoformat(), row.id))
    return Page[EditionLine].model_validate(page)


@router.get("/editions/{edition_id}", summary="One edition")
def show_edition(edition_id: Number, caller: Looks, response: Response) -> EditionFound:
    """How it stands, and who brought it there."""
    with caller.app.database.read() as session:
        found = shown(session, shelf.get(session, edition_id))
    response.headers["ETag"] = etags.of(found.model_dump(mode="json"))
    return found


@router.get("/editions/{edition_id}/check", summary="What would go out, and what the checks say")
def check_edition(edition_id: Number, caller: Looks) -> Check:
    """The digest of what would go out now, for `approve`, and every finding but those that were set aside."""
    with caller.app.database.read() as session:
        report = checking.report(session, caller.app, shelf.get(session, edition_id), now=caller.now)
    findings = [Found(check=one.check, level=one.level, text=one.text, field=one.field) for one in report.findings]
    digest = report.proof.digest if report.proof else ""
    return Check(revision=report.edition.revision, digest=digest, worst=report.worst, findings=findings)


@router.get("/editions/{edition_id}/mail", summary="The mail")
def show_mail(edition_id: Number, caller: Looks) -> Mail:
    """As it was approved; of what is not approved, as it would be now."""
    app = caller.app
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
        proof = proofs.frozen(session, edition)
        if proof is None:
            proof = proofs.today(edition, app.newsletter(edition.newsletter), app.settings, now=caller.now)
    html, text = proof.html.decode(), proof.text.decode()
    return Mail(revision=edition.revision, digest=proof.digest, subject=proof.subject, html=html, text=text)


def line(edition: Edition) -> EditionLine:
    """*edition* as lists have it."""
    return EditionLine(**_values(edition))


def shown(session: Session, edition: Edition) -> EditionFound:
    """*edition* with what happened to it."""
    events = select(EditionEvent).where(EditionEvent.edition_id == edition.id).order_by(EditionEvent.id.desc())
    moves = [
        Move(at=one.at, state=one.state, by=one.by, reason=one.reason)
        for one in reversed(session.scalars(events.limit(_EVENTS)).all())
    ]
    follow = sorted(review.MAY_FOLLOW[edition.state])
    is_editable = edition.state in review.EDITABLE
    return EditionFound(**_values(edition), may_become=follow, is_editable=is_editable, history=moves)


def refreshed(caller: Caller, edition_id: int) -> EditionFound:
    """That edition as it stands now."""
    with caller.app.database.read() as session:
        return shown(session, shelf.get(session, edition_id))


def _values(edition: Edition) -> dict[str, Any]:
    same = ("id", "newsletter", "date", "state", "title", "subject", "preheader", "segment", "revision", "corrects")
    values = {name: getattr(edition, name) for name in (*same, "created_at", "edited_at")}
    return values | {"name": shelf.name(edition)}
