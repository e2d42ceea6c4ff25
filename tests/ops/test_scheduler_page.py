"""The scheduler as a page: what ran, what comes, who is at work, and what is begun by hand."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.models import Process
from newsletter.editions import watch
from newsletter.editions.models import Edition, Heartbeat, Job, Slot, SlotState
from newsletter.jobs.clock import Work
from newsletter.staff import acts
from newsletter.staff.models import Role
from tests.factories import FRIDAY, a_source, an_article
from tests.ops.house import DAY, MINUTE, clock, operator, queries, week
from tests.staff.conftest import Browser, Clock, a_colleague

__all__ = ["clock", "operator", "week"]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under *heading*, as they read."""
    section = page.split(f">{heading}", 1)[1].split("</section>", 1)[0]
    found = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in found[1:]]


def words(part: str) -> str:
    part = re.sub(r'<span class="(?:label|unseen)".*?</span>', "", part, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


def test_each_job_of_the_week_says_how_it_ended_and_when_it_comes_on_the_newsletters_clock(
    operator: Browser, week: int
) -> None:
    assert rows(operator.open("/ops/scheduler").text, "The Friday Five") == [
        ["assemble", "Thu 25 Nov, 15:01 edition of 26 Nov 2021", "done 5 stories, in review",
         "Thu 2 Dec, 16:00 edition of 3 Dec 2021"],
        ["lock", "Fri 26 Nov, 08:00 edition of 26 Nov 2021", "missed nothing ran in time",
         "Fri 3 Dec, 08:00 edition of 3 Dec 2021"],
        ["send", "never", "", "Fri 26 Nov, 09:00 edition of 26 Nov 2021, if approved by then"],
    ]  # fmt: skip


def test_what_goes_round_says_how_it_ended(operator: Browser, week: int) -> None:
    found = rows(operator.open("/ops/scheduler").text, "Again and again")
    assert found[:2] == [
        ["Looks what is due tick", "Fri 26 Nov, 07:59", "well collect", "when there is something to do", ""],
        ["Reads the sources that are due collect", "Fri 26 Nov, 07:41",
         "not well 3 new articles, 1 source failed", "Fri 26 Nov, 08:10", "Now"],
    ]  # fmt: skip


def test_who_is_at_work_is_told_from_who_fell_silent(operator: Browser, week: int) -> None:
    assert rows(operator.open("/ops/scheduler").text, "Who is at work") == [
        ["mail2/12 worker", "there 2 s ago", "waiting 1,200 hints, 7 of no use", "+3 s", "1.2"],
        ["mail1/4711 scheduler", "there 4 s ago", "collect", "right", "1.2"],
        ["mail3/9 worker", "silent 30 minutes ago", "", "right", "1.1"],
    ]


def test_clock_jumps_are_on_record(operator: Browser, week: int) -> None:
    assert "The clock jumped ahead from 09:00 to 11:00." in operator.open("/ops/scheduler").text


def test_a_scheduler_that_does_not_tick_is_an_alarm(operator: Browser, week: int, clock: Clock) -> None:
    clock.turn(minutes=5)
    page = operator.open("/ops/scheduler").text
    assert "No scheduler is running: the last tick was" in page


def test_a_round_is_begun_by_hand_at_the_next_tick(app: App, operator: Browser, week: int, clock: Clock) -> None:
    before = [work for work in _tick(app, clock) if work.name == "collect"]
    operator.open("/ops/scheduler")
    said = operator.send("/ops/scheduler", round="collect")
    after = [work.name for work in _tick(app, clock) if work.name == "collect"]
    with app.database.read() as session:
        did = acts.lately(session, limit=1)[0]
    assert (before, said.status_code, after, did.did, did.what) == ([], 200, ["collect"], "began a job now", "collect")


def test_what_runs_already_is_not_begun_again(app: App, operator: Browser, week: int, clock: Clock) -> None:
    with app.database.write() as session:
        watch.take_turn(session, "collect", MINUTE, clock())
    operator.open("/ops/scheduler")
    assert "It runs already." in operator.send("/ops/scheduler", round="collect").text


@pytest.mark.parametrize("name", ["tick", "bounces", "", "send", "dispatch 1"])
def test_nothing_else_is_begun(app: App, operator: Browser, week: int, name: str) -> None:
    operator.open("/ops/scheduler")
    assert operator.send("/ops/scheduler", round=name).status_code == 400


def test_without_a_scheduler_the_command_is_said(operator: Browser, week: int, clock: Clock) -> None:
    clock.turn(minutes=5)
    operator.open("/ops/scheduler")
    answer = operator.send("/ops/scheduler", round="collect")
    assert (answer.status_code, "or run newsletter collect" in answer.text) == (400, True)


def test_the_next_edition_is_drafted_by_who_may_draft(app: App, browser: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        for one in ("Retail Dive", "LSA", "Grocery Gazette"):
            an_article(session, a_source(session, one), "Walmart goes live", published_at=clock() - DAY)
    browser.sign_in(a_colleague(app, role=Role.EDITOR, now=clock()))
    browser.open("/ops/scheduler")
    answer = browser.send("/ops/scheduler/assemble", newsletter="friday")
    with app.database.read() as session:
        made = session.scalars(select(Edition)).one()
    assert (answer.status_code, made.date) == (200, FRIDAY)


def test_an_operator_changes_no_drafts_here_either(operator: Browser, week: int) -> None:
    page = operator.open("/ops/scheduler").text
    assert ("Draft the next edition" in page, operator.send("/ops/scheduler/assemble").status_code) == (False, 403)


def test_more_rows_are_no_more_queries(app: App, operator: Browser, week: int, clock: Clock) -> None:
    counts = []
    for more in (0, 30):
        with app.database.write() as session:
            for number in range(more):
                session.add(Process(name=f"p{number}", kind="worker", started_at=clock(), seen_at=clock()))
                session.add(Heartbeat(name=f"h{number}", started_at=clock(), ok=True, result=""))
                due = clock() - timedelta(weeks=number + 1)
                session.add(Slot(newsletter="friday", date=due.date(), job=Job.SEND, due_at=due, state=SlotState.DONE))
                watch.ring(session, f"clock {number}", "The clock jumped.", clock())
        counts.append(len(queries(app, operator, "/ops/scheduler")))
    assert counts[0] == counts[1]


def _tick(app: App, clock: Clock) -> list[Work]:
    return jobs.tick(app, now=clock(), owner="a test")


def test_the_page_is_there_before_anything_ran(app: App, operator: Browser) -> None:
    assert "No scheduler has ever run here" in operator.open("/ops/scheduler").text
