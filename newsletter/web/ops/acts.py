"""The audit log: what everybody did, asked by who, what, to what and when; a page at a time, or as a file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, StreamingResponse

from newsletter.errors import BadInput
from newsletter.staff import acts, users
from newsletter.staff.acts import Asked
from newsletter.staff.models import Act
from newsletter.staff.roles import May
from newsletter.tracking.reports import tables
from newsletter.web.staff.visitor import Visitor, looks

router = APIRouter(prefix="/ops")

_ON_A_PAGE, _IN_A_PIECE = 100, 1000
_DAY = timedelta(days=1)
Looks = Annotated[Visitor, Depends(looks(May.STAFF))]
Word = Annotated[str, Query(max_length=320)]


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it was filled in."""

    who: Word = ""
    did: Word = ""
    to: Word = ""
    by: Word = ""
    since: Word = ""
    until: Word = ""

    @property
    def asked(self) -> Asked:
        """What it asks for; raises BadInput for what is no day and nobody."""
        last = _day(self.until)
        return Asked(
            _number(self.who),
            self.by.strip(),
            self.did.strip(),
            self.to.strip(),
            _day(self.since),
            last + _DAY if last else None,
        )

    @property
    def fields(self) -> dict[str, str]:
        """What was filled in, for the ways to the next page and to the file."""
        said = {"who": self.who, "did": self.did, "to": self.to, "by": self.by}
        return {name: value for name, value in (said | {"since": self.since, "until": self.until}).items() if value}


@router.get("/acts")
def did(visitor: Looks, form: Annotated[Filled, Depends()], before: int | None = None) -> HTMLResponse:
    """The newest of those asked for."""
    sorry, found = "", []
    with visitor.ground.app.database.read() as session:
        try:
            found = list(acts.find(session, form.asked, before=before, limit=_ON_A_PAGE + 1))
        except BadInput as error:
            sorry = str(error)
        known, doors = acts.words(session)
        people = users.all_of_them(session)
    older = found[_ON_A_PAGE - 1].id if len(found) > _ON_A_PAGE else None
    return visitor.page(
        "acts.html",
        status=400 if sorry else 200,
        did=found[:_ON_A_PAGE],
        older=older,
        is_later=before is not None,
        sorry=sorry,
        form=form,
        people=people,
        known=known,
        doors=doors,
    )


@router.get("/acts.csv")
def spreadsheet(visitor: Looks, form: Annotated[Filled, Depends()]) -> StreamingResponse:
    """All of those asked for, the newest first."""
    asked = form.asked
    headers = {"Content-Disposition": 'attachment; filename="acts.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_lines(visitor, asked), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(visitor: Visitor, asked: Asked) -> Iterator[str]:
    yield _written([("number", "when (UTC)", "who", "did", "to what", "more", "by")])
    before = None
    while True:
        # a session for each piece: who reads slowly holds no connection
        with visitor.ground.app.database.read() as session:
            found = acts.find(session, asked, before=before, limit=_IN_A_PIECE)
        if not found:
            return
        yield _written([_row(act) for act in found])
        before = found[-1].id


def _row(act: Act) -> tuple[Any, ...]:
    more = ", ".join(f"{key}: {value}" for key, value in act.details.items())
    return act.id, f"{act.at:%Y-%m-%d %H:%M:%S}", act.who, act.did, act.what, more, act.door


def _written(rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([tables.safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("Choose one of those who work here.")
    return int(text)


def _day(text: str) -> datetime | None:
    """Midnight (UTC) at which the day begins; None where none was chosen."""
    if not text.strip():
        return None
    try:
        # one day more is added to it
        day = min(date.fromisoformat(text.strip()), date.max - _DAY)
    except ValueError as error:
        raise BadInput("Write days as 2026-11-27.") from error
    return datetime.combine(day, time(), UTC)
