"""The results of an edition: what is drawn, what stands behind it, and what it costs to look."""

import re
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import event, select

from newsletter.app import App
from newsletter.delivery.models import BatchState, Sending, Status
from newsletter.jobs import counting
from newsletter.rendering import counted
from newsletter.tracking.links.models import Verdict
from newsletter.tracking.models import KeptFigures
from newsletter.tracking.reports import kept, unknowable
from newsletter.web.desk.edition import abreast
from tests.desk.aftermath import NINE, followed, left, readers, told, went_out
from tests.factories import FRIDAY
from tests.staff.conftest import Clock

WEEK = timedelta(days=7)


@pytest.fixture
def now() -> datetime:
    """The Monday after."""
    return NINE + timedelta(days=3)


@pytest.fixture
def sent(app: App) -> int:
    """An edition to 60 readers, most of whom have it; some followed its links, one left."""
    with app.database.write() as session:
        people = readers(session, 60)
        edition = went_out(app, session, people, states=(BatchState.ACCEPTED, BatchState.UNKNOWN))
        told(session, edition, people[:40], Status.DELIVERED)
        told(session, edition, people[40:43], Status.BOUNCED)
        followed(session, edition, 1, 5, hours=1)
        followed(session, edition, 1, 2, hours=30)
        followed(session, edition, 1, 90, hours=1, verdict=Verdict.SCANNER)
        left(session, people[7])
        return edition.id


def _table(page: str, key: str) -> list[str]:
    """The rows of the table behind a chart, their cells parted by a bar."""
    part = page.partition(f'id="{key}-title"')[2].partition("</table>")[0].partition("<tbody>")[2]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    return [" | ".join(re.findall(r"<t[hd][^>]*>([^<]*)</t", row)) for row in rows]


def test_what_a_chart_draws_stands_behind_it_as_a_table(site: httpx.Client, sent: int) -> None:
    page = site.get(f"/editions/{sent}/results").text
    assert (_table(page, "copies"), _table(page, "following"), _table(page, "leaving")) == (
        ["Fri 26 Nov 09:00 | 50 | 0 | 0", "Fri 26 Nov 09:05 | 0 | 20 | 3", "Fri 26 Nov 09:06 | 0 | 20 | 0"],
        ["Fri 26 Nov 10:00 | 5", "Sat 27 Nov 15:00 | 2"],
        ["Fri 26 Nov 11:00 | 1"],
    )


def test_a_chart_says_its_sums_and_is_named_for_who_does_not_see_it(site: httpx.Client, sent: int) -> None:
    page = site.get(f"/editions/{sent}/results").text
    drawn = re.findall(
        r'<svg viewBox="0 0 400 190" role="img" aria-labelledby="(\w+)-title" aria-describedby="\1-says">', page
    )
    ends = re.findall(r'<text class="end \w+"[^>]*>([^<]*)<', page)
    assert (drawn, ends) == (["copies", "following", "leaving"], ["50 accepted", "40 delivered", "3 came back"])


def test_the_mail_has_the_clicks_of_people_behind_its_links_and_nothing_that_acts(
    site: httpx.Client, sent: int
) -> None:
    answer = site.get(f"/editions/{sent}/results/mail.html")
    behind = re.findall(r"</a><span style=\"[^\"]*\">([^<]*)</span>", answer.text)
    assert (behind, "sandbox" in answer.headers["content-security-policy"], "/l/" in answer.text) == (
        ["7 clicks", "0 clicks", "0 clicks", "0 clicks"],
        True,
        False,
    )


def test_of_an_edition_that_was_never_approved_there_is_no_mail(app: App, site: httpx.Client, sent: int) -> None:
    assert site.get(f"/editions/{sent + 99}/results/mail.html").status_code == 404


def test_a_link_for_outlook_alone_gets_no_words_that_nobody_sees() -> None:
    html = '<a href="https://a.example/">A</a><!--[if mso]><a href="https://b.example/">B</a><![endif]-->'
    marked = counted.annotate(html, "https://news.example.com", lambda number, url: f"[{number} {url}]")
    assert marked == html.replace("A</a>", "A</a>[1 https://a.example/]")


def test_what_nobody_can_know_is_said(app: App, sent: int) -> None:
    with app.database.read() as session:
        report = kept.make(session, app.settings, sent, now=NINE + timedelta(days=3))
    assert [sentence.partition(":")[0] for sentence in unknowable.sentences(report)] == [
        "Who read it",
        "Inbox or spam folder",
        "Machines in people's clothes",
        "10 copies were handed over and the answer got lost",
    ]


def test_an_edition_stands_beside_those_before_it(app: App, site: httpx.Client, sent: int, clock: Clock) -> None:
    with app.database.write() as session:
        people = list(range(1, 41))
        before = went_out(app, session, people, day=FRIDAY - WEEK)
        told(session, before, people, Status.DELIVERED)
        followed(session, before, 1, 4, hours=1)
        after = went_out(app, session, people, day=FRIDAY + WEEK)
    for edition_id in (before.id, after.id):
        counting.keep(app, edition_id, now=clock())
    page = site.get(f"/editions/{sent}/results").text.partition("Beside those before it")[2].partition("</table>")[0]
    cells = re.findall(r'data-what="([^"]*)">([^<]*)<', page)
    assert cells == [
        *[("got it", "40"), ("followed a link", "17.5 %"), ("left", "2.5 %"), ("complained", "0.0 %")],
        ("came back", "5.0 %"),
        *[("got it", "40"), ("followed a link", "10.0 %"), ("left", "0.0 %"), ("complained", "0.0 %")],
        ("came back", "0.0 %"),
    ]


def test_bars_are_as_long_as_their_figures(app: App, sent: int, clock: Clock) -> None:
    with app.database.write() as session:
        before = went_out(app, session, range(1, 21), day=FRIDAY - WEEK)
    with app.database.read() as session:
        reports = [kept.make(session, app.settings, each, now=clock()) for each in (sent, before.id)]
    assert [row.cells[0].bar for row in abreast.rows(reports)] == [100.0, 50.0]


def _queries(app: App, site: httpx.Client, path: str) -> int:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        # every so often any page looks whether a setting was changed
        if "setting_" not in statement and "template_" not in statement and statement != "BEGIN":
            asked.append(statement)

    event.listen(app.database.reader, "before_cursor_execute", note)
    try:
        assert site.get(path).status_code == 200
    finally:
        event.remove(app.database.reader, "before_cursor_execute", note)
    return len(asked)


def test_looking_costs_the_same_number_of_queries_whatever_there_is(
    app: App, site: httpx.Client, sent: int, clock: Clock
) -> None:
    alone = _queries(app, site, f"/editions/{sent}/results")
    with app.database.write() as session:
        for week in range(1, 8):
            earlier = went_out(app, session, range(1, 41), day=FRIDAY - week * WEEK)
            kept.keep(session, kept.make(session, app.settings, earlier.id, now=clock()))
        for number, story in ((2, 3), (3, 9), (4, 1)):
            followed(session, earlier, number, story)
    assert (_queries(app, site, f"/editions/{sent}/results"), alone < 45) == (alone, True)


def test_a_large_edition_is_shown_as_it_was_counted_last(app: App, site: httpx.Client, sent: int, clock: Clock) -> None:
    counting.keep(app, sent, now=clock())
    clock.turn(hours=1)
    with app.database.write() as session:
        session.get_one(Sending, sent).planned = kept.SMALL + 1
        told(session, went_out(app, session, [], day=FRIDAY + WEEK), [], Status.DELIVERED)
    page = site.get(f"/editions/{sent}/results").text
    assert "As it stood on 29 November at 09:00 GMT" in page


def test_figures_are_kept_when_they_are_old_and_never_once_all_is_quiet(app: App, sent: int, now: datetime) -> None:
    def due(at: datetime) -> bool:
        with app.database.read() as session:
            return sent in kept.due(session, now=at)

    never = due(now)
    counting.keep_those_due(app, now=now)
    assert (never, due(now), due(now + timedelta(hours=7)), due(now + timedelta(days=60))) == (True, False, True, False)


def test_what_another_version_kept_is_counted_anew(app: App, site: httpx.Client, sent: int, now: datetime) -> None:
    with app.database.write() as session:
        session.add(KeptFigures(edition_id=sent, at=now, report={"from": "the future"}))
        session.get_one(Sending, sent).planned = kept.SMALL + 1
    assert "50 accepted" in site.get(f"/editions/{sent}/results").text


def test_of_few_readers_no_domain_is_kept(app: App, sent: int, now: datetime) -> None:
    counting.keep(app, sent, now=now)
    with app.database.read() as session:
        (row,) = session.scalars(select(KeptFigures)).all()
    assert (row.report["domains"], row.report["got_it"]) == ([], 40)


def test_the_list_of_editions_costs_the_same_number_of_queries_however_many_there_are(
    app: App, site: httpx.Client, sent: int
) -> None:
    alone = _queries(app, site, "/")
    with app.database.write() as session:
        for week in range(1, 8):
            went_out(app, session, range(1, 21), day=FRIDAY - week * WEEK)
    assert _queries(app, site, "/") == alone
