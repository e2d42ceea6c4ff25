"""Who may what: the table, held against every route; and the accounts of others."""

from datetime import datetime

import pytest
from fastapi.routing import APIRoute

from newsletter.app import App
from newsletter.errors import AlreadyDone, BadInput, WrongState
from newsletter.staff import users
from newsletter.staff.models import Role
from newsletter.staff.roles import ROLES, May
from newsletter.web.rooms import INSIDE
from tests.staff.conftest import BOSS, Browser, a_colleague

#: what of the desk anybody may ask for, because it is how they come in
_OPEN = {
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("GET", "/desk/sign-in/code"),
    ("POST", "/desk/sign-in/code"),
    ("POST", "/desk/sign-out"),
    ("GET", "/desk/welcome/{token}"),
    ("POST", "/desk/welcome/{token}"),
    ("GET", "/desk/openid"),
    ("GET", "/desk/openid/back"),
}


def _table() -> dict[tuple[str, str], May | None]:
    """Every route of the desk → what one must be allowed to call it."""
    found = {}
    for room in INSIDE:
        for route in room.router.routes:
            assert isinstance(route, APIRoute)
            needed = [getattr(each.call, "may", None) for each in route.dependant.dependencies]
            for method in route.methods or ():
                found[method, route.path] = next((may for may in needed if may), None)
    return found


def test_who_may_call_what() -> None:
    assert {route: may for route, may in _table().items() if route not in _OPEN} == {
        ("GET", "/"): May.LOOK,
        ("GET", "/week"): May.LOOK,
        ("GET", "/week/story"): May.LOOK,
        ("POST", "/week"): May.DRAFT,
        ("GET", "/editions/{edition_id}"): May.LOOK,
        ("GET", "/editions/{edition_id}/look/{look}"): May.LOOK,
        ("POST", "/editions/{edition_id}/look/{look}"): May.LOOK,
        ("POST", "/editions/{edition_id}/showings"): May.DRAFT,
        ("POST", "/editions/{edition_id}/showings/{number}/withdraw"): May.DRAFT,
        ("GET", "/editions/{edition_id}/log"): May.LOOK,
        ("GET", "/editions/{edition_id}/why"): May.LOOK,
        ("GET", "/ops/log"): May.LOOK,
        ("POST", "/ops/log"): May.LOOK,
        ("POST", "/ops/log.csv"): May.EXPORT,
        ("GET", "/ops/copies/{copy}"): May.LOOK,
        ("GET", "/ops/why"): May.LOOK,
        ("POST", "/ops/why"): May.LOOK,
        ("GET", "/editions/{edition_id}/correct"): May.DRAFT,
        ("POST", "/editions/{edition_id}/correct"): May.APPROVE,
        ("POST", "/editions/{edition_id}/correct/mail"): May.DRAFT,
        ("POST", "/editions/{edition_id}/receivers"): May.DRAFT,
        ("GET", "/editions/{edition_id}/results"): May.LOOK,
        ("GET", "/editions/{edition_id}/results.csv"): May.LOOK,
        ("GET", "/editions/{edition_id}/results/mail.html"): May.LOOK,
        ("GET", "/editions/{edition_id}/check"): May.LOOK,
        ("POST", "/editions/{edition_id}/check"): May.DRAFT,
        ("GET", "/editions/{edition_id}/check/progress"): May.LOOK,
        ("POST", "/editions/{edition_id}/check/aside"): May.DRAFT,
        ("GET", "/editions/{edition_id}/time"): May.APPROVE,
        ("POST", "/editions/{edition_id}/time"): May.APPROVE,
        ("GET", "/editions/{edition_id}/test"): May.DRAFT,
        ("POST", "/editions/{edition_id}/test"): May.DRAFT,
        ("POST", "/editions/{edition_id}/approve"): May.APPROVE,
        ("POST", "/editions/{edition_id}/hold"): May.APPROVE,
        ("POST", "/editions/{edition_id}/skip"): May.APPROVE,
        ("POST", "/editions/{edition_id}/reopen"): May.APPROVE,
        ("POST", "/editions/{edition_id}/cancel"): May.APPROVE,
        ("POST", "/editions/{edition_id}/stop"): May.STOP,
        ("POST", "/editions/{edition_id}/go-on"): May.SEND,
        ("GET", "/editions/{edition_id}/edit"): May.DRAFT,
        ("POST", "/editions/{edition_id}/edit"): May.DRAFT,
        ("POST", "/editions/{edition_id}/edit/picture"): May.DRAFT,
        ("GET", "/editions/{edition_id}/edit/text"): May.DRAFT,
        ("POST", "/editions/{edition_id}/edit/text"): May.DRAFT,
        ("GET", "/editions/{edition_id}/versions"): May.DRAFT,
        ("POST", "/editions/{edition_id}/versions"): May.DRAFT,
        ("POST", "/editions/{edition_id}/versions/name"): May.DRAFT,
        ("GET", "/ops/import"): May.SUPPRESS,
        ("POST", "/ops/import"): May.SUPPRESS,
        ("GET", "/ops/import/{number}"): May.SUPPRESS,
        ("GET", "/ops/import/{number}/progress"): May.SUPPRESS,
        ("GET", "/ops/import/{number}/rejects.csv"): May.SUPPRESS,
        ("POST", "/ops/import/{number}"): May.SUPPRESS,
        ("GET", "/ops/suppressions"): May.READ_AS,
        ("POST", "/ops/suppressions"): May.SUPPRESS,
        ("GET", "/ops/readers"): May.READ_AS,
        ("POST", "/ops/readers"): May.READ_AS,
        ("GET", "/ops/readers/{number}"): May.READ_AS,
        ("POST", "/ops/readers/{number}"): May.SUPPRESS,
        ("POST", "/ops/readers/{number}/everything"): May.SUPPRESS,
        ("GET", "/ops/bounces"): May.READ_AS,
        ("GET", "/ops/bounces/{number}"): May.READ_AS,
        ("POST", "/ops/bounces/{number}"): May.SUPPRESS,
        ("GET", "/desk/account"): May.LOOK,
        ("POST", "/desk/account/name"): May.LOOK,
        ("POST", "/desk/account/password"): May.LOOK,
        ("GET", "/desk/account/second"): May.LOOK,
        ("POST", "/desk/account/second"): May.LOOK,
        ("POST", "/desk/account/sessions"): May.LOOK,
        ("GET", "/desk/newsletters"): May.LOOK,
        ("GET", "/desk/newsletters/{slug}"): May.LOOK,
        ("POST", "/desk/newsletters/{slug}"): May.SET,
        ("GET", "/desk/settings"): May.LOOK,
        ("POST", "/desk/settings"): May.SET,
        ("POST", "/desk/settings/changes"): May.SET,
        ("GET", "/desk/templates"): May.LOOK,
        ("GET", "/desk/templates/{name}"): May.LOOK,
        ("POST", "/desk/templates/{name}"): May.SET,
        ("GET", "/desk/templates/{name}/look/{look}"): May.LOOK,
        ("POST", "/desk/templates/{name}/look/{look}"): May.SET,
        ("POST", "/desk/templates/{name}/lint"): May.SET,
        ("POST", "/desk/templates/{name}/try"): May.SET,
        ("GET", "/desk/templates/{name}/trial"): May.LOOK,
        ("POST", "/desk/templates/{name}/use"): May.SET,
        ("GET", "/desk/templates/{name}/files.zip"): May.LOOK,
        ("GET", "/desk/calendar"): May.LOOK,
        ("POST", "/desk/calendar"): May.APPROVE,
        ("POST", "/desk/calendar/days-off"): May.SET,
        ("GET", "/desk/sources"): May.LOOK,
        ("POST", "/desk/sources"): May.SET,
        ("GET", "/desk/sources/opml"): May.LOOK,
        ("POST", "/desk/sources/opml"): May.SET,
        ("POST", "/desk/sources/{number}"): May.SET,
        ("GET", "/desk/people"): May.STAFF,
        ("POST", "/desk/people"): May.STAFF,
        ("GET", "/desk/acts"): May.STAFF,
        ("GET", "/ops"): May.LOOK,
        ("GET", "/ops/now"): May.LOOK,
        ("GET", "/ops/sends/{edition_id}"): May.LOOK,
        ("GET", "/ops/sends/{edition_id}/now"): May.LOOK,
        ("GET", "/ops/sends/{edition_id}/pause"): May.STOP,
        ("POST", "/ops/sends/{edition_id}/pause"): May.STOP,
        ("GET", "/ops/sends/{edition_id}/resume"): May.SEND,
        ("POST", "/ops/sends/{edition_id}/resume"): May.SEND,
        ("GET", "/ops/sends/{edition_id}/cancel"): May.SEND,
        ("POST", "/ops/sends/{edition_id}/cancel"): May.SEND,
        ("GET", "/ops/sends/{edition_id}/retry"): May.SEND,
        ("POST", "/ops/sends/{edition_id}/retry"): May.SEND,
        ("GET", "/ops/sends/{edition_id}/assume-accepted"): May.SEND,
        ("POST", "/ops/sends/{edition_id}/assume-accepted"): May.SEND,
        ("GET", "/ops/sends/{edition_id}/resend"): May.SEND,
        ("POST", "/ops/sends/{edition_id}/resend"): May.SEND,
        ("GET", "/ops/acts"): May.STAFF,
        ("GET", "/ops/acts.csv"): May.STAFF,
        ("GET", "/ops/alarms"): May.LOOK,
        ("GET", "/ops/doctor"): May.LOOK,
        ("POST", "/ops/doctor"): May.SET,
        ("GET", "/ops/scheduler"): May.LOOK,
        ("POST", "/ops/scheduler"): May.SET,
        ("POST", "/ops/scheduler/assemble"): May.DRAFT,
        ("GET", "/ops/webhooks"): May.SET,
        ("POST", "/ops/webhooks"): May.SET,
        ("GET", "/ops/webhooks/{number}"): May.SET,
        ("POST", "/ops/webhooks/{number}"): May.SET,
    }


def test_a_route_without_a_role_is_one_by_which_people_come_in() -> None:
    assert {route for route, may in _table().items() if may is None} == _OPEN


def test_a_form_changes_nothing_by_being_opened() -> None:
    assert {method for method, _ in _table()} == {"GET", "POST"}


def test_what_each_role_may() -> None:
    assert {role: sorted(may.name for may in ROLES[role]) for role in Role} == {
        Role.EDITOR: ["DRAFT", "LOOK"],
        Role.APPROVER: ["APPROVE", "DRAFT", "LOOK", "READ_AS", "STOP"],
        Role.OPERATOR: ["EXPORT", "LOOK", "READ_AS", "SEND", "SET", "STOP", "SUPPRESS"],
        Role.ADMIN: sorted(may.name for may in May),
    }


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 403), (Role.OPERATOR, 403), (Role.ADMIN, 200)])
def test_only_an_admin_sees_who_works_here(app: App, browser: Browser, now: datetime, role: Role, status: int) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    assert browser.open("/desk/people").status_code == status


def test_without_accounts_nobody_makes_one_by_a_page(browser: Browser) -> None:
    assert browser.open("/desk/people").status_code == 403


def test_an_admin_makes_an_account_whose_link_is_shown_once(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, "boss@example.com", Role.ADMIN, now=now))
    browser.open("/desk/people")
    made = browser.send("/desk/people", do="add", email="new@example.com", name="<b>New</b>", role="approver").text
    later = browser.open("/desk/people").text
    assert ("/desk/welcome/" in made, "/desk/welcome/" in later, "<b>New" in later) == (True, False, False)


def test_who_is_closed_is_out_at_once(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, now=now))
    a_colleague(app, "boss@example.com", Role.ADMIN, now=now)
    with app.database.write() as session:
        users.close(session, users.get(session, "eva@example.com"), by=BOSS, now=now)
    assert browser.open("/").status_code == 303


def test_another_role_counts_from_the_next_page_on(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, role=Role.ADMIN, now=now))
    a_colleague(app, "boss@example.com", Role.ADMIN, now=now)
    with app.database.write() as session:
        users.set_role(session, users.get(session, "eva@example.com"), Role.EDITOR, by=BOSS, now=now)
    assert browser.open("/desk/people").status_code == 403


def test_the_last_admin_stays_one(app: App, now: datetime) -> None:
    a_colleague(app, "boss@example.com", Role.ADMIN, now=now)
    with app.database.write() as session:
        boss = users.get(session, "boss@example.com")
        with pytest.raises(WrongState, match="only admin"):
            users.set_role(session, boss, Role.EDITOR, by=BOSS, now=now)
        with pytest.raises(WrongState, match="only admin"):
            users.close(session, boss, by=BOSS, now=now)


def test_an_address_has_one_account_however_it_is_written(app: App, now: datetime) -> None:
    a_colleague(app, "eva@example.com", now=now)
    with app.database.write() as session, pytest.raises(AlreadyDone):
        users.add(session, "EVA@Example.com", Role.EDITOR, by=BOSS, now=now)


def test_what_is_no_address_is_refused(app: App, now: datetime) -> None:
    with app.database.write() as session, pytest.raises(BadInput, match="is not an address"):
        users.add(session, "eva at example", Role.EDITOR, by=BOSS, now=now)
