"""A report as tables, one a part: for the terminal, for spreadsheets; pure."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.delivery.models import Status
from newsletter.tracking.reports.clicks import OPENED
from newsletter.tracking.reports.figures import KEEP_BELOW, NEVER_REACH, Rate, Report, Share

#: what a domain's line tells apart, in the order of the wire
_STATUSES = (
    Status.DELIVERED,
    Status.ACCEPTED,
    Status.DEFERRED,
    Status.BOUNCED,
    Status.DROPPED,
    Status.COMPLAINED,
    Status.REFUSED,
    Status.SKIPPED,
    Status.UNKNOWN,
)
#: begins what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float
#: columns that are no figures
WORDS = frozenset({"what", "domain", "status", "reason", "mostly at", "in their words", "list", "place", "story", ""})


@dataclass(frozen=True, slots=True)
class Table:
    """One part of a report."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def balance(report: Report) -> Table:
    """Where the copies stand, and what was told of them since."""
    stands = report.balance
    rows: list[tuple[Cell, ...]] = [
        ("planned", stands.planned),
        ("accepted", stands.accepted),
        ("skipped", stands.skipped),
        ("refused", stands.refused),
        ("unknown", stands.unknown),
        ("to do", stands.to_do),
    ]
    rows += [(f"told since: {status.value}", report.told[status]) for status in _STATUSES if report.told.get(status)]
    return Table("Balance", ("what", "copies"), rows)


def domains(report: Report) -> Table:
    """Who took it and who did not, by domain; statuses that nobody has are left out."""
    seen = [status for status in Status if any(share.by_status.get(status) for share in report.domains)]
    shown = [*(status for status in _STATUSES if status in seen), *(one for one in seen if one not in _STATUSES)]
    rows: list[tuple[Cell, ...]] = [
        (share.domain or "(erased)", share.copies, *(share.by_status.get(status, 0) for status in shown), _wrong(share))
        for share in report.domains
    ]
    return Table("By domain", ("domain", "copies", *(status.value for status in shown), "wrong %"), rows)


def reasons(report: Report) -> Table:
    """Why copies did not arrive."""
    rows = [
        (ground.status.value, ground.meaning, ground.copies, ", ".join(one for one in ground.domains), ground.words)
        for ground in report.reasons
    ]
    return Table("By reason", ("status", "reason", "copies", "mostly at", "in their words"), rows)


def clicks(report: Report) -> Table:
    """How often each story's links were followed: all of it, by machines, by people most likely."""
    everything = sum(place.human for place in report.clicks if place.place != OPENED)
    rows = [
        (
            place.position or place.place,
            place.words,
            place.raw,
            place.machine,
            place.unclear,
            place.human,
            f"{100 * place.human / everything:.0f}" if everything and place.place != OPENED else "–",
            place.readers,
        )
        for place in report.clicks
    ]
    return Table("Clicks", ("place", "story", "raw", "machine", "unclear", "likely human", "share %", "readers"), rows)


def rates(report: Report) -> Table:
    """Who left and who complained, beside what Gmail and Yahoo bear."""
    complaints = [
        (*_rate(rate), f"{KEEP_BELOW:.2f}", f"{NEVER_REACH:.2f}", verdict(rate)) for rate in report.complaints
    ]
    ways = ", ".join(f"{count} by {source}" for source, count in report.left_by.items())
    rows = [(*_rate(report.unsubscribes), "", "", ways), *complaints]
    return Table("Who left, who complained", ("what", "readers", "of", "%", "below %", "never %", ""), rows)


def growth(report: Report) -> Table:
    """How the lists grew, week by week."""
    rows = [
        (week.slug, f"{week.begins:%Y-%m-%d}", week.joined, week.left, week.net, week.suppressed, week.confirmed)
        for week in report.growth
    ]
    heads = ("list", "week from", "joined", "left", "net", "suppressed", "at its end")
    return Table("Growth of the lists", heads, rows)


#: by the name that the command line takes
PARTS: Mapping[str, Callable[[Report], Table]] = {
    "balance": balance,
    "domains": domains,
    "reasons": reasons,
    "clicks": clicks,
    "rates": rates,
    "growth": growth,
}


def shown(report: Report, part: str) -> Table:
    """A part as people look at it: without the weeks in which a list stood still, but for its last."""
    if part != "growth":
        return PARTS[part](report)
    weeks = list(report.growth)
    moved = [
        week
        for week, following in zip(weeks, [*weeks[1:], None], strict=True)
        if following is None or following.slug != week.slug or week.joined or week.left or week.suppressed
    ]
    return growth(replace(report, growth=moved))


def verdict(rate: Rate) -> str:
    """What Gmail and Yahoo make of it."""
    if not rate.of:
        return ""
    if rate.percent >= NEVER_REACH:
        return "too many: they may refuse our mail"
    return "watch it" if rate.percent >= KEEP_BELOW else "good"


def csv_of(report: Report, part: str | None = None) -> str:
    """One part as a table; or all of it, a figure on each line: part, line, what, figure."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    if part is not None:
        table = PARTS[part](report)
        write.writerow(column or "verdict" for column in table.columns)
        write.writerows([safe(cell) for cell in row] for row in table.rows)
        return out.getvalue()
    write.writerow(("part", "line", "what", "figure"))
    for name, make in PARTS.items():
        table = make(report)
        for number, row in enumerate(table.rows, start=1):
            write.writerows(
                (name, number, column or "verdict", safe(cell)) for column, cell in zip(table.columns, row, strict=True)
            )
    return out.getvalue()


def safe(cell: Cell) -> Cell:
    """Other people's words, which no spreadsheet may take for a formula (OWASP: CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _rate(rate: Rate) -> tuple[Cell, Cell, Cell, Cell]:
    return rate.what, rate.count, rate.of, f"{rate.percent:.3f}" if rate.of else "–"


def _wrong(share: Share) -> str:
    return f"{100 * share.wrong / share.copies:.1f}" if share.copies else "–"
