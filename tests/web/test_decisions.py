"""The links of a draft mail: they ask first, do what they say once, and nothing else."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.editions import shelf
from newsletter.editions.models import State
from newsletter.jobs import passes
from newsletter.jobs.passes import Pass, Verb
from newsletter.staff import users
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import BOSS

MAILED = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)


@pytest.fixture
def edition_id(app: App, now: datetime) -> int:
    """An edition in review."""
    with app.database.write() as session:
        return an_edition(session, state=State.IN_REVIEW).id


def _path(app: App, edition_id: int, verb: Verb, *, revision: int = 1) -> str:
    given = Pass(verb, edition_id, revision, "editor@news.example.com")
    return passes.link(app.settings, given, now=MAILED).removeprefix(app.settings.public_url)


def _press(site: httpx.Client, path: str) -> httpx.Response:
    """Send the form of the page at *path* as it stands."""
    hidden = re.search(r'name="digest" value="([0-9a-f]*)"', site.get(path).text)
    return site.post(path, data={"digest": hidden[1] if hidden else ""})


def _state(app: App, edition_id: int) -> State:
    with app.database.read() as session:
        return shelf.get(session, edition_id).state


def test_looking_decides_nothing(app: App, edition_id: int, site: httpx.Client) -> None:
    page = site.get(_path(app, edition_id, Verb.APPROVE)).text
    assert ("Approve this edition?" in page, _state(app, edition_id)) == (True, State.IN_REVIEW)


@pytest.mark.parametrize(("verb", "state"), [(Verb.APPROVE, State.APPROVED), (Verb.HOLD, State.HELD)])
def test_the_button_decides(app: App, edition_id: int, site: httpx.Client, verb: Verb, state: State) -> None:
    _press(site, _path(app, edition_id, verb))
    assert _state(app, edition_id) is state


def test_bytes_that_are_not_those_that_were_shown_are_not_approved(
    app: App, edition_id: int, site: httpx.Client
) -> None:
    path = _path(app, edition_id, Verb.APPROVE)
    response = site.post(path, data={"digest": "0" * 64})
    assert (response.status_code, _state(app, edition_id)) == (409, State.IN_REVIEW)


def test_a_link_approves_only_the_wording_it_was_mailed_for(app: App, edition_id: int, site: httpx.Client) -> None:
    response = site.post(_path(app, edition_id, Verb.APPROVE, revision=2), data={"digest": ""})
    assert (response.status_code, _state(app, edition_id)) == (409, State.IN_REVIEW)


def test_a_hold_link_can_not_be_bent_into_an_approval(app: App, edition_id: int, site: httpx.Client) -> None:
    response = site.post(_path(app, edition_id, Verb.HOLD).replace("/hold/", "/approve/"), data={"digest": ""})
    assert (response.status_code, _state(app, edition_id)) == (400, State.IN_REVIEW)


def test_an_edit_link_leads_to_the_edition_at_the_desk(app: App, edition_id: int, site: httpx.Client) -> None:
    response = site.get(_path(app, edition_id, Verb.EDIT))
    assert (response.status_code, response.headers["location"]) == (303, f"/editions/{edition_id}")


def test_elsewhere_an_edit_link_says_where_the_desk_is(app: App, edition_id: int, site: httpx.Client) -> None:
    response = site.get(_path(app, edition_id, Verb.EDIT), headers={"Host": "news.example.com"})
    assert "newsletter editions edit" in response.text


@pytest.mark.parametrize(
    ("role", "is_closed", "state"),
    [
        (Role.APPROVER, False, State.APPROVED),
        (Role.APPROVER, True, State.IN_REVIEW),
        (Role.EDITOR, False, State.IN_REVIEW),
        (Role.OPERATOR, False, State.IN_REVIEW),
    ],
)
def test_a_link_decides_no_more_than_the_account_it_was_mailed_to(
    app: App, edition_id: int, site: httpx.Client, role: Role, is_closed: bool, state: State
) -> None:
    with app.database.write() as session:
        user = users.add(session, "Editor@news.example.com", role, by=BOSS, now=MAILED)
        user.closed_at = MAILED if is_closed else None
    _press(site, _path(app, edition_id, Verb.APPROVE))
    assert _state(app, edition_id) is state
