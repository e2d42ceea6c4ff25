"""Whatever is posted to any form of the desk, or asked of any page, no answer is a fault of ours, and editions stay."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter import db, web
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import shelf
from newsletter.editions import words as wording
from newsletter.editions.models import State
from newsletter.rendering import proofs
from newsletter.staff import sessions, users
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web.app import create
from newsletter.web.rooms import INSIDE
from tests.factories import an_edition
from tests.staff.conftest import BOSS

NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)
_ROUTES = [route for room in INSIDE for route in room.router.routes if isinstance(route, APIRoute)]
_FORMS = sorted(route.path for route in _ROUTES if "POST" in (route.methods or ()))
_PAGES = sorted(route.path for route in _ROUTES if "GET" in (route.methods or ()))

# a form that is new, or a button, is tried without anybody thinking of it
_INSIDE = [Path(web.__file__).parent / name for name in ("staff", "desk", "ops")]
_FILES = sorted(file for folder in _INSIDE for kind in ("*.py", "*.html") for file in folder.rglob(kind))
_SOURCE = "".join(file.read_text() for file in _FILES)
_NAMES = sorted(
    {*re.findall(r'name="([a-z_.-]+)"', _SOURCE), *re.findall(r'form\.(?:get|all)\("([a-z_.-]+)"', _SOURCE)}
    | {"stories", "stories-0-key", "stories-0-headline", "newsletters.friday.title", "newsletters.friday.send.day", ""}
)
_BUTTONS = sorted({*re.findall(r'value="([a-z][a-z -]*)"', _SOURCE), *re.findall(r'== "([a-z][a-z ]*)"', _SOURCE)})
_NUMBERS = ("0", "1", "2", "-1", "1.5", "1e309", "nan", "9" * 18, "9223372036854775808", "9" * 5000, "٣", "²")
_ODD = (
    *("", " ", "friday", "weekly", "2021-11-26", "2021-11-33", "0000-00-00", "99999-12-31", "-0001-01-01", "09:00"),
    *("25:61", "2021-11-26T09:00", "2021-11-26T09:00:00+99:99", "eva@example.com", "@", "../../etc/passwd", "a" * 3000),
    *("<script>", "{{ 7 * 7 }}", "a = {", "\r\n\r\n", "https://", "http://[::1", "javascript:x", "//x", "Bcc: x\r\n"),
)
_BYTES = (b"\x00", b"a\x00b", b"\xed\xa0\x80", b"\xff\xfe", b"\xf0\x9f", b"x" * 70_000, b"\xcc\x81" * 5000)
_VALUE = st.one_of(
    st.sampled_from(_BUTTONS).map(str.encode),
    st.sampled_from(_NUMBERS).map(str.encode),
    st.sampled_from(_ODD).map(str.encode),
    st.sampled_from(_BYTES),
    st.text(st.characters(codec="utf-8"), max_size=40).map(str.encode),
)
_FIELDS = st.lists(st.tuples(st.sampled_from(_NAMES), _VALUE), max_size=12)
_PLACES = ("1", "1", "1", "friday", "2", "0", "-1", "9" * 30, "light", "inbox", "approve", "%00", "%FF", "..%2F..", "x")
#: doors that are open to who is nobody yet
_FOR_ANYBODY = ("/desk/sign-in", "/desk/sign-out", "/desk/welcome")
_BOUNDED = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass
class Desk:
    """A desk that is asked for anything at all by a colleague who is signed in."""

    app: App
    client: httpx.Client
    #: what was rendered already: its revision, and the change of the settings
    rendered: set[tuple[int, int]] = field(default_factory=set)

    def sign_in(self, role: Role) -> dict[str, str]:
        """The cookie and what forms carry with it, of a session that no earlier form has ended."""
        with self.app.database.write() as session:
            user = users.get(session, f"{role}@example.com")
            user.role, user.closed_at = role, None
            token = sessions.begin(session, user, browser="", now=NOW)
            edition = shelf.get(session, 1)
            edition.state = State.DRAFT
            said = wording.of(edition)
            revision = edition.revision
        self.client.cookies.clear()
        self.client.cookies.set("desk", token)
        keys = {f"stories-{number}-key": story.key for number, story in enumerate(said.stories)}
        return {"csrf": sessions.csrf(token), "revision": str(revision), "stories": str(len(said.stories)), **keys}

    def status(self, method: str, path: str, body: bytes = b"") -> int:
        """What is answered to it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": str(self.client.base_url)}
        address = httpx.URL(self.client.base_url).copy_with(raw_path=path.encode())
        return self.client.request(method, address, content=body, headers=headers if body else {}).status_code

    def is_well(self) -> bool:
        """Whether the edition can be sent: its words are clean, and it can be rendered."""
        now = self.app.current()
        with self.app.database.read() as session:
            edition = shelf.get(session, 1)
            said = wording.of(edition)
            if (edition.revision, now.change) not in self.rendered:
                proofs.today(edition, now.newsletter(edition.newsletter), now.settings, now=NOW)
                self.rendered.add((edition.revision, now.change))
        return wording.clean(said) == said


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[App]:
    home = tmp_path_factory.mktemp("forms")
    (home / "newsletter.db").write_bytes(sqlite_template.read_bytes())
    friday = {
        "title": "The Friday Five",
        "from_address": "friday@news.example.com",
        "postal_address": "1 Market Row, London",
        "time_zone": "Europe/London",
        "lists": ["weekly"],
    }
    url = f"sqlite:///{home / 'newsletter.db'}"
    said = {"home": home, "database_url": url, "secret": "a secret for tests", "sender": "maildir"}
    public = {"public_url": "https://news.example.com", "newsletters": {"friday": friday}}
    database = db.connect(url)
    yield App(Settings.model_validate(said | public), database)
    database.close()


@pytest.fixture(scope="module")
def desk(app: App) -> Iterator[Desk]:
    with app.database.write() as session:
        an_edition(session, "Walmart goes live", "Carrefour opens a shop", "Getir buys Weezy")
        for role in (Role.ADMIN, Role.EDITOR):
            users.add(session, f"{role}@example.com", role, by=BOSS, now=NOW)
        users.add(session, "boss@example.com", Role.ADMIN, by=BOSS, now=NOW)
    with serving(create(app, clock=lambda: NOW)) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as one:
        yield Desk(app, one)


def _filled(path: str, places: list[str]) -> str:
    given = iter(places)
    return re.sub(r"\{[^}]+\}", lambda _: next(given), path)


def _right(path: str) -> list[str]:
    """What leads somewhere, for each place of *path*."""
    known = {"name": "friday", "slug": "friday", "look": "light", "token": "x"}
    return [known.get(place, "1") for place in re.findall(r"\{([^}:]+)[^}]*\}", path)]


def _encoded(fields: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}" for name, value in fields).encode()


_LEADS = st.one_of(st.none(), st.lists(st.sampled_from(_PLACES), min_size=3, max_size=3))


@_BOUNDED
@given(role=st.sampled_from([Role.ADMIN, Role.EDITOR]), fields=_FIELDS, knows=st.booleans(), places=_LEADS)
@pytest.mark.parametrize("path", _FORMS)
def test_no_form_breaks_the_desk_or_the_edition(
    desk: Desk, path: str, role: Role, fields: list[tuple[str, bytes]], knows: bool, places: list[str] | None
) -> None:
    mine = desk.sign_in(role)
    carried = mine if knows else {"csrf": mine["csrf"]}
    body = _encoded([*fields, *((name, value.encode()) for name, value in carried.items())])
    assert desk.status("POST", _filled(path, places or _right(path)), body or b"=") < 500
    assert desk.is_well()


@_BOUNDED
@given(role=st.sampled_from([Role.ADMIN, Role.EDITOR]), asked=_FIELDS, places=_LEADS)
@pytest.mark.parametrize("path", _PAGES)
def test_no_query_breaks_a_page(
    desk: Desk, path: str, role: Role, asked: list[tuple[str, bytes]], places: list[str] | None
) -> None:
    desk.sign_in(role)
    query = _encoded([(name, value[:4000]) for name, value in asked]).decode()
    assert desk.status("GET", f"{_filled(path, places or _right(path))}?{query[:30_000]}") < 500


@pytest.mark.parametrize("path", [path for path in _FORMS if not path.startswith(_FOR_ANYBODY)])
def test_a_form_of_no_session_is_refused(desk: Desk, path: str) -> None:
    desk.sign_in(Role.ADMIN)
    bodies = [b"=", *(_encoded([("csrf", csrf), ("do", b"save")]) for csrf in _BYTES)]
    assert {desk.status("POST", _filled(path, _right(path)), body) for body in bodies} <= {400, 403, 413}
