"""What the linter refuses, which the compiler would garble, ignore or die of."""

import pytest

from newsletter.errors import BadTemplate
from newsletter.rendering import mjml
from newsletter.rendering.mjml import lint


def page(body: str = "", head: str = "") -> str:
    column = f"<mj-section><mj-column>{body}</mj-column></mj-section>"
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{column}</mj-body></mjml>"


def problem(source: str, **parts: str) -> str:
    """What is said of *source*, with its line; empty where nothing is wrong."""

    def read(path: str) -> str:
        return parts[path.removesuffix(".mjml")]

    try:
        mjml.to_html(source, locate=lambda at: ("body.mjml", source.count("\n", 0, at) + 1), read=read)
    except BadTemplate as error:
        assert error.line is not None
        return str(error).removeprefix("body.mjml:1: ")
    return ""


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
        ('<mj-raw position="file-start"></mj-raw>', "position of <mj-raw> is ignored"),
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
        ('<mj-attributes><mj-class name="x" colour="red" /></mj-attributes>', "no tag has the attribute 'colour'"),
        ('<mj-attributes><mj-class color="red" /></mj-attributes>', "<mj-class> needs a name"),
        ('<mj-attributes><mj-class name="x" color="reddish" /></mj-attributes>', 'color="reddish" fits no tag'),
        ('<mj-attributes><mj-all font-size="20" /></mj-attributes>', 'font-size="20" fits no tag'),
        ('<mj-attributes><mj-image border-top="1px solid" /></mj-attributes>', "border-top of <mj-image> is ignored"),
        ("<mj-preview>a <b>b</b></mj-preview>", "<mj-preview> holds words only: <b> can't stand in it"),
        ("<mj-title>a<br /></mj-title>", "<mj-title> holds words only: <br> can't stand in it"),
        ('<mj-style inline="inline">a { color: red; }</mj-style>', "inline of <mj-style> is ignored"),
        ('<mj-breakpoint width="320" />', 'width="320" of <mj-breakpoint>: write a length in px'),
        ('<mj-attributes><mj-section padding="0 24px" /></mj-attributes>', 'padding="0 24px": write each length'),
        ('<mj-attributes><mj-all padding="0 2px" /></mj-attributes>', 'padding="0 2px": write each length'),
        ('<mj-raw><link rel="stylesheet" href="x" /></mj-raw>', "<link> does not belong in an email"),
    ],
)
def test_what_is_wrong_in_a_head_is_said(head: str, said: str) -> None:
    assert problem(page(head=head)).startswith(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<mj-text font-size="20">x</mj-text>', 'font-size="20" of <mj-text>: write a length in px'),
        ('<mj-text font-size="1.5em">x</mj-text>', 'font-size="1.5em" of <mj-text>: write a length in px'),
        (
            '<mj-text line-height="1.5em">x</mj-text>',
            'line-height="1.5em" of <mj-text>: write a length in',
        ),
        ('<mj-text color="#12">x</mj-text>', 'color="#12" of <mj-text>: write a colour'),
        ('<mj-text color="White">x</mj-text>', 'color="White" of <mj-text>: write a colour'),
        ('<mj-text color="rgb(1,2)">x</mj-text>', 'color="rgb(1,2)" of <mj-text>: write a colour'),
        (
            '<mj-text align="centre">x</mj-text>',
            'align="centre" of <mj-text>: write left or right',
        ),
        ('<mj-text letter-spacing="2">x</mj-text>', 'letter-spacing="2" of <mj-text>: write a length in px or em'),
        ('<mj-text dir="rtl">x</mj-text>', "<mj-text> has no attribute 'dir'"),
        ('<mj-text lang="de">x</mj-text>', "<mj-text> has no attribute 'lang'"),
        ('<mj-image src="x" alt="" width="200" />', 'width="200" of <mj-image>: write a length in px'),
        ('<mj-image src="x" alt="" width="50%" />', 'width="50%" of <mj-image>: write a length in px'),
        (
            '<mj-image src="x" alt="" fluid-on-mobile="yes" />',
            'fluid-on-mobile="yes" of <mj-image>: write true or false',
        ),
        ('<mj-table font-style="italic"></mj-table>', "<mj-table> has no attribute 'font-style'"),
        ('<mj-table cellpadding="2px"></mj-table>', 'cellpadding="2px" of <mj-table>: write a whole number'),
        ('<mj-divider border-width="thin" />', 'border-width="thin" of <mj-divider>: write a length in px'),
        ('<mj-carousel><mj-carousel-image src="x" alt="" /></mj-carousel>', "mj-carousel does not work"),
        (
            "<mj-accordion><mj-accordion-element></mj-accordion-element></mj-accordion>",
            "<mj-accordion> needs",
        ),
        ("<mj-accordion><mj-raw>x</mj-raw></mj-accordion>", "<mj-raw> can't stand in <mj-accordion>"),
        ("<mj-social><mj-raw>x</mj-raw></mj-social>", "<mj-raw> can't stand in <mj-social>"),
        ("<mj-navbar><mj-raw>x</mj-raw></mj-navbar>", "<mj-raw> can't stand in <mj-navbar>"),
        ("words", "text can't stand in <mj-column>: put 'words' in mj-text"),
        ("<!--[if mso]><p>x</p><![endif]-->", "a conditional comment must stand in mj-text or mj-raw"),
        ("<mj-table><!--[if mso]><p>x</p><![endif]--></mj-table>", "a conditional comment must stand in mj-text"),
        ('<mj-include path="a.mjml" />', "a.mjml:2: <mj-section> can't stand in <mj-column>"),
    ],
)
def test_what_would_be_passed_on_or_ignored_in_silence_is_said(body: str, said: str) -> None:
    assert problem(page(body), a="\n<mj-section></mj-section>").startswith(said)


@pytest.mark.parametrize(
    "hero",
    ['mode="fluid-height"', 'padding="0px 20px"', 'padding="20px"', 'border-radius="3px"', 'inner-padding="2px"'],
)
def test_what_a_hero_can_not_do_is_said(hero: str) -> None:
    assert "mj-hero" in problem(f"<mjml><mj-body><mj-hero {hero}></mj-hero></mj-body></mjml>")


def test_a_value_that_a_class_gives_is_judged_where_it_is_used() -> None:
    head = '<mj-attributes><mj-class name="x" width="50%" alt="" /></mj-attributes>'

    assert problem(page('<mj-image src="x" mj-class="x" />', head)).startswith('width="50%" of <mj-image>')


def test_an_alt_may_come_from_a_class() -> None:
    head = '<mj-attributes><mj-class name="x" alt="" /></mj-attributes>'

    assert problem(page('<mj-image src="x" mj-class="x" />', head)) == ""


def test_icons_may_come_from_the_accordion_or_its_elements() -> None:
    icons = 'icon-wrapped-url="a" icon-unwrapped-url="b"'
    body = f"<mj-accordion><mj-accordion-element {icons}></mj-accordion-element></mj-accordion>"

    assert problem(page(body)) == ""


@pytest.mark.parametrize(
    "body",
    [
        '<mj-text color="rgba(1, 2, 3, 0.5)" line-height="1.5" letter-spacing="-0.5px">x</mj-text>',
        '<mj-social><mj-include path="a.mjml" /></mj-social>',
        '<mj-text>x</mj-text><mj-include path="b.mjml" />',
    ],
)
def test_includes_and_values_that_are_right_pass(body: str) -> None:
    element, nested = '<mj-social-element src="x">x</mj-social-element>', '<mj-include path="c.mjml" />'

    assert problem(page(body), a=element, b=nested, c="<mj-text>y</mj-text>") == ""


def test_a_wrappers_gap_is_refused_for_the_compiler_ignores_it() -> None:
    assert problem('<mjml><mj-body><mj-wrapper gap="20px"></mj-wrapper></mj-body></mjml>').startswith(
        "gap of <mj-wrapper>"
    )


def test_what_is_no_mjml_at_all_is_refused() -> None:
    assert [problem("<html></html>"), problem(""), problem("<!-- x -->")] == [
        "<html> stands outside <mjml>",
        "there is no <mjml> in it",
        "there is no <mjml> in it",
    ]


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
        "<!-- a comment --><mj-divider><!-- another --></mj-divider>",
        "<mj-button><!-- a comment -->x</mj-button><mj-text><!--[if mso]><p>x</p><![endif]--></mj-text>",
    ],
)
def test_what_is_right_passes(body: str) -> None:
    assert problem(page(body)) == ""
