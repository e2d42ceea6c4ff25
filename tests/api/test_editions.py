"""Editions through the API: looked at, rewritten, decided about, tried."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.editions import shelf
from newsletter.editions.models import State
from newsletter.staff.models import Act, Role
from tests.api.conftest import Program, problem
from tests.factories import FRIDAY, an_edition


@pytest.fixture
def edition(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, state=State.IN_REVIEW).id


def _many(app: App, count: int) -> None:
    with app.database.write() as session:
        for week in range(count):
            an_edition(session, date=FRIDAY - timedelta(weeks=week))


def test_the_newest_come_first_page_by_page(app: App, program: Program) -> None:
    _many(app, 7)
    asking, dates, cursor = program(), [], None
    while True:
        page = asking.get("/editions", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        dates += [one["date"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert dates == [(FRIDAY - timedelta(weeks=week)).isoformat() for week in range(7)]


def test_what_is_added_meanwhile_shifts_no_page(app: App, program: Program) -> None:
    _many(app, 4)
    asking = program()
    first = asking.get("/editions?limit=2").json()
    with app.database.write() as session:
        an_edition(session, date=FRIDAY + timedelta(weeks=1))
    second = asking.get("/editions", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["items"] + second["items"]] == [1, 2, 3, 4]


def test_the_next_page_is_linked(app: App, program: Program) -> None:
    _many(app, 3)
    answer = program().get("/editions?limit=2&newsletter=friday")
    wanted = f"https://news.example.com/api/editions?limit=2&newsletter=friday&cursor={answer.json()['next']}"
    assert answer.links["next"]["url"] == wanted


def test_a_cursor_of_other_filters_is_refused(app: App, program: Program) -> None:
    _many(app, 3)
    asking = program()
    cursor = asking.get("/editions?limit=2").json()["next"]
    other = asking.get("/editions", params={"limit": 2, "state": "draft", "cursor": cursor})
    assert problem(other)[::2] == (400, "cursor")


def test_filters(app: App, program: Program) -> None:
    _many(app, 3)
    with app.database.write() as session:
        shelf.get(session, 2).state = State.SENT
    asking = program()

    def numbers(**filters: str | list[str]) -> list[int]:
        return [one["id"] for one in asking.get("/editions", params=filters).json()["items"]]

    found = (
        numbers(state="sent"),
        numbers(state=["sent", "draft"]),
        numbers(since="2021-11-19"),
        numbers(until="2021-11-19"),
        numbers(newsletter="monday"),
    )
    assert found == ([2], [1, 2, 3], [1, 2], [2, 3], [])


def test_one_edition(program: Program, edition: int) -> None:
    found = program().get(f"/editions/{edition}").json()
    assert {name: found[name] for name in ("name", "state", "revision", "is_editable", "may_become", "history")} == {
        "name": "friday/2021-11-26",
        "state": "in_review",
        "revision": 1,
        "is_editable": True,
        "may_become": ["approved", "cancelled", "draft", "held", "skipped"],
        "history": [],
    }


@pytest.mark.parametrize("number", ["99", "9223372036854775807", "9223372036854775808", "0", "-1", "x", "1" * 5000])
def test_there_is_no_such_edition(program: Program, number: str) -> None:
    answer = program().get(f"/editions/{number}")
    assert problem(answer)[:2] == (404, "application/problem+json")


def test_who_has_it_already_gets_nothing_again(program: Program, edition: int) -> None:
    asking = program()
    tag = asking.get(f"/editions/{edition}").headers["etag"]
    answer = asking.get(f"/editions/{edition}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


# words


def _words(asking: httpx.Client, edition: int) -> tuple[dict[str, Any], str]:
    answer = asking.get(f"/editions/{edition}/words")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


def test_words_are_changed_by_who_has_seen_them(app: App, program: Program, edition: int) -> None:
    asking = program(Role.EDITOR)
    words, tag = _words(asking, edition)
    answer = asking.put(f"/editions/{edition}/words", json=words | {"title": "Other"}, headers={"If-Match": tag})
    again = _words(asking, edition)
    with app.database.read() as session:
        said = [(act.who, act.door, act.did, act.details) for act in session.scalars(select(Act))][2:]
    assert (answer.status_code, answer.json() == again[0], answer.headers["etag"], again[1], again[0]["title"]) == (
        (200, True, '"2"', '"2"', "Other")
    )
    assert said == [("Editor (a program)", "api", "changed the words", {"revision": 2})]


def test_without_if_match_it_is_428(program: Program, edition: int) -> None:
    asking = program()
    assert problem(asking.put(f"/editions/{edition}/words", json=_words(asking, edition)[0]))[0] == 428


@pytest.mark.parametrize("tag", ['"7"', 'W/"1"', "1", '"1'])
def test_what_somebody_else_changed_since_is_412(program: Program, edition: int, tag: str) -> None:
    asking = program()
    answer = asking.put(f"/editions/{edition}/words", json=_words(asking, edition)[0], headers={"If-Match": tag})
    assert (problem(answer)[::2], answer.headers["etag"]) == ((412, "stale"), '"1"')


def test_two_who_began_alike_are_not_both_kept(program: Program, edition: int) -> None:
    asking = program()
    words, tag = _words(asking, edition)
    answers = [
        asking.put(f"/editions/{edition}/words", json=words | {"title": title}, headers={"If-Match": tag}).status_code
        for title in ("mine", "theirs")
    ]
    assert (answers, _words(asking, edition)[0]["title"]) == ([200, 412], "mine")


def test_what_can_not_be_kept_is_named_and_nothing_is_changed(program: Program, edition: int) -> None:
    asking = program()
    words, tag = _words(asking, edition)
    stories = [{"headline": "Sound"}, {"headline": "", "url": "javascript:alert(1)"}]
    wrong = words | {"title": " ", "stories": stories}
    answer = asking.put(f"/editions/{edition}/words", json=wrong, headers={"If-Match": tag})
    assert (problem(answer)[::2], [one["pointer"] for one in answer.json()["errors"]]) == (
        (422, "invalid"),
        ["#/title", "#/stories/1/headline", "#/stories/1/url"],
    )
    assert _words(asking, edition) == (words, tag)


@pytest.mark.parametrize(
    "change",
    [
        {"stories": []},
        {"stories": [{"headline": "x"}] * 31},
        {"stories": [{"headline": "x", "key": "UPPER"}]},
        {"title": "x" * 1001},
        {"title": None},
        {"titel": "x"},
    ],
)
def test_what_can_be_no_words_is_422(program: Program, edition: int, change: dict[str, object]) -> None:
    asking = program()
    words, tag = _words(asking, edition)
    answer = asking.put(f"/editions/{edition}/words", json=words | change, headers={"If-Match": tag})
    assert (answer.status_code, _words(asking, edition)) == (422, (words, tag))


def test_stories_keep_their_keys_wherever_they_stand(program: Program, edition: int) -> None:
    asking = program()
    words, tag = _words(asking, edition)
    first, second = words["stories"]
    turned = words | {"stories": [second, {"headline": "new"}, first]}
    asking.put(f"/editions/{edition}/words", json=turned, headers={"If-Match": tag})
    keys = [one["key"] for one in _words(asking, edition)[0]["stories"]]
    assert (keys[0], keys[2], keys[1] not in {"", keys[0], keys[2]}) == (second["key"], first["key"], True)


def test_what_is_being_sent_says_what_it_says(app: App, program: Program, edition: int) -> None:
    with app.database.write() as session:
        shelf.get(session, edition).state = State.SENDING
    asking = program()
    words, tag = _words(asking, edition)
    answer = asking.put(f"/editions/{edition}/words", json=words | {"title": "x"}, headers={"If-Match": tag})
    assert problem(answer)[::2] == (409, "conflict")


# decisions


def _approve(asking: httpx.Client, edition: int, **more: object) -> httpx.Response:
    seen = asking.get(f"/editions/{edition}/check").json()
    said = {"revision": seen["revision"], "digest": seen["digest"]} | more
    return asking.post(f"/editions/{edition}/approve", json=said)


def test_what_was_looked_at_is_approved(app: App, program: Program, edition: int) -> None:
    answer = _approve(program(Role.APPROVER), edition, reason="all is well")
    moves = [(move["state"], move["by"], move["reason"]) for move in answer.json()["history"]]
    with app.database.read() as session:
        act = session.scalars(select(Act).order_by(Act.id.desc())).first()
    assert (answer.status_code, answer.json()["state"], moves, act and act.did) == (
        200,
        "approved",
        [("approved", "Approver (a program)", "all is well")],
        "approved",
    )


def test_approved_twice_is_approved(program: Program, edition: int) -> None:
    asking = program()
    answers = [_approve(asking, edition) for _ in range(2)]
    assert [(one.status_code, one.json()["state"]) for one in answers] == [(200, "approved")] * 2


def test_other_bytes_than_were_looked_at_are_not_approved(program: Program, edition: int) -> None:
    asking = program()
    answer = _approve(asking, edition, digest="0" * 64)
    assert (problem(answer)[::2], asking.get(f"/editions/{edition}").json()["state"]) == (
        (409, "conflict"),
        "in_review",
    )


def test_another_revision_than_was_looked_at_is_not_approved(program: Program, edition: int) -> None:
    answer = _approve(program(), edition, revision=2)
    assert problem(answer)[::2] == (409, "conflict")


@pytest.mark.parametrize(("verb", "state"), [("hold", "held"), ("skip", "skipped"), ("cancel", "cancelled")])
def test_other_decisions(program: Program, edition: int, verb: str, state: str) -> None:
    answer = program().post(f"/editions/{edition}/{verb}", json={"revision": 1, "reason": "because"})
    assert (answer.status_code, answer.json()["state"]) == (200, state)


def test_a_decision_is_taken_back(program: Program, edition: int) -> None:
    asking = program()
    asking.post(f"/editions/{edition}/hold", json={"revision": 1})
    answer = asking.post(f"/editions/{edition}/reopen", json={"revision": 1})
    assert (answer.status_code, answer.json()["state"]) == (200, "in_review")


@pytest.mark.parametrize("revision", [0, -1, 2**31, "1", 1.5, True, None])
def test_what_can_be_no_revision_is_422(program: Program, edition: int, revision: object) -> None:
    answer = program().post(f"/editions/{edition}/hold", json={"revision": revision})
    assert problem(answer)[0] == 422


def test_a_decision_that_is_sent_again_is_answered_alike(program: Program, edition: int) -> None:
    asking, key = program(), {"Idempotency-Key": "one"}
    first = asking.post(f"/editions/{edition}/hold", json={"revision": 1}, headers=key)
    asking.post(f"/editions/{edition}/reopen", json={"revision": 1})
    again = asking.post(f"/editions/{edition}/hold", json={"revision": 1}, headers=key)
    now = asking.get(f"/editions/{edition}").json()["state"]
    assert (again.content == first.content, again.headers["idempotency-replayed"], now) == (True, "true", "in_review")


# the mail


def test_what_would_go_out_can_be_read(program: Program, edition: int) -> None:
    asking = program()
    mail, check = asking.get(f"/editions/{edition}/mail").json(), asking.get(f"/editions/{edition}/check").json()
    assert (mail["subject"], "Walmart goes live" in mail["html"], "Walmart goes live" in mail["text"]) == (
        "Walmart goes live, Carrefour goes cashierless",
        True,
        True,
    )
    assert (check["digest"] == mail["digest"], check["worst"], len(check["findings"]) > 10) == (True, "unknown", True)


def test_a_test_copy_is_sent_once_for_one_key(app: App, program: Program, edition: int) -> None:
    asking, said = program(Role.EDITOR), {"to": ["eva@example.com"]}
    answers = [asking.post(f"/editions/{edition}/test", json=said, headers={"Idempotency-Key": "t"}) for _ in range(2)]
    files = list((app.settings.home / "outbox" / "new").iterdir())
    assert ([one.json()["copies"][0]["taken"] for one in answers], len(files)) == ([True, True], 1)


def test_a_test_copy_to_nobody_is_422(program: Program, edition: int) -> None:
    asking = program()
    wrong = [asking.post(f"/editions/{edition}/test", json={"to": to}).status_code for to in ([], ["x"], ["a@b"] * 11)]
    assert wrong == [422, 422, 422]


def test_an_edition_of_a_newsletter_that_left_the_settings_is_no_fault_of_ours(app: App, program: Program) -> None:
    with app.database.write() as session:
        an_edition(session).newsletter = "gone"
    asking = program()
    found = [asking.get(f"/editions/1{path}").status_code for path in ("", "/words", "/check", "/mail", "/stories")]
    assert found == [200, 200, 200, 404, 200]
