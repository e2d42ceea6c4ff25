"""Pictures that editors bring: judged by their content, made anew from their pixels, and kept for mails to link to.

They live in the database, so that every process serves them, whoever took them in, and a backup holds them.
Nothing of a file is kept but what is seen: no place where it was taken, no thumbnail, no text behind its end.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, EditionStory, Picture
from newsletter.errors import BadInput
from newsletter.stories.models import Article, RankedStory
from subscribers.rows import upsert

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 8 * 1024 * 1024
#: phones take up to fifty million; more is a bomb, or for print
MOST_PIXELS = 50_000_000
#: twice the width of a mail, for fine screens
WIDEST, HIGHEST = 1200, 2400
#: a picture's address → its width and height, as far as they are known
Sizes = Mapping[str, tuple[int | None, int | None]]
#: before our pictures' names
PREFIX = "/pictures/"

_READ = ("JPEG", "PNG", "GIF", "WEBP")
_KNOWN = "Pictures are JPEG, PNG, GIF or WebP"
_NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|png)")
_QUALITY = 85
#: pixels take memory, a megabyte for each quarter of a million; one at a time
_turn = Lock()


@dataclass(frozen=True, slots=True)
class Made:
    """A picture as it is kept."""

    content: bytes
    #: "image/jpeg" or "image/png"
    kind: str
    #: in pixels
    width: int
    height: int


def remake(content: bytes) -> Made:
    """The picture that *content* is as a JPEG or PNG of its pixels alone, upright.

    Raises BadInput, which says why, where it is none that mails can show.
    """
    if not content:
        raise BadInput("That file is empty: choose a picture.")
    if len(content) > MOST_BYTES:
        raise BadInput(f"That file is too big: a picture may have {MOST_BYTES // 1024 // 1024} MB.")
    with _turn:
        seen = _upright(content)
        return Made(*_encoded(seen), *seen.size)


def keep(session: Session, made: Made, *, by: str, now: datetime) -> Picture:
    """Keep a picture that was made anew; the same one twice is kept once."""
    ending = "jpg" if made.kind == "image/jpeg" else "png"
    name = f"{hashlib.sha256(made.content).hexdigest()[:32]}.{ending}"
    row = {"name": name, "kind": made.kind, "width": made.width, "height": made.height, "content": made.content}
    session.execute(upsert(session, Picture).values(**row, by=by, at=now).on_conflict_do_nothing())
    return session.get_one(Picture, name)


def find(session: Session, name: str) -> Picture | None:
    """The picture of that *name*, if it is one of ours."""
    return session.get(Picture, name) if _NAME.fullmatch(name) else None


def address(public_url: str, picture: Picture) -> str:
    """Where mails link to it."""
    return f"{public_url.rstrip('/')}{PREFIX}{picture.name}"


def sizes(session: Session, urls: Collection[str]) -> Sizes:
    """Each of *urls* whose picture's size is known, and that."""
    names = {url.rpartition("/")[2]: url for url in urls if PREFIX in url}
    own = select(Picture.name, Picture.width, Picture.height).where(Picture.name.in_(names))
    seen = select(Article.image_url, Article.image_width, Article.image_height)
    seen = seen.where(Article.image_url.in_(urls), Article.image_width.is_not(None))
    found: dict[str, tuple[int | None, int | None]] = {}
    found = {url: (width, height) for url, width, height in session.execute(seen)} if urls else {}
    for name, width, height in session.execute(own) if names else ():
        found[names[name]] = (width, height)
    return found


def of_stories(session: Session, edition: Edition) -> dict[str, list[str]]:
    """The pictures that each story of *edition*, by its key, brought from its articles; the picker's own first."""
    ranked = _ranked(session, edition)
    wanted = {article for row in ranked.values() for article in row.article_ids}
    query = select(Article.id, Article.image_url).where(Article.id.in_(wanted), Article.image_url != "")
    pictured = {row.id: row.image_url for row in session.execute(query)} if wanted else {}
    found: dict[str, list[str]] = {}
    for key, row in ranked.items():
        urls = [row.image_url, *(pictured.get(number, "") for number in row.article_ids)]
        found[key] = list(dict.fromkeys(filter(None, urls)))
    return found


def _ranked(session: Session, edition: Edition) -> dict[str, RankedStory]:
    if edition.ranking_id is None:
        return {}
    urls = {story.url for story in edition.stories if story.url}
    whys = {story.why for story in edition.stories if story.why}
    query = select(RankedStory).where(RankedStory.ranking_id == edition.ranking_id)
    rows = session.scalars(query.where(RankedStory.url.in_(urls) | RankedStory.why.in_(whys))).all()
    return {
        story.key: row
        for story in edition.stories
        if (row := next((one for one in rows if _is_of(story, one)), None)) is not None
    }


def _is_of(story: EditionStory, row: RankedStory) -> bool:
    # an editor may have changed the link, and the reason stays
    return bool(story.url and story.url == row.url) or bool(story.why and story.why == row.why)


# pixels


def _upright(content: bytes) -> "Image":
    """The pixels of *content*, as they are meant to be seen, no larger than a mail needs."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=_READ) as picture:
                _refuse_huge(picture.size)
                picture.draft("RGB", (WIDEST, HIGHEST))  # a JPEG is decoded small at once
                picture.load()
                seen = ImageOps.exif_transpose(picture)
                seen.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
                return _in_plain_colours(seen)
        except BadInput:
            raise
        except Image.DecompressionBombError as error:
            raise BadInput(f"That picture is too large: it may have {MOST_PIXELS:,} pixels.") from error
        except UnidentifiedImageError as error:
            raise BadInput(f"{_what(content)} {_KNOWN}.") from error
        except Exception as error:
            raise BadInput("That picture is broken or cut off: save it anew, and try again.") from error


def _refuse_huge(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise BadInput(
            f"That picture is too large: it has {width:,} × {height:,} pixels, and may have {MOST_PIXELS:,} in all."
        )
    if min(size) < 1:
        raise BadInput("That picture is empty.")


def _in_plain_colours(picture: "Image") -> "Image":
    """*picture* in sRGB, which is what mail programs take colours for."""
    from PIL import Image, ImageCms

    profile = picture.info.get("icc_profile")
    has_alpha = "transparency" in picture.info or picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"}
    if picture.mode not in {"RGB", "RGBA", "CMYK"}:
        picture = picture.convert("RGBA" if has_alpha else "RGB")
        profile = None
    if profile and picture.mode != "RGBA":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            picture = found if found is not None else picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that nobody understands: the colours as they are
    plain = picture if picture.mode in {"RGB", "RGBA"} else picture.convert("RGB")
    if plain.mode == "RGBA" and plain.getchannel("A").getextrema() == (255, 255):
        plain = plain.convert("RGB")
    # the pixels alone: what rode along stays behind
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _encoded(picture: "Image") -> tuple[bytes, str]:
    """*picture* as the smaller of JPEG and PNG; as PNG where it can be seen through."""
    png, jpeg = io.BytesIO(), io.BytesIO()
    if picture.mode == "RGB":
        picture.save(jpeg, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
        if not _is_drawn(picture):
            return jpeg.getvalue(), "image/jpeg"
    picture.save(png, "PNG", optimize=True)
    if picture.mode == "RGB" and len(jpeg.getvalue()) < len(png.getvalue()):
        return jpeg.getvalue(), "image/jpeg"
    return png.getvalue(), "image/png"


def _is_drawn(picture: "Image") -> bool:
    """A chart or a logo, which a JPEG would blur: few colours."""
    return picture.getcolors(4096) is not None


#: how files begin that are often taken for pictures
_SIGNS: Sequence[tuple[bytes, str]] = (
    (b"%PDF", "That is a PDF, not a picture."),
    (b"PK\x03\x04", "That is a ZIP archive or an Office file, not a picture."),
    (b"\x00\x00\x00", "That is a film, or a picture of a kind that mail programs don't show (HEIC, AVIF)."),
    (b"BM", "That is a bitmap (BMP), which mail programs don't show."),
    (b"II*\x00", "That is a TIFF, which mail programs don't show."),
    (b"MM\x00*", "That is a TIFF, which mail programs don't show."),
)
_DRAWN = re.compile(rb"<(?:\?xml|svg|!doctype|html)", re.IGNORECASE)


def _what(content: bytes) -> str:
    if _DRAWN.match(content.lstrip()[:20]):
        kind = "an SVG" if b"<svg" in content[:4096].lower() else "a web page"
        return f"That is {kind}, which mail programs don't show."
    return next((said for sign, said in _SIGNS if content.startswith(sign)), "That is not a picture.")
