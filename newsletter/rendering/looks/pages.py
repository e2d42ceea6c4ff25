"""Looks that are no mail: the text part, the row in an inbox, and a sentence where there is nothing to see."""

from html import escape

from newsletter.rendering.looks import inbox
from newsletter.rendering.looks.letters import Letter

_SHEET = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 20px; background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
body { font: 15px/1.5 Arial, Helvetica, sans-serif; }
pre { margin: 0; white-space: pre-wrap; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
"""


def text(letter: Letter) -> str:
    """The text part, as a program shows it that shows nothing else."""
    return page("The text part", f"<pre>{escape(letter.text)}</pre>")


def row(letter: Letter) -> str:
    """The row in the list of an inbox, at three widths."""
    return page("Its row in an inbox", inbox.rows(letter), inbox.SHEET)


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
