"""Which links may be shown, and one form for all the ways to write the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.stories import links

HOSTS = st.sampled_from(["feed.example", "m.feed.example", "amp.m.feed.example", "WWW.Feed.Example", "m.co", "[::1]"])
SEGMENTS = st.sampled_from(
    ["a", "..", ".", "", "%2e%2E", "%7e", "index.html", "amp", "x.amp.html", "é", "%", "m.", "~"]
)
QUERIES = st.sampled_from(
    ["utm_source=x", "a=1", "b=%26&b", "a=", "fbclid", "amp=1", "q=a+b", "&&", "=x", "ü=1", "a;b"]
)
URLS = st.builds(
    lambda host, port, path, query: f"http://{host}{port}/{'/'.join(path)}?{'&'.join(query)}#top",
    HOSTS,
    st.sampled_from(["", ":80", ":8080", ":443"]),
    st.lists(SEGMENTS, max_size=6),
    st.lists(QUERIES, max_size=5),
)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("HTTP://Feed.Example:80", "http://feed.example/"),
        ("https://feed.example:443/a#top", "https://feed.example/a"),
        ("https://feed.example:8443/a", "https://feed.example:8443/a"),
        (
            "https://feed.example/a?utm_source=x&utm_medium=y&gclid=1&fbclid=2&mc_cid=3&mc_eid=4",
            "https://feed.example/a",
        ),
        ("https://feed.example/a?b=2&a=1", "https://feed.example/a?a=1&b=2"),
        ("https://feed.example/x/../a/./b", "https://feed.example/a/b"),
        ("https://feed.example/../../a", "https://feed.example/a"),
        ("https://m.feed.example/a", "https://feed.example/a"),
        ("https://mobile.feed.example/a", "https://feed.example/a"),
        ("https://amp.feed.example/a", "https://feed.example/a"),
        ("https://m.co/a", "https://m.co/a"),
        ("https://feed.example/a/amp/", "https://feed.example/a"),
        ("https://feed.example/a.amp.html", "https://feed.example/a.html"),
        ("https://feed.example/a?amp=1", "https://feed.example/a"),
        ("https://feed.example/camp", "https://feed.example/camp"),
        ("https://feed.example/news/index.html", "https://feed.example/news/"),
        ("https://feed.example/%7eada/%c3%a9", "https://feed.example/~ada/%C3%A9"),
    ],
)
def test_many_ways_to_write_a_link_have_one_form(written: str, form: str) -> None:
    assert links.canonical(links.web(written)) == form


@given(URLS)
def test_the_one_form_of_the_one_form_is_itself(url: str) -> None:
    form = links.canonical(links.web(url))
    assert links.canonical(form) == form


@given(URLS)
def test_the_one_form_is_a_link_that_may_be_shown(url: str) -> None:
    form = links.canonical(links.web(url))
    assert links.web(form) == form


@given(st.text())
def test_no_text_makes_a_link_that_could_end_an_attribute(text: str) -> None:
    assert not set(links.web(f"http://feed.example/{text}")) & set("\"'<> \r\n\t\x00\\")


@given(st.text(), st.text())
def test_whatever_is_joined_is_of_the_web_or_nothing(base: str, text: str) -> None:
    found = links.web(text, base)
    assert not found or found.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:a@feed.example",
        "http://",
        "http:///a",
        "http://user:password@feed.example/",
        "http://feed.example@evil.example/",
        "http://feed.example:99999/",
        "http://[::1/",
        "http://a..example/",
        "http://exa mple\\.example/<",
        "http://feed.example/" + "a" * 3000,
        None,
        7,
    ],
)
def test_what_is_no_link_of_the_web_is_nothing(url: object) -> None:
    assert links.web(url, "http://feed.example/") == ""


def test_a_relative_link_is_seen_from_its_feed() -> None:
    assert links.web("../a?b=1", "http://feed.example/x/y/feed.xml") == "http://feed.example/x/a?b=1"
