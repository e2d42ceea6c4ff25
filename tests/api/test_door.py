"""What every request passes: problems in one shape, strict JSON, rates, and answers that are given again."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import func, select, text

from newsletter.app import App
from newsletter.config import Api
from newsletter.staff import answers
from newsletter.staff.answers import Answer, Begun, Repeatable
from newsletter.staff.models import Act, ApiAnswer
from newsletter.testing.serving import serving
from newsletter.web.api import app as api
from newsletter.web.api import bodies, repeats
from newsletter.web.api.callers import Drafts
from newsletter.web.api.door import Door
from newsletter.web.api.problems import Problem
from newsletter.web.ground import lay
from tests.api.conftest import Program, a_token, problem
from tests.staff.conftest import Clock

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/editions%00", 404),
        ("GET", "/newsletters/%0A/week", 404),
        ("GET", "/token/", 404),
        ("POST", "/token", 405),
        ("DELETE", "/newsletters", 405),
        ("PATCH", "/openapi.json", 405),
        ("GET", "/subscriptions", 405),
    ],
)
def test_what_is_not_there_is_a_problem(stranger: httpx.Client, method: str, path: str, status: int) -> None:
    answer = stranger.request(method, path)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["status"]) == (status, PROBLEM, status)


def test_405_says_what_is_allowed(stranger: httpx.Client) -> None:
    assert stranger.post("/token").headers["allow"] == "GET, HEAD"


def test_head_is_answered_as_get_less_the_body(program: Program) -> None:
    answer = program().head("/token")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/*;q=0.5", 200),
        ("application/problem+json", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_who_reads_no_json_is_told(program: Program, accept: str, status: int) -> None:
    assert program().get("/token", headers={"Accept": accept}).status_code == status


def test_what_is_not_asked_for_in_the_address_is_refused(program: Program) -> None:
    answer = program().get("/newsletters?limt=3")
    assert (problem(answer)[::2], answer.json()["errors"][0]["parameter"]) == ((422, "invalid"), "limt")


def test_what_can_be_one_thing_only_is_not_given_twice(program: Program) -> None:
    answer = program().get("/newsletters?limit=1&limit=2")
    several = program().get("/editions?state=sent&state=draft")
    assert (problem(answer)[::2], answer.json()["errors"][0]["parameter"], several.status_code) == (
        (422, "invalid"),
        "limit",
        200,
    )


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "9" * 5000])
def test_a_limit_that_can_not_be_is_a_problem(program: Program, limit: str) -> None:
    assert program().get("/newsletters", params={"limit": limit}).status_code == 422


@pytest.mark.parametrize("cursor", ["", "x", "WyIvYXBpIl0.x", "\0", "\U0001f600"])
def test_a_cursor_of_nobody_is_a_problem(program: Program, cursor: str) -> None:
    assert problem(program().get("/newsletters", params={"cursor": cursor}))[0] == 400


def test_a_number_in_the_address_that_no_row_has_is_no_fault_of_ours(program: Program) -> None:
    assert program().get("/newsletters", params={"limit": "1", "cursor": "1" * 1001}).status_code == 422


def test_each_answer_says_how_much_is_left(program: Program) -> None:
    asking = program()
    first, second = asking.get("/token"), asking.get("/newsletters")
    assert [one.headers["ratelimit"] for one in (first, second)] == ['"token";r=599;t=1', '"token";r=598;t=1']


def test_the_rate_is_stated(program: Program) -> None:
    assert program().get("/token").headers["ratelimit-policy"] == '"token";q=600;w=60'


def test_too_many_is_429_for_all_processes_together_until_some_time_is_over(
    app: App, clock: Clock, now: datetime
) -> None:
    app = replace(app, settings=app.settings.model_copy(update={"api": Api(per_minute=3)}))
    headers = {"Authorization": f"Bearer {a_token(app, now=now)}"}
    with serving(_alone(app, clock)) as one, serving(_alone(app, clock)) as other:
        asked = [httpx.get(f"{url}/token", headers=headers, trust_env=False, timeout=60) for url in (one, other) * 2]
        clock.turn(seconds=20)
        later = httpx.get(f"{one}/token", headers=headers, trust_env=False, timeout=60)
    last = asked[-1]
    assert ([each.status_code for each in asked], last.headers["retry-after"], later.status_code) == (
        [200, 200, 200, 429],
        "20",
        200,
    )
    assert last.json()["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"


def test_a_clock_set_back_keeps_no_token_out(program: Program, clock: Clock) -> None:
    asking = program()
    for _ in range(5):
        asking.get("/token")
    clock.turn(days=-2)
    assert asking.get("/token").status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"\\u0000": 1}',
        b'["\\u0000"]',
        b"[" * 100_000,
        b"[" * 33 + b"]" * 33,
        b"1" * 5000,
        b"{}{}",
    ],
)
def test_what_is_not_quite_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Problem):
        bodies.parse(raw)


_LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('abc\u20ac\U0001f600\n"')


@given(st.recursive(_LEAVES, lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text("xyz"), of, max_size=3)))
def test_what_is_json_is_read_as_it_stands(value: Any) -> None:
    assert bodies.parse(json.dumps(value).encode()) == value


# a route that counts how often it was really done


class _Asked(BaseModel):
    text: str


class _Counter:
    """An API of one route besides: what it does is counted, and can be made to wait or to fail."""

    def __init__(self) -> None:
        self.router = APIRouter(route_class=Door, tags=["Test"])
        self.done = 0
        self.go, self.begun = threading.Event(), threading.Event()
        self.go.set()
        self.fails = False
        self.router.post("/count")(self.count)
        self.router.post("/count-once")(self.count_once)

    def count(self, caller: Drafts, asked: _Asked) -> dict[str, Any]:
        self.begun.set()
        self.go.wait(60)
        self.done += 1
        if self.fails:
            raise RuntimeError
        with caller.app.database.write() as session:
            caller.note(session, "counted", asked.text)
        return {"done": self.done, "text": asked.text}

    @repeats.once
    def count_once(self, caller: Drafts, asked: _Asked) -> dict[str, Any]:
        return self.count(caller, asked)


def _alone(app: App, clock: Clock, *counters: _Counter) -> FastAPI:
    made = api.create(lay(app, clock))
    for counter in counters:
        made.include_router(counter.router)
    return made


def _post(url: str, token: str, key: str | None, body: Any, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = more.pop("kind", "application/json")
    return httpx.post(
        url, content=content, headers=headers | {"Content-Type": kind} | more, trust_env=False, timeout=60
    )


def test_a_request_that_is_sent_again_is_done_once_and_answered_alike(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url, serving(_alone(app, clock, counter)) as other:
        first = _post(f"{url}/count", token, "k1", {"text": "x"})
        again = _post(f"{other}/count", token, "k1", {"text": "x"})
    assert (counter.done, first.content == again.content, again.status_code, again.headers["idempotency-replayed"]) == (
        1,
        True,
        200,
        "true",
    )


def test_another_request_with_the_same_key_is_422(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        _post(f"{url}/count", token, "k1", {"text": "x"})
        other = _post(f"{url}/count", token, "k1", {"text": "y"})
    assert (counter.done, problem(other)[::2]) == (1, (422, "key-reused"))


def test_the_key_of_another_token_is_another_key(app: App, clock: Clock, now: datetime) -> None:
    counter = _Counter()
    with serving(_alone(app, clock, counter)) as url:
        for _ in range(2):
            _post(f"{url}/count", a_token(app, now=now), "k1", {"text": "x"})
    assert counter.done == 2


def test_after_a_day_a_key_is_new(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        _post(f"{url}/count", token, "k1", {"text": "x"})
        clock.turn(hours=24)
        _post(f"{url}/count", token, "k1", {"text": "other"})
    assert counter.done == 2


def test_one_in_flight_is_409_in_another_process_too(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    counter.go.clear()
    with serving(_alone(app, clock, counter)) as url, serving(_alone(app, clock, counter)) as other:
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(_post, f"{url}/count", token, "k1", {"text": "x"})
            assert counter.begun.wait(60)
            meanwhile = _post(f"{other}/count", token, "k1", {"text": "x"})
            counter.go.set()
            first = slow.result()
    assert (problem(meanwhile)[::2], meanwhile.headers["retry-after"], first.status_code, counter.done) == (
        (409, "in-flight"),
        "120",
        200,
        1,
    )


def test_many_at_one_moment_do_it_once(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as one, serving(_alone(app, clock, counter)) as other:
        for url in (one, other):
            # FastAPI makes its routes with the first request, and two threads of one process can't do so at once
            httpx.get(f"{url}/nothing", trust_env=False, timeout=60)
        with ThreadPoolExecutor(8) as pool:
            urls = [f"{url}/count" for url in (one, other) * 6]
            answered = list(pool.map(lambda url: _post(url, token, "k1", {"text": "x"}).status_code, urls))
    assert (counter.done, set(answered) <= {200, 409}, 200 in answered) == (1, True, True), answered


def _cut_off(app: App, token: str, path: str, body: Any, *, now: datetime) -> None:
    """Somebody began that request, and died."""
    asked = b"\0".join((path.encode(), b"", json.dumps(body).encode()))
    with app.database.write() as session:
        begun = answers.begin(session, Repeatable(1, token, "k1", asked), now=now)
        assert isinstance(begun, Begun)


def test_what_a_dead_process_began_is_done_by_the_next_once_its_lease_is_over(
    app: App, clock: Clock, now: datetime
) -> None:
    token, counter = a_token(app, now=now), _Counter()
    _cut_off(app, token, "/count", {"text": "x"}, now=now)
    with serving(_alone(app, clock, counter)) as url:
        during = _post(f"{url}/count", token, "k1", {"text": "x"}).status_code
        clock.turn(seconds=answers.LEASE.total_seconds())
        after = [_post(f"{url}/count", token, "k1", {"text": "x"}).status_code for _ in range(2)]
    assert (during, after, counter.done) == (409, [200, 200], 1)


def test_who_was_thought_dead_answers_for_nobody_any_more(app: App, now: datetime) -> None:
    asked = Repeatable(1, a_token(app, now=now), "k1", b"x")
    with app.database.write() as session:
        dead = answers.begin(session, asked, now=now)
        alive = answers.begin(session, asked, now=now + answers.LEASE)
        assert isinstance(dead, Begun)
        assert isinstance(alive, Begun)
        kept = [answers.keep(session, each, Answer(200, {}, b"")) for each in (dead, alive)]
    assert kept == [False, True]


def test_what_must_not_be_done_again_unasked_is_told_to_be_unknown(app: App, now: datetime) -> None:
    asked = Repeatable(1, a_token(app, now=now), "k1", b"x")
    with app.database.write() as session:
        answers.begin(session, asked, once=True, now=now)
    with app.database.write() as session, pytest.raises(answers.CutOff, match="not known"):
        answers.begin(session, asked, once=True, now=now + timedelta(minutes=5))


def test_what_talks_to_the_world_is_not_done_again_after_it_was_cut_off(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    _cut_off(app, token, "/count-once", {"text": "x"}, now=now)
    clock.turn(seconds=answers.LEASE.total_seconds())
    with serving(_alone(app, clock, counter)) as url:
        answer = _post(f"{url}/count-once", token, "k1", {"text": "x"})
        other = _post(f"{url}/count-once", token, "k2", {"text": "x"})
    assert (problem(answer)[::2], other.status_code, counter.done) == ((409, "cut-off"), 200, 1)


def test_where_it_failed_while_it_talked_to_the_world_nobody_knows_how_far_it_came(
    app: App, clock: Clock, now: datetime
) -> None:
    token, counter = a_token(app, now=now), _Counter()
    counter.fails = True
    with serving(_alone(app, clock, counter)) as url:
        failed = _post(f"{url}/count-once", token, "k1", {"text": "x"}).status_code
        clock.turn(seconds=answers.LEASE.total_seconds())
        again = _post(f"{url}/count-once", token, "k1", {"text": "x"})
    assert (failed, problem(again)[::2], counter.done) == (500, (409, "cut-off"), 1)


def test_a_request_that_was_not_understood_may_come_again_put_right(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        wrong = _post(f"{url}/count", token, "k1", {"txt": "x"})
        right = _post(f"{url}/count", token, "k1", {"text": "x"})
    assert (wrong.status_code, right.status_code, counter.done) == (422, 200, 1)


def test_a_fault_of_ours_is_a_problem_and_lets_the_key_go(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    counter.fails = True
    with serving(_alone(app, clock, counter)) as url:
        failed = _post(f"{url}/count", token, "k1", {"text": "x"})
        counter.fails = False
        again = _post(f"{url}/count", token, "k1", {"text": "x"})
    assert (problem(failed)[:2], again.status_code) == ((500, PROBLEM), 200)


@pytest.mark.parametrize("key", ["", "k" * 201, "ü", "a b"])
def test_what_can_be_no_key_is_refused(app: App, clock: Clock, now: datetime, key: str) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        headers = [(b"Authorization", f"Bearer {token}".encode()), (b"Idempotency-Key", key.encode())]
        headers.append((b"Content-Type", b"application/json"))
        answer = httpx.post(f"{url}/count", content=b'{"text":"x"}', headers=headers, trust_env=False, timeout=60)
    assert (answer.status_code, counter.done) == (400, 0)


def test_kept_answers_can_not_be_read_in_the_database(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        _post(f"{url}/count", token, "k1", {"text": "eva@example.com"})
    with app.database.read() as session:
        kept = str(session.execute(text("SELECT * FROM staff_api_answer")).all())
        asked = session.scalars(select(Act.what).where(Act.did == "counted")).all()
    assert ("eva@" in kept, "k1" in kept, asked) == (False, False, ["eva@example.com"])


def test_old_answers_are_forgotten(app: App, now: datetime) -> None:
    token = a_token(app, now=now)
    with app.database.write() as session:
        answers.begin(session, Repeatable(1, token, "old", b"x"), now=now - timedelta(hours=24))
        answers.begin(session, Repeatable(1, token, "new", b"x"), now=now)
        answers.forget(session, now=now)
        assert session.scalar(select(func.count()).select_from(ApiAnswer)) == 1


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (b'{"text": 1}', {}, 422),
        (b"[]", {}, 422),
        (b"", {}, 422),
        (b'{"text": "\\u0000"}', {}, 400),
        (b'{"text": "x"}', {"kind": "text/plain"}, 415),
        (b'{"text": "x"}', {"kind": "application/x-www-form-urlencoded"}, 415),
        (b'{"text": "x"}', {"Content-Encoding": "gzip"}, 415),
        (b'{"text": "x"}', {"kind": "application/merge-patch+json"}, 200),
        (b'{"text": "x"}', {"kind": "Application/JSON; charset=utf-8"}, 200),
        (b" " * (bodies.MOST_BYTES + 1), {}, 413),
    ],
)
def test_bodies(app: App, clock: Clock, now: datetime, body: bytes, more: dict[str, Any], status: int) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        answer = _post(f"{url}/count", token, None, body, **more)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        PROBLEM if status != 200 else "application/json",
    )


def test_where_it_went_wrong_is_told_without_what_was_sent(app: App, clock: Clock, now: datetime) -> None:
    token, counter = a_token(app, now=now), _Counter()
    with serving(_alone(app, clock, counter)) as url:
        answer = _post(f"{url}/count", token, None, {"text": ["eva@example.com"]})
    assert (answer.json()["errors"], "eva" in answer.text) == (
        [{"pointer": "#/text", "detail": "Input should be a valid string."}],
        False,
    )
