"""Editions written by hand: what people write is understood, and what is not is named with its line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions import plain_text
from newsletter.editions import words as wording
from newsletter.editions.plain_text import Manuscript
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadEdition

BY_HAND = """The Friday Five

Good morning – here are the week’s stories.

1. Walmart “goes live” on Twitter

The retailer sells for $20 a piece.
It is the first of its kind.

Three things to know:
1. It is live.
2. It is on Twitter.

2) Carrefour opens a café-like shop
Link: https://example.com/carrefour
Source: LSA and 2 more

Ten seconds to shop — ten to pay.
"""


def test_an_edition_written_by_hand_is_understood() -> None:
    assert plain_text.read(BY_HAND) == Manuscript(
        Words(
            title="The Friday Five",
            subject="",
            introduction="Good morning – here are the week’s stories.",
            stories=(
                StoryWords(
                    headline="Walmart “goes live” on Twitter",
                    summary="The retailer sells for $20 a piece.\nIt is the first of its kind.\n\n"
                    "Three things to know:\n1. It is live.\n2. It is on Twitter.",
                ),
                StoryWords(
                    headline="Carrefour opens a café-like shop",
                    summary="Ten seconds to shop — ten to pay.",
                    url="https://example.com/carrefour",
                    attribution="LSA and 2 more",
                ),
            ),
        )
    )


def test_lines_ended_as_on_windows_with_a_byte_order_mark_are_the_same_text() -> None:
    windows = "\ufeff" + BY_HAND.replace("\n", "\r\n")
    assert plain_text.read(windows) == plain_text.read(BY_HAND)


def test_markdown_is_understood() -> None:
    text = (
        "---\nSubject: Hello\nPreheader: And more\nDate: 2021-11-26\n---\n\n# Title\n\nIntro\n\n---\n\n"
        "## 1. [Walmart](https://example.com/a_(b))\n\nText\n\n***\n\n**2. Getir**\n\nMore\n\n<https://example.com/2>\n"
    )
    assert plain_text.read(text) == Manuscript(
        Words(
            title="Title",
            subject="Hello",
            preheader="And more",
            introduction="Intro",
            stories=(
                StoryWords("Walmart", "Text", url="https://example.com/a_(b)"),
                StoryWords("Getir", "More", url="https://example.com/2"),
            ),
        ),
        date(2021, 11, 26),
    )


def test_a_title_may_be_underlined_and_a_list_of_contents_is_no_story() -> None:
    text = "Title\n=====\n\nIn this issue:\n\n1. One\n2. Two\n\n1. One\n\nText\n\n2. Two\n\nText\n"
    words = plain_text.read(text).words
    assert (words.title, words.introduction) == ("Title", "In this issue:\n\n1. One\n2. Two")
    assert [story.headline for story in words.stories] == ["One", "Two"]


def test_a_paragraph_that_is_nothing_but_a_link_is_the_storys_link() -> None:
    words = plain_text.read("T\n\n1. One\n\nText\n\n[Read more](https://example.com/1)\n").words
    assert words.stories == (StoryWords("One", "Text", url="https://example.com/1"),)


def test_a_no_break_space_survives() -> None:
    words = plain_text.read("T\n\n1. One\n\n\u00a0Ten\u00a0seconds\u00a0\n").words
    assert words.stories[0].summary == "\u00a0Ten\u00a0seconds\u00a0"


def test_a_backslash_makes_a_line_plain_text_and_others_stay() -> None:
    words = plain_text.read("T\n\n1. One\n\n\\2. Not a story\n\n\\\\server\\share\n").words
    assert words.stories[0].summary == "2. Not a story\n\n\\\\server\\share"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "title is missing"),
        ("Only a title\n", 1, "no story"),
        ("T\n\nIntro\n\nMore\n", 5, "no story"),
        ("1. One\n\nText\n", 1, "title is missing"),
        ("#\n\n1. One\n", 1, "title is empty"),
        ("T\n\n2. Two\n\nText\n", 3, "story 1 should come here, not 2"),
        ("T\n\n1. One\n\nText\n\n3. Three\n", 7, "story 2 should come here, not 3"),
        ("T\n\n1. One\n\nText\n\n1. Again\n", 7, "story 2 should come here, not 1"),
        ("T\n\n1. One\n\nText\n\n2. Two\n3. Three\n", 8, "empty line between"),
        ("T\n\n1. One\n\n## A heading\n", 5, "heading without a number"),
        ("T\n\n## Heading\n\n1. One\n", 3, "heading without a number"),
        ("T\n\n1. ** **\n", 3, "headline is empty"),
        ("Date: Friday\n\nT\n\n1. One\n", 1, "'Friday' is not a date"),
        ("Subject: A\nSubject: B\n\nT\n\n1. One\n", 2, "given before, on line 1"),
        ("Sujbect: A\nDate: 2021-11-26\n\nT\n\n1. One\n", 1, "Sujbect: is not known here; known are Subject:"),
        ("Subject: A\nLink: https://example.com\n\nT\n\n1. One\n", 2, "Link: is not known here"),
        ("T\n\n1. One\nLink: javascript:alert(1)\n", 4, "not a link that readers can follow"),
        ("T\n\n1. One\nLink: https://\n", 4, "not a link that readers can follow"),
        ("T\n\n1. [One](javascript:alert(1))\n", 3, "not a link that readers can follow"),
        ("T\n\n1. One\nLnik: https://example.com\n", 4, "Lnik: is not known here; known are Link:"),
        ("T\n\n1. One\nLink: https://a.example\n\nhttps://b.example\n", 6, "given before, on line 4"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(BadEdition, match=says) as caught:
        plain_text.read(text)
    assert caught.value.line == line


_TRAPS = st.sampled_from(
    [
        "1. One",
        "2. Two",
        "2) Two",
        "## 2. Two",
        "# T",
        "#",
        "\\",
        "\\2. Two",
        "\\\\# x",
        "---",
        "===",
        "Link: https://example.com",
        "Subject: x",
        "date:",
        "Foo: http://x",
        "https://example.com",
        "<https://example.com>",
        "[a](https://example.com)",
        "\\[a](b)",
        "**x**",
        "\\**x**",
        "**2. x**",
        "\ufeff",
        "\u00a0",
        "\u2028",
        "\x85",
        " 2. x",
        "\t",
        "",
        "\r",
    ]
)
_TEXT = st.lists(st.text(max_size=12) | _TRAPS, max_size=8).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n", " ", ""]).map(lambda between: between.join(parts))
)
_NEEDED = _TEXT.filter(lambda text: bool(wording.one_line(text)))
_LINK = st.just("") | st.sampled_from(["https://example.com/a", "HTTP://Example.com/é?q=(1)#x", "http://[::1]/"])
_STORY = st.builds(
    StoryWords, headline=_NEEDED, summary=_TEXT, url=_LINK, image_url=_LINK, image_alt=_TEXT, attribution=_TEXT
)
_WORDS = st.builds(
    Words,
    title=_NEEDED,
    subject=_NEEDED,
    stories=st.lists(_STORY, min_size=1, max_size=4).map(tuple),
    preheader=_TEXT,
    introduction=_TEXT,
    sponsor_name=_TEXT,
    sponsor_text=_TEXT,
    sponsor_url=_LINK,
)


def test_an_export_guards_lines_that_would_be_read_as_something_else() -> None:
    summary = "2. A list\n\nText\n## no heading\n3. no headline\n\nLink: https://example.com\n\nhttps://example.com"
    stored = Manuscript(Words(title="T", subject="S", stories=(StoryWords("**H**", summary),)))
    assert plain_text.compose(stored) == (
        "Subject: S\n\n# T\n\n## 1. \\**H**\n\n\\2. A list\n\nText\n\\## no heading\n3. no headline\n\n"
        "\\Link: https://example.com\n\n\\https://example.com\n"
    )
    assert plain_text.read(plain_text.compose(stored)) == stored


@given(_WORDS)
def test_cleaning_twice_is_cleaning_once(words: Words) -> None:
    assert wording.clean(wording.clean(words)) == wording.clean(words)


@given(_WORDS, st.dates())
def test_whatever_editors_have_stored_is_read_back_from_its_export_unharmed(words: Words, day: date) -> None:
    stored = Manuscript(wording.clean(words), day)
    assert plain_text.read(plain_text.compose(stored)) == stored


@given(_TEXT)
def test_any_text_is_understood_or_refused_with_a_line_it_has(text: str) -> None:
    try:
        manuscript = plain_text.read(text)
    except BadEdition as error:
        assert 1 <= error.line <= max(1, len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
    else:
        assert manuscript.words.stories


def test_marks_in_a_headline_are_read_as_words() -> None:
    (story,) = plain_text.read("Title\n\n1. *Vogue* **buys** `Mode`\n\nText.").words.stories
    assert story.headline == "Vogue buys Mode"


def test_a_headline_whose_marks_mean_themselves_is_exported_so() -> None:
    words = Words("Title", "Title", (StoryWords("The return of *M*A*S*H*", "Text."),))
    assert plain_text.read(plain_text.compose(Manuscript(words))).words.stories == words.stories
