"""Two `newsletter serve` on one PostgreSQL are one house: signing in, its limits, sessions, a database that is away."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState, Sending, SendingState
from newsletter.editions.models import State
from newsletter.staff import acts, users
from newsletter.staff.models import Role
from tests.databases import Databases
from tests.factories import an_edition
from tests.staff.conftest import PASSWORD, a_colleague
from tests.workers.crowd import until
from tests.workers.proxy import Proxy


@dataclass(frozen=True)
class House:
    """Two web processes, which share nothing but a home and a database, and the wire to it."""

    doors: tuple[str, str]
    wire: Proxy
    app: App


@dataclass
class Person:
    """Somebody with one browser, whose cookies go to both processes, as behind a load balancer."""

    client: httpx.Client
    page: str = ""

    def open(self, address: str) -> httpx.Response:
        answer = self.client.get(address)
        self.page = answer.text
        return answer

    def send(self, address: str, **fields: str) -> httpx.Response:
        """Post *fields* with what hidden fields the page in view carries, wherever that page came from."""
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page))
        answer = self.client.post(address, data=hidden | fields, headers={"Origin": address[: address.index("/", 8)]})
        self.page = answer.text
        return answer

    def sign_in(self, door: str, email: str, password: str = PASSWORD) -> httpx.Response:
        self.open(f"{door}/desk/sign-in")
        return self.send(f"{door}/desk/sign-in", email=email, password=password)


@pytest.fixture(scope="module")
def house(postgresql_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    url = postgresql_databases.take()
    with ExitStack() as stack:
        wire = stack.enter_context(Proxy(f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"))
        through = url.set(host="127.0.0.1", port=wire.port, query={}).render_as_string(hide_password=False)
        (home / "newsletter.toml").write_text(f'database_url = "{through}"\nsecret = "{"s" * 40}"\n', "utf-8")
        database: Database = db.connect(url)
        stack.callback(database.close)
        app = App(Settings.model_validate({"home": home, "database_url": str(url), "secret": "s" * 40}), database)
        a_colleague(app, "boss@example.com", Role.ADMIN, now=datetime.now(UTC))
        doors = (stack.enter_context(_serve(home)), stack.enter_context(_serve(home)))
        yield House(doors, wire, app)
    postgresql_databases.give_back(url)


@contextmanager
def _serve(home: Path) -> Iterator[str]:
    command = (sys.executable, "-m", "newsletter", "--home", str(home), "serve", "--port", "0")
    with (
        (home / "log").open("ab") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout
        address = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert address, (home / "log").read_text()
        yield address[0]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)


@pytest.fixture
def somebody(house: House) -> Iterator[Person]:
    with httpx.Client(trust_env=False, timeout=120) as client:
        yield Person(client)


@pytest.fixture
def the_same_elsewhere(house: House) -> Iterator[Person]:
    with httpx.Client(trust_env=False, timeout=120) as client:
        yield Person(client)


def _called(house: House, name: str) -> str:
    return a_colleague(house.app, f"{name}@example.com", now=datetime.now(UTC))


def test_who_signs_in_at_one_acts_at_the_other(house: House, somebody: Person) -> None:
    one, other = house.doors
    email = _called(house, "ada")
    somebody.sign_in(one, email)
    somebody.open(f"{one}/desk/account")
    done = somebody.send(f"{other}/desk/account/name", name="Ada Lovelace")
    with house.app.database.read() as session:
        did = [act.did for act in acts.lately(session, user_id=users.get(session, email).id, limit=2)]
    shown = "Ada Lovelace" in somebody.open(f"{one}/desk/account").text
    assert (done.status_code < 400, did, shown) == (True, ["changed their name", "signed in"], True)


def test_tries_at_both_are_counted_together(house: House, somebody: Person) -> None:
    one, other = house.doors
    email = _called(house, "grace")
    said = [somebody.sign_in((one, other)[number % 2], email, "a wrong one").status_code for number in range(10)]
    over = [somebody.sign_in(door, email, "a wrong one") for door in house.doors]
    right = somebody.sign_in(one, email)
    assert (set(said), [answer.status_code for answer in over], right.status_code) == ({400}, [429, 429], 429)


def test_a_session_that_is_ended_at_one_is_out_at_the_other(
    house: House, somebody: Person, the_same_elsewhere: Person
) -> None:
    one, other = house.doors
    email = _called(house, "joan")
    the_same_elsewhere.sign_in(other, email)
    before = the_same_elsewhere.open(f"{other}/desk/account").status_code
    somebody.sign_in(one, email)
    page = somebody.open(f"{one}/desk/account").text
    (theirs,) = re.findall(r'name="session" value="(\d+)"', page)
    somebody.send(f"{one}/desk/account/sessions", session=theirs)
    after = the_same_elsewhere.open(f"{other}/desk/account")
    assert (before, after.status_code, "/desk/sign-in" in after.headers["location"]) == (200, 303, True)


def test_who_signs_out_at_one_is_out_at_the_other(house: House, somebody: Person) -> None:
    one, other = house.doors
    somebody.sign_in(one, _called(house, "mary"))
    somebody.open(f"{one}/desk/account")
    kept = dict(somebody.client.cookies)
    somebody.send(f"{one}/desk/sign-out")
    # the cookie that a thief kept
    assert httpx.get(f"{other}/desk/account", cookies=kept, trust_env=False, timeout=120).status_code == 303


def test_an_account_that_is_closed_at_one_is_out_at_the_other(
    house: House, somebody: Person, the_same_elsewhere: Person
) -> None:
    one, other = house.doors
    email = _called(house, "hedy")
    the_same_elsewhere.sign_in(other, email)
    somebody.sign_in(one, "boss@example.com")
    somebody.open(f"{one}/desk/people")
    with house.app.database.read() as session:
        number = users.get(session, email).id
    somebody.send(f"{one}/desk/people", do="close", user=str(number))
    assert the_same_elsewhere.open(f"{other}/desk/account").status_code == 303


def test_what_the_doctor_finds_for_one_stands_at_the_other(house: House, somebody: Person) -> None:
    one, other = house.doors
    somebody.sign_in(one, "boss@example.com")
    before = "It has not looked yet" in somebody.open(f"{other}/ops/doctor").text
    somebody.send(f"{one}/ops/doctor")
    until(lambda: "Look again" in somebody.open(f"{other}/ops/doctor").text)
    assert (before, "It looked" in somebody.page) == (True, True)


def test_a_database_that_is_away_is_said_at_both_and_forgotten_when_it_is_back(house: House) -> None:
    before = [_asked(house, path) for path in ("/healthz", "/readyz")]
    house.wire.refuse()
    away = [_asked(house, path) for path in ("/healthz", "/readyz", "/desk/sign-in")]
    house.wire.mend()
    until(lambda: _asked(house, "/healthz") == [200, 200])
    assert (before, away) == ([[200, 200], [503, 503]], [[503, 503]] * 3)


def test_a_database_that_says_nothing_is_said_at_both(house: House) -> None:
    house.wire.swallow()
    away = _asked(house, "/healthz")
    house.wire.mend()
    until(lambda: _asked(house, "/healthz") == [200, 200])
    assert away == [503, 503]


def test_what_is_not_ready_says_why_and_what_to_do(house: House) -> None:
    said = [httpx.get(f"{door}/readyz", trust_env=False, timeout=120).json() for door in house.doors]
    assert said == [{"ready": False, "says": ["no scheduler is running: start newsletter scheduler"]}] * 2


def _asked(house: House, path: str) -> list[int]:
    return [httpx.get(f"{door}{path}", trust_env=False, timeout=120).status_code for door in house.doors]


def _under_way(house: House) -> int:
    """A sending of three readers, two of whom have it."""
    now = datetime.now(UTC)
    with house.app.database.write() as session:
        edition = an_edition(session, state=State.SENDING)
        values = {"sender": "smtp", "planned": 3, "audience_complete_at": now, "started_at": now}
        session.add(Sending(edition_id=edition.id, state=SendingState.RUNNING, **values))
        session.flush()
        for number, (state, size) in enumerate([(BatchState.ACCEPTED, 2), (BatchState.QUEUED, 1)], 1):
            session.add(Batch(edition_id=edition.id, number=number, state=state, size=size, not_before=now))
        return edition.id


def test_a_sending_paused_at_one_is_seen_at_the_other_and_let_go_on_there(house: House, somebody: Person) -> None:
    one, other = house.doors
    send = f"/ops/sends/{_under_way(house)}"
    somebody.sign_in(one, "boss@example.com")
    somebody.open(f"{one}{send}/pause")
    paused = somebody.send(f"{other}{send}/pause", reason="a wrong price")
    moved = somebody.open(f"{one}{send}/now?was=running").headers.get("hx-refresh")
    shown = "a wrong price" in somebody.open(f"{one}{send}").text
    somebody.open(f"{other}{send}/resume")
    on = somebody.send(f"{one}{send}/resume")
    with house.app.database.read() as session:
        did = [act.did for act in acts.lately(session, limit=2)]
    assert (paused.status_code, moved, shown, on.status_code) == (303, "true", True, 303)
    assert did == ["let the sending go on", "paused the sending"]
