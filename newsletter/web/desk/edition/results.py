"""The results of an edition: its balance, its course over time, its mail with figures beside the links, its like."""

from collections.abc import Sequence
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from newsletter import plural
from newsletter.editions import shelf
from newsletter.errors import NotFound
from newsletter.rendering import counted, links, proofs, slots
from newsletter.rendering.mould import Reader
from newsletter.tracking.reports import clicks, kept, tables, unknowable
from newsletter.tracking.reports.figures import Report
from newsletter.web.desk.edition import abreast
from newsletter.web.ground import MAIL_POLICY
from newsletter.web.staff import charts
from newsletter.web.staff.charts import Chart
from newsletter.web.staff.visitor import Looks

router = APIRouter()

Part = Literal["domains", "reasons", "clicks", "rates", "growth"]
_UTC = ZoneInfo("UTC")
_TAKERS = {"sendgrid": "SendGrid", "smtp": "the mail server", "maildir": "the folder"}
#: stands behind a link of the mail; its colours are its own, for the mail's are not known
_BESIDE = (
    '<span style="display:inline-block;margin:0 0 0 6px;padding:1px 7px;border-radius:9px;background:#0b5c9e;'
    "color:#ffffff;font:bold 12px/16px Helvetica,Arial,sans-serif;text-decoration:none;white-space:nowrap;"
    'vertical-align:middle;">{}</span>'
)


@router.get("/editions/{edition_id}/results")
def results(edition_id: int, visitor: Looks) -> HTMLResponse:
    """What became of an edition."""
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        found = kept.look(session, here.app.settings, edition, now=here.clock())
        others = kept.beside(session, found, edition.date)
        has_mail = proofs.frozen(session, edition) is not None
    newsletter = here.newsletter_of(edition)
    zone = newsletter.zone if newsletter else _UTC
    return visitor.page(
        "results.html",
        report=found,
        made_at=found.at.astimezone(zone) if found.at < here.clock() else None,
        charts=_charts(found, zone),
        rows=abreast.rows([found, *others]),
        columns=abreast.COLUMNS,
        unknowable=unknowable.sentences(found),
        has_mail=has_mail,
        parts={name: tables.shown(found, name) for name in tables.PARTS if name != "balance"},
        spoken=tables.WORDS,
    )


@router.get("/editions/{edition_id}/results.csv")
def spreadsheet(edition_id: int, visitor: Looks, part: Annotated[Part | None, Query()] = None) -> Response:
    """The same as a file."""
    here = visitor.ground
    with here.app.database.read() as session:
        found = kept.look(session, here.app.settings, shelf.get(session, edition_id), now=here.clock())
    name = f"{found.edition.replace('/', '-')}-{part or 'report'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(tables.csv_of(found, part), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/editions/{edition_id}/results/mail.html")
def mail(edition_id: int, visitor: Looks) -> HTMLResponse:
    """The mail as it was sent, with how many people followed each link behind it; to be framed by the page above."""
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        proof = proofs.frozen(session, edition)
        if proof is None:
            raise NotFound(f"{shelf.name(edition)} was never approved, so no mail of it went out.")
        by_link = clicks.beside(session, edition)
    marked = counted.annotate(
        proof.html.decode(), here.app.settings.public_url, lambda number, url: _beside(by_link(number, url))
    )
    reader = Reader(0, "ada@example.com", "Ada", links.token(here.secret, edition_id, 0))
    policy = MAIL_POLICY.format(ancestors="'self'") + "; sandbox"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(slots.fill(marked, reader), headers=headers)


def _beside(followed: int) -> str:
    return _BESIDE.format(plural.counted(followed, "click"))


def _charts(report: Report, zone: ZoneInfo) -> Sequence[Chart]:
    copies, clicked, left = report.copies, report.following, report.leaving
    then = ", and what was told of them since" if any(report.told.values()) else ""
    began, taker = f"{copies.begins.astimezone(zone):%H:%M}", _TAKERS.get(report.sender, "somebody")
    hours = int(clicked.step.total_seconds()) // 3600
    return (
        charts.growing(
            "copies",
            "Delivery",
            f"Of {plural.counted(report.balance.planned, 'copy', 'copies')}, from {began} on: when {taker} took"
            f" them{then}.",
            copies,
            zone,
        ),
        charts.happening(
            "following",
            "Clicks by people",
            f"{clicked.total('clicks'):,} in a week, a bar for each {'hour' if hours == 1 else f'{hours} hours'};"
            " machines are left out as far as they can be told.",
            clicked,
            zone,
        ),
        charts.happening(
            "leaving",
            "Unsubscribes",
            f"{plural.counted(report.unsubscribes.count, 'reader')} of it left within a week and before the next one.",
            left,
            zone,
        ),
    )
