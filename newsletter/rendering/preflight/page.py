"""What stands in a rendered HTML part, as far as the checks want to know."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Page:
    """Images as (address, alternative text or None), links as addresses, which of them say nothing, and the words."""

    images: list[tuple[str, str | None]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    #: links with nothing in them for who can't see pictures
    mute: list[str] = field(default_factory=list)
    words: str = ""


def read(html: str) -> Page:
    """What stands in *html*."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    parser.page.words = " ".join(" ".join(parser.text).split())
    return parser.page


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.text: list[str] = []
        self._silent = False
        #: the link that is open, and what it has said so far
        self._link: str | None = None
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._silent = tag in {"style", "script"}
        if tag == "img":
            self.page.images.append((values.get("src") or "", values.get("alt")))
            self._said += values.get("alt") or ""
        elif tag in {"a", "area"} and "href" in values:
            self.page.links.append(values["href"] or "")
            if tag == "a":
                self._link, self._said = values["href"] or "", values.get("aria-label") or ""

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag == "a" and self._link is not None:
            if not self._said.strip():
                self.page.mute.append(self._link)
            self._link = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)
            self._said += data
