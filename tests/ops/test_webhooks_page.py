"""Webhooks at the desk: added with a secret that is shown once, tried, told again, switched off, removed."""

import re
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.editions.models import State
from newsletter.staff.models import Act, Role
from newsletter.tracking.webhooks import endpoints
from tests.ops.house import clock, operator, queries
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.webhooks import receiver as manners
from tests.webhooks.conftest import World
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["clock", "operator"]

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
def app(settings: Settings, database: Database) -> App:
    """One that may post to this machine."""
    fetch = settings.fetch.model_copy(update={"allow_loopback": True})
    return App(settings.model_copy(update={"fetch": fetch}), database)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def world(app: App, clock: Clock) -> World:
    return World(app, clock())


def _send(browser: Browser, path: str, **fields: str) -> httpx.Response:
    browser.open(path)
    return browser.send(path, **fields)


def acts(app: App) -> list[str]:
    with app.database.read() as session:
        return list(session.scalars(select(Act.did).where(Act.what.startswith("webhook")).order_by(Act.id)))


def test_one_is_added_and_its_secret_is_shown_once(app: App, operator: Browser, receiver: Receiver) -> None:
    answer = _send(operator, "/ops/webhooks", url=receiver.url, kind="edition.*")
    later = operator.open("/ops/webhooks/1").text + operator.open("/ops/webhooks").text
    with app.database.read() as session:
        made = endpoints.get(session, 1)
        signs = endpoints.signing(made, "a secret for tests", now=made.made_at)
    assert (answer.status_code, _SECRET.findall(answer.text), _SECRET.findall(later)) == (200, signs, [])
    assert (made.url, made.kinds, acts(app)) == (receiver.url, ["edition.*"], ["webhook added"])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"url": "https://10.0.0.1/", "kind": "alarm.*"}, "10.0.0.1 is not on the public internet"),
        ({"url": "ftp://example.com/", "kind": "alarm.*"}, "begins with https://"),
        ({"url": "http://127.0.0.1:9/"}, "Choose at least one thing"),
        ({"url": "http://127.0.0.1:9/", "kind": "<script>"}, "&lt;script&gt;&#39; is nothing that is told"),
        ({"url": "http://127.0.0.1:9/", "kind": "alarm.*", "newsletter": "monday"}, "there is no newsletter"),
    ],
)
def test_what_can_not_be_told_is_said_and_stays_filled_in(
    app: App, operator: Browser, fields: dict[str, str], says: str
) -> None:
    answer = _send(operator, "/ops/webhooks", **fields)
    assert (answer.status_code, says.lower() in answer.text.lower(), f'value="{fields["url"]}"' in answer.text) == (
        400,
        True,
        True,
    )
    assert acts(app) == []


def test_a_test_is_posted_and_its_answer_shown(world: World, operator: Browser, receiver: Receiver) -> None:
    world.add(receiver)
    taken = _send(operator, "/ops/webhooks/1", do="test").text
    receiver.manner = manners.status(500, "no <script>room</script>")
    refused = _send(operator, "/ops/webhooks/1", do="test").text
    assert (receiver.types, "The test was taken: it answered 204." in taken) == (["webhook.test"] * 2, True)
    assert "The test was not taken: it answered 500: no &lt;script&gt;room" in refused
    assert "<script>room" not in refused


def test_it_is_told_again_from_a_time_or_a_happening(world: World, operator: Browser, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.IN_REVIEW, State.APPROVED)
    world.tell()
    since = _send(operator, "/ops/webhooks/1", do="replay", since=f"{world.now:%Y-%m-%dT%H:%M}").text
    world.tell()
    first = _send(operator, "/ops/webhooks/1", do="replay", first="2").text
    world.tell()
    assert ("2 happenings again" in since, "1 happening again" in first, len(receiver.heard)) == (True, True, 5)


@pytest.mark.parametrize("fields", [{}, {"since": "now"}, {"first": "x"}, {"first": "9"}, {"first": "1", "since": "1"}])
def test_from_nowhere_it_is_not_told_again(
    world: World, operator: Browser, receiver: Receiver, fields: dict[str, str]
) -> None:
    world.add(receiver)
    assert _send(operator, "/ops/webhooks/1", do="replay", **fields).status_code == 400


def test_it_is_switched_off_and_on_gets_a_secret_and_goes(
    app: App, world: World, operator: Browser, receiver: Receiver
) -> None:
    world.add(receiver)
    off = _send(operator, "/ops/webhooks/1", do="disable", why="moving house").text
    on = _send(operator, "/ops/webhooks/1", do="enable").text
    rotated = _send(operator, "/ops/webhooks/1", do="rotate").text
    gone = _send(operator, "/ops/webhooks/1", do="remove")
    assert ("moving house" in off, "It goes on where it stopped" in on, len(_SECRET.findall(rotated))) == (
        True,
        True,
        1,
    )
    assert (gone.status_code, "It is gone" in operator.open(gone.headers["location"]).text) == (303, True)
    assert acts(app) == [
        "webhook added",
        "webhook switched off",
        "webhook switched on",
        "webhook's secret changed",
        "webhook removed",
    ]


@pytest.mark.parametrize("number", ["2", "0", "-1", "9" * 30])
def test_there_is_none_of_that_number(operator: Browser, number: str) -> None:
    assert operator.open(f"/ops/webhooks/{number}").status_code in {400, 404, 422}


def test_an_editor_does_not_see_addresses_that_may_hold_keys(app: App, browser: Browser, clock: Clock) -> None:
    browser.sign_in(a_colleague(app, "ed@example.com", Role.EDITOR, now=clock()))
    assert (browser.open("/ops/webhooks").status_code, "Webhooks" in browser.open("/ops/alarms").text) == (403, False)


def test_more_rows_are_no_more_queries(app: App, world: World, operator: Browser, receiver: Receiver) -> None:
    counts = []
    for more in (1, 8):
        for number in range(more):
            world.add(receiver)
            world.ring(f"{more} {number}")
        world.tell()
        operator.open("/ops/webhooks")
        counts.append([len(queries(app, operator, path)) for path in ("/ops/webhooks", "/ops/webhooks/1")])
    assert counts[0] == counts[1]
