"""The row of an edition in the list of an inbox: what stands there, and where three kinds of list cut it off."""

from html import escape
from html.parser import HTMLParser

from newsletter.rendering.looks.letters import Letter

#: characters that a list may take from the mail; none shows more
_MOST = 250
#: tags whose inside is never read as words
_SILENT = frozenset({"head", "style", "script", "title"})

#: about as wide as such lists are: on a phone, Gmail's in a window of 1,280 pixels, a column between folders and mail
SHEET = """
h2 { font: 600 13px/1.4 Arial, sans-serif; opacity: .8; margin: 22px 0 6px; }
h2:first-child { margin-top: 0; }
.scroll { overflow-x: auto; }
.row { border: 1px solid; border-radius: 4px; padding: 10px 14px; box-sizing: border-box; max-width: none; }
.row * { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.row b { display: block; }
.soft { opacity: .75; }
.phone { width: 360px; font: 15px/20px Roboto, Arial, sans-serif; }
.phone b { font-size: 16px; line-height: 22px; }
.phone div { display: block; }
.gmail { width: 1000px; display: flex; gap: 24px; font: 14px/20px Roboto, Arial, sans-serif; }
.gmail b.from { flex: 0 0 168px; }
.gmail div { flex: 1; min-width: 0; }
.gmail div b { display: inline; }
.outlook { width: 300px; font: 13px/19px "Segoe UI", Arial, sans-serif; }
.outlook b { font-size: 15px; line-height: 21px; }
.outlook div { display: block; }
"""


def snippet(letter: Letter) -> str:
    """What programs show behind the subject: the first words of the HTML, seen or not; of the text where there is none.

    What a preheader is followed by to keep the first words out is in it, for it takes part in the cutting.
    """
    if not letter.html:
        return " ".join(letter.text.split())[:_MOST]
    words = _Words()
    words.feed(letter.html)
    words.close()
    return " ".join("".join(words.found).split())[:_MOST]


def rows(letter: Letter) -> str:
    """The row at three widths, as HTML."""
    sender, subject, words = escape(letter.sender), escape(letter.subject), escape(snippet(letter))
    lines = f'<b>{sender}</b><div>{subject}</div><div class="soft">{words}</div>'
    return (
        f'<h2>On a phone</h2><div class="scroll" tabindex="0" role="group" aria-label="On a phone">'
        f'<div class="row phone">{lines}</div></div>'
        f'<h2>Gmail in a browser</h2><div class="scroll" tabindex="0" role="group" aria-label="Gmail in a browser">'
        f'<div class="row gmail"><b class="from">{sender}</b>'
        f'<div><b>{subject}</b> <span class="soft">- {words}</span></div></div></div>'
        f"<h2>A narrow column, as Outlook has it</h2>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="A narrow column">'
        f'<div class="row outlook">{lines}</div></div>'
    )


class _Words(HTMLParser):
    """Collects a page's words until there are enough of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._length = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent and self._length < 4 * _MOST:
            self.found.append(data)
            self._length += len(data)
