"""What is read of a feed's entries beyond title and link; the rest is told by the hostile feeds."""

from datetime import UTC, datetime
from pathlib import Path

from newsletter.stories.reading import feeds
from newsletter.stories.reading.entries import GUID, TEXT, TITLE, Entry
from newsletter.stories.reading.feeds import MOST, Feed

FOLDER = Path(__file__).parent / "hostile"
NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)


def read(body: bytes, content_type: str = "") -> Feed:
    return feeds.parse(body, url="http://feed.example/feed.xml", content_type=content_type, now=NOW)


def first(name: str) -> Entry:
    return read((FOLDER / name).read_bytes()).entries[0]


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode()


def item(number: int, more: str = "") -> str:
    return f"<item><title>Story {number}</title><link>http://feed.example/{number}</link>{more}</item>"


def test_an_entry_is_read_whole() -> None:
    assert first("atom-1.0.xml") == Entry(
        guid="tag:feed.example,2021:10",
        url="http://feed.example/10",
        title="One & only",
        summary="Body",
        text="Body",
        image_url="",
        image_width=None,
        image_height=None,
        author="Ada",
        language="",
        published_at=datetime(2021, 11, 24, 10, 0, tzinfo=UTC),
        dated_by="feed",
    )


def test_an_entry_of_a_json_feed_is_read_whole() -> None:
    assert first("json-feed-1.1.json") == Entry(
        guid="1",
        url="http://feed.example/1",
        title="One",
        summary="Body",
        text="Body",
        image_url="http://feed.example/1.jpg",
        image_width=None,
        image_height=None,
        author="Ada, Bob",
        language="",
        published_at=datetime(2021, 11, 24, 9, 0, tzinfo=UTC),
        dated_by="feed",
    )


def test_plain_text_in_a_json_feed_is_not_taken_for_markup() -> None:
    assert first("json-feed-1.json").text == "a < b"


def test_an_image_that_is_a_script_gives_way_to_the_next() -> None:
    assert first("javascript-image.xml").image_url == "http://feed.example/picture.jpg"


def test_a_pixel_that_counts_readers_is_no_image() -> None:
    assert first("pixel-image.xml").image_url == "http://feed.example/real.jpg"


def test_an_enclosed_picture_is_the_image() -> None:
    assert first("rss-0.92.xml").image_url == "http://feed.example/92.jpg"


def test_a_file_from_this_machine_is_not_included() -> None:
    entry = first("external-entity.xml")
    assert "root:" not in entry.title + entry.text


def test_nested_html_becomes_plain_paragraphs() -> None:
    assert first("nested-html.xml").text == "One Two\n\nThree Four"


def test_hidden_parts_of_html_are_not_text() -> None:
    assert first("style-and-comments.xml").text == "Text"


def test_handlers_and_scripts_are_not_text() -> None:
    assert first("event-handler.xml").text == "Body link"


def test_what_is_nested_too_deeply_is_left_out() -> None:
    assert first("deeply-nested.xml").text == "down here"


def test_an_author_is_a_name_and_no_script() -> None:
    assert first("author-script.xml").author == "Ada"


def test_an_entry_without_an_id_is_known_by_its_link() -> None:
    assert first("missing-ids.xml").guid == "http://feed.example/1"


def test_entries_that_share_an_id_are_known_by_their_links() -> None:
    entries = read((FOLDER / "duplicate-ids.xml").read_bytes()).entries
    assert [entry.guid for entry in entries] == ["http://feed.example/1", "http://feed.example/2"]


def test_a_giant_id_is_known_by_its_hash() -> None:
    guid = first("giant-id.xml").guid
    assert (guid[:7], len(guid) <= GUID) == ("sha256:", True)


def test_an_id_stays_the_same_when_the_feed_moves() -> None:
    body = rss(item(1, "<guid>relative-id</guid>"))
    moved = feeds.parse(body, url="https://elsewhere.example/", now=NOW)
    assert moved.entries[0].guid == read(body).entries[0].guid


def test_a_date_in_the_future_is_the_time_of_the_visit() -> None:
    assert first("dates-in-the-future.xml").published_at == NOW


def test_an_entry_without_a_date_is_dated_by_when_it_was_seen() -> None:
    entry = first("missing-ids.xml")
    assert (entry.published_at, entry.dated_by) == (NOW, "first seen")


def test_the_encoding_that_the_server_names_is_tried_where_the_feed_names_none() -> None:
    body = rss("<item><title>Магазин</title><link>http://feed.example/1</link></item>").decode().encode("koi8-r")
    assert read(body, "text/xml; charset=koi8-r").entries[0].title == "Магазин"


def test_a_server_that_names_no_encoding_does_not_make_a_feed_ascii() -> None:
    body = rss("<item><title>Café</title><link>http://feed.example/1</link></item>")
    assert read(body, "text/xml").entries[0].title == "Café"


def test_a_gigantic_entry_is_cut_to_size() -> None:
    words = "word " * 200_000
    body = rss(
        f"<item><title>{words}</title><link>http://feed.example/1</link><description>{words}</description></item>"
    )
    entry = read(body).entries[0]
    assert (len(entry.title) <= TITLE, len(entry.text) <= TEXT, entry.text[-1]) == (True, True, "…")


def test_no_more_than_the_first_five_hundred_entries_are_read() -> None:
    entries = read(rss(*(item(number) for number in range(600)))).entries
    assert [entry.title for entry in entries] == [f"Story {number}" for number in range(MOST)]


def test_a_feed_of_fifty_thousand_entries_is_cut_before_it_is_parsed() -> None:
    feed = read(rss(*(item(number) for number in range(50_000))))
    assert (len(feed.entries), feed.problem) == (MOST, "")


def test_megabytes_of_tags_that_are_never_closed_break_off() -> None:
    assert read(b"<rss><channel><item>" + b"<a>" * 1_000_000).problem == (
        "breaks off before its end; what stood before was kept"
    )


def test_a_number_that_never_ends_costs_no_entry_of_a_json_feed() -> None:
    number = b"9" * 6000
    item = b'{"id": %b, "title": "A", "url": "https://a.example/a"}' % number
    found = read(b'{"version": "https://jsonfeed.org/version/1", "items": [%b]}' % item)
    assert [entry.title for entry in found.entries] == ["A"]


def test_megabytes_of_brackets_are_no_json_feed() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 1_000_000
    assert read(body).problem == "is JSON that breaks off or is not well-formed"


def test_a_change_of_the_date_alone_is_no_change() -> None:
    before, after = (read(rss(item(1, f"<pubDate>2021-11-{day}</pubDate>"))).entries[0] for day in (23, 24))
    assert before.digest == after.digest


def test_a_change_of_the_title_is_a_change() -> None:
    before = read(rss(item(1))).entries[0]
    after = read(rss(item(1).replace("Story", "Tale"))).entries[0]
    assert before.digest != after.digest
