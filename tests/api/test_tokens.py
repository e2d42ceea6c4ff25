"""Tokens of the API: made and shown once, good for what their owner may, ended with them."""

from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, text

from newsletter.app import App
from newsletter.errors import AlreadyDone, BadInput, NotFound
from newsletter.staff import tokens, users
from newsletter.staff.models import Act, ApiToken, Role
from newsletter.staff.roles import May
from tests.api.conftest import BOSS, Program, a_token, problem
from tests.staff.conftest import Clock


def _asks(url: str, token: str) -> httpx.Response:
    return httpx.get(f"{url}/api/token", headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)


def test_a_token_tells_what_it_is_and_may(program: Program) -> None:
    assert program(Role.EDITOR).get("/token").json() == {
        "id": 1,
        "name": "a program",
        "owner": "Editor",
        "role": "editor",
        "may": ["look", "draft"],
        "expires_at": "2022-02-23T16:00:00Z",
    }


def test_of_a_token_the_database_knows_a_digest_alone(app: App, now: datetime) -> None:
    secret = a_token(app, now=now).split("_", 2)[2]
    with app.database.read() as session:
        rows = str(session.execute(text("SELECT * FROM staff_api_token")).all())
        acts = str([(act.did, act.details) for act in session.scalars(select(Act))])
    assert (secret in rows + acts, len(secret)) == (False, 43)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer nlt_1_",
        "Basic YTpi",
        "Bearer nlt_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer nlt_999999999999999999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer " + "a" * 5000,
    ],
)
def test_without_a_good_token_it_is_401_that_says_what_to_bring(
    app: App, stranger: httpx.Client, now: datetime, given: str
) -> None:
    a_token(app, now=now)
    answer = stranger.get("/token", headers={"Authorization": given})
    assert (answer.status_code, answer.headers["www-authenticate"].split(",")[0]) == (401, 'Bearer realm="newsletter"')


def test_another_tokens_secret_is_not_right_for_this_one(app: App, server: str, now: datetime) -> None:
    one, other = a_token(app, now=now), a_token(app, now=now)
    mixed = "_".join([*one.split("_", 2)[:2], other.split("_", 2)[2]])
    assert [_asks(server, each).status_code for each in (one, other, mixed)] == [200, 200, 401]


def test_a_cookie_of_the_desk_opens_nothing(app: App, stranger: httpx.Client, now: datetime) -> None:
    assert stranger.get("/token", headers={"Cookie": f"desk={a_token(app, now=now)}"}).status_code == 401


def test_a_token_ends_at_its_time(app: App, server: str, clock: Clock, now: datetime) -> None:
    token = a_token(app, good_for=timedelta(days=1), now=now)
    before = _asks(server, token).status_code
    clock.turn(days=1)
    assert (before, _asks(server, token).status_code) == (200, 401)


def test_a_revoked_token_is_out_at_once(app: App, server: str, now: datetime) -> None:
    token = a_token(app, now=now)
    with app.database.write() as session:
        tokens.revoke(session, 1, by=BOSS, now=now)
    assert _asks(server, token).status_code == 401


def test_who_revokes_twice_is_told(app: App, now: datetime) -> None:
    a_token(app, now=now)
    with app.database.write() as session:
        tokens.revoke(session, 1, by=BOSS, now=now)
        with pytest.raises(AlreadyDone):
            tokens.revoke(session, 1, by=BOSS, now=now)
        with pytest.raises(NotFound):
            tokens.revoke(session, 2**70, by=BOSS, now=now)


def test_a_closed_account_takes_its_tokens_along_also_when_it_is_opened_again(
    app: App, server: str, now: datetime
) -> None:
    a_token(app, now=now)
    token = a_token(app, Role.EDITOR, now=now)
    with app.database.write() as session:
        users.close(session, users.get(session, "editor@example.com"), by=BOSS, now=now)
    closed = _asks(server, token).status_code
    with app.database.write() as session:
        users.reopen(session, users.get(session, "editor@example.com"), by=BOSS, now=now)
    assert (closed, _asks(server, token).status_code) == (401, 401)


def test_a_reset_account_has_no_tokens_any_more(app: App, server: str, now: datetime) -> None:
    token = a_token(app, now=now)
    with app.database.write() as session:
        users.forget_proofs(session, users.get(session, "admin@example.com"), by=BOSS, now=now)
    assert _asks(server, token).status_code == 401


def test_a_token_may_no_more_than_its_owner_may_by_now(app: App, program: Program, now: datetime) -> None:
    a_token(app, now=now)
    asking = program(Role.OPERATOR)
    with app.database.write() as session:
        users.set_role(session, users.get(session, "operator@example.com"), Role.EDITOR, by=BOSS, now=now)
    assert asking.get("/token").json()["may"] == ["look"]


def test_nobody_makes_a_token_that_may_more_than_they_may(app: App, now: datetime) -> None:
    with pytest.raises(BadInput, match="editor, and may not send"):
        a_token(app, Role.EDITOR, may=[May.LOOK, May.SEND], now=now)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_is_good_for_a_year_at_most(app: App, now: datetime, days: int) -> None:
    with pytest.raises(BadInput, match="366 days"):
        a_token(app, good_for=timedelta(days=days), now=now)


def test_what_is_out_of_scope_is_403_that_names_the_scope(program: Program) -> None:
    answer = program(may=[May.DRAFT]).get("/token")
    assert (problem(answer)[0], 'scope="look"' in answer.headers["www-authenticate"]) == (403, True)


def test_when_it_was_used_is_kept_by_the_hour(app: App, program: Program, clock: Clock) -> None:
    clock.turn(minutes=47)
    program().get("/token")
    with app.database.read() as session:
        assert session.scalars(select(ApiToken.used_at)).all() == [clock.at.replace(minute=0)]


def test_the_audit_log_tells_who_made_and_who_revoked_a_token(app: App, now: datetime) -> None:
    a_token(app, now=now)
    with app.database.write() as session:
        tokens.revoke(session, 1, by=BOSS, now=now)
        said = [(act.who, act.did, act.what) for act in session.scalars(select(Act).order_by(Act.id))][1:]
    assert said == [
        ("a test", "made an API token", "admin@example.com"),
        ("a test", "revoked an API token", "admin@example.com"),
    ]
