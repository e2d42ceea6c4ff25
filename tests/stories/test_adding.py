"""Adding sources: one look that says what is there, a site that leads to its feed, and lists of other readers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.root import program
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.errors import BadInput, Forbidden, WrongState
from newsletter.stories.reading import opml
from tests.stories.newsstand import Newsstand
from tests.stories.test_collecting import feed

PAGE = """<!doctype html><html><head><title>Checkout Weekly</title>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
<link rel="alternate" type="application/rss+xml" href="/news.xml">
</head><body><p>Hello</p></body></html>"""


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a newsletter.toml that lets loopback be visited."""
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "200")
    text = "[fetch]\nallow_loopback = true\nhost_gap = 0\npages = false\n"
    (settings.home / "newsletter.toml").write_text(text)
    return settings.home


def run(home: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(program, ["--home", str(home), *words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def data(home: Path, *words: str) -> object:
    return json.loads(run(home, *words, "--json"))


def _feed(*titles: str) -> str:
    text = feed(*titles)
    return text.replace("<channel>", "<channel><title>Checkout &amp; Till</title><language>en-GB</language>", 1)


def test_a_feed_is_looked_at_and_what_it_holds_is_told(home: Path, stand: Newsstand) -> None:
    said = run(home, "sources", "add", stand.serve("/feed", _feed("One", "Two")))
    assert "added Checkout & Till (trade, authority 100)" in said
    assert "its feed: “Checkout & Till”, 2 entries, in en-GB" in said


def test_its_articles_come_with_the_next_round(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.serve("/feed", _feed("One")))
    assert "1 source: 1 new article, 0 changed" in run(home, "collect")


def test_one_entry_is_said_in_the_singular(home: Path, stand: Newsstand) -> None:
    assert "1 entry," in run(home, "sources", "add", stand.serve("/feed", _feed("One")))


def test_a_site_leads_to_the_feed_that_it_names(home: Path, stand: Newsstand) -> None:
    stand.serve("/comments/feed", _feed("A comment"))
    stand.serve("/news.xml", _feed("One", "Two", "Three"))
    said = run(home, "sources", "add", stand.serve("/", PAGE, content_type="text/html"))
    assert f"{stand.url('/news.xml')}" in said and "3 entries" in said
    assert f"the site has other feeds too: {stand.url('/comments/feed')}" in said


def test_a_site_that_names_none_is_asked_at_the_usual_places(home: Path, stand: Newsstand) -> None:
    stand.serve("/feed.xml", _feed("One"))
    page = stand.serve("/", "<!doctype html><html><title>x</title></html>", content_type="text/html")
    assert stand.url("/feed.xml") in run(home, "sources", "add", page)


def test_a_page_without_any_feed_is_not_added(home: Path, stand: Newsstand) -> None:
    page = stand.serve("/", "<!doctype html><html><title>x</title></html>", content_type="text/html")
    with pytest.raises(BadInput, match="is a web page that names no feed: look for"):
        run(home, "sources", "add", page)
    assert "no sources yet" in run(home, "sources", "list")


@pytest.mark.parametrize(("status", "says"), [(404, "was not found (404)"), (503, "asks to be visited less often")])
def test_what_is_away_just_now_is_added_with_the_reason(home: Path, stand: Newsstand, status: int, says: str) -> None:
    said = run(home, "sources", "add", stand.answer("/feed", status))
    assert f"it could not be read: it {says}" in said
    assert len(json.loads(run(home, "sources", "list", "--json"))) == 1


def test_what_is_no_feed_is_not_added(home: Path, stand: Newsstand) -> None:
    with pytest.raises(BadInput, match="neither XML nor JSON"):
        run(home, "sources", "add", stand.serve("/feed", "Hello", content_type="text/plain"))


def test_an_address_that_will_never_be_visited_is_refused(settings: Settings, home: Path) -> None:
    (settings.home / "newsletter.toml").write_text("")
    with pytest.raises(Forbidden, match="for a feed served on this machine set allow_loopback"):
        run(home, "sources", "add", "http://127.0.0.1/feed")
    with pytest.raises(Forbidden, match=r"so it is not visited$"):
        run(home, "sources", "add", "http://10.0.0.1/feed")


def test_a_source_that_is_there_is_not_visited_again(home: Path, stand: Newsstand) -> None:
    url = stand.serve("/feed", _feed("One"))
    run(home, "sources", "add", url)
    with pytest.raises(WrongState, match="is a source already: Checkout & Till"):
        run(home, "sources", "add", url)
    assert len(stand.visits["/feed"]) == 1


def test_where_every_source_fails_collecting_exits_with_1(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.answer("/feed", 503))
    run(home, "collect", "--force", code=1)
    run(home, "collect", "--force", "--json", code=1)


def test_where_one_source_can_be_read_it_exits_with_0(home: Path, stand: Newsstand) -> None:
    run(home, "sources", "add", stand.answer("/feed", 503))
    run(home, "sources", "add", stand.serve("/good", _feed("One")))
    run(home, "collect", "--force", code=0)


# lists


def test_what_is_exported_is_imported_the_same(home: Path, stand: Newsstand, tmp_path: Path) -> None:
    run(home, "sources", "add", stand.serve("/feed", _feed("One")), "--kind", "vendor", "--owner", "A & B")
    before = json.loads(run(home, "sources", "list", "--json"))
    run(home, "sources", "export", str(tmp_path / "feeds.opml"))
    run(home, "sources", "remove", "1")
    assert "1 source added, 0 there already, 0 not usable" in run(
        home, "sources", "import", str(tmp_path / "feeds.opml")
    )
    after = json.loads(run(home, "sources", "list", "--json"))
    kept = ("url", "name", "owner", "kind", "authority")
    assert [[row[key] for key in kept] for row in after] == [[row[key] for key in kept] for row in before]


def test_a_list_of_another_reader_is_taken_in_with_what_is_wrong_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(
        '<?xml version="1.0"?><opml version="1.1"><body><outline text="News">'
        '<outline text="A &amp; B" type="rss" xmlUrl="https://a.example/feed"/>'
        '<outline title="B" xmlurl="https://b.example/feed"/>'
        '<outline text="Bad" xmlUrl="javascript:alert(1)"/>'
        '<outline text="A again" xmlUrl="https://a.example/feed"/>'
        "</outline></body></opml>"
    )
    said = run(home, "sources", "import", str(tmp_path / "feeds.opml"), "--kind", "national", code=1)
    assert "2 sources added, 0 there already, 1 not usable" in said
    listed = json.loads(run(home, "sources", "list", "--json"))
    assert [(row["name"], row["kind"]) for row in listed] == [("A & B", "national"), ("B", "national")]
    assert "0 sources added, 2 there already, 1 not usable" in run(
        home, "sources", "import", str(tmp_path / "feeds.opml"), code=1
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html/>", "is no OPML: it begins with <html>"),
        (b"no xml", "is no XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><opml/>', "declares a document type"),
        (b"", "is no XML"),
    ],
)
def test_a_file_that_is_no_list_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        opml.read(body)


def test_a_kind_that_nobody_knows_is_left_open() -> None:
    ours = "https://newsletter.invalid/opml"
    text = f'<opml xmlns:n="{ours}"><outline xmlUrl="https://a.example" n:kind="x" n:authority="-3"/></opml>'
    (one,) = opml.read(text.encode())
    assert (one.kind, one.authority, one.url) == (None, None, "https://a.example")
