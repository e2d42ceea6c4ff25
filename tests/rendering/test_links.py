"""Personal links."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.errors import BadInput
from newsletter.rendering import links

EDITIONS, SUBSCRIBERS = st.integers(0, 2**32 - 1), st.integers(0, 2**40 - 1)


@given(EDITIONS, SUBSCRIBERS)
def test_a_token_reads_back(edition_id: int, subscriber_id: int) -> None:
    assert links.read("s", links.token("s", edition_id, subscriber_id)) == (edition_id, subscriber_id)


@given(EDITIONS, SUBSCRIBERS, st.integers(0, 41))
def test_a_token_with_one_digit_changed_is_refused(edition_id: int, subscriber_id: int, place: int) -> None:
    token = links.token("s", edition_id, subscriber_id)
    forged = token[:place] + f"{int(token[place], 16) ^ 1:x}" + token[place + 1 :]

    with pytest.raises(BadInput):
        links.read("s", forged)


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(BadInput):
        links.read("s", text)


def test_another_secret_makes_another_token() -> None:
    with pytest.raises(BadInput):
        links.read("other", links.token("s", 7, 345))


def test_a_message_id_gives_no_right_to_unsubscribe() -> None:
    with pytest.raises(BadInput):
        links.read("s", links.message_id("s", 7, 345, "example.com").strip("<>").partition("@")[0])


def test_a_message_id_reads_back() -> None:
    assert links.read_message_id("s", links.message_id("s", 7, 345, "example.com")) == (7, 345)


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**40 - 1))
def test_a_return_mark_reads_back_whatever_a_server_made_of_its_letters(edition_id: int, subscriber_id: int) -> None:
    mark = links.return_mark("s", edition_id, subscriber_id)
    assert [links.read_return_mark("s", mark), links.read_return_mark("s", mark.upper())] == [
        (edition_id, subscriber_id),
        (edition_id, subscriber_id),
    ]


def test_a_return_mark_has_room_before_the_at_sign() -> None:
    assert len(links.return_mark("s", 2**32 - 1, 2**40 - 1)) <= 64 - len("12345678901234567890+")


@given(st.integers(0, 25), st.sampled_from("0123456789abcdef-esz"))
def test_a_return_mark_with_one_letter_changed_is_refused(place: int, letter: str) -> None:
    mark = links.return_mark("s", 12, 345)
    assume(mark[place : place + 1] not in {letter, ""})

    with pytest.raises(BadInput):
        links.read_return_mark("s", mark[:place] + letter + mark[place + 1 :])


@pytest.mark.parametrize("mark", ["", "e12-s5-abcdef0123", "e0-s5-" + "a" * 16, "e9999999999-s5-" + "a" * 16])
def test_what_is_no_mark_of_ours_is_refused(mark: str) -> None:
    with pytest.raises(BadInput):
        links.read_return_mark("s", mark)


def test_a_return_mark_gives_no_right_to_unsubscribe() -> None:
    with pytest.raises(BadInput):
        links.read("s", links.return_mark("s", 7, 345))


def test_an_id_without_room_in_a_token_is_refused() -> None:
    with pytest.raises(BadInput, match="subscriber 1099511627776"):
        links.token("s", 7, 2**40)


def test_links_lead_to_the_public_pages() -> None:
    assert [build("https://n.example", "t") for build in (links.unsubscribe, links.preferences, links.browser)] == [
        "https://n.example/u/t",
        "https://n.example/p/t",
        "https://n.example/e/t",
    ]
