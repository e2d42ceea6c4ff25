"""Files of people through the API: brought, read, taken in once somebody says so."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.jobs import imports
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.web import incoming
from subscribers.moving.models import Upload
from tests.api.conftest import Program, problem
from tests.factories import a_list
from tests.ops.test_importing import PEOPLE, people
from tests.workers.crowd import until

FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def asking(app: App, program: Program) -> httpx.Client:
    with app.database.write() as session:
        a_list(session)
    return program(Role.OPERATOR)


@pytest.fixture
def bring(asking: httpx.Client) -> Callable[..., str]:
    """Brings a file and waits until it has been read; where it is then."""

    def brought(content: bytes = PEOPLE) -> str:
        where = f"/imports/{asking.post('/imports', content=content, headers=FILE).json()['id']}"
        rests(asking, where)
        return where

    return brought


def rests(asking: httpx.Client, where: str) -> dict[str, Any]:
    """Once nobody is at it any more."""
    until(lambda: asking.get(where).json()["state"] not in {"reading", "taking"})
    shown: dict[str, Any] = asking.get(where).json()
    return shown


def folders(app: App) -> int:
    return len(list(imports.folder(app).iterdir()))


def rows(app: App) -> int:
    with app.database.read() as session:
        return session.scalar(select(func.count()).select_from(Upload)) or 0


def test_a_file_says_what_it_is_and_is_taken_in_once_somebody_says_so(app: App, asking: httpx.Client) -> None:
    brought = asking.post("/imports?name=old/readers.csv", content=PEOPLE, headers=FILE)
    where = f"/imports/{brought.json()['id']}"
    read = rests(asking, where)
    before = people(app)
    begun = asking.post(f"{where}/go")
    done = rests(asking, where)
    with app.database.read() as session:
        did = [(act.did, act.door) for act in acts.lately(session, limit=3)]
    assert (brought.status_code, brought.headers["location"], brought.json()["state"], brought.json()["name"]) == (
        201,
        f"https://news.example.com/api{where}",
        "reading",
        "readers.csv",
    )
    assert (read["state"], read["found"]["people"], read["found"]["bad"], before) == ("waiting", 2, 1, {})
    assert (begun.status_code, done["state"], done["counts"]["added"], sorted(people(app)), did) == (
        202,
        "done",
        2,
        ["ada@example.com", "bob@example.com"],
        [("an import is done", "import"), ("began an import", "api"), ("brought a file of people", "api")],
    )


def test_a_file_sent_again_with_its_key_is_brought_once(app: App, asking: httpx.Client) -> None:
    keyed = FILE | {"Idempotency-Key": "a-key"}
    first = asking.post("/imports", content=PEOPLE, headers=keyed)
    again = asking.post("/imports", content=PEOPLE, headers=keyed)
    other = asking.post("/imports", content=PEOPLE + b"eva@example.com,Eva,active\n", headers=keyed)
    rests(asking, f"/imports/{first.json()['id']}")
    assert (again.content, again.headers["idempotency-replayed"], problem(other)[::2], rows(app), folders(app)) == (
        first.content,
        "true",
        (422, "key-reused"),
        1,
        1,
    )


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (PEOPLE, {"Content-Type": "text/csv"}, 415),
        (PEOPLE, FILE | {"Content-Encoding": "gzip"}, 415),
        (PEOPLE, FILE | {"Authorization": "Bearer nlt_1_x"}, 401),
        (PEOPLE, FILE | {"Idempotency-Key": "x" * 201}, 400),
        (b"", FILE, 422),
    ],
)
def test_of_what_is_refused_nothing_stays(
    app: App, asking: httpx.Client, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = asking.post("/imports", content=content, headers=headers)
    assert (problem(answer)[0], rows(app), folders(app)) == (status, 0, 0)


def test_an_editor_brings_nothing(app: App, program: Program) -> None:
    answer = program(Role.EDITOR).post("/imports", content=PEOPLE, headers=FILE)
    assert (problem(answer)[0], rows(app), folders(app)) == (403, 0, 0)


def test_a_file_that_is_too_long_is_refused_while_it_comes(
    app: App, asking: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "MOST_BYTES", 1000)
    said = asking.post("/imports", content=b"x" * 70_000, headers=FILE)
    unsaid = asking.post("/imports", content=iter([b"x" * 600, b"x" * 600]), headers=FILE)
    assert (problem(said)[0], problem(unsaid)[0], rows(app), folders(app)) == (413, 413, 0, 0)


def test_a_disk_without_room_is_said(app: App, asking: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "_SPARE", 2**62)
    answer = asking.post("/imports", content=PEOPLE, headers=FILE)
    assert (problem(answer)[0], rows(app), folders(app)) == (507, 0, 0)


def test_what_is_not_understood_is_asked_and_answered(
    app: App, asking: httpx.Client, bring: Callable[..., str]
) -> None:
    where = bring(b"email,state\nada@example.com,gold\nbob@example.com,unsubscribed\n")
    asked = asking.get(where).json()["found"]["questions"]
    said = {"words": {"gold": "confirmed"}, "lists": ["weekly"]}
    again = asking.post(f"{where}/read", json=said).status_code
    left = rests(asking, where)["found"]["questions"]
    asking.post(f"{where}/go", json=said)
    rests(asking, where)
    assert (len(asked), again, left, sorted(people(app))) == (1, 202, [], ["ada@example.com", "bob@example.com"])


def test_a_word_that_means_nothing_here_is_refused(asking: httpx.Client, bring: Callable[..., str]) -> None:
    where = bring()
    assert problem(asking.post(f"{where}/go", json={"words": {"gold": "rich"}}))[0] == 422


def test_what_is_done_is_neither_stopped_nor_begun_again(asking: httpx.Client, bring: Callable[..., str]) -> None:
    where = bring()
    early = asking.post(f"{where}/stop")
    asking.post(f"{where}/go")
    rests(asking, where)
    late = [asking.post(f"{where}/{verb}", json={}) for verb in ("stop", "go", "read")]
    assert [problem(answer)[0] for answer in (early, *late)] == [409, 409, 409, 409]


def test_a_file_is_thrown_away_with_all_that_was_read_in_it(
    app: App, asking: httpx.Client, bring: Callable[..., str], now: datetime
) -> None:
    where = bring()
    gone = asking.delete(where)
    shown = asking.get(where).json()
    assert (gone.status_code, shown["found"], shown["forgotten_at"], folders(app)) == (
        204,
        {},
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        0,
    )
    assert problem(asking.get(f"{where}/left-out"))[0] == 404


def test_rows_that_are_left_out_are_told_page_by_page(asking: httpx.Client, bring: Callable[..., str]) -> None:
    bad = b"".join(b'"n\xc3\xb6 %d\naddress",X,active\n' % number for number in range(5))
    where = bring(PEOPLE[: PEOPLE.index(b"not")] + bad)
    page = asking.get(f"{where}/left-out?limit=2").json()
    stale, told = page["next"], page["items"]
    while page["next"] is not None:
        page = asking.get(f"{where}/left-out", params={"limit": 2, "cursor": page["next"]}).json()
        told += page["items"]
    asking.post(f"{where}/read", json={})
    rests(asking, where)
    late = asking.get(f"{where}/left-out", params={"limit": 2, "cursor": stale})
    assert (
        [(one["line"], f"n\u00f6 {number}" in one["row"]) for number, one in enumerate(told)],
        problem(late)[0],
    ) == (
        [(line, True) for line in (4, 6, 8, 10, 12)],
        400,
    )


def test_of_an_import_that_there_is_not_nothing_is_told(asking: httpx.Client) -> None:
    answers = [asking.get("/imports/9"), asking.post("/imports/9/go"), asking.get("/imports/9/left-out")]
    assert [problem(answer)[0] for answer in answers] == [404, 404, 404]
