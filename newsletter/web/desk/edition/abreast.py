"""An edition beside those before it: shares of who got it, with a bar that says how they compare; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.delivery.models import Status
from newsletter.tracking.reports.figures import Report

#: what is compared, in the order of the columns
COLUMNS = ("got it", "followed a link", "left", "complained", "came back")
_BACK = (Status.BOUNCED, Status.DROPPED)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure."""

    says: str
    #: how long its bar is, in hundred of the longest of its column
    bar: float


@dataclass(frozen=True, slots=True)
class Row:
    """One edition."""

    edition_id: int
    edition: str
    subject: str
    cells: tuple[Cell, ...]
    is_this: bool


def rows(reports: Sequence[Report]) -> list[Row]:
    """A row for each of *reports*, whose first is the one that is looked at."""
    figures = [_figures(report) for report in reports]
    longest = [max(column) for column in zip(*figures, strict=True)]
    return [
        Row(
            report.edition_id,
            report.edition,
            report.subject,
            tuple(
                Cell(f"{figure:,.0f}" if place == 0 else _percent(figure, report.got_it), _bar(figure, longest[place]))
                for place, figure in enumerate(its)
            ),
            is_this=report is reports[0],
        )
        for report, its in zip(reports, figures, strict=True)
    ]


def _figures(report: Report) -> tuple[float, ...]:
    back = sum(report.told.get(status, 0) for status in _BACK) + report.balance.refused
    return (
        report.got_it,
        _share(report.clicked, report.got_it),
        _share(report.unsubscribes.count, report.got_it),
        _share(report.complaints[0].count, report.got_it),
        _share(back, report.balance.planned),
    )


def _share(count: int, of: int) -> float:
    return 100 * count / of if of else 0.0


def _percent(share: float, got_it: int) -> str:
    if not got_it:
        return "–"
    return f"{share:.1f} %" if share >= 1 or not share else f"{share:.2f} %"


def _bar(figure: float, longest: float) -> float:
    return round(100 * figure / longest, 1) if longest else 0.0
