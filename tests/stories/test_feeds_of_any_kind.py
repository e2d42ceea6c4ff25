"""Whatever stands in a feed: never an exception, live markup that was none of the words, or a link out of the web."""

import html
import json
import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories import links
from newsletter.stories.reading import dates, encodings, feeds, loose, people, pictures, plain
from newsletter.stories.reading.feeds import Feed
from newsletter.stories.reading.plain import Form, Written

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
URL = "https://feeds.host.example/feed.xml"

#: what the readers of feeds trip over
PIECES = st.sampled_from(
    [
        *("<", ">", "&", '"', "'", "]]>", "<![CDATA[", "<!--", "-->", "&lt;", "&amp;", "&amp;lt;", "&#0;", "&#xD800;"),
        *("&nbsp;", "&bogus;", "&#146;", "<script>", "</script>", "<b>", "</b>", "<br/>", "<title>", "<iframe/>"),
        *("<item>", "</item>", "<entry>", "</entry>", "<link>", "</link>", "<link href='/x'/>"),
        *("<img src=", "<img src='javascript:alert(1)'>", "<img srcset='a 1w, b 2w'", "<media:content url='//a'/>"),
        *("https://[::1", "http://a:99999/", "http://u@h/", "www.a.example/x", "/a?b#c", "data:,x", "//a.example/b"),
        *("javascript:alert(1)", "\u202e", "\ufeff", "\x00", "Ann <a@b.example>", "é", "港", "\ud800"),
        *("26 Nov 2021 24:00", "03/04/2021", "99999999999999", "Fri, 26 Nov 2021 09:00:00 IST", "٢٦"),
        *("<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>", "&a;", "&c;", "xml:base='x:'"),
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)
ELEMENTS = st.sampled_from(
    [
        *("title", "link", "guid", "description", "pubDate", "author", "content:encoded", "media:content", "image"),
        *("id", "updated", "summary", "content", "dc:creator", "dc:date", "a10:link", "enclosure", "unknown:x"),
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        "",
        ' type="html"',
        ' type="xhtml"',
        ' type="text"',
        ' href="/a"',
        ' rel="self"',
        ' xml:base="../"',
        " bad=1",
        ' url="/p"',
    ]
)
CHILDREN = st.builds(
    lambda name, attributes, text, escape: f"<{name}{attributes}>{html.escape(text) if escape else text}</{name}>",
    ELEMENTS,
    ATTRIBUTES,
    TEXTS,
    st.booleans(),
)
ENTRIES = st.builds(
    lambda name, children: f"<{name}>{''.join(children)}</{name}>",
    st.sampled_from(["item", "entry"]),
    st.lists(CHILDREN, max_size=6),
)
FEEDS = st.builds(
    lambda root, entries: f"<{root}><link>https://site.example/</link>{''.join(entries)}</{root.split()[0]}>",
    st.sampled_from(['rss version="2.0"', 'feed xmlns="http://www.w3.org/2005/Atom"', "channel", "rdf:RDF"]),
    st.lists(ENTRIES, max_size=4),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "latin-1", "cp1251", "shift_jis", "gb18030", "koi8-r", "iso2022_jp"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["name", "url", "x"]), inner)),
    max_leaves=4,
)
FIELDS = ["id", "url", "external_url", "title", "summary", "content_html", "content_text", "image", "authors", "author"]
JSON_ITEMS = st.dictionaries(
    st.sampled_from([*FIELDS, "date_published", "attachments", "language"]), VALUES, max_size=6
)


def is_sound(feed: Feed) -> bool:
    """True if all that is kept may be kept."""
    of_the_web = re.compile(r"https?://[^\s\"'<>\\]+")
    return all(
        of_the_web.fullmatch(entry.url)
        and (not entry.image_url or of_the_web.fullmatch(entry.image_url))
        and entry.title
        and entry.published_at <= NOW
        and not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]", entry.title + entry.text)
        for entry in feed.entries
    )


def parse(body: bytes, content_type: str = "") -> Feed:
    return feeds.parse(body, url=URL, content_type=content_type, now=NOW)


@settings(deadline=None)
@given(FEEDS, ENCODINGS)
def test_any_feed_is_read_or_has_a_problem(feed: str, encoding: str) -> None:
    found = parse(feed.encode(encoding, "replace"), f"text/xml; charset={encoding}")
    assert is_sound(found)
    assert "can't be read as a feed" not in found.problem


@settings(deadline=None)
@given(FEEDS, st.integers(0, 2_000), st.binary(max_size=4))
def test_a_feed_that_is_broken_anywhere_is_read_or_has_a_problem(feed: str, at: int, bytes_: bytes) -> None:
    body = feed.encode("utf-8", "replace")
    found = parse(body[:at] + bytes_ + body[at + 1 :])
    assert is_sound(found)
    assert "can't be read as a feed" not in found.problem


@settings(deadline=None)
@given(st.lists(JSON_ITEMS, max_size=3), VALUES, VALUES)
def test_any_json_is_read_or_has_a_problem(items: list[object], version: object, home: object) -> None:
    whole = {"version": version, "items": items, "home_page_url": home, "language": home, "authors": version}
    found = parse(json.dumps(whole).encode())
    assert is_sound(found)
    assert "can't be read as a feed" not in found.problem


@given(TEXTS)
def test_a_date_is_read_or_not_but_never_raises(text: str) -> None:
    habit = loose.habit([text], language=text[:5], url=f"https://site.{text[:2]}/")
    moment = dates.read(text, habit)
    assert moment is None or moment.tzinfo is UTC


@given(TEXTS, st.sampled_from(Form))
def test_a_plain_text_is_of_one_line_and_no_longer_than_asked(text: str, form: Form) -> None:
    line = plain.line(Written(text, form), 50)
    assert (len(line) <= 50, "\n" in line) == (True, False)


@given(TEXTS)
def test_no_script_that_was_markup_is_left(text: str) -> None:
    assert "alert(7)" not in plain.line(Written(f"{html.escape(text)}<script>alert(7)</script>", Form.HTML), 1_000)


@given(TEXTS, TEXTS)
def test_what_is_published_is_a_link_that_may_be_shown(text: str, base: str) -> None:
    if link := links.web(text, base):
        shown = links.published(link)
        assert links.web(shown) == shown


@given(TEXTS)
def test_the_form_for_comparing_is_the_same_for_itself(text: str) -> None:
    if link := links.web(f"https://site.example/{text}"):
        form = links.canonical(link)
        assert links.canonical(form) == form


@given(st.lists(TEXTS, max_size=3))
def test_names_are_one_line(written: list[str]) -> None:
    assert "\n" not in people.names(written)


@given(TEXTS)
def test_a_picture_is_of_the_web_or_none(markup: str) -> None:
    found = pictures.best(pictures.in_markup(f"<img src='{markup}'>{markup}"), base="https://site.example/a")
    assert found is None or found.url.startswith(("http://", "https://"))


@given(st.binary(max_size=60), TEXTS)
def test_bytes_are_text_without_what_xml_forbids(body: bytes, content_type: str) -> None:
    text = encodings.text(body, content_type)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
