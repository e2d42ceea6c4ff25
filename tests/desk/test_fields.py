"""Words as a form carries them: what it says, what it leaves out, and stories that move."""

from dataclasses import replace

import pytest

from newsletter.editions import fields
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadInput
from newsletter.web.desk.writing.fields import words_of
from newsletter.web.readers.forms import Filled

FIRST = StoryWords("Walmart goes live", "It sells.", "https://example.com/1", key="a")
SECOND = StoryWords("Carrefour opens", "A shop.", "https://example.com/2", key="b")
OLD = Words("The Five", "Walmart goes live", (FIRST, SECOND), preheader="And more")


def a_form(*fields: tuple[str, str], **own: str) -> Filled:
    return Filled((*fields, *own.items()))


def test_what_a_form_leaves_out_stays() -> None:
    assert words_of(a_form(subject="Another"), OLD) == replace(OLD, subject="Another")


def test_a_form_that_carries_all_says_all() -> None:
    assert words_of(Filled(tuple(fields.said(OLD))), replace(OLD, title="", stories=(SECOND, FIRST))) == replace(
        OLD, stories=(FIRST, SECOND)
    )


def test_a_story_is_rewritten_in_its_place() -> None:
    found = words_of(a_form(("stories-1-headline", "Rewritten")), OLD)
    assert found.stories == (FIRST, replace(SECOND, headline="Rewritten"))


def test_stories_change_places_by_their_keys() -> None:
    found = words_of(a_form(("stories-0-key", "b"), ("stories-1-key", "a")), OLD)
    assert [(story, story.key) for story in found.stories] == [(SECOND, "b"), (FIRST, "a")]


def test_a_story_is_removed_and_one_is_added() -> None:
    form = a_form(("stories", "2"), ("stories-0-key", "b"), ("stories-1-key", "new"), ("stories-1-headline", "New"))
    assert [(story.headline, story.key) for story in words_of(form, OLD).stories] == [
        ("Carrefour opens", "b"),
        ("New", "new"),
    ]


def test_line_ends_are_one_sign_each() -> None:
    assert words_of(a_form(introduction="One\r\n\r\nTwo"), OLD).introduction == "One\n\nTwo"


@pytest.mark.parametrize("count", ["31", "-1", "", "two", "1e1", "٣", "9999999999"])
def test_more_stories_than_there_may_be_are_refused(count: str) -> None:
    with pytest.raises(BadInput, match="at most 30 stories"):
        words_of(a_form(stories=count), OLD)


def test_each_field_has_a_name_by_which_sentences_call_it() -> None:
    assert [fields.spoken(name) for name, _ in fields.said(OLD)][6:9] == [
        "the sponsor's link",
        "the headline of story 1",
        "the summary of story 1",
    ]


def test_a_field_is_changed_by_its_name() -> None:
    assert fields.saying(OLD, "stories-1-url", "x").stories[1] == replace(SECOND, url="x")
