"""Sources and collecting by hand, on the command line."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.root import program
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.errors import NotFound
from tests.stories.newsstand import Newsstand
from tests.stories.test_collecting import feed


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a newsletter.toml that lets loopback be visited."""
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "200")
    text = "[fetch]\nallow_loopback = true\nhost_gap = 0\npages = false\n"
    (settings.home / "newsletter.toml").write_text(text)
    return settings.home


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(program, ["--home", str(home), *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_source_that_was_added_is_listed(home: Path) -> None:
    run(home, "sources", "add", "http://feed.example/", "--name", "Post [red]", "--kind", "pr_wire")
    listed = json.loads(run(home, "sources", "list", "--json"))
    assert [(one["name"], one["owner"], one["authority"]) for one in listed] == [("Post [red]", "Post [red]", 25)]


def test_a_source_that_was_removed_is_not(home: Path) -> None:
    run(home, "sources", "add", "http://feed.example/", "--name", "Post")
    run(home, "sources", "remove", "post")
    assert "no sources yet" in run(home, "sources", "list")


def test_removing_what_is_not_there_is_an_error(home: Path) -> None:
    with pytest.raises(NotFound, match="there is no source 'Post'"):
        run(home, "sources", "remove", "Post")


def test_a_round_shows_each_source_with_its_outcome(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.serve("/feed", feed("One", "Two")), "--name", "Post")
    run(home, "sources", "add", stand.answer("/missing", 404), "--name", "Gazette")
    shown = " ".join(run(home, "collect").split())
    assert re.search(
        r"Gazette failed 0 0 was not found \(404\): is the address still right\?; tried again after \w+ \d\d:\d\d UTC"
        " Post read 2 0 ",
        shown,
    )


def test_a_round_as_data_holds_the_figures(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.serve("/feed", feed("One", "Two")), "--name", "Post")
    figures = json.loads(run(home, "collect", "--json"))
    assert (figures["new"], figures["failed"], figures["sources"][0]["result"]) == (2, 0, "read")


def test_a_round_with_nothing_due_says_when_something_is(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.serve("/feed", feed("One")), "--name", "Post")
    run(home, "collect")
    assert re.fullmatch(
        r"nothing is due before \w+ \d\d:\d\d UTC: newsletter collect --force visits every source now\n",
        run(home, "collect"),
    )


def test_a_round_without_any_source_says_how_to_add_one(home: Path) -> None:
    assert run(home, "collect") == "there is no source to visit: newsletter sources add ADDRESS\n"


def test_a_round_after_one_that_failed_says_what_failed_and_when_it_is_tried_again(
    home: Path, stand: Newsstand
) -> None:
    run(home, "sources", "add", stand.serve("/feed", feed("One")), "--name", "Post")
    run(home, "sources", "add", stand.answer("/missing", 404), "--name", "Gazette")
    run(home, "collect")
    shown = " ".join(run(home, "collect").split())
    assert re.search(
        r"Gazette was not found \(404\): is the address still right\?; tried again after \w+ \d\d:\d\d UTC", shown
    )
    assert "nothing is due before" in shown


def test_a_round_as_data_holds_what_failed_before_and_waits(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.serve("/feed", feed("One")), "--name", "Post")
    run(home, "sources", "add", stand.answer("/missing", 404), "--name", "Gazette")
    before = json.loads(run(home, "collect", "--json"))
    after = json.loads(run(home, "collect", "--json"))
    failed = {one["name"]: one["next_at"] for one in before["sources"] if one["result"] == "failed"}
    assert {one["name"]: one["next_at"] for one in after["waiting"]} == failed
    assert (list(failed), after["sources"]) == (["Gazette"], [])


def test_a_source_without_a_name_is_called_after_its_site(home: Path) -> None:
    run(home, "sources", "add", "https://www.retail.example/feed.xml")
    listed = json.loads(run(home, "sources", "list", "--json"))
    assert [one["name"] for one in listed] == ["retail.example"]


def test_a_source_is_paused_set_removed_and_brought_back(home: Path) -> None:
    run(home, "sources", "add", "http://feed.example/", "--name", "Post")
    run(home, "sources", "pause", "Post")
    paused = "paused" in run(home, "sources", "list")
    run(home, "sources", "resume", "Post")
    run(home, "sources", "set", "Post", "--owner", "Media Ltd", "--authority", "125")
    number = str(json.loads(run(home, "sources", "remove", "Post", "--json"))["number"])
    run(home, "sources", "restore", number)
    (one,) = json.loads(run(home, "sources", "list", "--json"))
    assert (paused, one["name"], one["owner"], one["authority"], one["paused_at"]) == (
        True,
        "Post",
        "Media Ltd",
        125,
        None,
    )
