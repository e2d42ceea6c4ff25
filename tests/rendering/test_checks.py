"""Each check with cases that it must notice, and their neighbours that it must leave alone."""

from datetime import date
from typing import Any

import pytest

from newsletter.config import Settings
from newsletter.editions import words
from newsletter.editions.models import Edition
from newsletter.rendering import preflight, sheet
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight import Finding, Level, leads
from tests.rendering import samples
from tests.rendering.samples import edition, story

AMBER, RED = Level.AMBER, Level.RED
#: mail that leaves this machine
_REAL: dict[str, Any] = {"sender": "smtp", "smtp": {"host": "mail.example.com"}}
_LONG = "The retailer said on Monday that it would open ten more stores and that the first of them is to be in London. "


def found(
    check: str,
    told: Edition | None = None,
    *,
    html: str | None = None,
    before: str = "",
    used: dict[str, date] | None = None,
    **changes: Any,
) -> list[Finding]:
    """What *check* says of an edition; *html* is put before its end, *before* before its beginning."""
    given, told = samples.settings(**changes), told or edition()
    page = sheet.lay_out(told, samples.friday(given), given)
    body = page.html.replace("</body>", f"{html or ''}</body>")
    body = body.replace('<div role="main">', f'<div role="main">{before}')
    return said(check, told, given, Proof(subject=page.subject, html=body.encode(), text=page.text.encode()), used)


def said(
    check: str, told: Edition, given: Settings, proof: Proof, used: dict[str, date] | None = None
) -> list[Finding]:
    every = preflight.check(proof, samples.friday(given), given, words=words.of(told), used=used)
    return [each for each in every if each.check == check and each.level is not Level.GREEN]


def levels(findings: list[Finding]) -> list[Level]:
    return [each.level for each in findings]


def test_the_shipped_template_passes_every_check() -> None:
    given = samples.settings()
    page = sheet.lay_out(edition(), samples.friday(given), given)
    proof = Proof(subject=page.subject, html=page.html.encode(), text=page.text.encode())
    every = preflight.check(proof, samples.friday(given), given, words=words.of(edition()))

    assert [each for each in every if each.level is not Level.GREEN] == []


# links


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/story",
        "http://news.localhost/story",
        "http://127.1.2.3/story",
        "http://[::1]/story",
        "http://10.0.0.7/story",
        "http://192.168.1.20/story",
        "http://169.254.3.4/story",
        "http://[fd00::7]/story",
        "http://intranet/story",
        "http://cms.corp/story",
        "http://printer.local/story",
        "http://news.test/story",
    ],
)
def test_a_link_that_no_reader_can_reach_stops_mail_that_goes_out(url: str) -> None:
    assert [(each.level, each.field) for each in found("links", edition(story(url=url)), **_REAL)] == [
        (RED, "stories-0-url")
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://staging.example.com/story",
        "https://www-staging.example.com/story",
        "https://stg2.example.com/story",
        "https://dev.example.com/story",
        "https://site.preview.example.com/story",
        "https://preprod.example.com/story",
        "https://deploy-preview-12--site.netlify.app/story",
        "https://shop-git-main-team.vercel.app/story",
        "https://ab12-34.ngrok-free.app/story",
        "https://www.example.com/?p=12&preview=true",
        "https://www.example.com:8443/story",
        "https://eva:secret@www.example.com/story",
    ],
)
def test_a_link_to_what_is_not_published_is_noticed(url: str) -> None:
    assert levels(found("links", edition(story(url=url)))) == [AMBER]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com/staging/story",
        "https://devices.example.com/story",
        "https://developer.example.com/story",
        "https://dev.to/story",
        "https://stagecoach.example.com/story",
        "https://www.example.com/?preview=false",
        "https://www.example.com:443/story",
        "https://8.8.8.8/story",
        "https://shop.netlify.app/story",
        "https://example.com./story",
        "mailto:eva@example.com",
    ],
)
def test_links_that_only_look_like_it_are_left_alone(url: str) -> None:
    assert found("links", html=f'<a href="{url}">x</a>') == []


def test_a_link_of_an_earlier_edition_is_noticed_however_it_is_written() -> None:
    used = {leads.same("http://retaildive.example/a/?utm_source=rss"): date(2021, 11, 19)}
    twice = edition(story(url="https://www.retaildive.example/a"))
    other = edition(story(url="https://www.retaildive.example/b"))

    assert (levels(found("links", twice, used=used)), found("links", other, used=used)) == ([AMBER], [])


def test_a_link_in_the_words_names_the_field_they_are_in() -> None:
    told = edition(story(), introduction="Read [this](http://10.0.0.7/a) first.")

    assert [each.field for each in found("links", told)] == ["introduction"]


def test_a_flood_of_findings_is_cut_off_and_counted() -> None:
    many = "".join(f'<a href="http://10.0.0.7/{number}">x</a>' for number in range(30))

    assert found("links", html=many)[-1].text == "There are 10 more findings like these."


# pictures


@pytest.mark.parametrize("alt", ["IMG_2034.JPG", "img 2034", "DSC00012", "photo", "Image", "walmart", "screenshot 3"])
def test_alternative_text_that_says_nothing_is_noticed(alt: str) -> None:
    assert [(each.level, each.field) for each in found("images", edition(story(image_alt=alt)))] == [
        (AMBER, "stories-0-image_alt")
    ]


@pytest.mark.parametrize("alt", ["", "A photo of the first store", "Image rights on trial", "Walmart's stage"])
def test_alternative_text_that_says_something_is_left_alone(alt: str) -> None:
    assert found("images", edition(story(image_alt=alt))) == []


@pytest.mark.parametrize("url", ["http://localhost/a.png", "http://10.1.1.1/a.png", "https://cms.internal/a.png"])
def test_a_picture_that_no_reader_sees_stops_mail_that_goes_out(url: str) -> None:
    assert [(each.level, each.field) for each in found("images", edition(story(image_url=url)), **_REAL)] == [
        (RED, "stories-0-image_url")
    ]


def test_a_picture_inside_the_mail_is_noticed() -> None:
    assert levels(found("images", html='<img alt="A dot" src="data:image/png;base64,AA==">')) == [AMBER]


# what was left


@pytest.mark.parametrize(
    ("left", "level"),
    [
        ("{{ name }}", RED),
        ("*|FNAME|*", RED),
        ("%%first_name%%", AMBER),
        ("%recipient.name%", AMBER),
        ("[[firstname]]", AMBER),
        ("${user.name}", AMBER),
        ("{FIRST_NAME}", AMBER),
        ("[FIRST NAME]", AMBER),
        ("Lorem ipsum dolor", AMBER),
        ("TK", AMBER),
        ("TODO check the figures", AMBER),
        ("[insert link here]", AMBER),
        ("undefined", AMBER),
    ],
)
def test_what_was_not_filled_in_is_noticed_with_its_field(left: str, level: Level) -> None:
    told = edition(story(), introduction=f"The week, {left} and all.")

    assert {(each.level, each.field) for each in found("slots", told)} == {(level, "introduction")}


@pytest.mark.parametrize(
    "said",
    [
        "{names}",
        "[link](https://example.com/a)",
        "a [headline of 1996](https://example.com/a)",
        "100% of 20% off",
        "[sic]",
        "TKMaxx and TK-2",
        "the “undefined” value",
        "$5 {about €4}",
        "[2]",
        "# 4",
    ],
)
def test_words_that_only_look_unfilled_are_left_alone(said: str) -> None:
    assert found("slots", edition(story(), introduction=f"The week: {said}.")) == []


# the inbox


def test_a_preheader_that_repeats_the_subject_is_noticed() -> None:
    told = edition(subject="Walmart goes live", preheader="walmart goes  live")

    assert [(each.level, each.field) for each in found("preheader", told)] == [(AMBER, "preheader")]


def test_a_preheader_that_no_inbox_shows_whole_is_noticed() -> None:
    assert levels(found("preheader", edition(preheader="word " * 50))) == [AMBER]


def test_what_leaks_in_behind_a_short_preheader_is_named() -> None:
    bare = "<html lang='en'><body><div style='display:none'>And more</div><p>View in browser</p></body></html>"
    proof = Proof(subject="News", html=bare.encode(), text=b"x")

    assert [each.text for each in said("preheader", edition(), samples.settings(), proof)] == [
        "Behind the preheader inboxes go on with “View in browser…”: make it longer, or let the template fill the room."
    ]


@pytest.mark.parametrize(
    "style", ["display:none", "max-height:0;overflow:hidden", "font-size:0", "opacity:0", "visibility:hidden"]
)
def test_a_preheader_may_be_hidden_in_any_way_if_it_fills_the_room(style: str) -> None:
    filled = "And more" + "&#847;&zwnj;&nbsp;" * 50
    bare = f"<html lang='en'><body><div style='{style}'>{filled}</div><p>View in browser</p></body></html>"
    proof = Proof(subject="News", html=bare.encode(), text=b"x")

    assert said("preheader", edition(), samples.settings(), proof) == []


def test_a_preheader_that_is_seen_in_the_mail_is_noticed() -> None:
    bare = "<html lang='en'><body><div>And more</div><p>View in browser</p></body></html>"
    proof = Proof(subject="News", html=bare.encode(), text=b"x")

    assert levels(said("preheader", edition(), samples.settings(), proof)) == [AMBER]


def test_words_that_stand_before_the_preheader_are_noticed() -> None:
    assert levels(found("preheader", before="<p>Trouble reading this?</p>")) == [AMBER]


# reading aloud


@pytest.mark.parametrize("tail", ["<h4>Too deep</h4>", "<h2> </h2>", '<div role="heading" aria-level="5">Deep</div>'])
def test_headings_out_of_order_are_noticed(tail: str) -> None:
    assert levels(found("headings", html=tail)) == [AMBER]


@pytest.mark.parametrize("tail", ["<h3>One deeper</h3>", "<h1>Another</h1>", '<h2><img src="a" alt="Named"></h2>'])
def test_headings_in_order_are_left_alone(tail: str) -> None:
    assert found("headings", html=tail) == []


def test_a_mail_without_headings_is_noticed() -> None:
    proof = Proof(subject="News", html=b"<html lang='en'><body><p>Words</p></body></html>", text=b"x")

    assert levels(said("headings", edition(), samples.settings(), proof)) == [AMBER]


@pytest.mark.parametrize(("tag", "count"), [("en", 0), ("en-GB", 0), ("EN", 0), ("de", 1), ("", 1)])
def test_the_language_that_is_declared_must_be_the_newsletters(tag: str, count: int) -> None:
    proof = Proof(subject="News", html=f"<html lang='{tag}'><body><h1>x</h1></body></html>".encode(), text=b"x")

    assert len(said("language", edition(), samples.settings(), proof)) == count


def test_words_in_another_language_than_the_newsletters_are_noticed() -> None:
    german = (
        "Der Händler sagte am Montag, dass er in diesem Jahr noch zehn weitere Läden eröffnen will, und die Kunden "
    )
    told, english = edition(story(summary=german * 5)), edition(story(summary=_LONG * 5))

    assert (levels(found("language", told)), found("language", english)) == ([AMBER], [])


# contrast


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#999;background:#fff">Pale words</p>',
        '<div style="background-color:#fff"><p style="color:rgb(170, 170, 170)">Pale words</p></div>',
        '<table bgcolor="#777777"><tr><td style="color:#888">Grey on grey</td></tr></table>',
        '<p style="color:#000;background:#fff;opacity:.4">Faded words</p>',
        '<p style="color:rgba(0,0,0,.3);background:white">Thin words</p>',
        '<p style="color:#949494;background:#fff;font-size:23px">Not large enough</p>',
        '<style>.pale { color: #aaa !important; background: #fff }</style><p class="pale" style="color:#000">Pale</p>',
        '<font color="#cccccc"><b style="background:#fff">Pale words</b></font>',
        '<style>@media (prefers-color-scheme: dark) {.n {background: #222; color: #444}}</style><p class="n">Dark</p>',
    ],
)
def test_words_that_are_hard_to_read_are_noticed(html: str) -> None:
    assert AMBER in levels(found("contrast", html=html))


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#767676;background:#fff">Just enough</p>',
        '<p style="color:#949494;background:#fff;font-size:24px">Large words</p>',
        '<p style="color:#949494;background:#fff;font-size:14pt;font-weight:bold">Large and bold</p>',
        '<p style="color:#fff;background:url(a.png)">On a picture, which nobody can tell</p>',
        '<p style="color:#fff;background:linear-gradient(#000,#333)">On a gradient</p>',
        '<p style="color:#fff;display:none">Hidden words</p>',
        '<p style="color:#ccc;background:#fff"> &middot; </p>',
        '<style>.pale:hover { color: #eee }</style><p class="pale" style="color:#000;background:#fff">Dark</p>',
    ],
)
def test_words_that_can_be_read_are_left_alone(html: str) -> None:
    assert found("contrast", html=html) == []


# mail programs


@pytest.mark.parametrize(
    ("html", "names"),
    [
        ('<div style="display:flex">x</div>', "display:flex"),
        ('<div style="display: grid">x</div>', "display:grid"),
        ('<div style="position:absolute;top:0">x</div>', "position"),
        ('<div style="width:calc(100% - 20px)">x</div>', "calc()"),
        ('<div style="background:linear-gradient(red, blue)">x</div>', "linear-gradient()"),
        ('<video src="https://e.example/a.mp4"></video>', "<video>"),
        ("<form><input name=a></form>", "<form>"),
        ("<svg><title>x</title></svg>", "svg"),
        ('<img alt="A stage" src="https://img.example/a.webp">', "WebP"),
        ('<img alt="A stage" src="https://img.example/a.svg?v=2">', "SVG"),
        ("<style>.a { display: flex }</style>", "display:flex"),
    ],
)
def test_what_a_large_program_does_not_show_is_named(html: str, names: str) -> None:
    told = " ".join(each.text for each in found("mail programs", html=html))

    assert names.lower() in told.lower(), told


@pytest.mark.parametrize(
    "html",
    [
        '<div style="border-radius:4px;box-shadow:0 0 2px #000">x</div>',
        "<style>@media (min-width: 600px) { .a { display: flex } }</style>",
        "<style>.a:hover { position: absolute }</style>",
        '<img alt="A stage" src="https://img.example/a.JPG">',
        "<!--[if mso]><div style='display:flex'></div><![endif]-->",
    ],
)
def test_what_is_lost_without_harm_is_left_alone(html: str) -> None:
    assert found("mail programs", html=html) == []
