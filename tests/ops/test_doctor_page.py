"""The doctor as a page: it looks at a real, slow mail server while pages go on, for all web processes at once."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from newsletter import db
from newsletter.app import App
from newsletter.config import Smtp
from newsletter.doctor import Finding, Level, visits
from newsletter.doctor.visits import Practice
from newsletter.editions import watch
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.ops.house import clock
from tests.staff.conftest import BOSS, PASSWORD, Browser, Clock, a_colleague
from tests.workers.crowd import until

__all__ = ["clock"]


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A mail server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door


@pytest.fixture
def app(app: App, silent_server: socket.socket) -> App:
    """The product, which mails through that server, and whose pages are of this machine alone."""
    smtp = Smtp(host="127.0.0.1", port=silent_server.getsockname()[1], security="none")
    here = {"sender": "smtp", "smtp": smtp, "public_url": "http://127.0.0.1:8025"}
    return App(app.settings.model_copy(update=here), app.database)


@pytest.fixture
def operator(app: App, browser: Browser, clock: Clock) -> Browser:
    browser.sign_in(a_colleague(app, "olga@example.com", Role.OPERATOR, now=clock()))
    return browser


def hang_up(door: socket.socket) -> None:
    """End the conversation that is under way."""
    conversation, _ = door.accept()
    conversation.close()
    door.close()


def test_pages_go_on_while_it_looks_and_what_it_found_stands_there(
    app: App, operator: Browser, silent_server: socket.socket
) -> None:
    before = operator.open("/ops/doctor").text
    asked = operator.send("/ops/doctor").status_code
    during, meanwhile = operator.open("/ops/doctor").text, operator.open("/ops/alarms").status_code
    hang_up(silent_server)
    until(lambda: "Look again" in operator.open("/ops/doctor").text)
    after = operator.open("/ops/doctor").text
    assert ("It has not looked yet" in before, asked, "It looks, since" in during, meanwhile) == (True, 303, True, 200)
    assert ("won’t work" in after, "127.0.0.1" in after) == (True, True)


def test_who_asks_while_it_looks_begins_no_second_look(
    app: App, operator: Browser, silent_server: socket.socket, clock: Clock
) -> None:
    operator.open("/ops/doctor")
    for _ in range(3):
        operator.send("/ops/doctor")
    clock.turn(seconds=30)
    operator.send("/ops/doctor")
    with app.database.read() as session:
        did = [act.did for act in acts.lately(session, limit=20)].count("asked the doctor")
    hang_up(silent_server)
    until(lambda: "Look again" in operator.open("/ops/doctor").text)
    assert did == 1


def test_another_web_process_shows_the_same_look(
    app: App, operator: Browser, silent_server: socket.socket, clock: Clock
) -> None:
    operator.open("/ops/doctor")
    operator.send("/ops/doctor")
    with _another_process(app, clock) as other:
        during = other.get("/ops/doctor").text
        hang_up(silent_server)
        until(lambda: "Look again" in other.get("/ops/doctor").text)
        after = other.get("/ops/doctor").text
    assert ("It looks, since" in during, "won’t work" in after) == (True, True)


@contextmanager
def _another_process(app: App, clock: Clock) -> Iterator[httpx.Client]:
    """Pages that share nothing with the others but the database; and Olga's browser there."""
    database = db.connect(app.settings.database_url)
    with (
        serving(create(App(app.settings, database), clock=clock)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        other = Browser(client)
        other.sign_in("olga@example.com", PASSWORD)
        yield client
    database.close()


def test_a_look_that_was_cut_off_is_said_and_begun_anew(
    app: App, operator: Browser, silent_server: socket.socket, clock: Clock
) -> None:
    with app.database.write() as session:
        watch.take_turn(session, "doctor", timedelta(0), clock() - visits.PATIENCE)
    before = operator.open("/ops/doctor").text
    operator.send("/ops/doctor")
    during = operator.open("/ops/doctor").text
    hang_up(silent_server)
    until(lambda: "Look again" in operator.open("/ops/doctor").text)
    assert ("was cut off" in before, "It looks, since" in during) == (True, True)


def test_what_was_found_a_moment_ago_is_not_asked_again(app: App, clock: Clock, silent_server: socket.socket) -> None:
    silent_server.close()
    practice = Practice()
    begun = [practice.ask(app, by=BOSS, clock=clock)]
    until(lambda: _looked(app, clock))
    begun.append(practice.ask(app, by=BOSS, clock=clock))
    clock.turn(seconds=visits.FRESH.total_seconds())
    begun.append(_asked_once_free(practice, app, clock))
    until(lambda: _looked(app, clock))  # nobody looks any more when the database is closed
    assert begun == [True, False, True]


def _looked(app: App, clock: Clock) -> bool:
    with app.database.read() as session:
        visit = visits.newest(session, now=clock())
    return visit is not None and visit.ended_at is not None


def _asked_once_free(practice: Practice, app: App, clock: Clock) -> bool:
    """The thread is a moment longer at work than its findings are there."""
    until(lambda: practice.ask(app, by=BOSS, clock=clock))
    return True


def test_a_late_end_does_not_overwrite_a_newer_look(app: App, clock: Clock) -> None:
    began = clock()
    with app.database.write() as session:
        watch.take_turn(session, "doctor", timedelta(0), began + timedelta(minutes=5))
        visits._keep(session, began, began + timedelta(minutes=6), result="[]", fine=True)
        found = visits.newest(session, now=began + timedelta(minutes=6))
    assert found == visits.Visit(began + timedelta(minutes=5), None, [], is_looking=True)


def test_an_editor_reads_it_and_has_nothing_looked_at(app: App, browser: Browser, clock: Clock) -> None:
    browser.sign_in(a_colleague(app, role=Role.EDITOR, now=clock()))
    page = browser.open("/ops/doctor")
    assert (page.status_code, '<button class="strong">Look' in page.text, browser.send("/ops/doctor").status_code) == (
        200,
        False,
        403,
    )


def test_findings_are_what_the_command_says(
    app: App, operator: Browser, clock: Clock, silent_server: socket.socket
) -> None:
    silent_server.close()
    operator.open("/ops/doctor")
    operator.send("/ops/doctor")
    until(lambda: _looked(app, clock))
    with app.database.read() as session:
        visit = visits.newest(session, now=clock())
    assert visit is not None
    assert Finding("subscribers", Level.NOTE, "0 confirmed") in visit.findings
