"""This week: the next edition with its clock, its slots and the candidates, and every act on them."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import review, stages
from newsletter.errors import BadInput, NewsletterError
from newsletter.jobs import board
from newsletter.jobs.board import Board
from newsletter.staff.roles import May
from newsletter.stories.models import Ranking
from newsletter.stories.picking import changes, choosing, decisions, items
from newsletter.stories.picking.items import Heading
from newsletter.web.desk.week import doing
from newsletter.web.desk.week.doing import Said
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter()

_PAGE, _BOARD, _STORY, _STORY_PART = "week.html", "week_board.html", "week_story.html", "week_story_part.html"


@router.get("/week")
def week(
    request: Request, visitor: Looks, newsletter: str = "", date: str = "", since: int = 0, did: str = ""
) -> HTMLResponse:
    """The next edition of a newsletter, or that of a date."""
    with visitor.ground.app.database.read() as session:
        of, day = _which(session, visitor, newsletter, date)
        said = Said(doing.done(did), _turned(session, of, day, since) if since else ())
        return _page(request, visitor, session, of, day, said)


@router.get("/week/story")
def story(request: Request, visitor: Looks, newsletter: str, date: str, story: str) -> HTMLResponse:
    """One ranked story: every number, its articles, and what can be done with it."""
    with visitor.ground.app.database.read() as session:
        of, day = _which(session, visitor, newsletter, date)
        shown = board.look(session, of, day, now=visitor.ground.clock())
        one = doing.called(shown, story)
        articles = items.headings(session, one.story.article_ids)
    template = _STORY_PART if _is_htmx(request) else _STORY
    return visitor.page(template, **_values(visitor, shown), one=one, articles=_oldest_first(articles))


@router.post("/week")
def act(request: Request, posted: Annotated[Posted, Depends(sends(May.DRAFT))]) -> Response:
    """Do what a button says, and answer with the board as it is then."""
    visitor, form = posted.visitor, posted.form
    app, now, status = visitor.ground.app, visitor.ground.clock(), 200
    with app.database.read() as session:
        of, day = _which(session, visitor, form.get("newsletter"), form.get("date"))
    seen, verb = form.get("ranking"), (form.get("act").split() or [""])[0]
    try:
        said = doing.do(app, of, day, posted, now=now)
    except NewsletterError as error:
        with app.database.read() as session:
            said, status = doing.sorry(session, of, day, error, posted), 409
    if not _is_htmx(request) and not said.is_wrong:
        return RedirectResponse(
            f"{visitor.base}/week?newsletter={of.slug}&date={day}&since={seen or 0}&did={verb}#said", 303
        )
    with app.database.read() as session:
        return _page(request, visitor, session, of, day, said, status=status)


def _page(
    request: Request,
    visitor: Visitor,
    session: Session,
    of: Newsletter,
    day: date,
    said: Said,
    *,
    status: int = 200,
) -> HTMLResponse:
    shown = board.look(session, of, day, now=visitor.ground.clock())
    mine = decisions.last(session, of.slug, day, by=visitor.doer.who)
    template = _BOARD if _is_htmx(request) else _PAGE
    is_part = template == _BOARD
    return visitor.page(template, status=status, said=said, mine=mine, is_part=is_part, **_values(visitor, shown))


def _values(visitor: Visitor, shown: Board) -> dict[str, Any]:
    edition = shown.edition
    return {
        "board": shown,
        "newsletters": list(visitor.ground.app.settings.newsletters.values()),
        "zone": shown.newsletter.zone,
        "now": visitor.ground.clock(),
        "may_act": visitor.may(May.DRAFT) and (edition is None or edition.state in review.EDITABLE),
        "best": max((one.story.score for one in shown.every()), default=1),
    }


def _which(session: Session, visitor: Visitor, slug: str, day: str) -> tuple[Newsletter, date]:
    """The newsletter and the date that are asked for; the first one's next edition where nothing is."""
    app = visitor.ground.app
    newsletter = app.newsletter(slug or next(iter(app.settings.newsletters), None))
    if not day:
        return newsletter, stages.upcoming(session, newsletter, visitor.ground.clock())
    try:
        return newsletter, date.fromisoformat(day)
    except ValueError as error:
        raise BadInput(f"{day!r} is not a date: write it as 2026-11-27") from error


def _turned(session: Session, of: Newsletter, day: date, since: int) -> tuple[str, ...]:
    """What the ranking says otherwise than the one numbered *since*."""
    before, stands = session.get(Ranking, since), choosing.latest(session, of.slug, day)
    if before is None or stands is None or (before.newsletter, before.date) != (of.slug, day):
        return ()
    return changes.between(choosing.stories(session, before), choosing.stories(session, stands))


def _oldest_first(articles: list[Heading]) -> list[Heading]:
    return sorted(articles, key=lambda one: (one.published_at, one.id))


def _is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
