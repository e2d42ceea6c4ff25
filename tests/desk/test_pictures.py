"""Pictures that editors bring: judged by what they are, made anew, and served for ever."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from newsletter.app import App
from newsletter.editions import pictures, shelf
from newsletter.editions import words as wording
from newsletter.errors import BadInput
from tests.desk.test_writing import Writer, _hidden, eva, key, said
from tests.staff.conftest import Browser

__all__ = ["eva"]


def a_picture(width: int = 60, height: int = 40, kind: str = "JPEG", mode: str = "RGB", **how: object) -> bytes:
    """Noise, so that it is no drawing."""
    picture = Image.effect_noise((width, height), 80).convert(mode)
    if mode == "RGBA":
        picture.putalpha(100)
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def bring(who: Writer, content: bytes, name: str = "picture.jpg", kind: str = "image/jpeg") -> dict[str, object]:
    answer = who.browser.client.post(
        f"{who.path}/picture",
        data=_hidden(who.browser),
        files={"file": (name, content, kind)},
        headers={"Origin": str(who.browser.client.base_url)},
    )
    found: dict[str, object] = answer.json()
    return found | {"status": answer.status_code}


# what it becomes


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (a_picture(), "image/jpeg"),
        (a_picture(kind="PNG"), "image/jpeg"),
        (a_picture(kind="WEBP"), "image/jpeg"),
        (a_picture(kind="GIF"), "image/png"),
        (a_picture(mode="CMYK"), "image/jpeg"),
        (a_picture(mode="L"), "image/png"),
        (a_picture(kind="PNG", mode="RGBA"), "image/png"),
        (a_picture(kind="PNG", mode="P"), "image/png"),
        (a_picture(kind="PNG", mode="1"), "image/png"),
        (a_picture(kind="PNG", mode="I;16"), "image/png"),
    ],
)
def test_each_kind_becomes_what_mail_programs_show(content: bytes, kind: str) -> None:
    made = pictures.remake(content)
    with Image.open(io.BytesIO(made.content)) as seen:
        assert (Image.MIME[seen.format or ""], seen.size, made.width, made.height) == (made.kind, (60, 40), 60, 40)
    assert made.kind in {kind, "image/jpeg"}


def test_a_large_one_becomes_as_wide_as_fine_screens_need() -> None:
    made = pictures.remake(a_picture(3000, 1000))
    assert (made.width, made.height) == (1200, 400)


def test_one_that_was_taken_upright_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = pictures.remake(a_picture(60, 40, exif=exif))
    assert (made.width, made.height) == (40, 60)


def test_nothing_rides_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret of the camera"
    text = PngInfo()
    text.add_text("comment", "secret of the program")
    found = [
        pictures.remake(a_picture(exif=exif, comment=b"secret comment") + b"secret behind the end <script>"),
        pictures.remake(a_picture(kind="PNG", pnginfo=text) + b"secret"),
    ]
    assert [b"secret" in made.content for made in found] == [False, False]


def test_a_drawing_stays_sharp() -> None:
    drawing = Image.new("RGB", (200, 100), "white")
    drawing.paste("red", (20, 20, 60, 60))
    file = io.BytesIO()
    drawing.save(file, "PNG")
    assert pictures.remake(file.getvalue()).kind == "image/png"


# what is refused


def _bomb(width: int, height: int) -> bytes:
    """A PNG of so many pixels in some hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "That file is empty"),
        (b"x" * (pictures.MOST_BYTES + 1), "may have 8 MB"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "That is an SVG"),
        (b'<?xml version="1.0"?><!-- --><svg/>', "That is an SVG"),
        (b"<!doctype html><script>alert(1)</script>", "That is a web page"),
        (b"%PDF-1.7", "That is a PDF"),
        (b"PK\x03\x04", "That is a ZIP"),
        (b"\x00\x00\x00\x20ftypheic", "HEIC"),
        (b"BM" + bytes(100), "bitmap"),
        (b"hello", "That is not a picture. Pictures are JPEG, PNG, GIF or WebP."),
        (b"GIF89a<script>alert(1)</script>", "That is not a picture"),
        (a_picture()[:300], "broken or cut off"),
        (a_picture(kind="PNG")[:300], "broken or cut off"),
        (_bomb(20_000, 20_000), "too large: it may have 50,000,000 pixels"),
        (_bomb(10_000, 6_000), "too large: it has 10,000 × 6,000 pixels"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says.replace(".", "[.]")):
        pictures.remake(content)


# at the desk


def test_a_picture_is_brought_chosen_and_served(app: App, eva: Writer, edition_id: int) -> None:
    found = bring(eva, a_picture(90, 60))
    first = key(app, edition_id, 0)
    eva.save(f"{first}-image_url", **{"stories-0-image_url": str(found["url"])})
    served = eva.browser.client.get(str(found["seen"]))
    with app.database.read() as session:
        story = shelf.get(session, edition_id).stories[0]
    assert str(found["url"]).startswith("https://news.example.com/pictures/")
    assert (story.image_url, story.image_width, story.image_height) == (found["url"], 90, 60)
    assert {name: served.headers[name] for name in ("content-type", "cache-control", "x-content-type-options")} == {
        "content-type": "image/jpeg",
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    assert ("sandbox" in served.headers["content-security-policy"], served.status_code) == (True, 200)


def test_a_picture_is_served_to_anybody_and_keeps_nobody_out_of_another_origin(
    eva: Writer, other_browser: Browser
) -> None:
    found = bring(eva, a_picture())
    served = other_browser.client.get(str(found["seen"]))
    assert (served.status_code, served.headers["cross-origin-resource-policy"]) == (200, "cross-origin")


def test_without_scripts_a_picture_comes_with_the_form(app: App, eva: Writer, edition_id: int) -> None:
    from tests.desk.test_writing import _form

    eva.browser.client.post(
        eva.path,
        data={**_hidden(eva.browser), **_form(said(app, edition_id)), "revision": "1", "do": "save"},
        files={"stories-1-upload": ("a.png", a_picture(kind="PNG"), "image/png")},
        headers={"Origin": str(eva.browser.client.base_url)},
    )
    assert "/pictures/" in said(app, edition_id).stories[1].image_url


def test_without_scripts_a_bad_picture_costs_no_words(app: App, eva: Writer, edition_id: int) -> None:
    from tests.desk.test_writing import _form

    answer = eva.browser.client.post(
        eva.path,
        data={**_hidden(eva.browser), **_form(said(app, edition_id), subject="Typed"), "revision": "1", "do": "save"},
        files={"stories-1-upload": ("a.png", b"<svg/>", "image/png")},
        headers={"Origin": str(eva.browser.client.base_url)},
    )
    assert (answer.status_code, "That is an SVG" in answer.text, ">\nTyped</textarea>" in answer.text) == (
        400,
        True,
        True,
    )


@pytest.mark.parametrize("say", [lambda picture: b"<svg/>", lambda picture: b"", lambda picture: picture[:200]])
def test_what_is_no_picture_is_said_to_the_page(eva: Writer, say: Callable[[bytes], bytes]) -> None:
    found = bring(eva, say(a_picture()))
    assert (found["status"], str(found["sorry"]).endswith(".")) == (400, True)


def test_a_name_is_not_what_a_picture_is_judged_by(eva: Writer) -> None:
    found = bring(eva, a_picture(kind="PNG", mode="RGBA"), "evil.html", "text/html")
    assert (found["status"], str(found["url"])[-4:]) == (200, ".png")


@pytest.mark.parametrize(
    "name", ["x", "0" * 32 + ".jpg", "../secret", "0" * 32 + ".svg", "%00", "0" * 4000, "а" * 32 + ".jpg"]
)
def test_a_picture_that_is_not_there(browser: Browser, name: str) -> None:
    assert browser.client.get(f"/pictures/{name}").status_code == 404


def test_the_pictures_of_a_story_are_those_of_its_articles(app: App) -> None:
    from tests.factories import a_source, an_article, an_edition

    with app.database.write() as session:
        edition = an_edition(session, "Walmart goes live")
        article = an_article(session, a_source(session), "Walmart goes live")
        article.image_url, article.image_width, article.image_height = "https://example.com/a.jpg", 600, 400
        ranked = _ranked(session, edition.stories[0].url, article.id)
        edition.ranking_id = ranked
        session.flush()
        found = pictures.of_stories(session, edition)
        words = wording.of(edition)
        wording.write(session, edition, _with(words, "https://example.com/a.jpg"))
        size = edition.stories[0].image_width, edition.stories[0].image_height
        assert (list(found.values()), size) == ([["https://example.com/a.jpg"]], (600, 400))


def _with(words: wording.Words, url: str) -> wording.Words:
    from newsletter.editions import fields

    return fields.saying(words, "stories-0-image_url", url)


def _ranked(session: object, url: str, article_id: int) -> int:
    from sqlalchemy.orm import Session

    from newsletter.stories.models import RankedStory, Ranking
    from tests.factories import FRIDAY, LONG_AGO

    assert isinstance(session, Session)
    ranking = Ranking(newsletter="friday", date=FRIDAY, at=LONG_AGO, weights_version="1", input_hash="", notes=[])
    session.add(ranking)
    session.flush()
    session.add(
        RankedStory(
            ranking_id=ranking.id,
            position=1,
            chosen=True,
            score=1,
            headline="Walmart goes live",
            url=url,
            article_ids=[article_id],
            voices=1,
            reprints=0,
            breakdown={},
            why="Because.",
        )
    )
    session.flush()
    return ranking.id
