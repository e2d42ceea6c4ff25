"""Other programs: each has a token, and asks as programs do."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.editions import watch
from newsletter.staff import tokens, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from newsletter.staff.roles import ROLES, May
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.ops.house import FOUND
from tests.staff.conftest import Clock

BOSS = Doer("a test", "command line")


def a_token(
    app: App,
    role: Role = Role.ADMIN,
    *,
    may: Collection[May] | None = None,
    good_for: timedelta = tokens.USUAL,
    now: datetime,
) -> str:
    """A token of a colleague in that *role*, who is made where there is none yet."""
    email = f"{role.value}@example.com"
    with app.database.write() as session:
        user = users.find(session, email) or users.add(session, email, role, name=role.value.title(), by=BOSS, now=now)
        wanted = ROLES[role] if may is None else may
        return tokens.make(session, user, "a program", wanted, good_for=good_for, by=BOSS, now=now)[1]


def the_doctor_was_here(session: Session, now: datetime) -> None:
    """A moment ago, and found what stands in FOUND: who asks now begins no look."""
    watch.take_turn(session, "doctor", timedelta(0), now)
    watch.beat(session, "doctor", now, result=json.dumps([asdict(finding) for finding in FOUND]))


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def server(app: App, clock: Clock) -> Iterator[str]:
    """The address of the pages."""
    with serving(create(app, clock=clock)) as url:
        yield url


Program = Callable[..., httpx.Client]


@pytest.fixture
def program(app: App, server: str, now: datetime) -> Iterator[Program]:
    """Makes a program with a token of somebody in a role."""
    opened: list[httpx.Client] = []

    def make(role: Role = Role.ADMIN, **more: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {a_token(app, role, now=now, **more)}"}
        client = httpx.Client(base_url=f"{server}/api", headers=headers, trust_env=False, timeout=60)
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def stranger(server: str) -> Iterator[httpx.Client]:
    """A program without a token."""
    with httpx.Client(base_url=f"{server}/api", trust_env=False, timeout=60) as client:
        yield client


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, media type and kind of a problem, as a program decides by them."""
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, answer.headers["content-type"], body["type"].rpartition("#")[2]
