"""The links of an edition exchanged for ones that pass by us, so that it can be counted who follows them.

What is approved leads straight to where it leads; the exchange is made when the mould is cast, always alike, so that
number 3 of an edition is the same link in every copy. A reader's own links (leaving, choosing), pages of ours and
addresses of mail are never touched.
"""

import html as entities
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urlsplit

from newsletter.config import Newsletter
from newsletter.editions import weblinks
from newsletter.rendering import links, slots
from newsletter.rendering.slots import Place

Mode = Literal["off", "anonymous", "individual"]

#: the number of the pixel, and of the link that nobody sees
PIXEL, DECOY = 0, 0xFFFF
#: the most characters that are kept of a link's words
_LONGEST_WORDS = 200
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:(\s*+=\s*+)("[^"]*+"|'[^']*+'|[^\s"'<>=`]++))?+|"[^"]*+"|'[^']*+'""")
_CONDITIONAL = re.compile(r"\[if [^\]]*+\]>")
_BLANK = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted of an edition, as it was approved."""

    mode: Mode = "off"
    #: a picture of one pixel, whose fetching says that the mail was opened
    pixel: bool = False
    #: a link that nobody sees, which only machines follow
    decoy: bool = False

    def __str__(self) -> str:
        """As it is kept with a proof: empty for off, "anonymous decoy"."""
        if self.mode == "off":
            return ""
        return " ".join([self.mode, *(word for word in ("pixel", "decoy") if getattr(self, word))])


def counting(newsletter: Newsletter) -> Counting:
    """What the settings of *newsletter* say."""
    return Counting(newsletter.tracking, newsletter.pixel, newsletter.decoy)


def parse(kept: str) -> Counting:
    """What was *kept* with a proof; of those made before anything was counted: off."""
    words = kept.split()
    for mode in ("anonymous", "individual"):
        if mode in words:
            return Counting(mode, "pixel" in words, "decoy" in words)
    return Counting()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link of an edition that is counted."""

    #: from 1, first those of the HTML part, then those of the text part
    number: int
    part: Literal["html", "text"]
    url: str
    #: what readers see of it; empty in the text part
    words: str


def find(html: str, text: str, public_url: str) -> list[Anchor]:
    """The links of an edition that are counted, in their order."""
    found = [("html", spot.url, spot.words) for spot in _spots(html, public_url)]
    found += [("text", spot.url, "") for spot in _spots_of_text(text, public_url, {url for _, url, _ in found})]
    return [Anchor(number, part, url, words) for number, (part, url, words) in enumerate(found, 1)]  # type: ignore[arg-type]


def annotate(html: str, public_url: str, beside: Callable[[int, str], str]) -> str:
    """*html* with what *beside* says, as HTML, behind each link that readers see, by its number and where it leads."""
    pieces, at = list[str](), 0
    for number, spot in enumerate(_spots(html, public_url), 1):
        if spot.closed > at:
            pieces += [html[at : spot.closed], beside(number, spot.url)]
            at = spot.closed
    return "".join([*pieces, html[at:]])


def exchange(html: str, text: str, given: Counting, *, public_url: str, tag: Callable[[int], str]) -> tuple[str, str]:
    """HTML and text with each link exchanged, and with pixel and decoy where *given* says so.

    *tag*: what stands for a link's number, signed for this edition; what stands for the reader is a slot.
    """
    if given.mode == "off":
        return html, text
    spots = _spots(html, public_url)
    spots_of_text = _spots_of_text(text, public_url, {spot.url for spot in spots})

    def address(number: int, place: Place) -> str:
        return links.click(public_url, slots.marker(place, "click"), tag(number))

    html = _replaced(html, spots, lambda index: f'"{address(index + 1, Place.HTML)}"')
    text = _replaced(text, spots_of_text, lambda index: address(len(spots) + index + 1, Place.TEXT))
    return _with_extras(html, given, public_url, tag), text


def _with_extras(html: str, given: Counting, public_url: str, tag: Callable[[int], str]) -> str:
    """*html* with pixel and decoy at its end, where nothing is shown any more."""
    reader = slots.marker(Place.HTML, "click")
    extras = ""
    if given.decoy:
        # no words, so that nothing is seen where styles are dropped; hidden from keyboards and screen readers
        where = links.click(public_url, reader, tag(DECOY))
        extras += f'<a href="{where}" style="display:none" aria-hidden="true" tabindex="-1" rel="nofollow"></a>'
    if given.pixel:
        where = links.pixel(public_url, reader, tag(PIXEL))
        extras += f'<img src="{where}" alt="" width="1" height="1" style="display:block;border:0" />'
    before, body, after = html.rpartition("</body>")
    return f"{before}{extras}{body}{after}" if body else html + extras


@dataclass(slots=True)
class _Spot:
    """Where an address stands that will be exchanged."""

    start: int
    end: int
    url: str
    said: list[str] = field(default_factory=list)
    label: str = ""
    #: where its closing tag ends; 0 of what is not closed, or is for Outlook alone
    closed: int = 0

    @property
    def words(self) -> str:
        return slots.one_line(self.label or "".join(self.said))[:_LONGEST_WORDS]

    @property
    def shows_an_address(self) -> bool:
        """Whether what readers see is an address itself: mail programs warn of one that leads elsewhere."""
        said = "".join(self.said).strip()
        host = said.partition("://")[2] or said
        return bool(said) and not _BLANK.search(said) and "." in re.split("[/?#:]", host, maxsplit=1)[0].strip(".")


def _replaced(text: str, spots: list[_Spot], new: Callable[[int], str]) -> str:
    pieces, at = list[str](), 0
    for index, spot in enumerate(spots):
        pieces += [text[at : spot.start], new(index)]
        at = spot.end
    return "".join([*pieces, text[at:]])


def _counts(url: str, public_url: str) -> bool:
    """Whether *url* is a page of somebody else, the same for all readers."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_page = parts.scheme in {"http", "https"} and bool(parts.hostname) and slots.one_line(url) == url
    return is_page and not slots.count(url) and not f"{url}/".startswith(f"{public_url}/")


def _spots(html: str, public_url: str) -> list[_Spot]:
    parser = _Anchors(html, public_url)
    parser.feed(html)
    parser.close()
    return sorted((spot for spot in parser.spots if not spot.shows_an_address), key=lambda spot: spot.start)


def addresses(html: str) -> list[str]:
    """Where the links of *html* lead."""
    parser = _Anchors(html, "")
    parser.feed(html)
    parser.close()
    return [spot.url for spot in parser.spots]


class _Anchors(HTMLParser):
    """Finds the addresses of links, also in what only Outlook reads."""

    def __init__(self, source: str, public_url: str, offset: int = 0) -> None:
        super().__init__(convert_charrefs=True)
        self.spots: list[_Spot] = []
        self._source, self._public_url, self._offset = source, public_url, offset
        self._lines = [0, *(found.end() for found in re.finditer("\n", source))]
        self._open: _Spot | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and self._open is not None:
            self._open.said.append(dict(attrs).get("alt") or "")
        raw = self.get_starttag_text() or ""
        spot = self._spot(raw, self._at(), tag)
        if spot is None:
            return
        self.spots.append(spot)
        if tag == "a":
            self._open, spot.label = spot, dict(attrs).get("aria-label") or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            if self._open is not None and not self._offset:
                self._open.closed = self._source.find(">", self._at()) + 1
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.said.append(data)

    def handle_comment(self, data: str) -> None:
        condition = _CONDITIONAL.match(data)
        if condition:
            inside = data[condition.end() :]
            inner = _Anchors(inside, self._public_url, self._at() + len("<!--") + condition.end() + self._offset)
            inner.feed(inside)
            inner.close()
            self.spots += inner.spots

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _spot(self, raw: str, start: int, tag: str) -> _Spot | None:
        """The address in the tag *raw*; of any tag that has one but the few that lead nowhere a reader goes."""
        if tag in {"link", "base"} or self._source[start : start + len(raw)] != raw:
            return None
        for found in _ATTRIBUTE.finditer(raw):
            if found[1] and found[1].lower() == "href" and found[3]:
                url = entities.unescape(found[3].strip("\"'")).strip()
                if _counts(url, self._public_url):
                    return _Spot(self._offset + start + found.start(3), self._offset + start + found.end(3), url)
                return None
        return None


def _spots_of_text(text: str, public_url: str, known: set[str]) -> list[_Spot]:
    """The addresses in the text part; one that is *known* from the HTML part is known to its last sign."""
    spots = (_Spot(start, end, text[start:end]) for start, end in _found_in(text, known))
    return [spot for spot in spots if _counts(spot.url, public_url)]


def _found_in(text: str, known: set[str]) -> Iterator[tuple[int, int]]:
    for start, end in weblinks.find(text):
        blank = _BLANK.search(text, start)
        whole = blank.start() if blank else len(text)
        yield start, whole if text[start:whole] in known else end
