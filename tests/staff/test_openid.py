"""Signing in through a real, certified provider of OpenID Connect: npm's oidc-provider 9.13.3.

What it does (27 November 2026): the address comes from userinfo alone; `email_verified` is whatever its owner
wrote, the text "true" too; `iss` is sent with the code and announced; no at_hash; a code is good once.
"""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from newsletter.app import App
from newsletter.config import OpenId
from newsletter.staff import users
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.staff.conftest import Browser, Clock, a_colleague

HERE = Path(__file__).parent / "npm"
PAGES = "http://desk.example.com"
#: as secrets are: what a form would quote
SECRET = "a+b%c/d=&and long enough to be one"
EVA = "eva@example.com"

_MISSING = (
    "node is not on the PATH"
    if shutil.which("node") is None
    else ""
    if (HERE / "node_modules" / "oidc-provider").is_dir()
    else "oidc-provider is not there: npm install --no-package-lock --prefix tests/staff/npm"
)
pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=_MISSING),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def _keys() -> dict[str, Any]:
    """A new key, always under the same name."""
    return RSAKey.generate_key(2048, {"kid": "k", "use": "sig", "alg": "RS256"}, private=True).as_dict(private=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@dataclass
class House:
    """The provider, which can be stopped and started, and who lives there."""

    port: int = field(default_factory=_free_port)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    method: str = "client_secret_post"
    key: dict[str, Any] = field(default_factory=_keys)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        client = {
            "client_id": "desk",
            "client_secret": SECRET,
            "redirect_uris": [f"{PAGES}/desk/openid/back"],
            "token_endpoint_auth_method": self.method,
        }
        asked = {"port": self.port, "client": client, "people": self.people, "ways": [self.method]}
        asked["jwks"] = {"keys": [self.key]}
        command = ["node", str(HERE / "provider.mjs"), json.dumps(asked)]
        self.process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture
def house() -> Iterator[House]:
    house = House(people={"eva": {"email": EVA, "email_verified": True, "name": "Eva"}})
    try:
        yield house
    finally:
        house.stop()


@dataclass
class Place:
    """The desk that knows the house."""

    app: App
    browser: Browser

    def sign_in(self, login: str = "eva", *, onward: str = "/") -> httpx.Response:
        """All of the way, as a browser goes it."""
        return self.come_back(self.visit(self.leave(onward), login))

    def leave(self, onward: str = "/") -> str:
        """Where the desk sends the browser."""
        gone = self.browser.open(f"/desk/openid?{urlencode({'next': onward})}")
        assert gone.status_code == 303, gone.text
        return gone.headers["location"]

    def visit(self, url: str, login: str) -> str:
        """Sign in and agree at the provider; the query it sends the browser back with."""
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.get(url)
            for _ in range(12):
                if answer.is_redirect:
                    to = urljoin(str(answer.url), answer.headers["location"])
                    if to.startswith(PAGES):
                        return urlsplit(to).query
                    answer = client.get(to)
                else:
                    form = re.search(r'action="([^"]+)"', answer.text)
                    assert form, answer.text
                    prompt = re.search(r'name="prompt" value="([a-z]+)"', answer.text)
                    assert prompt, answer.text
                    fields = {"prompt": prompt[1], "login": login, "password": "any"}
                    answer = client.post(urljoin(str(answer.url), form[1]), data=fields)
        raise AssertionError("the provider sends nobody back")

    def come_back(self, query: str) -> httpx.Response:
        return self.browser.open(f"/desk/openid/back?{query}")


@contextmanager
def _place(app: App, house: House, clock: Clock, **settings: Any) -> Iterator[Place]:
    said: Mapping[str, Any] = {
        "issuer": house.issuer,
        "client_id": "desk",
        "client_secret": SecretStr(SECRET),
        "name": "Contoso",
    }
    known = app.settings.model_copy(update={"openid": OpenId(**{**said, **settings}), "public_url": PAGES})
    there = App(known, app.database)
    with serving(create(there, clock=clock)) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield Place(there, Browser(client))


@pytest.fixture
def place(app: App, house: House, clock: Clock) -> Iterator[Place]:
    a_colleague(app, EVA, now=clock())
    house.start()
    with _place(app, house, clock) as place:
        yield place


def test_a_colleague_comes_in_and_goes_on_where_they_wanted(place: Place) -> None:
    back = place.sign_in(onward="/desk/account")
    assert (back.headers["location"], place.browser.open("/").status_code) == ("/desk/account", 200)


def test_they_are_known_again_by_their_number_and_not_by_their_address(
    place: Place, house: House, clock: Clock
) -> None:
    place.sign_in()
    house.stop()
    house.people["eva"]["email"] = "married@example.com"
    house.start()
    place.browser.client.cookies.clear()
    assert place.sign_in().status_code == 303


@pytest.mark.parametrize("verified", ["true", False, None, 1], ids=repr)
def test_only_a_true_that_is_one_links_an_account(app: App, house: House, clock: Clock, verified: object) -> None:
    a_colleague(app, EVA, now=clock())
    house.people["eva"]["email_verified"] = verified
    house.start()
    with _place(app, house, clock) as place:
        page = place.sign_in()
    assert (page.status_code, "did not say that your address is verified" in page.text) == (400, True)


def test_two_tabs_both_come_in(place: Place) -> None:
    first, second = place.leave(), place.leave("/desk/account")
    later = place.come_back(place.visit(second, "eva"))
    earlier = place.come_back(place.visit(first, "eva"))
    assert (later.headers["location"], earlier.headers["location"]) == ("/desk/account", "/")


def test_an_answer_is_good_once_and_who_is_in_is_not_bothered(place: Place) -> None:
    query = place.visit(place.leave(), "eva")
    place.come_back(query)
    reloaded = place.come_back(query)
    place.browser.client.cookies.delete("desk")
    replayed = place.come_back(query)
    assert (reloaded.status_code, replayed.status_code, "start again" in replayed.text) == (303, 400, True)


def test_an_answer_in_another_browser_is_nobodys(place: Place) -> None:
    query = place.visit(place.leave(), "eva")
    place.browser.client.cookies.clear()
    assert place.come_back(query).status_code == 400


def test_who_stays_away_too_long_starts_again(place: Place, clock: Clock) -> None:
    query = place.visit(place.leave(), "eva")
    clock.turn(minutes=11)
    assert "took too long" in place.come_back(query).text


def test_an_answer_that_names_another_provider_is_refused(place: Place) -> None:
    query = parse_qs(place.visit(place.leave(), "eva"))
    query["iss"] = ["https://evil.example"]
    assert "another provider" in place.come_back(urlencode(query, doseq=True)).text


def test_an_answer_without_the_name_that_was_announced_is_refused(place: Place) -> None:
    query = parse_qs(place.visit(place.leave(), "eva"))
    del query["iss"]
    assert "another provider" in place.come_back(urlencode(query, doseq=True)).text


def test_a_code_of_somebody_elses_sign_in_is_refused(place: Place) -> None:
    mine, theirs = place.leave(), place.leave()
    state = parse_qs(urlsplit(mine).query)["state"]
    stolen = parse_qs(place.visit(theirs, "eva")) | {"state": state}
    assert place.come_back(urlencode(stolen, doseq=True)).status_code == 400


def test_no_at_the_provider_is_said_in_its_own_words(place: Place) -> None:
    state = parse_qs(urlsplit(place.leave()).query)["state"][0]
    answer = {"error": "access_denied", "error_description": "<b>not today", "state": state}
    page = place.come_back(urlencode(answer)).text
    assert ("did not let you in" in page, "<b>not" in page) == (True, False)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_secret_with_signs_in_it_is_understood(app: App, house: House, clock: Clock, method: str) -> None:
    a_colleague(app, EVA, now=clock())
    house.method = method
    house.start()
    with _place(app, house, clock) as place:
        assert place.sign_in().status_code == 303


def test_who_has_no_account_is_told_whom_to_ask(app: App, house: House, clock: Clock) -> None:
    a_colleague(app, "boss@example.com", now=clock())
    house.start()
    with _place(app, house, clock) as place:
        assert "ask an admin" in place.sign_in().text


def test_a_colleague_by_domain_gets_an_account(app: App, house: House, clock: Clock) -> None:
    a_colleague(app, "boss@example.com", now=clock())
    house.start()
    with _place(app, house, clock, new_users="editor", domains=("Example.com",)) as place:
        place.sign_in()
    with app.database.read() as session:
        assert users.get(session, EVA).role is Role.EDITOR


def test_two_people_at_the_provider_are_not_one_account(place: Place, house: House) -> None:
    place.sign_in()
    house.stop()
    house.people["mallory"] = {"email": EVA, "email_verified": True}
    house.start()
    place.browser.client.cookies.clear()
    assert "Somebody else at the provider" in place.sign_in("mallory").text


def test_who_has_a_second_factor_here_is_asked_for_it(place: Place, clock: Clock) -> None:
    place.browser.sign_in(EVA)
    totp = place.browser.set_up_second_factor()
    place.browser.send("/desk/account/second", do="adopt", code=totp.at(clock()))
    place.browser.client.cookies.clear()
    assert (place.sign_in().headers["location"], place.browser.open("/").status_code) == (
        "/desk/sign-in/code?next=%2F",
        303,
    )


def test_a_provider_that_is_away_at_first_is_found_later(app: App, house: House, clock: Clock) -> None:
    a_colleague(app, EVA, now=clock())
    with _place(app, house, clock) as place:
        away = place.browser.open("/desk/openid")
        house.start()
        assert (away.status_code, "reached just now" in away.text, place.sign_in().status_code) == (503, True, 303)


def test_a_provider_must_call_itself_as_the_settings_do(app: App, house: House, clock: Clock) -> None:
    a_colleague(app, EVA, now=clock())
    house.start()
    with _place(app, house, clock, issuer=f"{house.issuer}/") as place:
        page = place.browser.open("/desk/openid")
    assert (page.status_code, "final slash" in page.text) == (503, True)


def test_a_new_key_under_an_old_name_is_asked_for_once_a_minute(place: Place, house: House) -> None:
    place.sign_in()
    place.browser.client.cookies.clear()
    house.stop()
    house.key = _keys()
    house.start()
    at_once = place.sign_in().status_code
    place.app.kept["openid"].keys_at = float("-inf")
    assert (at_once, place.sign_in().status_code) == (400, 303)


def test_signing_out_offers_to_end_the_providers_session(place: Place, house: House) -> None:
    place.sign_in()
    place.browser.open("/desk/account")
    page = place.browser.send("/desk/sign-out").text
    assert (f"{house.issuer}/session/end?" in page, place.browser.open("/").status_code) == (True, 303)


def test_what_was_pending_is_forgotten(app: App, place: Place, clock: Clock, now: datetime) -> None:
    place.leave()
    clock.turn(hours=1)
    place.leave()
    with app.database.read() as session:
        from newsletter.staff.models import PendingSignIn

        assert session.query(PendingSignIn).count() == 1
