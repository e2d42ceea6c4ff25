"""The picture that other sites show with a link to an edition: its title, its day, its first headlines."""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: as the large networks ask for
SIZE = (1200, 630)
_PAPER, _INK, _FAINT, _RED = "#ffffff", "#211f1c", "#655e54", "#a3301e"
_MARGIN = 80
#: for what the font that comes with Pillow has no letters for, where it is installed
_WIDER = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
_HEADLINES, _LINES = 5, 2

Font = ImageFont.FreeTypeFont


def draw(name: str, title: str, day: str, headlines: tuple[str, ...]) -> bytes:
    """A card as PNG, 1200 by 630."""
    card = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, SIZE[0], 14), fill=_RED)
    _write(pen, f"{name}  ·  {day}", top=64, size=30, fill=_FAINT, lines=1)
    top = _write(pen, title, top=116, size=64, fill=_INK, lines=_LINES) + 34
    for number, headline in enumerate(headlines[:_HEADLINES], 1):
        if top + 46 > SIZE[1] - 30:
            break
        pen.text((_MARGIN, top), str(number), font=_font(34, ""), fill=_RED)
        top = _write(pen, headline, top=top, size=34, fill=_INK, lines=1, left=_MARGIN + 52) + 18
    out = io.BytesIO()
    card.save(out, "PNG", optimize=True)
    return out.getvalue()


def _write(
    pen: ImageDraw.ImageDraw, text: str, *, top: int, size: int, fill: str, lines: int, left: int = _MARGIN
) -> int:
    """Write *text* in at most so many lines; how far down it came."""
    font = _font(size, text)
    height = round(size * 1.28)
    for line in _broken(text, font, SIZE[0] - left - _MARGIN, lines):
        pen.text((left, top), line, font=font, fill=fill)
        top += height
    return top


def _broken(text: str, font: Font, width: int, most: int) -> list[str]:
    """*text* in lines that are at most *width* pixels wide; what is left over ends in "…"."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        is_last = len(lines) == most - 1
        fits = _fits(rest, font, width)
        if fits < len(rest):
            cut = rest.rfind(" ", 0, fits + 1)
            fits = cut if cut > fits // 2 else fits
        line, rest = rest[:fits].rstrip(), rest[fits:].lstrip()
        if is_last and rest:
            while line and font.getlength(f"{line}…") > width:
                line = line[:-1]
            line = f"{line.rstrip()}…"
        lines.append(line)
    return lines


def _fits(text: str, font: Font, width: int) -> int:
    """How many of its first letters are at most *width* pixels wide; one at least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(text[:middle]) <= width else (low, middle - 1)
    return low


def _font(size: int, text: str) -> Font:
    """The first font that has every letter of *text*; the one with the most where none has."""
    fonts = [face for face in (_face(path) for path in ("", *_WIDER)) if face is not None]
    letters = set(text) - {" "}
    best = max(fonts, key=lambda face: sum(_has(face, letter) for letter in letters)) if letters else fonts[0]
    return best.font_variant(size=size)


@cache
def _face(path: str) -> Font | None:
    if not path:
        own = ImageFont.load_default(64)
        return own if isinstance(own, ImageFont.FreeTypeFont) else None
    return ImageFont.truetype(path, 64) if Path(path).is_file() else None


def _has(face: Font, letter: str) -> bool:
    return _shape(face, letter) != _shape(face, "\uffff")


def _shape(face: Font, letter: str) -> bytes:
    return bytes(face.getmask(letter))
