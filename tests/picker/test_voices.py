"""Near-copies: what is one voice and what is not."""

from datetime import timedelta

import pytest

from newsletter.stories.picking import voices
from newsletter.stories.picking.snapshot import Item
from tests.picker.builders import GETIR, WALMART, WALMART_AGAIN, a_report

LONG = f"{WALMART} {GETIR} {WALMART_AGAIN}"


def origins(*items: Item, apart: tuple[tuple[int, int], ...] = ()) -> dict[int, int]:
    return voices.origins(items, {item.id: voices.sketch(item.text) for item in items}, apart)


def test_a_text_is_contained_in_itself_wholly() -> None:
    assert voices.containment(voices.sketch(LONG), voices.sketch(LONG)) == 1


def test_a_text_cut_to_half_under_other_words_is_contained() -> None:
    half = " ".join(LONG.split()[: len(LONG.split()) // 2])
    cut = voices.sketch(f"{half} This appeared first somewhere else.")
    assert voices.containment(cut, voices.sketch(LONG)) >= voices.COPY


def test_the_same_news_in_other_words_is_not_contained() -> None:
    assert voices.containment(voices.sketch(WALMART), voices.sketch(WALMART_AGAIN)) < 0.1


def test_a_few_words_tell_nothing() -> None:
    assert voices.containment(voices.sketch("Walmart goes live on Twitter"), voices.sketch(LONG)) == 0


def test_a_copy_belongs_to_the_earliest() -> None:
    copy, original = a_report(1, "A", LONG, hours=1), a_report(2, "B", LONG, hours=9)
    assert origins(copy, original) == {1: 2, 2: 2}


def test_a_copy_of_a_copy_belongs_to_the_same_origin() -> None:
    text = LONG.split()
    original = a_report(1, "A", LONG, hours=9)
    cut = a_report(2, "B", " ".join(text[:80]), hours=8)
    cut_again = a_report(3, "C", " ".join(text[20:80]), hours=7)
    assert origins(original, cut, cut_again) == {1: 1, 2: 1, 3: 1}


def test_short_items_are_copies_by_their_titles() -> None:
    first = a_report(1, "Getir buys its UK rival Weezy", "", hours=9)
    second = a_report(2, "Getir buys its UK rival Weezy | Grocer News", "", hours=8)
    assert origins(first, second) == {1: 1, 2: 1}


@pytest.mark.parametrize(
    "title", ["Tesco sales rise in Q3 as shoppers return", "Ocado sales rise in Q2 as shoppers return home"]
)
def test_short_items_with_other_figures_or_names_are_not(title: str) -> None:
    first = a_report(1, "Tesco sales rise in Q2 as shoppers return", "", hours=9)
    assert origins(first, a_report(2, title, "", hours=8)) == {1: 1, 2: 2}


def test_two_empty_items_are_not_copies() -> None:
    assert origins(a_report(1, "", ""), a_report(2, "", "")) == {1: 1, 2: 2}


def test_what_an_editor_split_is_no_copy() -> None:
    first, second = a_report(1, "A", LONG, hours=9), a_report(2, "B", LONG, hours=8)
    assert origins(first, second, apart=((1, 2),)) == {1: 1, 2: 2}


def test_of_two_published_at_once_the_smaller_number_is_the_origin() -> None:
    same = timedelta(hours=4).total_seconds() / 3600
    assert origins(a_report(2, "A", LONG, hours=same), a_report(1, "A", LONG, hours=same)) == {1: 1, 2: 1}
