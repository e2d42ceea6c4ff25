"""Names, languages and time zones are made fit to be kept, or refused."""

import pytest

from subscribers import details
from subscribers.errors import BadDetail


def test_a_name_is_one_line_without_control_characters() -> None:
    assert details.name(" Ada\r\nBcc: eve@example.com\x00 ") == "Ada Bcc: eve@example.com"


def test_a_name_keeps_its_letters() -> None:
    assert details.name("李小龍 O'Neil, Ærøskøbing") == "李小龍 O'Neil, Ærøskøbing"


def test_a_name_without_end_is_refused() -> None:
    with pytest.raises(BadDetail, match="201 letters"):
        details.name("x" * 201)


@pytest.mark.parametrize(
    ("written", "kept"), [("de_CH", "de-CH"), (" en ", "en"), ("", ""), ("zh-Hant-TW", "zh-Hant-TW")]
)
def test_a_language_is_a_tag(written: str, kept: str) -> None:
    assert details.language(written) == kept


@pytest.mark.parametrize("text", ["English please", "e", "en-", "x" * 40])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(BadDetail, match="is not a language"):
        details.language(text)


def test_a_time_zone_is_known_whatever_its_case() -> None:
    assert details.time_zone("europe/LONDON") == "Europe/London"


def test_a_time_zone_of_nowhere_is_refused() -> None:
    with pytest.raises(BadDetail, match="'Mars/Olympus' is not a time zone"):
        details.time_zone("Mars/Olympus")


@pytest.mark.parametrize("text", ["", "Weekly", "two words", "-x", "x" * 65])
def test_what_can_not_name_a_list_is_refused(text: str) -> None:
    with pytest.raises(BadDetail, match="can't name a list"):
        details.slug(text)
