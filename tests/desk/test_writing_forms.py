"""Whatever is posted to the writing page, nothing breaks, and the edition stays one that can be sent."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import fields, shelf
from newsletter.editions import words as wording
from newsletter.editions.words import StoryWords, Words
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.factories import an_edition

NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)
_WORDS = Words("t", "s", (StoryWords("h"),) * 4)
_NAMES = [
    *(name for name, _ in fields.said(_WORDS)),
    *(f"stories-{number}-key" for number in range(4)),
    *("stories", "revision", "conflict", "changed", "order", "undo", "page", "do", "by", "csrf"),
    *("choose--subject", "choose--stories", "choose-a-", "stories-99-headline", "stories-x-url", ""),
]
_NASTY = st.sampled_from(
    [
        *(
            "",
            "0",
            "1",
            "2",
            "-1",
            "99999999999999999999",
            "٣",
            "1.5",
            "save",
            "undo",
            "leave",
            "add",
            "up-1",
            "remove-0",
        ),
        *("-subject", "-stories", "a-", "a-headline", "mine", "theirs", "script", "javascript:alert(1)", "https://"),
        *(
            "http://[::1",
            "https://example.com/\x00",
            "<script>",
            "{{ 7 * 7 }}",
            "\r\n\r\n",
            "\ud7ff",
            "a" * 3000,
            "[a](b",
        ),
    ]
)
_VALUE = st.one_of(_NASTY, st.text(st.characters(codec="utf-8"), max_size=30), st.text(string.printable, max_size=30))
_FORM = st.lists(st.tuples(st.sampled_from(_NAMES), _VALUE), max_size=25)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[App]:
    home = tmp_path_factory.mktemp("writing")
    url = f"sqlite:///{home / 'newsletter.db'}"
    (home / "newsletter.db").write_bytes(sqlite_template.read_bytes())
    newsletter = {
        "title": "The Friday Five",
        "from_address": "friday@news.example.com",
        "postal_address": "1 Market Row, London",
        "time_zone": "Europe/London",
        "lists": ["weekly"],
    }
    database = db.connect(url)
    with database.write() as session:
        an_edition(session, "Walmart goes live", "Carrefour opens a shop", "Getir buys Weezy")
    yield App(
        Settings.model_validate(
            {
                "home": home,
                "database_url": url,
                "public_url": "https://news.example.com",
                "secret": "a secret for tests",
                "newsletters": {"friday": newsletter},
            }
        ),
        database,
    )
    database.close()


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[httpx.Client]:
    with serving(create(app, clock=lambda: NOW)) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as one:
        yield one


def _is_well(app: App) -> bool:
    """What the edition says is what `clean` would make of it: any edition that can be sent is."""
    with app.database.read() as session:
        said = wording.of(shelf.get(session, 1))
    return wording.clean(said) == said


def _now(app: App) -> dict[str, str]:
    with app.database.read() as session:
        edition = shelf.get(session, 1)
        said = wording.of(edition)
    keys = {fields.name(number, "key"): story.key for number, story in enumerate(said.stories)}
    return {"revision": str(edition.revision), "stories": str(len(said.stories)), **keys}


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    form=_FORM,
    knows=st.booleans(),
    path=st.sampled_from(["edit", "edit/picture", "versions", "versions/name", "edit/text"]),
)
def test_no_form_breaks_the_page_or_the_edition(
    app: App, client: httpx.Client, form: list[tuple[str, str]], knows: bool, path: str
) -> None:
    values: dict[str, list[str]] = {name: [value] for name, value in _now(app).items()} if knows else {}
    for name, value in form:
        values.setdefault(name, []).insert(0, value)
    answer = client.post(f"/editions/1/{path}", data=values)
    assert (answer.status_code < 500, _is_well(app)) == (True, True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    content=st.binary(max_size=600),
    head=st.sampled_from([b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]),
)
def test_no_upload_breaks_the_page(app: App, client: httpx.Client, head: bytes, content: bytes) -> None:
    answer = client.post("/editions/1/edit/picture", data={"csrf": ""}, files={"file": ("a", head + content)})
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/json", b"{}", 400),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nno", 400),
        ("multipart/form-data; boundary=" + "x" * 300, b"--", 400),
        ("application/x-www-form-urlencoded", b"%ff=%fe&revision=1", 303),
        ("application/x-www-form-urlencoded", b"a=" + b"b" * (13 * 1024 * 1024), 413),
        ("application/x-www-form-urlencoded", b"a=&" * 50_000, 400),
    ],
)
def test_what_is_no_form_of_ours_is_answered(client: httpx.Client, kind: str, content: bytes, status: int) -> None:
    answer = client.post("/editions/1/edit", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status


def test_a_form_from_elsewhere_changes_nothing(app: App, client: httpx.Client) -> None:
    answer = client.post(
        "/editions/1/edit",
        data={**_now(app), "subject": "From elsewhere"},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    with app.database.read() as session:
        assert (answer.status_code, "From elsewhere" in shelf.get(session, 1).subject) == (403, False)
