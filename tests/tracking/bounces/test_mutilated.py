"""What lost lines, charsets, boundaries or the order of its parts: never an exception, and never the wrong person."""

import random
import re
from functools import cache
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.tracking.bounces import whose
from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson
from newsletter.tracking.bounces.understanding import understand

FILES = sorted(Path(__file__).parent.glob("*/*.eml"))
FILE = st.sampled_from(FILES)
#: who is never a reader: the letter's own sender, and the mail systems
OURS = ("friday@", "editors@", "bounces", "MAILER-DAEMON", "mailer-daemon", "Mailer-Daemon", "postmaster")
#: seconds of processor's time; linear takes some tenths, quadratic an hour
MOST = 5.0


@cache
def whole(file: Path) -> tuple[tuple[Judgement, ...], frozenset[str]]:
    """What *file* says before anything befell it, and every address in it."""
    raw = file.read_bytes()
    return understand(raw), frozenset(whose.addresses(raw.decode("utf-8", "replace")))


def wrong_persons(file: Path, mutilated: bytes) -> list[Judgement]:
    """Those of the judgements of a *mutilated* copy of *file* that would suppress somebody it is not about."""
    judged, named = whole(file)
    marks = {one.token for one in judged if one.token}
    return [
        one
        for one in understand(mutilated)
        if one.lesson is Lesson.SUPPRESS
        and one.token not in marks
        and (one.token or one.address.startswith(OURS) or one.address not in {*named, ""})
    ]


def lies(file: Path, mutilated: bytes) -> list[Judgement]:
    """`wrong_persons`, and those that would suppress the right one for what the whole does not say."""
    if any(one.lesson is Lesson.SUPPRESS for one in whole(file)[0]):
        return wrong_persons(file, mutilated)
    return [one for one in understand(mutilated) if one.lesson is Lesson.SUPPRESS]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_cut_at_any_line_it_suppresses_nobody_else(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    cuts = [b"".join(part) for at in range(len(lines) + 1) for part in (lines[:at], lines[at:])]
    assert [lie for cut in cuts for lie in lies(file, cut)] == []


@given(FILE, st.integers(0, 400), st.integers(1, 60))
def test_without_some_lines_from_its_middle_it_suppresses_nobody_else(file: Path, begin: int, count: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    begin %= len(lines)
    assert wrong_persons(file, b"".join(lines[:begin] + lines[begin + count :])) == []


@given(FILE, st.text(max_size=20), st.sampled_from(["base64", "quoted-printable", "x-unknown", "8bit"]))
@example(FILES[0], "utf-16", "8bit")
@example(FILES[0], "idna", "base64")
@example(FILES[0], "cp037", "quoted-printable")
def test_with_a_broken_charset_and_encoding_it_suppresses_nobody_else(file: Path, charset: str, encoding: str) -> None:
    name = charset.encode("utf-8", "replace").replace(b"\n", b"").replace(b"\r", b"")
    raw = re.sub(rb"charset=[\w-]+", lambda _: b"charset=" + name, file.read_bytes())
    raw = re.sub(rb"(?i)(Content-Transfer-Encoding:).*", rb"\1 " + encoding.encode(), raw)
    assert lies(file, raw) == []


@given(FILE, st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=20))
def test_with_strange_bytes_at_the_end_of_lines_it_suppresses_nobody_else(
    file: Path, junk: list[tuple[int, bytes]]
) -> None:
    lines = file.read_bytes().split(b"\n")
    for at, strange in junk:
        lines[at % len(lines)] += b" " + bytes(byte | 0x80 for byte in strange)
    assert lies(file, b"\n".join(lines)) == []


@given(FILE, st.randoms(use_true_random=False), st.booleans())
def test_with_its_parts_swapped_or_lost_it_suppresses_nobody_else(
    file: Path, shuffled: random.Random, lost: bool
) -> None:
    raw = file.read_bytes()
    found = re.search(rb'boundary="?([^"\n]+)"?', raw)
    parts = raw.split(b"--" + found[1] + b"\n") if found else [raw]
    head, rest = parts[0], parts[1:]
    shuffled.shuffle(rest)
    pieces = [head, *rest[lost:]]
    mutilated = (b"--" + (found[1] if found else b"") + b"\n").join(pieces)
    # a part that is gone may have been the one that spoke for the reader
    assert (wrong_persons if lost else lies)(file, mutilated) == []


@given(st.binary(max_size=2000))
def test_any_bytes_at_all_are_a_message_of_some_kind(raw: bytes) -> None:
    assert len(understand(raw)) >= 1


@given(st.lists(st.sampled_from([line for file in FILES for line in file.read_bytes().splitlines()]), max_size=60))
def test_any_lines_of_bounces_in_any_order_are_a_message_of_some_kind(lines: list[bytes]) -> None:
    assert len(understand(b"\n".join(lines))) >= 1


_HEAD = b"From: Mailer-Daemon@mx.test\nSubject: Undelivered Mail Returned to Sender\n"
NEAR_MISSES = {
    "colons": b":",
    "spaces": b" ",
    "addresses without an end": b"a@",
    "codes": b"550 ",
    "enhanced codes": b"5.1.1",
    "codes on lines": b"550-5.1.1\n",
    "angles": b"<",
    "quotes": b'"',
    "tags": b"<a",
    "fields": b"Final-Recipient: rfc822;\n",
    "statuses": b"Status: 5.1\nAction: failed\n",
    "continued": b"Subject:\n ",
    "boundaries": b"--b\n",
    "dashes": b"-",
    "encoded words": b"=?utf-8?q?",
    "ands": b"user " * 20 + b"unkno",
    "domains": b"domain ",
    "empty lines": b"\n",
    "quoted lines": b"> > > > ",
    "zeros": b"\0",
    "high bytes": b"\xff",
}


@pytest.mark.parametrize("miss", NEAR_MISSES, ids=lambda miss: miss.replace(" ", "-"))
@pytest.mark.parametrize(
    "head",
    [
        b"",
        _HEAD + b"\n",
        _HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n",
        _HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n",
        _HEAD + b"Content-Type: text/html\n\n",
        b"References: ",
    ],
    ids=["alone", "in words", "in a part", "in a status", "in a page", "in a header"],
)
def test_a_megabyte_of_what_nearly_is_something_is_read_in_the_time_that_its_length_asks_for(
    head: bytes, miss: str
) -> None:
    unit = NEAR_MISSES[miss]
    raw = head + unit * (1_000_000 // len(unit))
    began = process_time()
    understand(raw)
    assert process_time() - began < MOST


def test_what_the_heuristics_of_others_trip_over_is_a_letter() -> None:
    raw = b"From: <>,\nSubject: Undeliverable mail\nTo: x\n\nNothing that is known.\n"
    assert [(one.action, one.lesson) for one in understand(raw)] == [(Action.UNRECOGNISED, Lesson.NONE)]


def test_messages_within_messages_without_end_come_to_one() -> None:
    depth = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" * 20_000
    began = process_time()
    assert len(understand(_HEAD + depth)) == 1
    assert process_time() - began < MOST
