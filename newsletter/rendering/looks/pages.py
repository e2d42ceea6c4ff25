"""Looks that are no mail: the text part, the row in an inbox, and a sentence where there is nothing to see."""

from html import escape

from newsletter.editions.novelty import Field, Novelty, Told
from newsletter.rendering.looks import inbox
from newsletter.rendering.looks.letters import Letter

_SHEET = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 20px; background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
body { font: 15px/1.5 Arial, Helvetica, sans-serif; }
pre { margin: 0; white-space: pre-wrap; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
"""
_SINCE = """
h2 { font: 600 17px/1.3 Georgia, serif; margin: 26px 0 8px; }
h2:first-child { margin-top: 0; }
ol, ul { margin: 0; padding-left: 22px; }
li { margin: 6px 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 7px 14px 7px 0; border-top: 1px solid; font-weight: 400; }
thead th { border: 0; }
th { opacity: .75; white-space: nowrap; }
td { white-space: pre-line; width: 46%; }
.new, .told { font-size: 13px; font-weight: 600; }
.new { color: light-dark(#226138, #86d3a0); }
.told { color: light-dark(#7d5300, #efc06a); }
"""


def text(letter: Letter) -> str:
    """The text part, as a program shows it that shows nothing else."""
    return page("The text part", f"<pre>{escape(letter.text)}</pre>")


def row(letter: Letter) -> str:
    """The row in the list of an inbox, at three widths."""
    return page("Its row in an inbox", inbox.rows(letter), inbox.SHEET)


def since(novelty: Novelty) -> str:
    """What is new in an edition, and what its readers were told before."""
    if novelty.last is None:
        return page(
            "New since the last edition", "<p>No edition has gone out before this one, so all of it is new.</p>"
        )
    day = f"{novelty.last.day} {novelty.last:%B}"
    stories = "".join(f"<li>{escape(story.headline)} {_badge(story.told)}</li>" for story in novelty.stories)
    left = (
        "".join(f"<li>{escape(headline)}</li>" for headline in novelty.left)
        or "<li>Nothing: it tells all of it again.</li>"
    )
    rows = "".join(_field(field) for field in novelty.fields if field.now or field.last)
    body = (
        f"<h2>Its stories</h2><ol>{stories}</ol><h2>Told on {day}, and not again</h2><ul>{left}</ul>"
        f'<h2>Around them</h2><table><thead><tr><th scope="col"></th><th scope="col">Now</th>'
        f'<th scope="col">On {day}</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    return page("New since the last edition", body, _SINCE)


def _badge(told: Told | None) -> str:
    if told is None:
        return '<span class="new">new</span>'
    said = f"told on {told.date.day} {told.date:%B} as “{told.headline}”"
    return f'<span class="told">{escape(said)}</span>'


def _field(field: Field) -> str:
    now = '<strong class="told">as it was</strong>' if field.is_same else escape(field.now) or "–"
    return f'<tr><th scope="row">{field.name}</th><td>{now}</td><td>{escape(field.last) or "–"}</td></tr>'


def sentence(words: str) -> str:
    """One sentence instead of a look."""
    return page("Not shown", f"<p data-sorry>{escape(words)}</p>")


def page(title: str, body: str, sheet: str = "") -> str:
    """A page of ours that stands in a look's place."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_SHEET}{sheet}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
