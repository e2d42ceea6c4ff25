"""Coming in with a password, with a second factor, by a link; and who does not come in."""

from datetime import datetime

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.staff import acts, keys, passwords, users
from newsletter.staff.models import Role, Session, User
from tests.conftest import REAL_HASHER
from tests.staff.conftest import BOSS, PASSWORD, Browser, Clock, a_colleague

EVA = "eva@example.com"


def _did(app: App) -> list[str]:
    with app.database.read() as session:
        return [act.did for act in acts.lately(session, limit=50)]


def test_without_accounts_the_desk_opens_at_the_machine_and_says_so(browser: Browser) -> None:
    page = browser.open("/")
    assert (page.status_code, "Nobody has an account yet" in page.text) == (200, True)


def test_once_somebody_has_an_account_everybody_signs_in(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    page = browser.open("/editions/7/log?q=ada")
    assert (page.status_code, page.headers["location"]) == (
        303,
        "/desk/sign-in?next=%2Feditions%2F7%2Flog%3Fq%3Dada",
    )


def test_who_signs_in_goes_on_where_they_wanted(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.open("/desk/sign-in?next=/editions/7/log")
    page = browser.send("/desk/sign-in", email="EVA@example.com ", password=PASSWORD)
    assert (page.headers["location"], browser.open("/").status_code) == ("/editions/7/log", 200)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "x" * 900],
)
def test_nobody_is_sent_elsewhere(app: App, browser: Browser, now: datetime, elsewhere: str) -> None:
    a_colleague(app, now=now)
    page = browser.send("/desk/sign-in", email=EVA, password=PASSWORD, next=elsewhere)
    assert page.headers["location"] == "/"


def test_a_stranger_a_wrong_password_and_a_closed_account_are_answered_alike(
    app: App, browser: Browser, now: datetime
) -> None:
    a_colleague(app, now=now)
    a_colleague(app, "gone@example.com", now=now)
    with app.database.write() as session:
        users.add(session, "invited@example.com", Role.EDITOR, by=BOSS, now=now)
        users.close(session, users.get(session, "gone@example.com"), by=BOSS, now=now)
    tries = [
        browser.sign_in("nobody@example.com"),
        browser.sign_in(EVA, "wrong and long enough"),
        browser.sign_in("gone@example.com"),
        browser.sign_in("invited@example.com", ""),
    ]
    assert [(page.status_code, "don&#39;t belong together" in page.text) for page in tries] == [(400, True)] * 4


def test_who_guesses_has_to_wait_and_then_may_again(app: App, browser: Browser, clock: Clock) -> None:
    a_colleague(app, now=clock())
    guesses = [browser.sign_in(EVA, f"guess number {n}").status_code for n in range(11)]
    right = browser.sign_in(EVA)
    clock.turn(minutes=16)
    assert (guesses, right.status_code, int(right.headers["retry-after"]) > 0, browser.sign_in(EVA).status_code) == (
        [400] * 10 + [429],
        429,
        True,
        303,
    )


def test_failures_are_written_down_for_people_and_not_for_strangers(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.sign_in("nobody@example.com")
    browser.sign_in(EVA, "wrong and long enough")
    assert _did(app).count("failed to sign in") == 1


def test_a_session_ends_when_it_is_not_used_and_after_a_week(app: App, browser: Browser, clock: Clock) -> None:
    a_colleague(app, now=clock())
    browser.sign_in(EVA)
    clock.turn(hours=11)
    used = browser.open("/").status_code
    clock.turn(hours=13)
    unused = browser.open("/").status_code
    browser.sign_in(EVA)
    for _ in range(15):
        clock.turn(hours=11)
        browser.open("/")
    clock.turn(hours=6)
    assert (used, unused, browser.open("/").status_code) == (200, 303, 303)


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.sign_in(EVA)
    kept = browser.client.cookies["desk"]
    browser.open("/")
    browser.send("/desk/sign-out")
    browser.client.cookies.set("desk", kept)
    assert browser.open("/").status_code == 303


def test_a_cookie_brought_along_is_not_the_one_that_is_signed_in(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.client.cookies.set("desk", "planted")
    browser.sign_in(EVA)
    assert "planted" not in [cookie.value for cookie in browser.client.cookies.jar if cookie.domain != ""]


def test_what_is_kept_of_a_session_is_not_what_the_cookie_says(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.sign_in(EVA)
    with app.database.read() as session:
        (kept,) = session.scalars(select(Session)).all()
    assert browser.client.cookies["desk"] not in kept.digest


def test_a_form_of_another_site_is_refused(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    fields = {"email": EVA, "password": PASSWORD}
    page = browser.client.post("/desk/sign-in", data=fields, headers={"Origin": "https://evil.example"})
    assert (page.status_code, "desk" in browser.client.cookies) == (403, False)


def test_a_form_without_the_sessions_own_mark_is_refused(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    browser.sign_in(EVA)
    page = browser.client.post("/desk/account/name", data={"name": "Mallory", "csrf": "x" * 64})
    with app.database.read() as session:
        assert (page.status_code, users.get(session, EVA).name) == (403, "Eva")


# the second factor


def test_a_second_factor_is_asked_for_and_each_code_is_good_once(app: App, browser: Browser, clock: Clock) -> None:
    a_colleague(app, now=clock())
    browser.sign_in(EVA)
    totp = browser.set_up_second_factor()
    browser.send("/desk/account/second", do="adopt", code=totp.at(clock()))
    browser.client.cookies.clear()
    clock.turn(minutes=1)
    halfway = browser.sign_in(EVA)
    outside = browser.open("/").status_code
    browser.open("/desk/sign-in/code")
    wrong = browser.send("/desk/sign-in/code", code="000000").status_code
    right = browser.send("/desk/sign-in/code", code=totp.at(clock())).status_code
    inside = browser.open("/").status_code
    browser.client.cookies.clear()
    browser.sign_in(EVA)
    again = browser.send("/desk/sign-in/code", code=totp.at(clock())).status_code
    assert (halfway.headers["location"], outside, wrong, right, inside, again) == (
        "/desk/sign-in/code?next=%2F",
        303,
        400,
        303,
        200,
        400,
    )


def test_a_recovery_code_opens_once(app: App, browser: Browser, clock: Clock) -> None:
    a_colleague(app, now=clock())
    browser.sign_in(EVA)
    totp = browser.set_up_second_factor()
    page = browser.send("/desk/account/second", do="adopt", code=totp.at(clock()))
    code = page.text.split('<ul class="codes"><li><code>')[1].split("<")[0]
    browser.client.cookies.clear()
    browser.sign_in(EVA)
    first = browser.send("/desk/sign-in/code", code=code.upper()).status_code
    browser.client.cookies.clear()
    browser.sign_in(EVA)
    assert (first, browser.send("/desk/sign-in/code", code=code).status_code) == (303, 400)


def test_codes_can_not_be_guessed_fast(app: App, browser: Browser, clock: Clock) -> None:
    a_colleague(app, now=clock())
    browser.sign_in(EVA)
    totp = browser.set_up_second_factor()
    browser.send("/desk/account/second", do="adopt", code=totp.at(clock()))
    browser.client.cookies.clear()
    browser.sign_in(EVA)
    assert [browser.send("/desk/sign-in/code", code=f"00000{n}").status_code for n in range(6)] == [400] * 5 + [429]


def test_the_secret_of_a_second_factor_is_not_readable_in_the_database(
    app: App, browser: Browser, clock: Clock
) -> None:
    a_colleague(app, now=clock())
    browser.sign_in(EVA)
    totp = browser.set_up_second_factor()
    browser.send("/desk/account/second", do="adopt", code=totp.at(clock()))
    with app.database.read() as session:
        sealed = users.get(session, EVA).sealed_totp
    assert (bool(sealed), totp.secret in sealed) == (True, False)


def test_a_secret_shown_to_one_session_can_not_be_adopted_by_another(
    app: App, browser: Browser, other_browser: Browser, clock: Clock
) -> None:
    a_colleague(app, now=clock())
    a_colleague(app, "mallory@example.com", now=clock())
    browser.sign_in(EVA)
    other_browser.sign_in("mallory@example.com")
    totp = other_browser.set_up_second_factor()
    sealed = other_browser.page.text.split('name="sealed" value="')[1].split('"')[0]
    browser.open("/desk/account/second")
    page = browser.send("/desk/account/second", do="adopt", sealed=sealed, code=totp.at(clock()))
    assert page.status_code == 400


# links that are good once


def _key(app: App, email: str | None, now: datetime) -> str:
    with app.database.write() as session:
        return keys.path(keys.make(session, users.get(session, email) if email else None, now=now))


def _choose(browser: Browser, path: str, **fields: str) -> httpx.Response:
    browser.open(path)
    return browser.send(path, password=PASSWORD, again=PASSWORD, **fields)


def test_the_set_up_link_makes_the_first_admin_and_nobody_else(app: App, browser: Browser, now: datetime) -> None:
    path = _key(app, None, now)
    made = _choose(browser, path, email="boss@example.com", name="The boss")
    with app.database.read() as session:
        everybody = [(user.email, user.role) for user in session.scalars(select(User))]
    assert (made.headers["location"], everybody, browser.open(path).status_code) == (
        "/desk/account",
        [("boss@example.com", Role.ADMIN)],
        400,
    )


def test_a_link_is_too_old_after_its_time(app: App, browser: Browser, clock: Clock) -> None:
    path = _key(app, None, clock())
    clock.turn(hours=25)
    assert browser.open(path).status_code == 400


def test_a_newer_link_makes_the_older_one_void(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    older, newer = _key(app, EVA, now), _key(app, EVA, now)
    assert (browser.open(older).status_code, browser.open(newer).status_code) == (400, 200)


def test_looking_at_a_link_does_not_use_it_up(app: App, browser: Browser, now: datetime) -> None:
    a_colleague(app, now=now)
    path = _key(app, EVA, now)
    seen = [browser.open(path).status_code for _ in range(3)]
    assert (seen, _choose(browser, path).status_code) == ([200] * 3, 303)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaaaaaa", "eva@example.com", "abababababababab", "x" * 300], ids=len
)
def test_a_bad_password_is_refused_and_the_link_stays_good(
    app: App, browser: Browser, now: datetime, password: str
) -> None:
    a_colleague(app, now=now)
    path = _key(app, EVA, now)
    browser.open(path)
    refused = browser.send(path, password=password, again=password)
    assert (refused.status_code, _choose(browser, path).status_code) == (400, 303)


def test_a_password_is_kept_as_argon2id(app: App, now: datetime) -> None:
    a_colleague(app, now=now)
    with app.database.read() as session:
        kept = users.get(session, EVA).password
    assert (kept.startswith("$argon2id$"), passwords.verify(kept, PASSWORD), passwords.verify(kept, "x")) == (
        True,
        True,
        False,
    )


def test_keeping_one_costs_what_rfc_9106_recommends() -> None:
    assert (REAL_HASHER.time_cost, REAL_HASHER.memory_cost, REAL_HASHER.parallelism) == (3, 64 * 1024, 4)


def test_changing_the_password_signs_out_everywhere_else(
    app: App, browser: Browser, other_browser: Browser, now: datetime
) -> None:
    a_colleague(app, now=now)
    browser.sign_in(EVA)
    other_browser.sign_in(EVA)
    browser.open("/desk/account")
    page = browser.send("/desk/account/password", old=PASSWORD, new="another tall ship and star")
    assert (page.status_code, browser.open("/").status_code, other_browser.open("/").status_code) == (200, 200, 303)


def test_a_session_can_be_ended_from_another_one_of_the_same_person_alone(
    app: App, browser: Browser, other_browser: Browser, now: datetime
) -> None:
    a_colleague(app, now=now)
    a_colleague(app, "mallory@example.com", now=now)
    browser.sign_in(EVA)
    with app.database.read() as session:
        hers = session.scalars(select(Session.id)).one()
    other_browser.sign_in("mallory@example.com")
    other_browser.open("/desk/account")
    other_browser.send("/desk/account/sessions", session=str(hers))
    before = browser.open("/").status_code
    other_browser.client.cookies.clear()
    other_browser.sign_in(EVA)
    other_browser.open("/desk/account")
    other_browser.send("/desk/account/sessions", session=str(hers))
    assert (before, browser.open("/").status_code) == (200, 303)
