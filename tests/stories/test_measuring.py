"""How large a picture is, by the first bytes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.stories.reading import measuring

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\xb0\x00\x00\x02\x76\x08\x06\x00\x00\x00"
GIF = b"GIF89a\xb0\x04\x76\x02\x80\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0\x00\x11\x08\x02\x76\x04\xb0\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xaf\x04\x00\x75\x02\x00"


@pytest.mark.parametrize("head", [PNG, GIF, JPEG, WEBP], ids=["png", "gif", "jpeg", "webp"])
def test_the_kinds_of_pictures_that_mails_show_are_measured(head: bytes) -> None:
    assert measuring.size(head + bytes(64)) == (1200, 630)


@pytest.mark.parametrize("head", [b"", b"<svg width='9' height='9'/>", b"<!doctype html>", PNG[:16], b"GIF8"])
def test_what_is_no_picture_or_breaks_off_has_no_size(head: bytes) -> None:
    assert measuring.size(head) is None


@given(st.sampled_from([PNG, GIF, JPEG, WEBP]), st.integers(0, 40), st.binary(max_size=30))
def test_a_picture_that_is_broken_anywhere_is_measured_or_not(head: bytes, at: int, rest: bytes) -> None:
    found = measuring.size(head[:at] + rest)
    assert found is None or min(found) > 0
