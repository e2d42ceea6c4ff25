"""Newsletters and settings as pages: shown with where they come from, changed while all runs, taken back."""

import re
from datetime import date, datetime, timedelta
from html import unescape

import httpx
import pytest
from lxml.html import document_fromstring
from sqlalchemy import event, select

from newsletter.app import App
from newsletter.changes import standing
from newsletter.changes.models import Change
from newsletter.errors import BadInput, ConfigError, WrongState
from newsletter.jobs import setting
from newsletter.staff.acts import Doer
from newsletter.staff.models import Act, Role
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.staff.conftest import Browser, Clock, a_colleague

EVA = Doer("Eva", "desk")
FRIDAY = "newsletters.friday"
PAGE = "/desk/newsletters/friday"


@pytest.fixture
def operator(app: App, browser: Browser, now: datetime) -> Browser:
    """An operator's browser, signed in."""
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    return browser


def _shown(page: httpx.Response, key: str) -> str:
    """What the field of *key* has in it."""
    (form,) = (form for form in document_fromstring(page.text).forms if "seen" in form.fields)
    return str(form.fields[key])


def _send(browser: Browser, **typed: str) -> httpx.Response:
    """Send the form in view as a browser would, with some fields *typed* anew."""
    (form,) = (form for form in document_fromstring(browser.page.text).forms if "seen" in form.fields)
    fields = dict(form.form_values()) | typed
    browser.page = browser.client.post(str(form.action), data=fields, headers=_ours(browser))
    return browser.page


def _ours(browser: Browser) -> dict[str, str]:
    return {"Origin": str(browser.client.base_url)}


def _wrong(page: httpx.Response, key: str) -> str:
    """What is said beside the field of *key*."""
    found = re.search(rf'<p class="bad" id="{re.escape(key.replace(".", "-"))}-wrong">(.*?)</p>', page.text)
    return unescape(found[1]) if found else ""


def test_a_name_changed_at_the_desk_counts_in_every_other_process(app: App, browser: Browser) -> None:
    other = App(app.settings, app.database)
    browser.open(PAGE)
    sent = _send(browser, **{f"{FRIDAY}.title": "The Saturday Six"})
    assert (sent.status_code, other.current().newsletter("friday").title) == (303, "The Saturday Six")


def test_a_second_web_process_shows_it_on_its_next_page(app: App, operator: Browser, clock: Clock) -> None:
    with serving(create(App(app.settings, app.database), clock=clock)) as url:
        cookies = dict(operator.client.cookies)
        httpx.get(f"{url}{PAGE}", cookies=cookies, trust_env=False)
        operator.open(PAGE)
        _send(operator, **{f"{FRIDAY}.title": "The Saturday Six"})
        there = httpx.get(f"{url}{PAGE}", cookies=cookies, trust_env=False)
    assert _shown(there, f"{FRIDAY}.title") == "The Saturday Six"


def test_a_form_sent_as_it_was_opened_changes_nothing(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    assert (_send(browser).status_code, app.current().change) == (303, 0)


def test_day_and_hour_are_chosen_apart(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    _send(browser, **{f"{FRIDAY}.send.day": "thu", f"{FRIDAY}.send.hour": "10:30"})
    assert str(app.current().newsletter("friday").send) == "thu 10:30"


def test_each_kind_of_setting_is_understood_as_it_is_typed(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    typed = {
        "interests": "self-checkout = 2\r\nAT&T = 0.5\r\n",
        "editors": "a@example.com\r\n\r\n b@example.com",
        "stories": "7",
        "pixel.shown": "1",
        "pixel": "yes",
        "tracking": "off",
        "topics": "tills = Tills, and = signs",
        "limits.domains": "gmail.com = 20\nweb.de = per_hour: 100, connections: 2",
    }
    sent = _send(browser, **{f"{FRIDAY}.{name}": value for name, value in typed.items()})
    one = app.current().newsletter("friday")
    assert (sent.status_code, one.interests, one.editors, one.stories, one.pixel, one.tracking) == (
        303,
        {"self-checkout": 2.0, "AT&T": 0.5},
        ("a@example.com", "b@example.com"),
        7,
        True,
        "off",
    )
    assert {name: each.model_dump(exclude_defaults=True) for name, each in one.limits.domains.items()} == {
        "gmail.com": {"per_second": 20.0},
        "web.de": {"per_hour": 100, "connections": 2},
    }


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("stories", "0", "greater than or equal to 1"),
        ("stories", "five", "valid integer"),
        ("stories", "9" * 400, "less than or equal to 20"),
        ("time_zone", "Atlantis/City", "'Atlantis/City' is not a time zone"),
        ("time_zone", "../../etc/passwd", "is not a time zone"),
        ("title", "", "at least 1 character"),
        ("title", "Two\nlines", "must be one line"),
        ("title", "x" * 5000, "at most 200 characters"),
        ("from_address", "friday", "is not an address"),
        ("from_address", "a@b.example\r\nBcc: c@d.example", "is not an address"),
        ("editors", "nobody", "'nobody' is not an address"),
        ("tracking", "everything", "Input should be 'off', 'anonymous' or 'individual'"),
        ("interests", "self-checkout", "line 1 is not a name, = and a value"),
        ("interests", "a = 1\na = 2", "line 2 names a a second time"),
        ("interests", "a = much", "valid number"),
        ("interests", "a = nan", "finite number"),
        ("lists", "", "at least one list"),
        ("lists", "Week ly", "can't name a list"),
        ("topics", "Ümlaut = x", "can't name a topic"),
        ("template", "../secrets", "is not the name of a folder"),
        ("template", "nowhere", "there is no folder nowhere"),
        ("catch_up_hours", "-1", "greater than or equal to 0"),
        ("limits.canary_share", "2", "less than or equal to 1"),
        ("limits.domains", "gmail.com = per_year: 3", "Extra inputs are not permitted"),
        ("welcome", "x" * 30_000, "may have 20,000"),
    ],
)
def test_a_wrong_value_gets_its_sentence_beside_its_field(
    app: App, browser: Browser, name: str, typed: str, says: str
) -> None:
    browser.open(PAGE)
    page = _send(browser, **{f"{FRIDAY}.{name}": typed})
    assert (page.status_code, app.current().change) == (400, 0)
    assert says in _wrong(page, f"{FRIDAY}.{name}")


def test_what_is_no_time_of_the_week_is_said_so(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    page = _send(browser, **{f"{FRIDAY}.send.day": "someday", f"{FRIDAY}.send.hour": "25:00"})
    assert "is not a time of the week" in _wrong(page, f"{FRIDAY}.send")


def test_one_wrong_value_loses_nothing_of_the_others(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    page = _send(
        browser, **{f"{FRIDAY}.title": "<b>New</b>", f"{FRIDAY}.stories": "99", f"{FRIDAY}.time_zone": "Nowhere"}
    )
    assert (_shown(page, f"{FRIDAY}.title"), _shown(page, f"{FRIDAY}.stories"), app.current().change) == (
        "<b>New</b>",
        "99",
        0,
    )
    assert (bool(_wrong(page, f"{FRIDAY}.stories")), bool(_wrong(page, f"{FRIDAY}.time_zone"))) == (True, True)


def test_two_who_change_different_things_do_not_disturb_each_other(
    app: App, operator: Browser, other_browser: Browser, now: datetime
) -> None:
    other_browser.sign_in(a_colleague(app, "boss@example.com", Role.ADMIN, now=now))
    operator.open(PAGE)
    other_browser.open(PAGE)
    _send(operator, **{f"{FRIDAY}.title": "Mine", f"{FRIDAY}.stories": "5"})
    _send(other_browser, **{f"{FRIDAY}.title": "The Friday Five", f"{FRIDAY}.stories": "6"})
    one = app.current().newsletter("friday")
    assert (one.title, one.stories) == ("Mine", 6)


def test_two_who_change_the_same_are_told(app: App, operator: Browser, other_browser: Browser, now: datetime) -> None:
    other_browser.sign_in(a_colleague(app, "boss@example.com", Role.ADMIN, now=now))
    operator.open(PAGE)
    other_browser.open(PAGE)
    _send(operator, **{f"{FRIDAY}.title": "Mine"})
    page = _send(other_browser, **{f"{FRIDAY}.title": "Theirs"})
    assert (app.current().newsletter("friday").title, _shown(page, f"{FRIDAY}.title")) == ("Mine", "Theirs")
    assert "Eva has changed newsletters.friday.title meanwhile" in unescape(page.text)


def test_a_change_is_taken_back_by_one_press(app: App, browser: Browser) -> None:
    browser.open(PAGE)
    _send(browser, **{f"{FRIDAY}.title": "Wrong"})
    browser.open(PAGE)
    browser.send("/desk/settings/changes", undo=str(app.current().change))
    assert app.current().newsletter("friday").title == "The Friday Five"


def test_who_changed_what_is_in_the_audit_log(app: App, operator: Browser) -> None:
    operator.open(PAGE)
    _send(operator, **{f"{FRIDAY}.title": "The Saturday Six"})
    with app.database.read() as session:
        act = session.scalars(select(Act).where(Act.did == "changed a setting")).one()
    assert (act.who, act.what, act.details) == (
        "Eva",
        "newsletters.friday.title",
        {"before": "The Friday Five", "after": "The Saturday Six"},
    )


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 403), (Role.APPROVER, 403), (Role.OPERATOR, 303)])
def test_who_may_not_set_may_look(app: App, browser: Browser, now: datetime, role: Role, status: int) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    seen = browser.open(PAGE)
    sent = browser.send(PAGE, seen="0", **{f"{FRIDAY}.title": "Theirs"})
    assert (seen.status_code, "The Friday Five" in seen.text, sent.status_code) == (200, True, status)


@pytest.mark.parametrize("key", ["editors", "when_not_approved"])
def test_who_says_yes_to_an_edition_is_said_by_an_admin(
    app: App, operator: Browser, other_browser: Browser, now: datetime, key: str
) -> None:
    typed = {"editors": "friend@example.com", "when_not_approved": "send_if_green"}[key]
    operator.open(PAGE)
    refused = _send(operator, **{f"{FRIDAY}.{key}": typed})
    other_browser.sign_in(a_colleague(app, role=Role.ADMIN, now=now, email="admin@example.com"))
    other_browser.open(PAGE)
    kept = _send(other_browser, **{f"{FRIDAY}.{key}": typed})
    assert (refused.status_code, _wrong(refused, f"{FRIDAY}.{key}"), kept.status_code) == (
        400,
        "An admin changes that: it says who or what approves editions.",
        303,
    )


def test_nor_does_an_operator_take_back_what_an_admin_said_of_it(app: App, operator: Browser, now: datetime) -> None:
    key = f"{FRIDAY}.editors"
    setting.put(app, {key: ["friend@example.com"]}, by=EVA, now=now)
    with app.database.read() as session:
        (change,) = standing.lately(session, prefix=key, limit=5)
    operator.open(PAGE)
    token = re.findall(r'name="csrf" value="([^"]+)"', operator.page.text)[0]
    answers = [
        operator.client.post(
            "/desk/settings/changes", data={"csrf": token, **form}, headers=_ours(operator)
        ).status_code
        for form in ({"undo": str(change.id)}, {"back": key})
    ]
    assert (answers, app.current().settings.newsletters["friday"].editors) == ([403, 403], ("friend@example.com",))


def test_secrets_are_never_shown(app: App, browser: Browser) -> None:
    page = browser.open("/desk/settings").text
    assert ("a secret for tests" in page, "guest:guest" in page, "(set)" in page) == (False, False, True)


def test_every_setting_stands_on_a_page_with_its_sentence(browser: Browser) -> None:
    from newsletter import handbook

    pages = browser.open("/desk/settings").text + browser.open(PAGE).text
    named = set(re.findall(r'<p class="origin"><code>([^<]+)</code>', pages))
    assert {entry.path.replace("NAME", "friday") for entry in handbook.entries()} - named == set()
    assert pages.count('-says">.</p>') == 0


@pytest.mark.parametrize("key", ["smtp.host", "secret", "database_url", "fetch.allow_loopback", "sign_up.proxies"])
def test_what_needs_a_restart_is_not_changed_by_a_form(app: App, browser: Browser, key: str) -> None:
    browser.open("/desk/settings")
    _send(browser, **{key: "elsewhere"})
    assert app.current().change == 0


@pytest.mark.parametrize(
    "fields",
    [{"seen": "x"}, {"seen": "9" * 30}, {"seen": "-1"}, {"undo": "1"}, {"back": "a"}, {"back": "x" * 9000}],
)
def test_a_form_that_is_none_of_ours_changes_nothing(app: App, browser: Browser, fields: dict[str, str]) -> None:
    browser.open(PAGE)
    paths = (PAGE, "/desk/settings", "/desk/settings/changes")
    statuses = {browser.client.post(path, data=fields, headers=_ours(browser)).status_code for path in paths}
    assert (statuses <= {303, 400, 404, 409}, app.current().change) == (True, 0)


def test_there_is_no_page_of_a_newsletter_that_is_not_there(browser: Browser) -> None:
    assert browser.open("/desk/newsletters/%3Cb%3E").status_code == 404


def test_what_the_environment_sets_is_said_and_stays(app: App, now: datetime) -> None:
    app.settings._fixed = frozenset({"fetch.timeout"})
    with pytest.raises(BadInput, match="NEWSLETTER_FETCH_TIMEOUT in the environment"):
        setting.put(app, {"fetch.timeout": 5}, by=EVA, now=now)


def test_a_value_like_the_files_is_no_change_of_it(app: App, now: datetime) -> None:
    setting.put(app, {f"{FRIDAY}.stories": 7}, by=EVA, now=now)
    later = setting.put(app, {f"{FRIDAY}.stories": 5}, by=EVA, now=now)
    with app.database.read() as session:
        assert (standing.counting(session), later.settings) == ({}, app.settings)


def test_what_was_changed_again_since_is_not_taken_back(app: App, now: datetime) -> None:
    setting.put(app, {f"{FRIDAY}.stories": 7}, by=EVA, now=now)
    setting.put(app, {f"{FRIDAY}.stories": 8}, by=Doer("Ada", "desk"), now=now)
    with app.database.read() as session:
        first = session.scalars(select(Change.id).order_by(Change.id)).first()
    assert first
    with pytest.raises(WrongState, match="changed again since, by Ada"):
        setting.undo(app, first, by=EVA, now=now)


def test_what_this_version_does_not_know_is_named_with_the_way_out(app: App, now: datetime) -> None:
    with app.database.write() as session:
        standing.put(session, {f"{FRIDAY}.horoscope": "leo"}, by=EVA, now=now)
    with pytest.raises(ConfigError, match=r"newsletter settings back newsletters\.friday\.horoscope"):
        app.current()
    setting.give_back(app, f"{FRIDAY}.horoscope", by=EVA, now=now)
    assert app.current().settings == app.settings


def test_a_list_that_was_added_is_there_at_once(app: App, now: datetime) -> None:
    from subscribers import roll

    setting.put(app, {f"{FRIDAY}.lists": ["weekly", "brand-new"]}, by=EVA, now=now)
    with app.database.read() as session:
        assert "brand-new" in roll.slugs(session)


def test_who_holds_an_app_goes_on_as_it_began(app: App, now: datetime) -> None:
    held = app
    setting.put(app, {f"{FRIDAY}.title": "Other"}, by=EVA, now=now)
    assert held.newsletter("friday").title == "The Friday Five"


def test_the_timetable_follows_at_the_next_tick(app: App, now: datetime) -> None:
    from newsletter import jobs
    from newsletter.editions.models import Job, Slot

    jobs.tick(app, now=now - timedelta(hours=5), owner="one")
    changed = setting.put(app, {f"{FRIDAY}.send": "fri 11:30"}, by=EVA, now=now)
    jobs.tick(changed, now=now - timedelta(hours=4), owner="one")
    with app.database.read() as session:
        due = session.scalars(select(Slot.due_at).where(Slot.job == Job.SEND, Slot.date == date(2021, 11, 26))).one()
    assert due == datetime(2021, 11, 26, 11, 30, tzinfo=now.tzinfo)


def test_no_page_asks_more_of_the_database_for_more_changes(app: App, browser: Browser, now: datetime) -> None:
    asked: list[str] = []
    event.listen(app.database.reader, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def count() -> list[int]:
        counts = []
        for path in ("/desk/newsletters", PAGE, "/desk/settings"):
            asked.clear()
            browser.open(path)
            counts.append(len(asked))
        return counts

    setting.put(app, {f"{FRIDAY}.stories": 4}, by=EVA, now=now)
    few = max(count())
    for number in range(6, 16):
        setting.put(app, {f"{FRIDAY}.stories": number, f"{FRIDAY}.links_days": number}, by=EVA, now=now)
    # whether the settings were looked at within the last second makes one or two
    assert max(count()) <= few + 2


def test_a_sending_goes_on_by_the_settings_it_began_with(app: App, now: datetime) -> None:
    from newsletter.delivery.models import Sending
    from newsletter.jobs import deciding, sending
    from tests.factories import a_subscriber, an_edition

    with app.database.write() as session:
        a_subscriber(session)
        edition = an_edition(session, "Tills that think")
    deciding.approve(app, edition.id, by="Eva", now=now)
    begun = setting.put(app, {f"{FRIDAY}.from_name": "As it began"}, by=EVA, now=now)
    with app.database.write() as session:
        sending.begin(session, begun, session.get_one(type(edition), edition.id), begun.sender(), by="Eva", now=now)
    later = setting.put(begun, {f"{FRIDAY}.from_name": "Later", f"{FRIDAY}.limits.per_second": 1}, by=EVA, now=now)
    with app.database.read() as session:
        way = sending.route(session, App(app.settings, app.database), edition.id, now=now)
        went_by = session.get_one(Sending, edition.id).change
    assert (way.mould.sender[0], way.throttle.limits.per_second, went_by, later.change > went_by) == (
        "As it began",
        0,
        begun.change,
        True,
    )
