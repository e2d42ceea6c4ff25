"""The doctor and the audit log, through the API."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from newsletter.app import App
from newsletter.config import Settings, Smtp
from newsletter.doctor import visits
from newsletter.editions import watch
from newsletter.staff import acts, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from tests.api.conftest import Program, problem, the_doctor_was_here
from tests.ops.house import FOUND
from tests.staff.conftest import Clock
from tests.workers.crowd import until

SHELL = Doer("root at the command line", "command line")
DAY = timedelta(days=1)


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A mail server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door


@pytest.fixture
def settings(settings: Settings, silent_server: socket.socket) -> Settings:
    """Mail goes through that server; the pages are of this machine alone, so nobody asks for them from outside."""
    smtp = Smtp(host="127.0.0.1", port=silent_server.getsockname()[1], security="none")
    return settings.model_copy(update={"sender": "smtp", "smtp": smtp, "public_url": "http://127.0.0.1:8025"})


# the doctor


def test_before_its_first_look_it_has_found_nothing(program: Program) -> None:
    assert program(Role.EDITOR).get("/doctor").json() == {
        "state": "never",
        "began_at": None,
        "ended_at": None,
        "findings": [],
    }


def test_what_was_found_last_is_told_by_any_process(app: App, program: Program, now: datetime) -> None:
    with app.database.write() as session:
        the_doctor_was_here(session, now)
    shown = program(Role.EDITOR).get("/doctor").json()
    assert (shown["state"], [tuple(one.values()) for one in shown["findings"]]) == (
        "done",
        [(one.name, one.level.value, one.text) for one in FOUND],
    )


def test_a_look_goes_on_in_the_background_and_who_asks_meanwhile_begins_no_other(
    app: App, program: Program, silent_server: socket.socket, clock: Clock
) -> None:
    asking = program(Role.OPERATOR)
    asked = asking.post("/doctor/look")
    clock.turn(seconds=30)
    again = asking.post("/doctor/look")
    conversation, _ = silent_server.accept()
    conversation.close()
    silent_server.close()
    until(lambda: asking.get("/doctor").json()["state"] == "done")
    with app.database.read() as session:
        did = [(act.who, act.door) for act in acts.lately(session, limit=20) if act.did == "asked the doctor"]
    found = {one["name"]: one["level"] for one in asking.get("/doctor").json()["findings"]}
    assert [(one.status_code, one.json()["state"], one.json()["begun"]) for one in (asked, again)] == [
        (202, "looking", True),
        (202, "looking", False),
    ]
    assert (asked.headers["location"], found["sender"], did) == (
        "http://127.0.0.1:8025/api/doctor",
        "bad",
        [("Operator (a program)", "api")],
    )


def test_what_was_found_a_moment_ago_is_not_looked_for_again(app: App, program: Program, now: datetime) -> None:
    with app.database.write() as session:
        the_doctor_was_here(session, now)
    asked = program().post("/doctor/look")
    assert (asked.status_code, asked.json()["begun"], asked.json()["state"]) == (202, False, "done")


def test_a_look_that_was_cut_off_is_told_so(app: App, program: Program, now: datetime) -> None:
    with app.database.write() as session:
        watch.take_turn(session, "doctor", timedelta(0), now - visits.PATIENCE)
    assert program().get("/doctor").json()["state"] == "cut_off"


def test_a_look_that_failed_by_our_mistake_is_told_so(app: App, program: Program, now: datetime) -> None:
    with app.database.write() as session:
        watch.take_turn(session, "doctor", timedelta(0), now)
        watch.beat(session, "doctor", now, ok=False)
    assert program().get("/doctor").json()["state"] == "failed"


# the audit log


@pytest.fixture
def log(app: App, program: Program, now: datetime) -> tuple[int, Any]:
    """Eva's number, and a program that asks; she did three things, somebody at the command line one a day later."""
    asking = program()
    with app.database.write() as session:
        eva = users.add(session, "eva@example.com", Role.EDITOR, name="Eva", by=SHELL, now=now - 8 * DAY)
        acts.note(session, acts.of(eva), "approved", "friday/2021-11-19", now=now - 7 * DAY)
        acts.note(session, acts.of(eva), "approved", "friday/2021-11-26", now=now, revision=3)
        acts.note(session, acts.of(eva), "held", "friday/2021-11-26", now=now)
        acts.note(session, SHELL, "resumed", "friday/2021-11-26", now=now + DAY)
        return eva.id, asking


def _found(asking: Any, **asked: Any) -> list[tuple[str, str]]:
    return [(one["did"], one["what"][7:]) for one in asking.get("/acts", params=asked).json()["items"]]


def test_an_act_is_told_whole(log: tuple[int, Any], now: datetime) -> None:
    eva, asking = log
    (first, _) = asking.get("/acts", params={"did": "approved"}).json()["items"]
    assert first == {
        "id": first["id"],
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "who": "Eva",
        "user_id": eva,
        "did": "approved",
        "what": "friday/2021-11-26",
        "door": "desk",
        "details": {"revision": 3},
    }


def test_it_is_asked_by_who_what_where_and_when(log: tuple[int, Any], now: datetime) -> None:
    eva, asking = log
    old, new = ("approved", "2021-11-19"), ("approved", "2021-11-26")
    held, resumed = ("held", "2021-11-26"), ("resumed", "2021-11-26")
    assert (
        _found(asking, did="approved"),
        _found(asking, did="approved", until=now.isoformat()),
        _found(asking, since=(now + DAY).isoformat()),
        _found(asking, who=eva, to="FRIDAY/"),
        _found(asking, who=0, to="friday/"),
        _found(asking, by="command line", to="2021-11"),
        _found(asking, to="_riday"),
    ) == ([new, old], [old], [resumed], [held, new, old], [resumed], [resumed], [])


def test_it_is_read_to_its_end_page_by_page_and_what_comes_meanwhile_shifts_nothing(
    app: App, log: tuple[int, Any], now: datetime
) -> None:
    _, asking = log
    whole = [one["id"] for one in asking.get("/acts?limit=200").json()["items"]]
    page = asking.get("/acts?limit=3").json()
    read = [one["id"] for one in page["items"]]
    while page["next"] is not None:
        with app.database.write() as session:
            acts.note(session, SHELL, "resumed", "friday/2021-11-26", now=now)
        page = asking.get("/acts", params={"limit": 3, "cursor": page["next"]}).json()
        read += [one["id"] for one in page["items"]]
    assert (read, len(read) > 6) == (whole, True)


@pytest.mark.parametrize(
    "asked",
    [{"who": "-1"}, {"who": "9223372036854775808"}, {"who": "eva"}, {"since": "2021-11-26"}, {"to": "x" * 321},
     {"what": "friday"}],
)  # fmt: skip
def test_what_can_not_be_meant_is_422(program: Program, asked: dict[str, str]) -> None:
    assert program().get("/acts", params=asked).status_code == 422


def test_nobody_but_those_who_see_who_works_here_reads_it(program: Program) -> None:
    assert problem(program(Role.OPERATOR).get("/acts"))[0] == 403
