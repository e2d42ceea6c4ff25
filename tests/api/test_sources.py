"""Sources through the API: found, added once, changed by who has seen them, removed and brought back."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.staff.models import Act, Role
from newsletter.stories.models import Health, Source
from tests.api.conftest import Program, problem
from tests.factories import a_source
from tests.stories.conftest import stand
from tests.stories.newsstand import Newsstand
from tests.stories.test_collecting import feed

__all__ = ["stand"]


@pytest.fixture
def app(app: App) -> Iterator[App]:
    """As everywhere, and feeds of this machine may be read."""
    fetch = app.settings.fetch.model_copy(update={"allow_loopback": True, "host_gap": 0, "pages": False})
    yield replace(app, settings=app.settings.model_copy(update={"fetch": fetch}))


@pytest.fixture
def one(app: App) -> int:
    with app.database.write() as session:
        return a_source(session).id


def _tag(asking: httpx.Client, number: int) -> dict[str, str]:
    return {"If-Match": asking.get(f"/sources/{number}").headers["etag"]}


def test_they_are_listed_page_by_page(app: App, program: Program) -> None:
    with app.database.write() as session:
        for name in ("B", "A", "C"):
            a_source(session, name)
    asking = program()
    first = asking.get("/sources?limit=2").json()
    second = asking.get("/sources", params={"limit": 2, "cursor": first["next"]}).json()
    assert ([one["name"] for one in first["items"] + second["items"]], second["next"]) == (["B", "A", "C"], None)


def test_those_that_fail_are_asked_for(app: App, program: Program) -> None:
    with app.database.write() as session:
        a_source(session, "Well")
        a_source(session, "Ill").health = Health.FAILING
    assert [one["name"] for one in program().get("/sources?health=failing").json()["items"]] == ["Ill"]


def test_a_feed_is_visited_and_added(app: App, program: Program, stand: Newsstand) -> None:
    address = stand.serve("/feed", feed())
    answer = program(Role.OPERATOR).post("/sources", json={"address": address, "authority": 125})
    made = answer.json()
    assert answer.status_code == 201, made
    with app.database.read() as session:
        acts = [(act.who, act.did) for act in session.scalars(select(Act))][2:]
    assert (answer.status_code, answer.headers["location"], made["authority"], made["health"]) == (
        201,
        "https://news.example.com/api/sources/1",
        125,
        "new",
    )
    assert acts == [("Operator (a program)", "added a source")]


def test_the_same_key_adds_it_once(app: App, program: Program, stand: Newsstand) -> None:
    asking, said = program(), {"address": stand.serve("/feed", feed())}
    answers = [asking.post("/sources", json=said, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    without = asking.post("/sources", json=said)
    assert ([one.status_code for one in answers], answers[0].content == answers[1].content, problem(without)[0]) == (
        [201, 201],
        True,
        409,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"address": "http://"},
        {"address": "javascript:alert(1)"},
        {"address": ""},
        {"address": "x" * 2001},
        {"address": "http://127.0.0.1:1/x", "kind": "best"},
        {"address": "http://127.0.0.1:1/x", "authority": 201},
        {"address": "http://127.0.0.1:1/x", "authority": "100"},
        {"addres": "x"},
        {},
    ],
)
def test_what_can_be_no_source_is_422(program: Program, said: dict[str, object]) -> None:
    assert program().post("/sources", json=said).status_code == 422


def test_a_page_that_names_no_feed_is_422(program: Program, stand: Newsstand) -> None:
    page = stand.serve("/page", b"<html><title>Nothing</title></html>", content_type="text/html")
    assert problem(program().post("/sources", json={"address": page}))[::2] == (422, "invalid")


def test_it_is_changed_by_who_has_seen_it(program: Program, one: int) -> None:
    asking = program()
    changed = asking.patch(
        f"/sources/{one}", json={"owner": "Industry Dive", "paused": True}, headers=_tag(asking, one)
    )
    assert (changed.status_code, changed.json()["owner"], changed.json()["name"], changed.json()["paused_at"]) == (
        200,
        "Industry Dive",
        "Retail Dive",
        "2021-11-25T16:00:00Z",
    )
    assert changed.headers["etag"] == _tag(asking, one)["If-Match"]


def test_who_has_not_is_told(program: Program, one: int) -> None:
    asking = program()
    old = _tag(asking, one)
    asking.patch(f"/sources/{one}", json={"authority": 125}, headers=old)
    found = (
        problem(asking.patch(f"/sources/{one}", json={"authority": 75}))[0],
        problem(asking.patch(f"/sources/{one}", json={"authority": 75}, headers=old))[0],
        problem(asking.delete(f"/sources/{one}"))[0],
        problem(asking.delete(f"/sources/{one}", headers=old))[0],
    )
    assert (found, asking.get(f"/sources/{one}").json()["authority"]) == ((428, 412, 428, 412), 125)


def test_a_visit_by_the_clock_is_no_change_of_what_people_say(app: App, program: Program, one: int) -> None:
    asking = program()
    before = _tag(asking, one)
    with app.database.write() as session:
        session.get_one(Source, one).health = Health.FAILING
    assert _tag(asking, one) == before


def test_it_is_visited_again(program: Program, one: int) -> None:
    asking = program()
    for paused in (True, False, False):
        asking.patch(f"/sources/{one}", json={"paused": paused}, headers=_tag(asking, one))
    assert asking.get(f"/sources/{one}").json()["paused_at"] is None


@pytest.mark.parametrize("change", [{"name": ""}, {"paused": "yes"}, {"authority": 1.5}, {"url": "https://x.example"}])
def test_what_can_be_no_change_is_422(program: Program, one: int, change: dict[str, object]) -> None:
    asking = program()
    assert asking.patch(f"/sources/{one}", json=change, headers=_tag(asking, one)).status_code == 422


def test_it_is_removed_and_brought_back(app: App, program: Program, one: int) -> None:
    asking = program()
    removed = asking.delete(f"/sources/{one}", headers=_tag(asking, one))
    gone = (asking.get(f"/sources/{one}").status_code, asking.get("/sources").json()["items"])
    back = asking.post(f"/sources/{one}/restore")
    with app.database.read() as session:
        acts = [act.did for act in session.scalars(select(Act))][2:]
    assert (removed.status_code, removed.content, gone, back.json()["name"], acts) == (
        204,
        b"",
        (404, []),
        "Retail Dive",
        ["removed a source", "brought a source back"],
    )


def test_what_was_not_removed_is_not_brought_back(program: Program, one: int) -> None:
    assert [program().post(f"/sources/{number}/restore").status_code for number in (one, 99, 2**63 - 1)] == [404] * 3


def test_a_source_that_is_called_like_another_ones_number_is_not_taken_for_it(app: App, program: Program) -> None:
    with app.database.write() as session:
        a_source(session, "2")
        a_source(session, "Two")
    assert program().get("/sources/2").json()["name"] == "Two"
