"""A client that openapi-python-client makes of the description talks with a real `newsletter serve`."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.app import App
from newsletter.staff.models import Role
from tests.api.conftest import a_token
from tests.desk.aftermath import readers, went_out
from tests.factories import a_list, a_subscriber

_LIBRARY = "newsletter_client"
_BIN = Path(sys.executable).parent
_NEWSLETTERS = """
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "Europe/London"
lists = ["weekly"]

[newsletters.monday]
title = "The Monday Brief"
from_address = "monday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "Europe/London"
lists = ["weekly"]
"""


class Library:
    """The generated package."""

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{_LIBRARY}.{name}")

    def model(self, name: str) -> Any:
        """The class *name* of what is sent or answered."""
        return getattr(self.module("models"), name)

    def call(self, operation: str) -> Any:
        """The function that asks *operation*, such as "editions.list_editions", and tells all of the answer."""
        return self.module(f"api.{operation}").sync_detailed


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The client, made of what `newsletter api openapi` prints; a word that the generator warns of is a failure."""
    folder = tmp_path_factory.mktemp("client")
    described = subprocess.run(
        [sys.executable, "-m", "newsletter", "--home", folder, "api", "openapi"], capture_output=True, check=True
    )
    (folder / "openapi.json").write_bytes(described.stdout)
    generate = [str(_BIN / "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none"]
    path = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(
        [*generate, "--output-path", _LIBRARY, "--fail-on-warning"],
        cwd=folder,
        env=path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield Library()
    sys.path.remove(str(folder))


@pytest.fixture
def address(app: App, tmp_path: Path) -> Iterator[str]:
    """Where `newsletter serve` answers, a process of its own."""
    home = tmp_path / "home"
    home.mkdir()
    url = app.database.url.render_as_string(hide_password=False)
    settings = f'database_url = "{url}"\nsecret = "a secret for tests"\n{_NEWSLETTERS}'
    (home / "newsletter.toml").write_text(settings, "utf-8")
    command = [sys.executable, "-m", "newsletter", "--home", str(home), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found
        yield found[0]
        process.terminate()


@pytest.fixture
def client(app: App, library: Library, address: str) -> Iterator[Any]:
    """The generated client with an admin's token."""
    with _client(library, address, a_token(app, Role.ADMIN, now=datetime.now(UTC))) as made:
        yield made


def _client(library: Library, address: str, token: str) -> Any:
    return library.module("client").AuthenticatedClient(
        base_url=f"{address}/api",
        token=token,
        timeout=60,
        raise_on_unexpected_status=True,
        httpx_args={"trust_env": False},
    )


def test_a_token_says_for_whom_it_acts(library: Library, client: Any) -> None:
    assert library.call("token.show_token")(client=client).parsed.role == "admin"


def test_lists_are_read_page_by_page(library: Library, client: Any) -> None:
    ask = library.call("newsletters.list_newsletters")
    first = ask(client=client, limit=1).parsed
    second = ask(client=client, limit=1, cursor=first.next_).parsed
    assert ([one.name for one in first.items + second.items], second.next_) == (["friday", "monday"], None)


def test_the_deliveries_of_an_edition_are_read_to_the_last(app: App, library: Library, client: Any) -> None:
    with app.database.write() as session:
        people = readers(session, 7)
        edition = went_out(app, session, people)
    (listed,) = library.call("editions.list_editions")(client=client).parsed.items
    ask, found, more = library.call("deliveries.list_deliveries"), list[int](), dict[str, str]()
    while True:
        page = ask(client=client, edition_id=listed.id, limit=3, **more).parsed
        found += [one.reader for one in page.items]
        if page.next_ is None:
            break
        more = {"cursor": page.next_}
    assert (listed.id, found) == (edition.id, people[::-1])


def test_a_reader_is_added_once_however_often_that_is_asked_and_found(app: App, library: Library, client: Any) -> None:
    with app.database.write() as session:
        a_list(session)
    new = library.model("NewSubscriber")(email="eva@example.com", lists=["weekly"], confirmed_by="form at the fair")
    add, find = library.call("subscribers.add_subscriber"), library.call("subscribers.find_subscriber")
    first, again = (add(client=client, body=new, idempotency_key="eva-1") for _ in range(2))
    found = find(client=client, body=library.model("SubscriberSearch")(email="EVA@example.com")).parsed.subscriber
    assert (first.status_code, first.parsed, again.headers["idempotency-replayed"]) == (201, again.parsed, "true")
    assert (found.id, [one.consent.value for one in found.lists]) == (first.parsed.id, ["confirmed"])


def test_what_somebody_has_seen_is_changed_by_its_etag(app: App, library: Library, client: Any) -> None:
    with app.database.write() as session:
        number = a_subscriber(session).id
    seen = library.call("subscribers.show_subscriber")(number, client=client).headers["etag"]
    change, wanted = library.call("subscribers.change_subscriber"), library.model("ChangedSubscriber")(name="Ada L.")
    changed, stale = (change(number, client=client, body=wanted, if_match=seen) for _ in range(2))
    assert (changed.parsed.name, stale.parsed.status, stale.headers["etag"]) == ("Ada L.", 412, changed.headers["etag"])


def test_what_goes_wrong_is_read_as_a_problem(library: Library, client: Any) -> None:
    answer = library.call("newsletters.list_newsletters")(client=client, cursor="nobody's")
    assert (type(answer.parsed), answer.parsed.status, answer.parsed.type_.rpartition("#")[2]) == (
        library.model("Problem"),
        400,
        "cursor",
    )


def test_a_token_of_nobody_is_a_problem_too(library: Library, address: str) -> None:
    with _client(library, address, "nlt_nobody") as asking:
        parsed = library.call("token.show_token")(client=asking).parsed
    assert (parsed.status, parsed.title) == (401, "Unauthorized")
