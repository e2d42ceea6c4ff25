"""What the linter refuses, which the compiler would garble, ignore or die of."""

import pytest

from newsletter.rendering import lint


def page(body: str = "", head: str = "") -> str:
    column = f"<mj-section><mj-column>{body}</mj-column></mj-section>"
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{column}</mj-body></mjml>"


def problem(source: str) -> str:
    found = lint.first_problem(source)
    return found.text if found else ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<mj-text>hi</mj-button>", "<mj-text> is closed by </mj-button>"),
        ("<mj-text><p>hi</mj-text>", "<p> is closed by </mj-text>"),
        ("<mj-text>hi</p></mj-text>", "<mj-text> is closed by </p>"),
        ("<mj-text>a<br></br></mj-text>", "</br> is not needed: write <br />"),
        ("<mj-foo />", "<mj-foo> is not an MJML tag"),
        ("<MJ-TEXT>hi</MJ-TEXT>", "<MJ-TEXT> is not an MJML tag: write it in small letters"),
        ("<div>hi</div>", "<div> is not an MJML tag: HTML belongs in mj-text or mj-raw"),
        ("<mj-text colour='red'>hi</mj-text>", "<mj-text> has no attribute 'colour'"),
        ("<mj-section></mj-section>", "<mj-section> can't stand in <mj-column>"),
        ("<mj-text><mj-button>x</mj-button></mj-text>", "<mj-button> can't stand within HTML"),
        ("<mj-text>1 < 2</mj-text>", '"<" in text must be written &lt;'),
        ("<mj-text><a href=x>y</a></mj-text>", "<a href=x> … is not a whole tag"),
        ("<mj-text><!-- a -- b --></mj-text>", 'a comment must not contain "--"'),
        ("<mj-text><![CDATA[x]]></mj-text>", "<![CDATA[x is not understood here"),
        ("<mj-raw><!--[if mso]><table><![endif]--></mj-raw>", "a conditional comment must hold whole tags"),
        ("<mj-raw><!--[if mso]><b></b>--></mj-raw>", "a conditional comment must end in <![endif]-->"),
        ('<mj-image src="x" />', '<mj-image> needs an alt; alt="" where it only adorns'),
        ('<mj-text><img src="x" /></mj-text>', '<img> needs an alt; alt="" where it only adorns'),
        ('<mj-text padding="0 24px">x</mj-text>', 'padding="0 24px": write each length in px, 0px too'),
        ('<mj-text padding="5%">x</mj-text>', 'padding="5%": write each length in px'),
        ('<mj-text padding="1em 2px">x</mj-text>', 'padding="1em 2px": write each length in px'),
        ('<mj-social><mj-social-element name="x" /></mj-social>', "<mj-social-element> needs a src"),
        ('<mj-include path="x.html" type="html" />', "mj-include takes MJML only"),
        ('<mj-raw position="file-start"></mj-raw>', "position of <mj-raw> is not supported"),
    ],
)
def test_what_is_wrong_in_a_body_is_said(body: str, said: str) -> None:
    assert problem(page(body)).startswith(said)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("<mj-style>a > b {} /* < */</mj-style>", 'CSS in mj-style must not contain "<"'),
        ("<mj-style>@import url(x);</mj-style>", "fonts must not be fetched from elsewhere"),
        ('<mj-font name="x" href="https://fonts.example/x" />', "fonts must not be fetched from elsewhere"),
        ('<mj-style inline="inline">a{}</mj-style>', "inline of <mj-style> is ignored by the compiler"),
        ("<mj-html-attributes></mj-html-attributes>", "mj-html-attributes is not supported"),
        (
            '<mj-attributes><mj-class name="x"><mj-text /></mj-class></mj-attributes>',
            "<mj-class> in mj-attributes holds no",
        ),
        ('<mj-attributes><mj-section padding="0 24px" /></mj-attributes>', 'padding="0 24px": write each length'),
        ('<mj-attributes><mj-all padding="0 2px" /></mj-attributes>', 'padding="0 2px": write each length'),
        ('<mj-raw><link rel="stylesheet" href="x" /></mj-raw>', "<link> does not belong in an email"),
    ],
)
def test_what_is_wrong_in_a_head_is_said(head: str, said: str) -> None:
    assert problem(page(head=head)).startswith(said)


def test_a_wrappers_gap_is_refused_for_the_compiler_ignores_it() -> None:
    assert problem('<mjml><mj-body><mj-wrapper gap="20px"></mj-wrapper></mj-body></mjml>').startswith(
        "gap of <mj-wrapper>"
    )


def test_what_is_no_mjml_at_all_is_refused() -> None:
    assert problem("<html></html>") == "<html> stands outside <mjml>"


def test_a_tag_that_is_never_closed_is_named() -> None:
    assert problem("<mjml><mj-body>") == "<mj-body> is never closed"


def test_deep_nesting_is_refused_before_it_ends_the_process() -> None:
    assert (
        problem(page(f"<mj-text>{'<b>' * 20_000}{'</b>' * 20_000}</mj-text>")) == "tags are nested more than 100 deep"
    )


def test_a_problem_says_where_it_is() -> None:
    source = page("<mj-text>one</mj-text>\n<mj-foo />")
    found = lint.first_problem(source)

    assert found is not None
    assert source[found.at :].startswith("<mj-foo />")


@pytest.mark.parametrize(
    "body",
    [
        "<mj-text>Tom & Jerry, 2 > 1, “hi”></mj-text>",
        '<mj-text><a href="?a=1&b=2">x</a><br><img alt="" src="x"></mj-text>',
        "<mj-raw><!--[if mso]><table><tr><td>x</td></tr></table><![endif]--></mj-raw>",
        '<mj-image src="x" alt="" padding="0px 24px" css-class="a" mj-class="b" />',
        '<mj-table><tr><td colspan="2">x</td></tr></mj-table>',
        "<mj-raw><!--[if !mso]><!--><b>x</b><!--<![endif]--></mj-raw>",
        "<!-- a comment --><mj-divider />",
    ],
)
def test_what_is_right_passes(body: str) -> None:
    assert problem(page(body)) == ""
