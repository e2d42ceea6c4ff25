"""An edition in the shipped template."""

from pathlib import Path

import pytest

from newsletter.errors import BadTemplate
from newsletter.rendering import sheet
from newsletter.rendering.preflight import page
from tests.rendering import samples
from tests.rendering.samples import H_TOKEN, T_TOKEN, laid_out, story


def own(tmp_path: Path, file: str, text: str) -> sheet.Sheet:
    (tmp_path / "friday").mkdir()
    (tmp_path / "friday" / file).write_text(text, "utf-8")
    given = samples.settings(templates=tmp_path)
    return sheet.lay_out(samples.edition(), samples.friday(given), given)


def own_body(tmp_path: Path, body: str) -> sheet.Sheet:
    column = f"<mj-section><mj-column>{body}</mj-column></mj-section>"
    return own(tmp_path, "body.mjml", f"<mjml><mj-body>{column}</mj-body></mjml>")


def test_stories_keep_their_order_and_numbers() -> None:
    text = laid_out(story("First"), story("Second"), story("Third")).text

    assert [line for line in text.splitlines() if line[:2] in {"1.", "2.", "3."}] == [
        "1. First",
        "2. Second",
        "3. Third",
    ]


def test_quotes_currencies_accents_and_dashes_arrive_unharmed() -> None:
    said = "“It’s $20 million — 25 % more” – said Zoë & Søren at Café <Été>: £5, €6, ½"
    done = laid_out(story(said, summary=said))

    assert (page.read(done.html).words.count(said), said.replace("\n", " ") in done.text.replace("\n", " ")) == (
        2,
        True,
    )


def test_a_story_without_an_image_has_none() -> None:
    assert page.read(laid_out(story(image_url="")).html).images == []


def sized(width: int | None, height: int | None) -> str:
    """The tag of a picture of that true size."""
    pictured = story()
    pictured.image_width, pictured.image_height = width, height
    return laid_out(pictured).html.partition("<img ")[2].partition(">")[0]


@pytest.mark.parametrize(
    ("true", "shown"),
    [
        ((1104, 600), ("552", "300")),
        ((300, 201), ("300", "201")),
        ((5000, 1), ("552", "1")),
        ((552, 552), ("552", "552")),
    ],
)
def test_a_picture_has_its_true_height_and_is_never_blown_up(true: tuple[int, int], shown: tuple[str, str]) -> None:
    width, height = shown

    assert f' width="{width}" height="{height}" ' in sized(*true)


@pytest.mark.parametrize("true", [(None, None), (600, None), (None, 300), (0, 0)])
def test_a_picture_of_unknown_size_has_no_height(true: tuple[int | None, int | None]) -> None:
    assert (' width="552" ' in sized(*true), ' height="' in sized(*true)) == (True, False)


def test_picture_and_headline_are_one_link() -> None:
    linked = laid_out(story("Walmart goes live")).html.partition("<h2")[2].partition("</h2>")[0]

    assert (linked.count("<a "), linked.count("<img "), linked.count("Walmart goes live</a>")) == (1, 1, 1)


def test_the_text_part_begins_with_the_preheader() -> None:
    assert laid_out(preheader="Also: Getir buys Weezy").text.splitlines()[:3] == [
        "Also: Getir buys Weezy",
        "",
        "THE FRIDAY FIVE",
    ]


def test_without_a_preheader_the_leading_headline_is_one() -> None:
    done = laid_out(story("Walmart goes live"), story("Getir buys Weezy"), preheader="")
    said = "Walmart goes live – and 1 more"

    assert (done.text.splitlines()[0], page.read(done.html).words.count(said)) == (said, 1)


def test_a_style_sheet_for_all_mails_can_be_ones_own(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "dark.css").write_text(".mine { color: #123456; }")
    given = samples.settings(templates=tmp_path)

    assert ".mine { color: #123456; }" in sheet.lay_out(samples.edition(), samples.friday(given), given).html


def test_a_mistake_in_a_shared_file_is_named_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "head.mjml").write_text("\n<mj-foo />")
    given = samples.settings(templates=tmp_path)

    with pytest.raises(BadTemplate, match=r"^shared/head\.mjml:2: <mj-foo> is not an MJML tag"):
        sheet.lay_out(samples.edition(), samples.friday(given), given)


def test_an_image_on_this_machine_is_shown() -> None:
    done = laid_out(story(image_url="http://127.0.0.1:8025/a.png"))

    assert page.read(done.html).images == [("http://127.0.0.1:8025/a.png", "A stage")]


def test_a_story_links_to_its_source_by_name() -> None:
    assert "Read at Retail Dive" in page.read(laid_out().html).words


def test_a_story_without_attribution_links_to_its_site() -> None:
    assert "Read at retaildive.example" in page.read(laid_out(story(attribution="")).html).words


def test_a_story_without_a_link_offers_none() -> None:
    assert "Read at" not in page.read(laid_out(story(url="")).html).words


def test_a_link_that_runs_a_script_is_left_out() -> None:
    assert "javascript" not in laid_out(story(url="javascript:alert(1)", image_url="javascript:alert(2)")).html


def test_without_a_sponsor_there_is_no_word_of_one() -> None:
    done = laid_out()

    assert ("Sponsor" in page.read(done.html).words, "Sponsor" in done.text) == (False, False)


def test_a_sponsor_is_named_in_both_parts() -> None:
    done = laid_out(sponsor_name="Till & Co", sponsor_text="Thank you.", sponsor_url="https://till.example")

    assert ("Sponsor: Till & Co" in page.read(done.html).words, "Sponsor: Till & Co" in done.text) == (True, True)


def test_a_title_like_the_newsletters_is_said_once() -> None:
    assert page.read(laid_out(title="The Friday Five").html).words.count("The Friday Five") == 2  # and in the footer


def test_both_parts_hold_the_readers_own_links() -> None:
    done = laid_out()

    assert [
        (
            f"https://news.example.com/{path}/{H_TOKEN}" in done.html,
            f"https://news.example.com/{path}/{T_TOKEN}" in done.text,
        )
        for path in "upe"
    ] == [(True, True)] * 3


def test_the_language_and_direction_are_stated() -> None:
    assert '<html lang="en" dir="ltr"' in laid_out().html


def test_a_headline_from_right_to_left_runs_so() -> None:
    assert '<h2 dir="rtl"' in laid_out(story("كارفور تفتح متجراً")).html


def test_headings_stand_in_order() -> None:
    html = laid_out(story(), story()).html

    assert [tag for tag in ("<h1", "<h2") for _ in range(html.count(tag))] == ["<h1", "<h2", "<h2"]


def test_five_stories_stay_well_under_80_kb() -> None:
    assert len(laid_out(*(story() for _ in range(5)), sponsor_name="Till & Co").html) < 50_000


def test_the_html_is_ascii_so_that_no_server_can_garble_it() -> None:
    assert laid_out(story("हिन्दी é 👩🏽‍💻", image_alt="हिन्दी")).html.isascii()


def test_lines_of_the_text_part_fit_72_columns() -> None:
    long = "A very long headline about everything that happened in retail technology this week and before " * 2

    assert [line for line in laid_out(story(long, summary=long)).text.splitlines() if len(line) > 72] == []


def test_a_marker_that_an_editor_typed_is_taken_out() -> None:
    assert H_TOKEN not in page.read(laid_out(story(f"Forged {H_TOKEN} {T_TOKEN}")).html).words


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<mj-text><a href="https://x.example/?n={{ reader.name }}">x</a></mj-text>', "can't stand in href"),
        ('<mj-text><p style="color:{{ reader.name }}">x</p></mj-text>', "can't stand in style"),
    ],
)
def test_a_slot_must_stand_where_its_value_is_safe(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(BadTemplate, match=said):
        own_body(tmp_path, body)


@pytest.mark.parametrize("changed", ["reader.name | upper", "reader.name[:9]", "links.browser | title"])
def test_a_slot_that_a_filter_changed_is_refused(tmp_path: Path, changed: str) -> None:
    with pytest.raises(BadTemplate, match=r"^friday/body\.txt: a filter has changed a slot"):
        own(tmp_path, "body.txt", f"{{{{ {changed} }}}}")


def test_a_changed_slot_is_refused_in_html_too(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match=r"^friday/body\.mjml: a filter has changed a slot"):
        own_body(tmp_path, "<mj-text>{{ reader.name | upper }}</mj-text>")


def test_words_of_others_that_look_like_a_slot_do_no_harm() -> None:
    assert "1. About xq" in laid_out(story("About zqHTMLxq and zQtExTnameqz")).text


def test_a_slot_in_a_style_sheet_is_refused() -> None:
    assert sheet.misplaced(f"<style>a::after {{ content: '{H_TOKEN}' }}</style>") is not None


def test_a_slot_in_a_comment_is_refused() -> None:
    assert "stands in a comment" in (sheet.misplaced(f"<!-- {H_TOKEN} --><p>x</p>") or "")


def test_a_slot_in_what_only_outlook_reads_is_allowed() -> None:
    assert sheet.misplaced(f'<!--[if mso]><a href="https://n.example/u/{H_TOKEN}">x</a><![endif]-->') is None


def test_a_subject_is_the_same_for_all_readers(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match=r"^friday/subject\.txt: the subject is the same for all"):
        own(tmp_path, "subject.txt", "Hello {{ reader.name }}")
