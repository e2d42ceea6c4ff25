"""Plain text made safe and readable."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering import prose, slots


def test_paragraphs_are_parted_by_an_empty_line() -> None:
    assert prose.paragraphs("one\nline\r\n \r\ntwo\n\n\n\nthree\n") == ("one line", "two", "three")


def test_markup_in_plain_text_means_itself() -> None:
    assert prose.to_html('<b>1 < 2 & "3"</b>') == '&lt;b&gt;1 &lt; 2 &amp; "3"&lt;/b&gt;'


def test_addresses_of_pages_become_links_without_the_full_stop() -> None:
    assert prose.to_html("See https://example.com/a?b=1&c=2.") == (
        'See <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>.'
    )


LIVE = re.compile(r'<a href="(?:https?://|mailto:)[^"<>]*">|</?(?:a|code|em|strong)>|<br />', re.IGNORECASE)
MARKS = st.sampled_from(
    [*"<>&\"'/:*_`[]()\\!\n ", "https://", "javascript:alert(1)", "zqHTMLtoken", "qz", "&#x202e;", "&#122;"]
)


@given(st.lists(st.one_of(st.characters(), MARKS)).map("".join))
def test_no_text_becomes_live_markup(text: str) -> None:
    html = LIVE.sub("", prose.to_html(text))

    assert ("<" in html, slots.broken(html), slots.count(html).total()) == (False, None, 0)


@given(st.lists(st.one_of(st.characters(), MARKS)).map("".join))
def test_no_text_makes_a_slot_of_the_text_part(text: str) -> None:
    plain = prose.to_text(text)

    assert (slots.broken(plain), slots.count(plain).total()) == (None, 0)


def test_markdown_is_read() -> None:
    assert prose.to_html("*Vogue* **buys** `app.js` from [Mode & Co](https://example.com/?a=1&b=2).") == (
        "<em>Vogue</em> <strong>buys</strong> <code>app.js</code> from "
        '<a href="https://example.com/?a=1&amp;b=2">Mode &amp; Co</a>.'
    )


def test_markdown_becomes_words_in_the_text_part() -> None:
    assert prose.to_text("*Vogue* **buys** `app.js` from [Mode & Co](https://example.com/?a=1&b=2).") == (
        "Vogue buys app.js from Mode & Co <https://example.com/?a=1&b=2>."
    )


def test_a_list_keeps_its_lines() -> None:
    (paragraph,) = prose.paragraphs("We saw\nin Paris:\n- *ten* seconds\n- to pay\n1. and\\\nto shop")

    assert (prose.to_html(paragraph), prose.wrap(prose.to_text(paragraph))) == (
        "We saw in Paris:<br />- <em>ten</em> seconds<br />- to pay<br />1. and<br />to shop",
        "We saw in Paris:\n- ten seconds\n- to pay\n1. and\nto shop",
    )


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x.example", "/x", "http://", "", "ftp://x"]
)
def test_only_web_addresses_are_links(url: str) -> None:
    assert prose.link(url) == ""


@given(st.text(st.one_of(st.characters(exclude_categories=["Cc", "Cs"]), st.sampled_from("  店e"))))
def test_wrapped_lines_are_at_most_72_columns(text: str) -> None:
    assert [line for line in prose.wrap(text).split("\n") if prose.columns(line) > 72 and "http" not in line] == []


@given(st.text())
def test_wrapping_loses_nothing(text: str) -> None:
    assert "".join(prose.wrap(text, "  ").split()) == "".join(text.split())


def test_a_long_address_is_not_broken() -> None:
    address = "https://example.com/" + "a" * 100

    assert address in prose.wrap(f"See {address} for more.").split("\n")


@pytest.mark.parametrize(
    ("text", "direction"),
    [("Hello مرحبا", "ltr"), ("«مرحبا» Hello", "rtl"), ("10 שלום", "rtl"), ("10%", "ltr"), ("", "ltr")],
)
def test_the_first_letter_gives_the_direction(text: str, direction: str) -> None:
    assert prose.direction(text) == direction
