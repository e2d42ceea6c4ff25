"""The calendar: the next editions of each newsletter with their hours, days off, and an edition put on another day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter import spans
from newsletter.config import Newsletter
from newsletter.editions import days, forecast
from newsletter.editions.days import Day, Diary
from newsletter.editions.models import Edition, Job
from newsletter.errors import BadInput, NewsletterError, WrongState
from newsletter.jobs import moving, setting
from newsletter.staff.roles import May
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/desk")

Moves = Annotated[Posted, Depends(sends(May.APPROVE))]
Sets = Annotated[Posted, Depends(sends(May.SET))]

#: editions that are shown ahead
AHEAD = 10
_NAMES = {Job.ASSEMBLE: "draft", Job.LOCK: "locked", Job.SEND: "goes out"}


@dataclass(frozen=True, slots=True)
class Hour:
    """When one job is done."""

    says: str
    #: in the newsletter's zone
    at: datetime
    note: str
    #: the first after the clocks have changed
    clocks_changed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One edition to come, or a week without one."""

    #: None for an edition to which people gave a day of its own
    day: Day | None
    date: date | None
    hours: tuple[Hour, ...]
    reason: str
    edition: Edition | None

    @property
    def key(self) -> str:
        """What its place on the page is called."""
        return f"{self.day.week if self.day else self.date}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the picture."""

    date: date
    is_past: bool
    #: why no edition should go out on it
    off: str
    row: Row | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The calendar of one newsletter."""

    newsletter: Newsletter
    rows: list[Row]
    #: by weeks from Monday
    cells: list[list[Cell]]
    not_done: tuple[str, ...]


@router.get("/calendar")
def calendar(visitor: Looks, moved: str = "", was: str = "", kept: str = "") -> HTMLResponse:
    """What comes, week by week; *moved* ("friday/2026-12-25") is what was just put elsewhere, from *was*."""
    return _page(
        visitor, moved=moved, was=was, done="Kept. It counts from now on, for what has not begun." if kept else ""
    )


@router.post("/calendar")
def change(posted: Moves) -> Response:
    """Put one edition on another day, leave it out, or leave it to the timetable again."""
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    app = visitor.ground.app
    try:
        newsletter = _named(visitor, form.get("newsletter"))
        day = _day(form.get("day"))
        with app.database.read() as session:
            before = Diary(session, newsletter, now).on(day)
        why = " ".join(form.get("why").split())[:300]
        if form.get("do") == "back":
            found = moving.put_back(app, newsletter, day, by=visitor.doer, now=now)
        elif form.get("do") in {"move", "skip"}:
            to = _day(form.get("to")) if form.get("do") == "move" else None
            found = moving.move(app, newsletter, day, to=to, by=visitor.doer, why=why, now=now)
        else:
            raise BadInput("That form asks for nothing that can be done here.")
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), status=409 if isinstance(error, WrongState) else 400)
    was = "" if form.get("undo") or before is None else str(before.date or "none") if before.by else "rule"
    address = f"{visitor.base}/desk/calendar?moved={newsletter.slug}/{found.week}&was={was}"
    return RedirectResponse(f"{address}#{newsletter.slug}-{found.week}", 303)


@router.post("/calendar/days-off")
def days_off(posted: Sets) -> Response:
    """Add days without an edition, or take some out."""
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    try:
        newsletter = _named(visitor, form.get("newsletter"))
        kept = list(newsletter.blackout)
        if form.get("take_out"):
            kept = [text for text in kept if text != form.get("take_out")]
        else:
            kept.append(_span(form))
        # made from what is kept now: who was quicker is told of, and not overwritten
        app = visitor.ground.app
        wanted = {f"newsletters.{newsletter.slug}.blackout": kept}
        setting.put(app, wanted, by=visitor.doer, now=now, seen=app.change)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), status=409 if isinstance(error, WrongState) else 400)
    return RedirectResponse(f"{visitor.base}/desk/calendar?kept=1#{newsletter.slug}", 303)


def _span(form: Filled) -> str:
    first, last = _day(form.get("first")), _day(form.get("last") or form.get("first"))
    cut = 5 if form.get("yearly") else 0
    written = f"{str(first)[cut:]}/{str(last)[cut:]} {' '.join(form.get('why').split())[:200]}".strip()
    try:
        span = spans.read(written)
    except ValueError as error:
        raise BadInput(f"{error}") from error
    return f"{span.written} {span.why}".strip()


def _page(
    visitor: Visitor, *, moved: str = "", was: str = "", done: str = "", sorry: str = "", status: int = 200
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        sheets = [_sheet(session, one, here.clock()) for one in here.app.settings.newsletters.values()]
    return visitor.page(
        "calendar.html",
        status=status,
        sheets=sheets,
        moved=_moved(sheets, moved),
        was=was if was == "none" or was == "rule" or _is_day(was) else "",
        done=done,
        sorry=sorry,
        today=here.clock().date(),
        may_move=visitor.may(May.APPROVE),
        may_set=visitor.may(May.SET),
        spoken=days.spoken,
        span=spans.read,
    )


def _moved(sheets: list[Sheet], name: str) -> tuple[Sheet, Row] | None:
    """What was just moved, as it stands now."""
    found = ((sheet, row) for sheet in sheets for row in sheet.rows)
    return next((pair for pair in found if f"{pair[0].newsletter.slug}/{pair[1].key}" == name), None)


def _sheet(session: Session, newsletter: Newsletter, now: datetime) -> Sheet:
    found = forecast.forecast(session, newsletter, now, editions=AHEAD)
    diary = Diary(session, newsletter, now)
    rows = sorted(_rows(newsletter, diary, found), key=lambda row: row.date or (row.day.week if row.day else date.max))
    return Sheet(newsletter, rows, _cells(newsletter, diary, rows, now), found.not_done)


def _rows(newsletter: Newsletter, diary: Diary, found: forecast.Forecast) -> Iterator[Row]:
    offset = diary.now.astimezone(newsletter.zone).utcoffset()
    by_date: dict[date, list[Hour]] = {}
    weeks: dict[date, Day | None] = {}
    for one in found.coming:
        at = one.at.astimezone(newsletter.zone)
        by_date.setdefault(one.date, []).append(Hour(_NAMES[one.job], at, one.note, at.utcoffset() != offset))
        offset, weeks[one.date] = at.utcoffset(), one.day
    for day, hours in by_date.items():
        of = weeks[day]
        yield Row(of, day, tuple(hours), days.reason(of) if of else "", diary.made.get(day))
    for without in found.without:
        yield Row(without, None, (), days.reason(without), None)


def _cells(newsletter: Newsletter, diary: Diary, rows: list[Row], now: datetime) -> list[list[Cell]]:
    today = now.astimezone(newsletter.zone).date()
    last = max((row.date or (row.day.week if row.day else today) for row in rows), default=today)
    at = {row.date or (row.day.week if row.day else None): row for row in rows}
    monday, cells = today - timedelta(days=today.weekday()), []
    while monday <= last:
        week = [monday + timedelta(days=number) for number in range(7)]
        cells.append([Cell(day, day < today, diary.off(day), at.get(day)) for day in week])
        monday += days.WEEK
    return cells


def _named(visitor: Visitor, slug: str) -> Newsletter:
    found = visitor.ground.app.settings.newsletters.get(slug)
    if found is None:
        raise BadInput("There is no such newsletter.")
    return found


def _day(text: str) -> date:
    if not _is_day(text):
        raise BadInput("Choose a day, such as 2026-12-24.")
    return date.fromisoformat(text)


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2026-12-24") and date.fromisoformat(text).year >= 2000
    except ValueError:
        return False
