"""Header lines."""

import email.policy
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering import headers
from newsletter.rendering.slots import LONGEST_NAME, one_line

ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from('\r\n:<>"\\,;@=?_')), max_size=300)


def value(line: bytes) -> str:
    return str(message_from_bytes(line + b"\r\n", policy=email.policy.default).values()[0])


@given(ANYTHING)
def test_any_subject_is_one_header(subject: str) -> None:
    message = message_from_bytes(headers.text("Subject", subject) + b"\r\n", policy=email.policy.default)

    assert message.keys() == ["Subject"]


@given(ANYTHING)
def test_any_subject_reads_as_it_was_written(subject: str) -> None:
    assert value(headers.text("Subject", subject)) == one_line(subject)


@given(ANYTHING)
def test_subject_lines_are_short(subject: str) -> None:
    assert max(map(len, headers.text("Subject", subject).split(b"\r\n"))) <= 76


def test_a_plain_subject_is_not_encoded() -> None:
    assert headers.text("Subject", "Walmart goes live") == b"Subject: Walmart goes live\r\n"


def test_what_looks_like_an_encoded_word_is_taken_literally() -> None:
    assert value(headers.text("Subject", "=?utf-8?q?spoofed?=")) == "=?utf-8?q?spoofed?="


@given(ANYTHING, ANYTHING)
def test_no_name_or_address_makes_a_second_header(name: str, address: str) -> None:
    line = headers.mailbox("To", name, address)

    assert message_from_bytes(line + b"\r\n", policy=email.policy.default).keys() == ["To"]


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada Lovelace",
        "O'Hara, Ada",
        'Ada "the Countess" King',
        "Ada Ö ✨",
        "阿达",
        "a\\b",
        "Ada (x)",
        "=?x?=",
    ],
)
def test_a_name_reads_as_it_was_written(name: str) -> None:
    message = message_from_bytes(headers.mailbox("To", name, "ada@example.com") + b"\r\n", policy=email.policy.default)

    assert [(to.display_name, to.addr_spec) for to in message["To"].addresses] == [(name, "ada@example.com")]


def test_a_long_name_in_another_script_is_parted_between_characters() -> None:
    line = headers.mailbox("To", "阿达" * 20, "ada@example.com").decode()

    # the policy's parser leaves blanks between encoded words of a name; RFC 2047 section 6.2 says they are none
    assert str(make_header(decode_header(line.partition("<")[0]))).replace(" ", "") == "To:" + "阿达" * 20


@pytest.mark.parametrize("name", ['6", three', "a\\b", '"', "\\", 'Ada "the Countess" King'])
@pytest.mark.parametrize("header", ["To", "From"])
def test_a_name_that_would_need_escapes_within_quotes_is_encoded(header: str, name: str) -> None:
    # OpenSMTPD 6.8 rewrites `"6\\", three"` to `"6\\"@host, three"` after signing
    line = headers.mailbox(header, name, "ada@example.com")

    assert (line.count(b'"'), line.count(b"\\"), line.count(b"=?utf-8?b?")) == (0, 0, 1)


def test_a_title_that_would_need_escapes_within_quotes_is_encoded() -> None:
    assert headers.list_id('The "Friday" Five', "friday", "news.example.com") == (
        "=?utf-8?b?VGhlICJGcmlkYXkiIEZpdmU=?= <friday.news.example.com>"
    )


def test_line_ends_in_a_name_become_blanks() -> None:
    assert headers.mailbox("To", "Eve\r\nBcc: all@example.com", "eve@example.com") == (
        b'To: "Eve Bcc: all@example.com" <eve@example.com>\r\n'
    )


def test_a_long_name_is_cut() -> None:
    assert headers.mailbox("To", "x" * 500, "ada@example.com") == b"To: %s\r\n <ada@example.com>\r\n" % (
        b"x" * LONGEST_NAME
    )


def test_an_address_that_is_none_is_not_shown() -> None:
    assert headers.mailbox("To", "Eve", "eve@example.com, all@example.com") == b"To: undisclosed-recipients:;\r\n"


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    assert headers.mailbox("To", "", "ada@bücher.example") == b"To: ada@xn--bcher-kva.example\r\n"


def test_a_list_id_is_the_title_and_a_stable_name() -> None:
    assert headers.list_id("The Friday Five", "Friday Five!", "news.example.com") == (
        "The Friday Five <friday-five.news.example.com>"
    )


def test_a_feedback_id_names_the_sender_in_5_to_15_characters() -> None:
    assert headers.feedback_id(7, "friday", "very.long.news.example.com") == "7:friday:digest:gnewsexamplecom"
