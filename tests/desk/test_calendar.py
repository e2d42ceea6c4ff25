"""The calendar at the desk: what comes, why it is where it is, and an edition put on another day and back."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, select

from newsletter import jobs
from newsletter.app import App
from newsletter.editions import shelf
from newsletter.editions.models import Edition, Job, MovedDay, Slot, SlotState, State
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.stories.models import Decision, Rule
from newsletter.stories.picking import decisions
from tests.factories import FRIDAY, a_source, an_article, an_edition
from tests.scheduler.world import Process, a_week, outbox, utc
from tests.staff.conftest import Browser, Clock, a_colleague

PAGE = "/desk/calendar"
THURSDAY, MONDAY, NEXT = date(2021, 11, 25), date(2021, 11, 29), date(2021, 12, 3)


@pytest.fixture
def now() -> datetime:
    return utc("2021-11-22 10:00")


@pytest.fixture
def desk_of(app: App, browser: Browser, now: datetime) -> Browser:
    """An admin before the calendar."""
    browser.sign_in(a_colleague(app, role=Role.ADMIN, now=now))
    browser.open(PAGE)
    return browser


def send(browser: Browser, do: str, day: date = FRIDAY, **fields: str) -> str:
    """Press a button of the calendar, and see what the page says then."""
    answer = browser.send(PAGE, newsletter="friday", day=f"{day}", do=do, **({"undo": ""} | fields))
    if answer.status_code == 303:
        answer = browser.open(answer.headers["location"].partition("#")[0])
    found = re.search(r'<(?:p|div) class="(?:alarm|note took)"[^>]*>(.*?)</(?:p|div)>', answer.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(found[1])).split()) if found else ""


def coming(browser: Browser) -> list[str]:
    """The days of the list."""
    return re.findall(r'<li id="friday-(\d{4}-\d\d-\d\d)"', browser.open(PAGE).text)


def days_of(app: App) -> list[tuple[date, date | None, str]]:
    with app.database.read() as session:
        return [(row.week, row.to, row.by) for row in session.scalars(select(MovedDay).order_by(MovedDay.week))]


def test_ten_editions_are_shown_across_the_change_of_clocks(app: App, browser: Browser, clock: Clock) -> None:
    clock.at = utc("2022-03-21 10:00")
    browser.sign_in(a_colleague(app, now=clock()))
    found = coming(browser)
    page = browser.page.text
    assert (found[0], len(found)) == ("2022-03-25", 10)
    assert re.findall(r"clocks change: (.*?) from here", page) == ["BST, UTC+01:00"]
    assert re.findall(r'datetime="(2022-0[34]-[^"]+)"', page)[2::3][:2] == [
        "2022-03-25T09:00:00+00:00",
        "2022-04-01T09:00:00+01:00",
    ]


def test_an_edition_is_moved_and_undone(app: App, desk_of: Browser) -> None:
    said = send(desk_of, "move", to=f"{THURSDAY}", why="a fair")
    moved = days_of(app)
    undo = desk_of.send(PAGE, newsletter="friday", day=f"{THURSDAY}", do="back", undo="1")
    assert "for the week of Friday 26 November 2021 goes out on Thursday 25 November" in said
    assert (moved, undo.status_code, days_of(app)) == ([(FRIDAY, THURSDAY, "Eva")], 303, [])


def test_the_undo_of_a_second_move_leads_to_the_first(desk_of: Browser) -> None:
    send(desk_of, "move", to=f"{THURSDAY}")
    send(desk_of, "move", day=THURSDAY, to="2021-11-24")
    (form,) = re.findall(r'<div class="note took".*?</div>', desk_of.page.text, re.DOTALL)
    assert 'name="to" value="2021-11-25"' in form


def test_a_week_is_left_out_and_left_to_the_rule_again(app: App, desk_of: Browser) -> None:
    left_out = send(desk_of, "skip", why="nobody is here")
    shown = "Nobody is here (Eva)." in desk_of.page.text
    back = send(desk_of, "back")
    assert "is left out" in left_out
    assert (shown, "goes out on Friday 26 November" in back, days_of(app)) == (True, True, [])


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"do": "move", "to": "2021-11-21"}, 400, "is past"),
        ({"do": "move", "to": "2021-12-03"}, 400, "does not lie between the editions around it"),
        ({"do": "move", "to": "2021-11-19"}, 400, "is past"),
        ({"do": "move", "to": "soon"}, 400, "Choose a day"),
        ({"do": "move", "to": ""}, 400, "Choose a day"),
        ({"do": "move", "to": "9999-12-31"}, 400, "does not lie between"),
        ({"do": "back"}, 400, "obody has moved"),
        ({"do": "dance"}, 400, "nothing that can be done here"),
        ({"do": "move", "to": "2021-11-25", "newsletter": "other"}, 400, "no such newsletter"),
        ({"do": "move", "to": "2021-11-25", "day": "2021-11-24"}, 404, "no edition on Wednesday"),
        ({"do": "move", "to": "2021-11-25", "day": "0001-01-01"}, 400, "Choose a day"),
    ],
)
def test_what_can_not_be_is_said_and_nothing_is_moved(
    app: App, desk_of: Browser, fields: dict[str, str], status: int, says: str
) -> None:
    answer = desk_of.send(PAGE, **({"newsletter": "friday", "day": f"{FRIDAY}"} | fields))
    assert (answer.status_code in {status, 400}, says in unescape(answer.text), days_of(app)) == (True, True, [])


def test_an_edition_that_is_there_goes_along_with_its_words_and_its_decisions(
    app: App, desk_of: Browser, now: datetime
) -> None:
    with app.database.write() as session:
        number = an_edition(session, date=FRIDAY, state=State.IN_REVIEW).id
        article = an_article(session, a_source(session), "A shop")
        decisions.decide(session, "friday", FRIDAY, Rule.PIN, [article.id], by="ed", now=now)
    send(desk_of, "move", to=f"{THURSDAY}")
    with app.database.read() as session:
        edition = shelf.get(session, number)
        decided = session.scalars(select(Decision.date)).all()
    assert (edition.date, edition.revision, edition.state, decided) == (THURSDAY, 2, State.IN_REVIEW, [THURSDAY])


def test_an_approved_edition_stays_until_its_approval_is_taken_back(app: App, desk_of: Browser) -> None:
    with app.database.write() as session:
        an_edition(session, date=FRIDAY, state=State.APPROVED)
    assert send(desk_of, "move", to=f"{THURSDAY}") == "Friday/2021-11-26 is approved: take its approval back first."


def test_a_moved_edition_goes_out_on_its_new_day_once_and_the_clock_makes_no_other(
    app: App, desk_of: Browser, clock: Clock
) -> None:
    a_week(app)
    process = Process(app)
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    process.tick("2021-11-25 16:01")
    clock.at = utc("2021-11-25 17:00")
    desk_of.sign_in("eva@example.com")
    desk_of.open(PAGE)
    assert "goes out on Monday 29" in send(desk_of, "move", to=f"{MONDAY}")
    with app.database.read() as session:
        number = session.scalars(select(Edition.id)).one()
    assert process.tick("2021-11-26 09:00") == []
    assert process.tick("2021-11-28 16:00") == ["assemble friday/2021-11-29"]
    jobs.approve(app, number, by="ed", now=utc("2021-11-28 17:00"))
    assert process.tick("2021-11-29 08:00") == ["lock friday/2021-11-29"]
    assert process.tick("2021-11-29 09:00") == ["send friday/2021-11-29"]
    assert len(outbox(app, "reader")) == 3


def test_what_is_being_done_this_minute_is_not_moved(app: App, desk_of: Browser, now: datetime) -> None:
    with app.database.write() as session:
        until = now + timedelta(minutes=5)
        held = {"state": SlotState.RUNNING, "owner": "one", "lease_until": until}
        session.add(Slot(newsletter="friday", week=FRIDAY, date=FRIDAY, job=Job.ASSEMBLE, due_at=now, **held))
    assert "is being worked on this minute" in send(desk_of, "move", to=f"{THURSDAY}")


def test_two_who_move_one_edition_are_told(app: App, desk_of: Browser) -> None:
    send(desk_of, "move", to=f"{THURSDAY}")
    assert "goes out on Wednesday 24" in send(desk_of, "move", to="2021-11-24")  # its week is known by its own day too
    assert "no edition on Thursday 25 November 2021" in send(desk_of, "move", day=THURSDAY, to="2021-11-23")


def test_days_off_are_added_and_taken_out(app: App, desk_of: Browser) -> None:
    answer = desk_of.send(f"{PAGE}/days-off", newsletter="friday", first="2021-11-26", why="closed <b>")
    shown = coming(desk_of), unescape(desk_of.page.text)
    kept = app.current().newsletter("friday").blackout
    desk_of.send(f"{PAGE}/days-off", newsletter="friday", take_out="2021-11-26 closed <b>")
    assert (answer.status_code, kept) == (303, ("2021-11-26 closed <b>",))
    assert ">Friday 26 November 2021 is blacked out (closed <b>)." in shown[1]
    assert "<b>" not in desk_of.open(PAGE).text
    assert app.current().newsletter("friday").blackout == ()


@pytest.mark.parametrize(
    "fields", [{"first": ""}, {"first": "2021-12-24", "last": "2021-12-20"}, {"first": "24.12.2021"}]
)
def test_days_off_that_can_not_be_are_refused(app: App, desk_of: Browser, fields: dict[str, str]) -> None:
    answer = desk_of.send(f"{PAGE}/days-off", newsletter="friday", **fields)
    assert (answer.status_code, app.current().newsletter("friday").blackout) == (400, ())


@pytest.mark.parametrize(("role", "moves", "sets"), [(Role.EDITOR, 403, 403), (Role.OPERATOR, 403, 303)])
def test_who_may(app: App, browser: Browser, now: datetime, role: Role, moves: int, sets: int) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    page = browser.open(PAGE).text
    moved = browser.send(PAGE, newsletter="friday", day=f"{FRIDAY}", do="move", to=f"{THURSDAY}").status_code
    browser.open(PAGE)
    set_ = browser.send(f"{PAGE}/days-off", newsletter="friday", first="2021-12-24").status_code
    assert ("Move it there" in page, moved, set_) == (False, moves, sets)


def test_a_move_is_written_down(app: App, desk_of: Browser) -> None:
    send(desk_of, "move", to=f"{THURSDAY}")
    with app.database.read() as session:
        act = acts.lately(session, limit=1)[0]
    assert (act.who, act.did, act.what, act.details) == (
        "Eva",
        "moved an edition",
        "friday/2021-11-26",
        {"was": "2021-11-26", "to": "2021-11-25"},
    )


def test_the_number_of_queries_does_not_grow_with_the_editions(app: App, desk_of: Browser) -> None:
    def asked() -> int:
        counted: list[str] = []

        def count(*given: Any) -> None:
            counted.extend([given[2]] if given[2].startswith("SELECT") else [])

        event.listen(app.database.reader, "before_cursor_execute", count)
        desk_of.open(PAGE)
        event.remove(app.database.reader, "before_cursor_execute", count)
        return len([one for one in counted if "setting_change" not in one])

    few = asked()
    with app.database.write() as session:
        for number in range(8):
            day = FRIDAY + timedelta(days=7 * number)
            an_edition(session, date=day, state=State.IN_REVIEW)
            an_edition(session, date=day + timedelta(days=2), state=State.APPROVED)
            slot = {"job": Job.SEND, "due_at": utc(f"{day + timedelta(days=2)} 09:00")}
            session.add(Slot(newsletter="friday", date=day + timedelta(days=2), **slot))
    assert asked() == few
