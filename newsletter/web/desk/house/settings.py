"""Newsletters and settings as pages: what counts, where it comes from, and what may be changed while all runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter import handbook
from newsletter.changes import laying, standing
from newsletter.changes import open as opened
from newsletter.changes.laying import Wrong
from newsletter.changes.models import Change
from newsletter.config import Limits, Newsletter, Section
from newsletter.editions import forecast
from newsletter.editions.models import Job
from newsletter.errors import BadInput, NewsletterError, NotFound, WrongState
from newsletter.jobs import setting
from newsletter.staff.roles import May
from newsletter.web.desk.house import setting_fields
from newsletter.web.desk.house.setting_fields import DAYS, Field
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Looks, Posted, Visitor, refuse, sends

router = APIRouter(prefix="/desk")

Sets = Annotated[Posted, Depends(sends(May.SET))]

_CHANGES = 20
_KEPT = "Kept. It counts for everything that begins from now on."
#: what stands together on a newsletter's page; what is not named here stands last
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "What it is": ("title", "description", "language", "template"),
    "Who it is from": ("from_name", "from_address", "reply_to", "postal_address", "unsubscribe_mailbox"),
    "When": ("time_zone", "assemble", "lock", "send", "when_not_approved", "catch_up_hours", "local_morning"),
    "Days off": ("holidays", "blackout", "on_days_off", "working_days"),
    "Stories": ("stories", "thin_week", "interests"),
    "Who gets it": ("lists", "topics", "seeds", "consent", "welcome"),
    "Who makes it": ("editors",),
    "Links and opens": ("tracking", "pixel", "decoy", "links_days"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    name: str
    fields: list[Field]


@router.get("/newsletters")
def newsletters(visitor: Looks) -> HTMLResponse:
    """All of them, with what comes next."""
    now, app = visitor.ground.clock(), visitor.ground.app
    with app.database.read() as session:
        rows = [(one, list(_next(session, one, now))) for one in app.settings.newsletters.values()]
    return visitor.page("newsletters_desk.html", rows=rows)


@router.get("/newsletters/{slug}")
def newsletter(slug: str, visitor: Looks, kept: str = "") -> HTMLResponse:
    """One, with everything that can be set of it."""
    return _newsletter_page(visitor, slug, done=_KEPT if kept else "")


@router.post("/newsletters/{slug}")
def change_newsletter(slug: str, posted: Sets) -> Response:
    """Keep what was changed; what can't be is named beside its field, and nothing that was typed is lost."""
    visitor = posted.visitor
    _named(visitor, slug)
    fields = [one for group in _of_newsletter(visitor, slug, {}) for one in group.fields]
    wrong = _save(posted, fields)
    if not wrong:
        return RedirectResponse(f"{visitor.base}/desk/newsletters/{slug}?kept=1", 303)
    return _newsletter_page(visitor, slug, form=posted.form, wrong=wrong)


@router.get("/settings")
def settings(visitor: Looks, kept: str = "") -> HTMLResponse:
    """Everything else: shown, and where it is safe, changed."""
    return _settings_page(visitor, done=_KEPT if kept else "")


@router.post("/settings")
def change_settings(posted: Sets) -> Response:
    """Keep what was changed."""
    visitor = posted.visitor
    fields = [one for group in _of_the_rest(visitor, {}) for one in group.fields]
    wrong = _save(posted, fields)
    if not wrong:
        return RedirectResponse(f"{visitor.base}/desk/settings?kept=1", 303)
    return _settings_page(visitor, form=posted.form, wrong=wrong)


@router.post("/settings/changes")
def take_back(posted: Sets) -> Response:
    """Undo one change, or let newsletter.toml say again what counts."""
    visitor, form = posted.visitor, posted.form
    app, now, number = visitor.ground.app, visitor.ground.clock(), form.get("undo")
    try:
        if key := form.get("back")[:200]:
            refuse(visitor, setting.needs(key))
            setting.give_back(app, key, by=visitor.doer, now=now)
        elif number.isascii() and number.isdigit() and len(number) < 19:
            with app.database.read() as session:
                refuse(visitor, setting.needs(standing.before(session, int(number))[0]))
            key = setting.undo(app, int(number), by=visitor.doer, now=now)
        else:
            raise BadInput("That form is not complete: open its page again.")
    except NewsletterError as error:
        return _settings_page(visitor, sorry=str(error), status=409 if isinstance(error, WrongState) else 400)
    parts = key.split(".")
    page = f"newsletters/{parts[1]}" if parts[0] == "newsletters" else "settings"
    return RedirectResponse(f"{visitor.base}/desk/{page}?kept=1", 303)


def _save(posted: Posted, fields: Sequence[Field]) -> dict[str, str]:
    """Keep what was typed where it differs from what its page showed; what is wrong: key → sentence."""
    visitor, form = posted.visitor, posted.form
    app, seen = visitor.ground.app, _seen(form)
    with app.database.read() as session:
        shown = app.going_by(session, seen).settings
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for one in fields:
        text = setting_fields.text_of(one, form)
        if one.is_admins and text is not None:
            wrong[one.key] = "An admin changes that: it says who or what approves editions."
        if not one.is_open or text is None or text == setting_fields.typed(one.kind, laying.of(shown, one.key)):
            continue
        try:
            values[one.key] = setting_fields.value_of(one, text)
        except Wrong as error:
            wrong |= error.sentences
    try:
        if wrong:
            laying.lay(app.base, values)  # all that is wrong is said at once
        else:
            setting.put(app, values, by=visitor.doer, now=visitor.ground.clock(), seen=seen)
    except Wrong as error:
        wrong |= error.sentences
    except NewsletterError as error:
        wrong[""] = str(error)
    return wrong


def _seen(form: Filled) -> int:
    text = form.get("seen")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("That form is not complete: open its page again.")
    return int(text)


def _newsletter_page(
    visitor: Visitor, slug: str, *, done: str = "", form: Filled | None = None, wrong: Mapping[str, str] | None = None
) -> HTMLResponse:
    here, now = visitor.ground, visitor.ground.clock()
    chosen = _named(visitor, slug)
    with here.app.database.read() as session:
        groups = _of_newsletter(visitor, slug, setting.origins(session, here.app))
        changes = _changes(session, f"newsletters.{slug}.")
        next_ = list(_next(session, chosen, now))
    return _page(
        visitor,
        "newsletter.html",
        groups,
        changes,
        form,
        wrong or {},
        newsletter=chosen,
        next=next_,
        done=done,
        zone=chosen.zone,
    )


def _settings_page(
    visitor: Visitor,
    *,
    done: str = "",
    sorry: str = "",
    form: Filled | None = None,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        groups = _of_the_rest(visitor, setting.origins(session, here.app))
        changes = _changes(session, "")
    wrong = {"": sorry} if sorry else wrong or {}
    return _page(visitor, "settings.html", groups, changes, form, wrong, status=status, done=done, zone=None)


def _page(
    visitor: Visitor,
    template: str,
    groups: list[Group],
    changes: Sequence[Change],
    form: Filled | None,
    wrong: Mapping[str, str],
    *,
    status: int = 0,
    **values: Any,
) -> HTMLResponse:
    if form is not None:
        groups = [Group(group.name, [one.with_typed(form, wrong) for one in group.fields]) for group in groups]
    named = {one.key for group in groups for one in group.fields}
    return visitor.page(
        template,
        status=status or (400 if wrong else 200),
        groups=groups,
        changes=changes,
        newest={change.key: change.id for change in reversed(changes)},
        seen=_seen(form) if form is not None else visitor.ground.app.change,
        sorry=[f"{key}: {says}" if key else says for key, says in wrong.items() if key not in named],
        how_many=sum(key in named for key in wrong),
        days=DAYS,
        may_set=visitor.may(May.SET),
        **values,
    )


def _changes(session: Session, prefix: str) -> Sequence[Change]:
    return standing.lately(session, prefix=prefix, limit=_CHANGES)


def _named(visitor: Visitor, slug: str) -> Newsletter:
    found = visitor.ground.app.settings.newsletters.get(slug)
    if found is None:
        raise NotFound("There is no such newsletter.")
    return found


def _next(session: Session, one: Newsletter, now: datetime) -> Iterator[tuple[Job, datetime]]:
    """What the clock does next, each once."""
    seen = set()
    for coming in forecast.forecast(session, one, now, editions=2).coming:
        if coming.job not in seen:
            seen.add(coming.job)
            yield coming.job, coming.at.astimezone(one.zone)


def _of_newsletter(visitor: Visitor, slug: str, origins: Mapping[str, str]) -> list[Group]:
    where = f"newsletters.{slug}"
    grouped = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in Newsletter.model_fields if name not in grouped | {"slug", "limits"})
    found = [
        Group(heading, [_field(visitor, Newsletter, name, f"{where}.{name}", origins) for name in names])
        for heading, names in {**_GROUPS, "More": rest}.items()
        if names
    ]
    limits = [_field(visitor, Limits, name, f"{where}.limits.{name}", origins) for name in Limits.model_fields]
    return [*found, Group("How fast, and when it stops by itself", limits)]


def _of_the_rest(visitor: Visitor, origins: Mapping[str, str]) -> list[Group]:
    found = []
    for section, kind in handbook.sections():
        if kind not in {Newsletter, Limits}:
            names = [(name, f"{section}.{name}" if section else name) for name in handbook.keys(kind)]
            found.append(Group(section, [_field(visitor, kind, name, key, origins) for name, key in names]))
    return found


def _field(visitor: Visitor, section: type[Section], name: str, key: str, origins: Mapping[str, str]) -> Field:
    app = visitor.ground.app
    value, file = laying.of(app.settings, key), laying.of(app.base, key)
    origin = origins.get(key) or next((of for one, of in origins.items() if one.startswith(f"{key}.")), "")
    if not opened.is_open(key):
        return Field(key, name, handbook.meaning(section, name), "line", handbook.shown(value), origin=origin)
    fixed = key in app.base.fixed
    found = setting_fields.of(section, name, key, value, origin=origin, file=file, fixed=fixed)
    is_theirs = visitor.signed_in is None or visitor.may(setting.needs(key))
    return found if is_theirs else replace(found, is_open=False, is_admins=True)
