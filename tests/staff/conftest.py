"""A clock that can be turned, colleagues, and browsers of theirs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pyotp
import pytest

from newsletter.app import App
from newsletter.staff import keys, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web.app import create

PASSWORD = "a tall ship and a star"
BOSS = Doer("a test", "command line")


@dataclass
class Clock:
    """What time it is for the pages."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Browser:
    """Somebody's browser: keeps cookies, follows redirects only when asked, fills in forms as they stand."""

    client: httpx.Client
    page: httpx.Response = field(init=False)

    def open(self, path: str) -> httpx.Response:
        self.page = self.client.get(path)
        return self.page

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Post *fields* with what hidden fields the page in view carries."""
        text = self.page.text if hasattr(self, "page") else ""
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
        self.page = self.client.post(path, data=hidden | fields, headers={"Origin": str(self.client.base_url)})
        return self.page

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        self.open("/desk/sign-in")
        return self.send("/desk/sign-in", email=email, password=password)

    def set_up_second_factor(self) -> pyotp.TOTP:
        """Turn it on for whoever is signed in; what their app has now."""
        text = self.open("/desk/account/second").text
        found = re.search(r'<p class="secret"><code>([A-Z2-7 ]+)</code>', text)
        assert found
        return pyotp.TOTP(found[1].replace(" ", ""))


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def desk(app: App, clock: Clock) -> Iterator[str]:
    """The address of the pages."""
    with serving(create(app, clock=clock)) as url:
        yield url


@pytest.fixture
def browser(desk: str) -> Iterator[Browser]:
    with _client(desk) as client:
        yield Browser(client)


@pytest.fixture
def other_browser(desk: str) -> Iterator[Browser]:
    with _client(desk) as client:
        yield Browser(client)


def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, timeout=60)


def a_colleague(app: App, email: str = "eva@example.com", role: Role = Role.EDITOR, *, now: datetime) -> str:
    """Somebody who has chosen PASSWORD."""
    with app.database.write() as session:
        users.add(session, email, role, name="Eva", by=BOSS, now=now)
        user = users.get(session, email)
        keys.use(session, keys.make(session, user, now=now), PASSWORD, now=now)
    return email
