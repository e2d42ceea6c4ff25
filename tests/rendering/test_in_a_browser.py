"""The Friday email as a real Chromium shows it."""

import re
from collections.abc import Iterator

import pytest

from newsletter.editions.models import Edition
from newsletter.rendering import sheet, slots
from tests.rendering import samples, week
from tests.rendering.camera import Camera, camera, chromium

pytestmark = pytest.mark.skipif(chromium() is None, reason="no chromium, chromium-browser or google-chrome on the PATH")

#: the colour that lies under a node
_UNDER = """const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const under = node => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };"""
#: the least contrast of any visible text with what lies under it (WCAG 2.2, 1.4.3)
_LEAST_CONTRAST = f"""() => {{ {_UNDER}
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = 21;
  while (walker.nextNode()) {{
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility({{opacityProperty: true}})) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(under(node))].sort((x, y) => y - x);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }}
  return least;
}}"""
#: the colours of rules and frames: the border at the top of whatever has one, but for the card's
_FRAMES = """() => [...document.querySelectorAll('body *')].map(node => getComputedStyle(node))
  .filter(style => parseFloat(style.borderTopWidth) > 0 && parseFloat(style.borderTopWidth) < 4)
  .map(style => style.borderTopColor)"""
_SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('a, p, h1, h2')]
  .filter(node => node.checkVisibility({opacityProperty: true}) && node.textContent.trim())
  .map(node => parseFloat(getComputedStyle(node).fontSize)))"""
_BACKGROUNDS = f"""() => {{ {_UNDER}
  return ['body', '.masthead', '.story', '.box p', 'body > div > div:last-child a'].map(
    name => under(document.querySelector(name)).slice(0, 3));
}}"""

PALETTES = pytest.mark.parametrize("scheme", ["light", "dark"])
PAGES = pytest.mark.parametrize("file", ["five.html", "awkward.html"])


@pytest.fixture(scope="module")
def lens() -> Iterator[Camera]:
    """A camera in front of the week's email and of one that tries the layout."""
    program = chromium()
    assert program
    with camera(program) as ready:
        ready.shelf.files = week.images() | {"tall.png": samples.picture(300, 900)}
        ready.shelf.files["five.html"] = filled(week.five(ready.shelf.address))
        ready.shelf.files["awkward.html"] = filled(week.awkward(ready.shelf.address))
        yield ready


def bare(html: str) -> str:
    """*html* without style sheets, colours and grounds, as a dark reader leaves it."""
    html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    html = re.sub(r'(?<![-\w])(?:background(?:-color)?|color)\s*:[^;"]*;?| bgcolor="[^"]*"', "", html)
    return html.replace("<head>", "<head><style>:root { color-scheme: dark }</style>")


def filled(edition: Edition) -> bytes:
    given = samples.settings()
    return slots.fill(sheet.lay_out(edition, samples.friday(given), given).html, samples.reader()).encode()


@PAGES
@pytest.mark.parametrize("width", [320, 375, 640])
def test_nothing_has_to_be_scrolled_sideways(lens: Camera, file: str, width: int) -> None:
    with lens.view(file, width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_every_picture_is_shown_and_described(lens: Camera) -> None:
    with lens.view("five.html", 375) as page:
        assert (
            page.evaluate("[...document.images].map(i => [i.naturalWidth > 0, i.alt.length > 0])") == [[True, True]] * 5
        )


@PALETTES
@PAGES
def test_every_word_stands_out_from_what_lies_under_it(lens: Camera, file: str, scheme: str) -> None:
    with lens.view(file, 375, scheme) as page:  # type: ignore[arg-type]
        assert page.evaluate(_LEAST_CONTRAST) >= 4.5


def test_dark_is_dark(lens: Camera) -> None:
    with lens.view("five.html", 375, "dark") as page:
        assert [max(colour) for colour in page.evaluate(_BACKGROUNDS) if max(colour) > 60] == []


def test_light_is_light(lens: Camera) -> None:
    with lens.view("five.html", 375, "light") as page:
        assert [min(colour) for colour in page.evaluate(_BACKGROUNDS) if min(colour) < 200] == []


def test_without_any_colour_of_ours_rules_and_the_sponsors_frame_are_seen(lens: Camera) -> None:
    # Thunderbird 153 in a dark theme drops conditional rules, and takes every colour and ground away
    lens.shelf.files["bare.html"] = bare(lens.shelf.files["five.html"].decode()).encode()
    with lens.view("bare.html", 640, "dark") as page:
        assert page.evaluate(_FRAMES) == ["rgb(255, 255, 255)"] * 9


def test_without_any_colour_of_ours_the_sponsor_is_named_in_letters_that_are_read(lens: Camera) -> None:
    lens.shelf.files["bare.html"] = bare(lens.shelf.files["five.html"].decode()).encode()
    with lens.view("bare.html", 640, "dark") as page:
        label = page.locator(".box strong").first
        assert (label.inner_text(), label.evaluate("node => parseFloat(getComputedStyle(node).fontSize) >= 15")) == (
            "Sponsor: Till & Co",
            True,
        )


def test_a_program_that_takes_every_condition_for_true_shows_the_light_edition(lens: Camera) -> None:
    # Claws Mail's litehtml: the later rule wins
    both = re.sub(rb"@media \(prefers-color-scheme: \w+\)", b"@media all", lens.shelf.files["five.html"])
    lens.shelf.files["both.html"] = both
    with lens.view("both.html", 640, "light") as page:
        assert [min(colour) for colour in page.evaluate(_BACKGROUNDS) if min(colour) < 200] == []


@pytest.mark.parametrize("width", [320, 640])
def test_no_text_is_smaller_than_13_pixels(lens: Camera, width: int) -> None:
    with lens.view("five.html", width) as page:
        assert page.evaluate(_SMALLEST_TEXT) >= 13


def test_a_story_from_right_to_left_stands_on_the_right(lens: Camera) -> None:
    with lens.view("awkward.html", 375) as page:
        assert (
            page.evaluate("getComputedStyle(document.querySelector('h2[dir=rtl]').parentElement).textAlign") == "right"
        )


def test_nobody_but_the_pictures_own_host_is_asked_for_anything(lens: Camera) -> None:
    lens.asked.clear()
    with lens.view("five.html", 640, "dark"), lens.view("awkward.html", 320):
        assert lens.asked == {"127.0.0.1"}
