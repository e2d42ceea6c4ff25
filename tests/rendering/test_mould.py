"""One reader's message."""

from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering import links, slots
from newsletter.rendering.mould import Reader
from tests.rendering import samples
from tests.rendering.samples import H_NAME, H_TOKEN, NINE, SECRET, T_NAME, T_TOKEN, mould, parsed, part, reader

NAMES = st.text(st.one_of(st.characters(), st.sampled_from("\r\n.=<>&\"' ✨")), max_size=80)
BODIES = st.lists(
    st.one_of(
        st.text(st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from(". =\n"))),
        st.sampled_from([T_NAME, T_TOKEN, "." * 80, "x" * 200]),
    )
).map("".join)


@given(NAMES)
def test_no_name_makes_a_defect(name: str) -> None:
    assert samples.defects(mould().message(reader(name))) == []


@given(BODIES, NAMES)
def test_the_text_part_says_what_was_meant(body: str, name: str) -> None:
    cast = mould(text=body)

    assert (
        part(cast.message(reader(name)), "plain").rstrip()
        == "\n".join(cast.text_for(reader(name)).splitlines()).rstrip()
    )


@given(NAMES)
def test_the_html_part_says_what_was_meant(name: str) -> None:
    cast = mould(html=f'<p>Hello{H_NAME}</p><a href="https://n.example/u/{H_TOKEN}">out</a>' + "<i>x</i>" * 300)

    assert part(cast.message(reader(name)), "html").rstrip() == cast.html_for(reader(name))


@given(BODIES, NAMES)
def test_no_line_is_long_or_begins_with_a_dot(body: str, name: str) -> None:
    lines = mould(text=body).message(reader(name)).split(b"\r\n")

    assert [line for line in lines if len(line) > 998 or line.startswith(b".") or b"\n" in line] == []


@given(NAMES, NAMES)
def test_no_reader_adds_a_header(name: str, address: str) -> None:
    plain = parsed(mould().message(reader()))

    assert parsed(mould().message(reader(name, address))).keys() == plain.keys()


def test_the_headers_of_a_message() -> None:
    message = parsed(mould().message(reader()))

    assert {name: str(value) for name, value in message.items() if name != "Content-Type"} == {
        "From": "Retail Technology Weekly <friday@news.example.com>",
        "To": "Ada <ada@example.com>",
        "Reply-To": "editors@news.example.com",
        "Subject": "News",
        "Date": "Fri, 26 Nov 2021 09:00:00 +0000",
        "Message-ID": links.message_id(SECRET, 7, 345, "news.example.com"),
        "List-Unsubscribe": f"<https://news.example.com/u/{links.token(SECRET, 7, 345)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "The Friday Five <friday.news.example.com>",
        "Feedback-ID": "7:friday:digest:newsexamplecom",
        "Precedence": "bulk",
        "MIME-Version": "1.0",
    }


def test_a_message_has_the_text_before_the_html() -> None:
    kinds = [inner.get_content_type() for inner in parsed(mould().message(reader())).walk()]

    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_a_names_markup_is_shown_and_not_followed() -> None:
    assert "Hello, &lt;b&gt;Eve &amp; co" in part(mould().message(reader("<b>Eve & co")), "html")


def test_a_name_in_the_text_part_stays_as_it_is() -> None:
    assert part(mould().message(reader("<b>Eve & co")), "plain") == "Hello, <b>Eve & co\n"


def test_a_reader_without_a_name_is_greeted_without_a_comma() -> None:
    assert part(mould(text=f"Hello{T_NAME}.").message(reader("")), "plain") == "Hello.\n"


def test_a_name_can_not_bring_a_marker() -> None:
    assert part(mould().message(reader(f"Eve {T_TOKEN}")), "plain") == "Hello, Eve\n"


def test_a_marker_within_a_marker_leaves_none() -> None:
    inside = T_TOKEN[:4] + T_TOKEN + T_TOKEN[4:]

    assert T_TOKEN not in mould().substitutions(reader(inside))[T_NAME]


def test_a_message_id_is_the_same_every_time() -> None:
    assert mould().message_id(reader()) == mould(text="Other").message_id(reader("Other"))


def test_the_same_words_make_the_same_bytes() -> None:
    assert mould().message(reader()) == mould().message(reader())


def test_other_words_make_another_boundary() -> None:
    assert parsed(mould().message(reader())).get_boundary() != parsed(mould(text="x").message(reader())).get_boundary()


def test_the_date_is_the_moulds() -> None:
    assert parsedate_to_datetime(parsed(mould().message(reader()))["Date"]) == NINE


def test_a_sender_without_an_address_for_answers_gets_them_itself() -> None:
    assert "Reply-To" not in parsed(mould(reply_to="").message(reader()))


def test_twelve_tracked_links_are_filled() -> None:
    links_of = " ".join(f'<a href="https://n.example/c/{H_TOKEN}/{number}">x</a>' for number in range(12))

    assert part(mould(html=links_of).message(reader()), "html").count(f"/c/{reader().token}/") == 12


def test_a_token_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a token"):
        mould().message(Reader(1, "ada@example.com", "Ada", "x>\r\nBcc: all@example.com"))


def test_substitutions_fill_both_parts_as_the_message_does() -> None:
    cast = mould(html=f"<p>{H_NAME} {H_TOKEN}</p>", text=f"{T_NAME} {T_TOKEN}")

    assert cast.substitutions(reader("<Ada>")) == {
        H_NAME: ", &lt;Ada&gt;",
        H_TOKEN: reader().token,
        T_NAME: ", <Ada>",
        T_TOKEN: reader().token,
    }


def test_the_longest_substitutions_stay_under_10_000_bytes() -> None:
    every = [slots.marker(place, slot) for place in slots.Place for slot in slots.SLOTS]
    values = mould(html=" ".join(every)).substitutions(reader("&" * 500, "&" * 5000))

    assert sum(len((mark + value).encode()) for mark, value in values.items()) < 10_000


def test_an_api_is_told_the_list_headers_and_none_it_reserves() -> None:
    assert mould().headers(reader()) == {
        "List-Unsubscribe": f"<https://news.example.com/u/{reader().token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "The Friday Five <friday.news.example.com>",
        "Feedback-ID": "7:friday:digest:newsexamplecom",
        "Precedence": "bulk",
    }
