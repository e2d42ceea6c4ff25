"""Another hour for one edition, at the desk."""

from datetime import date, time, timedelta

import pytest

from newsletter.app import App
from newsletter.editions.models import State
from newsletter.jobs import moving, rescheduling
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import Browser, Clock, a_colleague


@pytest.fixture
def edition_id(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, "Walmart goes live", state=State.APPROVED).id


@pytest.fixture
def draft_id(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, "Walmart goes live", state=State.IN_REVIEW).id


def _as(app: App, browser: Browser, role: Role, clock: Clock) -> Browser:
    browser.sign_in(a_colleague(app, f"{role.value}@example.com", role, now=clock()))
    return browser


def _hours(app: App) -> tuple[str, ...]:
    return app.current().newsletter("friday").hours


def test_an_approver_chooses_another_hour_and_the_usual_one_again(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    _as(app, browser, Role.APPROVER, clock).open(f"/editions/{edition_id}/time")
    browser.send(f"/editions/{edition_id}/time", at="07:30", why="The <b>fair</b> opens")
    chosen = _hours(app)
    page = browser.open(f"/editions/{edition_id}").text
    again = browser.open(f"/editions/{edition_id}/time").text
    browser.send(f"/editions/{edition_id}/time", at="07:30", do="usual")

    assert (chosen, "goes out at 07:30: The &lt;b&gt;fair" in page, "usually that is 09:00" in again, _hours(app)) == (
        ("2021-11-26 07:30",),
        True,
        True,
        (),
    )


@pytest.mark.parametrize("at", ["", "25:00", "<script>"])
def test_what_is_no_hour_changes_nothing_and_says_so(
    app: App, browser: Browser, edition_id: int, clock: Clock, at: str
) -> None:
    _as(app, browser, Role.APPROVER, clock).open(f"/editions/{edition_id}/time")
    page = browser.send(f"/editions/{edition_id}/time", at=at)

    assert (page.status_code, "is not an hour" in page.text, "<script>" in page.text, _hours(app)) == (
        409,
        True,
        False,
        (),
    )


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OPERATOR])
def test_who_may_not_approve_chooses_no_hour(
    app: App, browser: Browser, edition_id: int, clock: Clock, role: Role
) -> None:
    _as(app, browser, role, clock).open("/")

    assert (browser.send(f"/editions/{edition_id}/time", at="07:30").status_code, _hours(app)) == (403, ())


def test_its_own_hour_goes_with_an_edition_to_another_day_and_back(app: App, draft_id: int, clock: Clock) -> None:
    day, by, now = date(2021, 11, 26), Doer("Eva", "desk"), clock()
    rescheduling.to_hour(app, draft_id, time(7, 30), by=by, now=now)
    moving.move(app, app.current().newsletter("friday"), day, to=day + timedelta(days=1), by=by, now=now)
    there = app.current().newsletter("friday").hour(day + timedelta(days=1))
    moving.put_back(app, app.current().newsletter("friday"), day, by=by, now=now)
    assert (there, app.current().newsletter("friday").hour(day)) == (time(7, 30), time(7, 30))


def test_an_hour_that_is_past_on_the_new_day_is_left_behind(app: App, draft_id: int, clock: Clock) -> None:
    day, by, now = date(2021, 11, 26), Doer("Eva", "desk"), clock()  # Thursday, four in the afternoon
    rescheduling.to_hour(app, draft_id, time(7, 30), by=by, now=now)
    newsletter = app.current().newsletter("friday")
    late = newsletter.model_copy(update={"send": newsletter.send.model_copy(update={"at": time(20)})})
    moving.move(app, late, day, to=day - timedelta(days=1), by=by, now=now)
    assert app.current().newsletter("friday").hours == ("2021-11-26 07:30",)


def test_an_edition_that_went_out_keeps_its_hour(app: App, browser: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        sent = an_edition(session, "Walmart goes live", state=State.SENT).id
    _as(app, browser, Role.APPROVER, clock).open(f"/editions/{sent}/time")
    page = browser.send(f"/editions/{sent}/time", at="17:30")

    assert (page.status_code, "can&#39;t be changed any more" in page.text) == (409, True)
