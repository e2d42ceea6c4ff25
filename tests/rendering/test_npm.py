"""Our HTML beside that of npm's MJML compiler, pinned: each tag with each attribute, and what mj-attributes gives."""

import pytest

from newsletter.errors import BadTemplate
from newsletter.rendering import mjml
from newsletter.rendering.mjml.vocabulary import IGNORED
from tests.rendering import peer
from tests.rendering.components import EACH, SOURCES, column, page, source

#: what is not equal, and why that is left as it is
DIFFERENT = {
    (
        "mj-body",
        "css-class",
    ): "npm 5 puts it on the body, which mail programs take away; npm 4 does as we do",
    ("mj-hero", "padding"): "refused where it has sides; up and down it is equal",
    ("mj-table", "width"): "mrml writes px behind the attribute's number, which programs read past",
    ("mj-table", "border"): "mrml adds border-collapse:separate, which shows only where cells have borders as well",
}


def ours(text: str) -> list[str]:
    return peer.structure(mjml.to_html(text, locate=lambda at: ("body.mjml", text.count("\n", 0, at) + 1)))


def given(attributes: str) -> str:
    return f"<mj-attributes>{attributes}</mj-attributes>"


_TWO = "<mj-column>{}</mj-column><mj-column>{}</mj-column>"
_IMAGE = '<mj-image src="https://x.example/a.png" alt="" />'
#: more than one thing at a time
TOGETHER = {
    "the last class wins": page(
        column('<mj-text mj-class="a b">x</mj-text>'),
        given(
            '<mj-class name="a" color="#111" font-size="20px" css-class="c" />'
            '<mj-class name="b" color="#222" css-class="d" />'
        ),
    ),
    "a class beside a tag's default": page(
        column('<mj-text mj-class="a">x</mj-text>'),
        given('<mj-text css-class="t" color="#333" /><mj-class name="a" css-class="c" />'),
    ),
    "a class gives to tags within": page(
        column(
            '<mj-social mj-class="a"><mj-social-element src="https://x.example/a.png">x</mj-social-element></mj-social>'
        ),
        given('<mj-class name="a"><mj-social-element color="#444" /></mj-class>'),
    ),
    "the body's defaults": page(column(_IMAGE), given('<mj-body background-color="#eee" width="500px" />')),
    "mj-all on the body": page(column(_IMAGE), given('<mj-all background-color="#eee" />')),
    "mj-all with borders": page(column(_IMAGE), given('<mj-all border="3px solid red" />')),
    "mj-all with alignment": page(column(f"{_IMAGE}<mj-divider />"), given('<mj-all align="right" />')),
    "mj-all below the tag around": page(
        column(
            '<mj-social color="#010101"><mj-social-element src="https://x.example/a.png">x</mj-social-element></mj-social>'
        ),
        given('<mj-all color="#999999" font-family="Georgia" />'),
    ),
    "defaults of an icon": page(
        column('<mj-social><mj-social-element src="https://x.example/a.png">x</mj-social-element></mj-social>'),
        given('<mj-social-element color="#444" padding="9px" />'),
    ),
    "defaults of a rule": page(column('<mj-divider width="50%" />'), given('<mj-divider align="left" />')),
    "a picture in a bordered column": page(
        f'<mj-section><mj-column border="5px solid red" padding="8px 4px 2px 16px">{_IMAGE}</mj-column></mj-section>'
    ),
    "a picture within two borders": page(
        f'<mj-section><mj-column inner-border="3px solid red" padding="8px">{_IMAGE}</mj-column></mj-section>'
    ),
    "pictures side by side": page(f"<mj-section>{_TWO.format(_IMAGE, _IMAGE)}</mj-section>"),
    "pictures in a group": page(f"<mj-section><mj-group>{_TWO.format(_IMAGE, _IMAGE)}</mj-group></mj-section>"),
    "a picture in a wrapper": page(
        f'<mj-wrapper padding="0px 20px" border="2px solid red">{column(_IMAGE)}</mj-wrapper>'
    ),
    "a picture in a hero": page(
        f'<mj-wrapper padding="0px 20px"><mj-hero height="300px">{_IMAGE}</mj-hero></mj-wrapper>'
    ),
    "a picture too wide": page(
        column('<mj-image src="https://x.example/a.png" alt="" width="900px" padding="0px" border="4px solid red" />')
    ),
    "a hero with padding": page('<mj-hero height="300px" padding="40px 0px"><mj-text>x</mj-text></mj-hero>'),
    "a hero without a ground": page('<mj-hero background-url="" height="200px"><mj-text>x</mj-text></mj-hero>'),
    "a button with a border": page(
        column('<mj-button href="https://x.example" width="150px" border="2px solid red">x</mj-button>')
    ),
    "a button with one border": page(
        column('<mj-button href="https://x.example" width="120px" border-left="3px solid red">x</mj-button>')
    ),
    "a button without a link": page(column('<mj-button href="">x</mj-button>')),
    "a section that is not full": page('<mj-section full-width="false"><mj-column></mj-column></mj-section>'),
    "words parted by line ends": page(
        column('<mj-text><a href="https://x.example">a</a>\n<a>b</a>\r\n  <i>c</i>\n</mj-text>')
    ),
    "words in cells": page(column("<mj-table>\n<tr>\n<td><b>a</b>\n<b>b</b></td>\n</tr>\n</mj-table>")),
    "words on a button": page(column('<mj-button href="https://x.example"><b>a</b>\n<i>b</i></mj-button>')),
    "words in mj-raw": page(column("<mj-raw><p><b>a</b>\n<i>b</i></p></mj-raw>")),
}


@pytest.fixture(scope="module")
def theirs() -> dict[object, list[str]]:
    """What npm's compiler makes of every source."""
    if peer.why_not():
        pytest.skip(peer.why_not())
    sources: dict[object, str] = {one: source(*one) for one in EACH}
    sources.update((tag, text.replace("@", "")) for tag, text in SOURCES.items())
    sources.update(TOGETHER.items())
    made = peer.compiled(list(sources.values()))
    return {one: peer.structure(html or "") for one, html in zip(sources, made, strict=True)}


@pytest.mark.parametrize("one", [one for one in EACH if one not in DIFFERENT], ids=" ".join)
def test_an_attribute_does_what_it_does_in_npms_compiler(one: tuple[str, str], theirs: dict[object, list[str]]) -> None:
    assert ours(source(*one)) == theirs[one]


@pytest.mark.parametrize("tag", SOURCES)
def test_a_tag_is_what_it_is_in_npms_compiler(tag: str, theirs: dict[object, list[str]]) -> None:
    assert ours(SOURCES[tag].replace("@", "")) == theirs[tag]


@pytest.mark.parametrize("name", TOGETHER)
def test_together_they_do_what_they_do_in_npms_compiler(name: str, theirs: dict[object, list[str]]) -> None:
    assert ours(TOGETHER[name]) == theirs[name]


@pytest.mark.parametrize("one", [one for one in DIFFERENT if one != ("mj-hero", "padding")], ids=" ".join)
def test_what_is_listed_as_different_is_different(one: tuple[str, str], theirs: dict[object, list[str]]) -> None:
    assert ours(source(*one)) != theirs[one]


@pytest.mark.parametrize("one", [one for one in IGNORED if one[0] in SOURCES], ids=" ".join)
def test_what_the_compiler_ignores_is_refused_with_its_line(one: tuple[str, str]) -> None:
    with pytest.raises(BadTemplate, match=rf"^body\.mjml:1: {one[1]} of <{one[0]}> is ignored by the compiler: "):
        ours(source(*one))
