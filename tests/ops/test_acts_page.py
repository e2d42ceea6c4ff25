"""The audit log: who did what, asked in every way, a page at a time and as a file."""

import csv
import io

import pytest

from newsletter.app import App
from newsletter.staff import acts, users
from newsletter.staff.acts import Doer
from tests.ops.house import DAY, admin, clock, operator, queries
from tests.ops.test_scheduler_page import rows
from tests.staff.conftest import Browser, Clock, a_colleague

__all__ = ["admin", "clock", "operator"]

SHELL = Doer("root at the command line", "command line")


@pytest.fixture
def eva(app: App, admin: Browser, clock: Clock) -> int:
    """The number of somebody who did three things; somebody at the command line did one the day after."""
    a_colleague(app, "eva@example.com", now=clock())
    with app.database.write() as session:
        user = users.get(session, "eva@example.com")
        acts.note(session, acts.of(user), "approved", "friday/2021-11-19", now=clock() - 7 * DAY)
        acts.note(session, acts.of(user), "approved", "friday/2021-11-26", now=clock(), revision=3)
        acts.note(session, acts.of(user), "=held()", "friday/2021-11-26", now=clock())
        acts.note(session, SHELL, "resumed", "friday/2021-11-26", now=clock() + DAY)
        return user.id


def _found(browser: Browser, query: str) -> list[str]:
    return [f"{row[2]} {row[3]}" for row in rows(browser.open(f"/ops/acts?{query}").text, "Audit log")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("did=approved", ["approved friday/2021-11-26 revision: 3", "approved friday/2021-11-19"]),
        ("did=approved&until=2021-11-20", ["approved friday/2021-11-19"]),
        ("since=2021-11-27", ["resumed friday/2021-11-26"]),
        ("since=2021-11-26&until=2021-11-26&to=FRIDAY/",
         ["=held() friday/2021-11-26", "approved friday/2021-11-26 revision: 3"]),
        ("who=EVA&to=friday", ["=held() friday/2021-11-26", "approved friday/2021-11-26 revision: 3",
                               "approved friday/2021-11-19"]),
        ("who=0&to=friday", ["resumed friday/2021-11-26"]),
        ("by=command+line&to=2021-11", ["resumed friday/2021-11-26"]),
        ("to=%25", []),
        ("to=_riday", []),
    ],
)  # fmt: skip
def test_it_is_asked_by_who_what_and_when(admin: Browser, eva: int, query: str, found: list[str]) -> None:
    assert _found(admin, query.replace("EVA", str(eva))) == found


@pytest.mark.parametrize("query", ["who=x", "who=-1", "since=yesterday", "until=2021-11-33", f"who={'9' * 30}"])
def test_what_can_not_be_meant_is_said(admin: Browser, query: str) -> None:
    answer = admin.open(f"/ops/acts?{query}")
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)


def test_the_last_day_there_is_can_be_asked_for(admin: Browser, eva: int) -> None:
    assert len(_found(admin, "to=friday&until=9999-12-31")) == 4


def test_all_of_them_are_a_few_pages_away(app: App, admin: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        for number in range(250):
            acts.note(session, SHELL, "resumed", f"friday/{number}", now=clock())
    seen, path = [], "/ops/acts?did=resumed"
    while path:
        page = admin.open(path).text
        seen += [row[3] for row in rows(page, "Audit log")]
        older = page.split("Older</a>")[0].rpartition('href="')[2].partition('"')[0] if "Older</a>" in page else ""
        path = older.replace("&amp;", "&")
    assert seen == [f"friday/{number}" for number in reversed(range(250))]


def test_the_file_has_what_was_asked_for_and_no_formula(admin: Browser, eva: int) -> None:
    answer = admin.open(f"/ops/acts.csv?who={eva}&to=2021-11-26")
    found = [row[2:] for row in csv.reader(io.StringIO(answer.text))]
    assert (found, answer.headers["cache-control"]) == (
        [
            ["who", "did", "to what", "more", "by"],
            ["Eva", "'=held()", "friday/2021-11-26", "", "desk"],
            ["Eva", "approved", "friday/2021-11-26", "revision: 3", "desk"],
        ],
        "no-store",
    )


def test_a_file_of_more_than_one_piece_is_whole(app: App, admin: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        for number in range(2100):
            acts.note(session, SHELL, "resumed", f"friday/{number}", now=clock())
    lines = admin.open("/ops/acts.csv?did=resumed").text.split("\r\n")
    assert (len(lines), len(set(lines))) == (2102, 2102)


def test_where_it_stood_once_leads_to_it(admin: Browser) -> None:
    answer = admin.open("/desk/acts")
    assert (answer.status_code, answer.headers["location"]) == (308, "/ops/acts")


def test_nobody_but_an_admin_reads_it(app: App, operator: Browser) -> None:
    assert {operator.open(path).status_code for path in ("/ops/acts", "/ops/acts.csv", "/desk/acts")} == {403}


def test_more_rows_are_no_more_queries(app: App, admin: Browser, clock: Clock) -> None:
    counts = []
    for more in (0, 90):
        with app.database.write() as session:
            for number in range(more):
                acts.note(session, SHELL, f"did {number}", "x", now=clock())
        counts.append(len(queries(app, admin, "/ops/acts")))
    assert counts[0] == counts[1]
