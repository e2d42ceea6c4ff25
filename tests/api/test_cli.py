"""`newsletter api token make | list | revoke` and `newsletter api openapi`, as somebody types them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.app import App
from newsletter.cli.root import program
from newsletter.errors import BadInput
from newsletter.staff import tokens, users
from newsletter.staff.models import Role
from tests.api.conftest import BOSS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(app: App, tmp_path: Path, now: datetime) -> Path:
    """A folder with settings, and an editor."""
    with app.database.write() as session:
        users.add(session, "ed@example.com", Role.EDITOR, by=BOSS, now=now)
    (tmp_path / "newsletter.toml").write_text('public_url = "https://news.example.com"\n', "utf-8")
    return tmp_path


def _said(home: Path, *arguments: str) -> str:
    done = CliRunner().invoke(program, ["--home", str(home), "api", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_a_token_that_is_made_is_shown_once_and_good(app: App, home: Path) -> None:
    token = _said(home, "token", "make", "nightly report", "--owner", "ed@example.com").splitlines()[-1]
    listed = _said(home, "token", "list")
    with app.database.read() as session:
        holder = tokens.find(session, token, now=datetime.now(UTC))
    assert (holder and (holder.token.name, holder.token.scope), token in listed, "nightly" in listed) == (
        ("nightly report", ["look"]),
        False,
        True,
    )


def test_everything_is_what_the_owner_may(home: Path) -> None:
    _said(home, "token", "make", "x", "--owner", "ed@example.com", "--everything", "--days", "1")
    assert json.loads(_said(home, "token", "list", "--json"))[0]["may"] == ["look", "draft"]


def test_a_revoked_token_is_listed_as_such(home: Path) -> None:
    _said(home, "token", "make", "x", "--owner", "ed@example.com")
    _said(home, "token", "revoke", "1")
    assert json.loads(_said(home, "token", "list", "--json"))[0]["stands"] == "revoked"


@pytest.mark.parametrize("more", [["--days", "0"], ["--days", "99999999999"], ["--may", "all"], ["--may", "send"]])
def test_what_no_token_can_be_is_refused(home: Path, more: list[str]) -> None:
    with pytest.raises(BadInput):
        _said(home, "token", "make", "x", "--owner", "ed@example.com", *more)


def test_the_description_needs_no_database(home: Path) -> None:
    (home / "newsletter.db").unlink()
    described = json.loads(_said(home, "openapi"))
    assert (described["openapi"], described["servers"]) == ("3.1.0", [{"url": "https://news.example.com/api"}])
