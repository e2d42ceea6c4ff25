"""What programs make of a mail on their own account: each look held against the program it stands for."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from playwright.sync_api import sync_playwright

from newsletter.rendering import sheet, slots
from newsletter.rendering.looks import inbox, inversion, letters, markup, pictures, schemes, sheets, thunderbird
from newsletter.rendering.looks.letters import Letter
from newsletter.rendering.looks.markup import Tag
from newsletter.rendering.looks.sheets import Colour
from tests.browsing import QUIET
from tests.rendering import samples, week
from tests.rendering.camera import chromium

needs_chromium = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")

#: letters and ground that a dark Thunderbird 153.8 showed of a cell with that style, on Debian 12, the 28th of
#: November 2026; None is its own: #eeeef0 on #18181b
_SEEN = {
    "background:#fff;color:#000": (None, None),
    "background-color:#222;color:#eee": ("#eee", "#222"),
    "background-color:#a3301e;color:#fff": ("#fff", "#a3301e"),
    "background:#fff url(x.png);color:#333": (None, None),
    "background:linear-gradient(red,blue);color:#fff": ("#fff", None),
    "color:#777": (None, None),
    "color:#ddd": ("#ddd", None),
    "background:transparent;color:#222": ("#222", "transparent"),
    "background-color:#888;color:#999": (None, None),
    "background-color:rgba(0,0,0,.1);color:#444": (None, "rgba(0,0,0,.1)"),
    "background:none;color:#00f": (None, "none"),
    "background-image:linear-gradient(red,blue);color:#111": (None, "linear-gradient(red,blue)"),
    "background:#333 linear-gradient(#333,#000);color:#fff": ("#fff", None),
    "background:#ffe4b5": (None, None),
    "background-color:#ffe4b5;color:#008000": (None, None),
    "color:inherit;background:white": (None, None),
    "background:hsl(200 80% 90%);color:navy": (None, None),
    "background:#000;color:#222": ("#222", "#000"),
    "background-color:#c8c8c8;color:#000": ("#000", "#c8c8c8"),
}


@pytest.mark.parametrize(("style", "seen"), _SEEN.items())
def test_a_dark_thunderbird_leaves_what_it_left(style: str, seen: tuple[str | None, str | None]) -> None:
    left = {each.name: each.value for each in thunderbird.sanitized(sheets.declared(style))}
    ground = left.get("background") or left.get("background-color") or left.get("background-image")
    assert (left.get("color"), ground) == seen


def test_thunderbird_drops_what_holds_only_sometimes() -> None:
    shown = thunderbird.dark(
        "<head><style>@media (min-width:1px){.m{color:#fff}} @supports (color:red){b{color:#fff}} p{color:#eee}</style>"
    )
    assert ("@media" in shown, "@supports" in shown, "p{color:#eee}" in shown) == (False, False, True)


def test_thunderbird_takes_the_colours_of_tables_and_fonts_away() -> None:
    shown = thunderbird.dark('<body bgcolor="#fff" text="#000"><td bgcolor=#ffff00><font color="red" size="2">x</font>')
    assert ("bgcolor" in shown, "text=" in shown, 'size="2"' in shown, "red" in shown) == (False, False, True, False)


@pytest.mark.parametrize(
    ("turn", "colour", "turned"),
    [
        (inversion.ground, "#ffffff", "#121212"),
        (inversion.ground, "#a3301e", "#a3301e"),
        (inversion.letters, "#000000", "#ffffff"),
        (inversion.letters, "#f1ece3", "#f1ece3"),
    ],
)
def test_forced_inversion_turns_light_grounds_and_dark_letters(
    turn: Callable[[Colour], Colour], colour: str, turned: str
) -> None:
    given = sheets.colour(colour)
    assert given is not None
    assert str(turn(given)) == turned


@needs_chromium
def test_forced_inversion_is_as_chromium_s_own_but_for_lines() -> None:
    html = _week()
    plain = markup.rewritten(
        html,
        # a mail that says it knows dark schemes is left alone there
        tag=lambda tag: "" if tag.name == "meta" and "color-scheme" in tag.get("name") else tag,
        sheet=lambda css: sheets.remade(
            css,
            lambda rule: [each for each in rule if each.name != "color-scheme"],
            holds=lambda condition: "prefers-color-scheme" not in condition,
        ),
    )
    forced = ("WebContentsForceDark", "forceDarkModeEnabled=true,forceDarkModeImagePolicy=1")
    arguments = (f"--enable-features={forced[0]}", f"--blink-settings={forced[1]}")
    theirs, untouched = _seen(plain, *arguments), _seen(plain)
    # rules and frames are some hundredths of the surface, and Chromium makes them darker
    assert _differing(_seen(inversion.inverted(html)), theirs) < 0.01
    assert _differing(untouched, theirs) > 0.9


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_as_in_a_program_with_that_theme(scheme: schemes.Scheme) -> None:
    html = _week()
    assert _differing(_seen(schemes.held(html, scheme)), _seen(html, scheme=scheme)) == 0


def test_without_pictures_nothing_is_fetched() -> None:
    shown = pictures.off(
        "<style>.a{background:#fff url(http://x.example/a.png)}</style><td background='http://x.example/b.png'>"
        "<p style=\"background:url('http://x.example/c.png') red\"><img src=http://x.example/d.png alt='A &lt;stage'>"
        "<img src='http://x.example/e.png' alt='' width=200 height=100>"
    )
    assert "x.example" not in shown
    assert ("A &lt;stage" in shown, "aspect-ratio:200/100" in shown) == (True, True)


def test_comments_for_outlook_stay_as_they_are() -> None:
    html = '<p style="color:#000">a</p><!--[if mso]><td style="color:#000"><![endif]--><p>b'
    assert '<!--[if mso]><td style="color:#000"><![endif]-->' in thunderbird.dark(html)


@pytest.mark.parametrize(
    "html", ["", "<", "<p", "<!--", "<style>", "<p style='", '<p style="color:#', "<p =>", "<a b=c d"]
)
def test_broken_html_stays_broken_html(html: str) -> None:
    assert html in thunderbird.dark(html)


def test_an_attribute_is_written_as_safely_as_it_was() -> None:
    tag = Tag("p", " style='x' title=\"a\"").saying("style", "font:'A\"B'")
    assert (str(tag), tag.get("style")) == ('<p style="font:&#x27;A&quot;B&#x27;" title="a">', "font:'A\"B'")


def test_a_letter_is_what_the_message_says() -> None:
    reader = samples.reader()
    mould = samples.mould("<p>Ä</p>", "Ö\n", "Größe, “quoted”, and a very long subject " * 3)
    letter = letters.opened(mould.message(reader))
    assert (letter.html.strip(), letter.text.strip(), letter.subject) == ("<p>Ä</p>", "Ö", mould.subject)
    assert (letter.sender, letter.address) == mould.sender


def test_the_first_words_in_the_list_are_the_first_words_of_the_mail() -> None:
    letter = Letter(
        "A", "a@example.com", "S", "<title>T</title><style>x</style><div>Hidden</div><p>Seen &amp; read", "t"
    )
    assert inbox.snippet(letter) == "Hidden Seen & read"


def test_colours_in_every_spelling_are_read() -> None:
    spelled = ["#f00", "#ff0000", "red", "rgb(255, 0, 0)", "rgb(100% 0% 0%)", "hsl(0 100% 50%)", "#ff0000ff"]
    assert {sheets.colour(each) for each in spelled} == {Colour(255, 0, 0, 1)}


@pytest.mark.parametrize("written", ["", "inherit", "currentcolor", "none", "12px", "rgb(1,2)", "var(--x)"])
def test_what_is_no_colour_is_none(written: str) -> None:
    assert sheets.colour(written) is None


def _week() -> str:
    """The week's edition as a page, without its pictures."""
    given = samples.settings()
    page = sheet.lay_out(week.five("https://img.example"), samples.friday(given), given)
    return markup.rewritten(slots.fill(page.html, samples.reader()), tag=lambda tag: "" if tag.name == "img" else tag)


def _seen(html: str, *arguments: str, scheme: schemes.Scheme = "light") -> bytes:
    """What a Chromium started with *arguments* shows, as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *arguments])
        page = browser.new_page(viewport={"width": 680, "height": 900}, color_scheme=scheme)
        page.set_content(html)
        shot = page.screenshot(full_page=True)
        browser.close()
    return shot


#: the share of pixels, from 0 to 1, of which a part differs by more than three hundredths
_DIFFERING = """async pictures => {
  const [one, other] = await Promise.all(pictures.map(async picture => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, image.width, image.height).data;
  }));
  if (one.length !== other.length) return 1;
  let found = 0;
  for (let at = 0; at < one.length; at += 4)
    if ([0, 1, 2].some(part => Math.abs(one[at + part] - other[at + part]) > 8)) found += 1;
  return 4 * found / one.length;
}"""


def _differing(one: bytes, other: bytes) -> float:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        share: float = browser.new_page().evaluate(_DIFFERING, [b64encode(each).decode() for each in (one, other)])
        browser.close()
    return share
