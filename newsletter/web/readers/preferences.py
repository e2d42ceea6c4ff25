"""Preferences: what a reader gets, how often, until when not, as what, in which language, at which address."""

from dataclasses import replace
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.orm import Session

from newsletter.errors import BadInput
from newsletter.jobs import access
from newsletter.rendering import languages
from newsletter.web.ground import Ground, Here
from newsletter.web.readers import visits
from newsletter.web.readers.forms import NOT_A_FORM, Filled, Form
from newsletter.web.readers.visits import Visit
from subscribers import preferences, roll
from subscribers.errors import BadDetail, SubscribersError
from subscribers.models import Consent, Rhythm, Subscriber
from subscribers.preferences import Preferences

router = APIRouter()

_SOURCE = "preferences page"
#: a form that has none of these is not ours
_FIELDS = frozenset(
    {"form", "lists", "everything", "rhythm", "paused_until", "plain_text", "language", "time_zone", "topics"}
)


@router.get("/p/{token}")
def show(token: str, here: Here) -> HTMLResponse:
    """What the reader has chosen."""
    with here.app.database.read() as session:
        return page_of(session, here, visits.visit(session, here, token))


@router.post("/p/{token}")
def choose(token: str, here: Here, form: Form) -> HTMLResponse:
    """Leave what is not ticked and join what is, and keep the rest; nothing changes where a part can't be kept.

    The link came to their own mailbox, so this is their word.
    """
    if not any(name in form for name in _FIELDS):
        raise BadInput(NOT_A_FORM)
    try:
        with here.app.database.write() as session:
            who = visits.visit(session, here, token)
            if who.person:
                _settle(session, here, who, who.person, form)
    except SubscribersError as error:
        with here.app.database.read() as session:
            return page_of(session, here, visits.visit(session, here, token), wrong=str(error), status=400)
    with here.app.database.read() as session:
        return page_of(session, here, visits.visit(session, here, token), saved=True)


@router.get("/p/{token}/everything.json")
def everything(token: str, here: Here) -> JSONResponse:
    """All that is held about the reader, to be kept as a file."""
    with here.app.database.read() as session:
        who = visits.visit(session, here, token)
        held = access.everything(session, who.person) if who.person else {}
    headers = {
        "Content-Disposition": 'attachment; filename="everything-about-me.json"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return JSONResponse(held, headers=headers)


def _settle(session: Session, here: Ground, who: Visit, person: Subscriber, form: Filled) -> None:
    whole = "form" in form
    offered = {choice.slug for choice in visits.choices(session, here, who)}
    if form.get("everything"):
        _settle_lists(session, here, person, set(), offered)
        return
    _keep(session, here, person, form, whole=whole)
    if whole or "lists" in form:
        _settle_lists(session, here, person, offered & set(form.all("lists")), offered)


def _keep(session: Session, here: Ground, person: Subscriber, form: Filled, *, whole: bool) -> None:
    """Change what the form speaks of; an unticked box speaks only in a whole form."""
    chosen, today = preferences.of(session, person), here.clock().date()
    if "rhythm" in form:
        chosen = replace(chosen, rhythm=_rhythm(form.get("rhythm")))
    if "paused_until" in form:
        chosen = replace(chosen, paused_until=_day(form.get("paused_until")))
    if "language" in form:
        chosen = replace(chosen, language=form.get("language"))
    if "time_zone" in form:
        chosen = replace(chosen, time_zone=form.get("time_zone"))
    if whole or "plain_text" in form:
        chosen = replace(chosen, plain_text=bool(form.get("plain_text")))
    if whole or "topics" in form:
        known = _topics(here).keys()
        kept = chosen.topics - known  # of a newsletter that is not set up here any more
        chosen = replace(chosen, topics=frozenset(kept | (known & set(form.all("topics")))))
    preferences.save(session, person.id, chosen, today=today)


def _settle_lists(session: Session, here: Ground, person: Subscriber, wanted: set[str], offered: set[str]) -> None:
    standing = roll.subscriptions(session, person.id)
    leaving = [slug for slug in offered - wanted if standing.get(slug) in visits.HERE_TO_STAY]
    if leaving:
        roll.unsubscribe(session, person.id, sorted(leaving), source=_SOURCE, now=here.clock())
    joining = [slug for slug in wanted if standing.get(slug) is not Consent.CONFIRMED]
    visits.join(session, here, person, sorted(joining), source=_SOURCE)


def page_of(
    session: Session, here: Ground, who: Visit, *, saved: bool = False, wrong: str = "", status: int = 200
) -> HTMLResponse:
    """The page as it stands now, with a word on what was just done."""
    chosen = preferences.of(session, who.person) if who.person else Preferences()
    today = here.clock().date()
    return visits.page(
        here,
        who,
        "preferences.html",
        status=status,
        choices=visits.choices(session, here, who),
        chosen=chosen,
        paused=chosen.paused_until if chosen.paused_until and chosen.paused_until > today else None,
        tomorrow=date.fromordinal(today.toordinal() + 1),
        latest=date.fromordinal(today.toordinal() + preferences.LONGEST_PAUSE),
        topics=_topics(here),
        tongues=_tongues(chosen.language),
        zones=_zones(),
        own_zone=who.newsletter.time_zone if who.newsletter else "",
        saved=saved,
        wrong=wrong,
    )


def _rhythm(text: str) -> Rhythm:
    try:
        return Rhythm(text)
    except ValueError as error:
        raise BadInput(NOT_A_FORM) from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise BadDetail(f"{text[:40]!r} is not a date: write it as 2026-12-31, or leave it empty") from error


def _topics(here: Ground) -> dict[str, str]:
    """The topics of every newsletter: name → title."""
    return {
        topic: title
        for newsletter in here.app.settings.newsletters.values()
        for topic, title in newsletter.topics.items()
    }


def _tongues(own: str) -> dict[str, str]:
    """Tag → name of each language to choose from; the reader's own is kept even where no page speaks it."""
    tags = [*languages.available()]
    if own and own not in tags:
        tags.append(own)
    return {tag: languages.name(tag) for tag in tags}


@cache
def _zones() -> tuple[str, ...]:
    """Places, not abbreviations: "Europe/London"."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(zone for zone in available_timezones() if zone.startswith(areas)))
