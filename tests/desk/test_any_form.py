"""Whatever is typed into the forms of settings and templates, the answer is a page and never a fault of ours."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.app import App
from tests.factories import an_edition
from tests.staff.conftest import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FRIDAY = "newsletters.friday"
_NAMES = ("title", "stories", "send.day", "send.hour", "topics", "interests", "limits.domains", "lists", "editors")
_ODD = st.sampled_from(
    ["", "0", "-1", "1e309", "nan", "=", "a =", "= 1", "a = {", "\x00", "\ud7ff", "<script>", "'; DROP TABLE x", "%s{}"]
)
WORDS = st.one_of(_ODD, st.text(max_size=60))
_KEYS = [*(f"{FRIDAY}.{name}" for name in _NAMES), "fetch.timeout", "sign_up.per_hour", "seen", "undo", "back"]
FIELDS = st.dictionaries(st.sampled_from(_KEYS), WORDS, max_size=6)
SLOWLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def desk_browser(app: App, browser: Browser) -> Iterator[Browser]:
    """At the machine, with an edition to look at."""
    with app.database.write() as session:
        an_edition(session)
    yield browser


def _posted(browser: Browser, path: str, fields: dict[str, str]) -> httpx.Response:
    return browser.client.post(path, data=fields, headers={"Origin": str(browser.client.base_url)})


@SLOWLY
@given(fields=FIELDS, path=st.sampled_from(["/desk/newsletters/friday", "/desk/settings", "/desk/settings/changes"]))
def test_settings(desk_browser: Browser, fields: dict[str, str], path: str) -> None:
    assert _posted(desk_browser, path, {"seen": "0"} | fields).status_code < 500


@SLOWLY
@given(
    text=WORDS,
    number=st.one_of(WORDS, st.integers(min_value=0, max_value=3).map(str)),
    file=st.one_of(WORDS, st.sampled_from(["subject.txt", "body.mjml", "style.css"])),
    path=st.sampled_from(["", "/lint", "/look/light", "/look/inbox", "/try", "/use"]),
)
def test_templates(desk_browser: Browser, text: str, number: str, file: str, path: str) -> None:
    fields = {"version": number, "seen": "0", "file": file, "text": text, "anyway": "1"}
    assert _posted(desk_browser, f"/desk/templates/friday{path}", fields).status_code < 500


@SLOWLY
@given(name=st.text(min_size=1, max_size=30), version=WORDS)
def test_addresses(desk_browser: Browser, name: str, version: str) -> None:
    client = desk_browser.client
    paths = (f"/desk/templates/{name}", f"/desk/templates/{name}/trial", f"/desk/newsletters/{name}")
    try:
        answers = [client.get(path, params={"version": version, "file": version}).status_code for path in paths]
    except httpx.InvalidURL:
        return  # no browser would ask for it
    assert max(answers) < 500
