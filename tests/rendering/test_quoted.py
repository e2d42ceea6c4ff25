"""Quoted-printable in pieces."""

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.rendering import quoted

TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(". =\t\nFrom ✨")))


def canonical(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


@given(st.lists(TEXTS))
@example([".", "", "..", "From you", "a" * 75 + ".", "blank \n", "é" * 40, "=3D"])
def test_pieces_decode_to_what_was_meant(texts: list[str]) -> None:
    coded = b"".join(map(quoted.piece, texts)) + b"\r\n"

    assert quopri.decodestring(coded) == b"".join(map(canonical, texts)) + b"\r\n"


@given(st.lists(TEXTS))
@example(["blank \ntab\t\n"])
@example(["From you\nFrom me", "From us"])
@example([".", "\n.", "a" * 75 + "." * 80])
def test_no_line_is_long_or_could_be_altered_on_the_way(texts: list[str]) -> None:
    lines = b"".join(map(quoted.piece, texts)).split(b"\r\n")

    assert [
        line for line in lines if len(line) > 76 or line.startswith((b".", b"From ")) or line.endswith((b" ", b"\t"))
    ] == []


@given(TEXTS)
@example("zq." * 30)
@example("From Ada")
@example(" Ada ")
def test_the_quick_way_for_a_slot_says_the_same_as_the_slow_one(text: str) -> None:
    assert quopri.decodestring(quoted.word(text)) == canonical(text)


@pytest.mark.parametrize("text", [".", "..", ".hidden", "a\n.\nb"])
def test_a_dot_at_a_lines_beginning_is_coded(text: str) -> None:
    assert b"\n." not in b"\n" + quoted.encode(text)
