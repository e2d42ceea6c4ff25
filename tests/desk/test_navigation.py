"""Where one can go from any page of the desk: only where something is, and only where one may."""

import re
from datetime import datetime

import pytest

from newsletter.app import App
from newsletter.staff.models import Role
from newsletter.web.staff.navigation import ENTRIES, is_at
from tests.staff.conftest import Browser, a_colleague


def _shown(browser: Browser, path: str = "/") -> list[str]:
    (ways,) = re.findall(r'<nav class="ways".*?</nav>', browser.open(path).text, re.DOTALL)
    return re.findall(r">([^<>]+)</a>", ways)


def test_an_admin_goes_everywhere_that_is_there(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, role=Role.ADMIN, now=now))
    shown = _shown(browser)
    there = [entry for entry in ENTRIES if browser.client.get(entry.path).status_code == 200]
    assert shown == [entry.says for entry in there]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.OPERATOR])
def test_nobody_is_shown_a_way_that_is_shut_for_them(app: App, browser: Browser, now: datetime, role: Role) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    shown = _shown(browser)
    open_ = [entry.says for entry in ENTRIES if browser.client.get(entry.path).status_code == 200]
    assert (shown, "People" in shown) == (open_, False)


def test_without_accounts_nobody_has_one(browser: Browser) -> None:
    assert {"Editions", "Your account", "People"} & set(_shown(browser)) == {"Editions"}


def test_the_way_one_is_on_is_said(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, role=Role.ADMIN, now=now))
    page = browser.open("/desk/templates").text
    assert re.findall(r'aria-current="true">([^<]+)<', page) == ["Newsletters"]


@pytest.mark.parametrize(
    ("path", "says"),
    [("/", ["Editions"]), ("/editions/3/log", ["Editions"]), ("/editionsx", []), ("/desk/people", ["People"])],
)
def test_a_page_belongs_to_one_way(path: str, says: list[str]) -> None:
    assert [entry.says for entry in ENTRIES if is_at(entry, path)] == says
