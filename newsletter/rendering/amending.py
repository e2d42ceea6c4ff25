"""What was wrong in an edition, told at the head of its page in the browser; what was sent stays as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from newsletter.rendering import languages

#: its own ground and ink, for those of the mail are not known
_BOX = (
    "box-sizing:border-box;max-width:600px;margin:0 auto 16px auto;padding:14px 24px;background:#fff4d6;color:#211f1c;"
    "border-left:4px solid #a3301e;font:16px/24px Georgia,'Times New Roman',serif;"
)
_MAIN = '<div role="main">'


@dataclass(frozen=True, slots=True)
class Note:
    """One correction, in the newsroom's words."""

    day: date
    #: paragraphs, parted by an empty line
    text: str


def noted(html: str, text: str, notes: Sequence[Note], *, language: str) -> tuple[str, str]:
    """HTML and text with *notes* before everything else, the oldest first."""
    words = languages.choose(language)
    heads = [words.text("Correction of %(date)s", date=words.date(note.day)) for note in notes]
    boxes = Markup("").join(_box(head, note) for head, note in zip(heads, notes, strict=True))
    lines = [f"{head}\n\n{note.text}" for head, note in zip(heads, notes, strict=True)]
    return _inside(html, str(boxes)), "\n\n".join([*lines, "-" * 72, text])


def named(subject: str, *, language: str) -> tuple[str, str]:
    """Title and subject of a mail that corrects the edition with that *subject*."""
    words = languages.choose(language)
    return words.text("Correction"), words.text("Correction: %(subject)s", subject=subject)


def _box(head: str, note: Note) -> Markup:
    paragraphs = Markup("").join(
        Markup('<p style="margin:6px 0 0 0;">{}</p>').format(paragraph) for paragraph in note.text.split("\n\n")
    )
    return Markup('<div role="note" dir="auto" style="{}"><strong>{}</strong>{}</div>').format(_BOX, head, paragraphs)


def _inside(html: str, boxes: str) -> str:
    """*html* with *boxes* where its main part begins."""
    before, main, after = html.partition(_MAIN)
    if main:
        return f"{before}{main}{boxes}{after}"
    head, body, rest = html.partition("<body")
    tag, end, inside = rest.partition(">")
    return f"{head}{body}{tag}{end}{boxes}{inside}" if body else boxes + html
