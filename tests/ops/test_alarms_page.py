"""Alarms as a page: what is wrong now with what to do, what was rung, who was told."""

from newsletter.app import App
from newsletter.editions import watch
from newsletter.editions.models import Matter
from tests.factories import FRIDAY
from tests.ops.house import MINUTE, clock, operator, queries, week
from tests.ops.test_scheduler_page import rows, words
from tests.staff.conftest import Browser, Clock

__all__ = ["clock", "operator", "week"]


def test_what_is_wrong_now_says_what_to_do_and_leads_there(operator: Browser, week: int) -> None:
    page = operator.open("/ops/alarms").text
    wrong = page.split('<ul class="open">')[1].split("</ul>")[0]
    assert words(wrong) == (
        f"friday/{FRIDAY} is not approved. Approve it, hold it, or skip this week."
        f" Since Fri 26 Nov, 07:00 · friday/{FRIDAY}"
    )
    assert f'href="/editions/{week}"' in wrong


def test_what_was_rung_says_who_was_told(operator: Browser, week: int) -> None:
    assert rows(operator.open("/ops/alarms").text, "Rung before") == [
        ["Fri 26 Nov, 07:00", f"friday/{FRIDAY} is not approved: approve it. friday/{FRIDAY}", "not mailed yet"],
        ["Tue 23 Nov, 08:00", "The clock jumped ahead from 09:00 to 11:00. Scheduler",
         "1 editor by mail Tue 23 Nov, 08:01"],
    ]  # fmt: skip


def test_what_is_over_is_wrong_no_more(app: App, operator: Browser, week: int, clock: Clock) -> None:
    with app.database.write() as session:
        session.get_one(Matter, f"not approved friday/{FRIDAY}").over_at = clock()
    assert "Nothing. The watchdog looks every minute" in operator.open("/ops/alarms").text


def test_all_of_them_are_a_few_pages_away(app: App, operator: Browser, week: int, clock: Clock) -> None:
    with app.database.write() as session:
        for number in range(130):
            watch.ring(session, f"failed collect {number}", f"collect failed: {number}", clock() + number * MINUTE)
    seen, path = [], "/ops/alarms"
    while path:
        page = operator.open(path).text
        seen += [row[1] for row in rows(page, "Rung before")]
        path = f"/ops/alarms?before={page.split('?before=')[1].split(chr(34))[0]}" if "?before=" in page else ""
    assert (len(seen), len(set(seen)), seen[0]) == (132, 132, "Collect failed: 129. Scheduler")


def test_what_others_wrote_is_shown_and_not_run(app: App, operator: Browser, week: int, clock: Clock) -> None:
    with app.database.write() as session:
        watch.ring(session, "failed x", "<script>alert(1)</script>", clock())
    assert "<script>alert" not in operator.open("/ops/alarms").text


def test_more_rows_are_no_more_queries(app: App, operator: Browser, week: int, clock: Clock) -> None:
    counts = []
    for more in (0, 30):
        with app.database.write() as session:
            for number in range(more):
                watch.ring(session, f"stands friday/{FRIDAY} {number}", "It stands.", clock())
                session.add(Matter(key=f"paused friday/{FRIDAY} {number}", text="paused", since=clock()))
        counts.append(len(queries(app, operator, "/ops/alarms")))
    assert counts[0] == counts[1]
