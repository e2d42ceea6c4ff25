"""One entry of an XML feed: what each of its elements says, whatever the dialect.

Only an entry's own children speak for it: the link of its <source>, or one that stands inside another element, is not
its link.
"""

import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from newsletter.stories import links
from newsletter.stories.reading import people, pictures
from newsletter.stories.reading.dialects import attribute, is_feed, key
from newsletter.stories.reading.entries import Raw
from newsletter.stories.reading.pictures import Picture
from newsletter.stories.reading.plain import Form, Written

_OLD_ATOM = "http://purl.org/atom/ns#"
#: in order of trust: when it came out, when it was changed, when it was begun
_DATES = (
    *("pubdate", "atom:published", "published", "dcterms:issued", "atom:issued", "issued", "dcterms:available"),
    *("dc:date", "date", "atom:updated", "updated", "dcterms:modified", "atom:modified", "modified", "lastmodified"),
    *("dcterms:created", "atom:created", "created", "prism:publicationdate", "dcterms:date"),
)
_TITLES = ("title", "atom:title", "dc:title", "itunes:title", "media:title")
_CONTENTS = (
    "content:encoded",
    "atom:content",
    "content",
    "xhtml:body",
    "xhtml:div",
    "fullitem",
    "fulltext",
    "body",
    "encoded",
)
_SUMMARIES = (
    *("description", "atom:summary", "summary", "media:description", "itunes:summary", "dcterms:abstract"),
    *("dc:description", "excerpt:encoded", "itunes:subtitle", "abstract"),
)
_AUTHORS = {"author", "atom:author", "dc:creator", "dc:author", "creator"}
#: looked at of one entry
_MOST_LINKS, _MOST_PICTURES, _MOST_INSIDE = 20, 50, 5_000
_IMAGES = (
    *(
        "image",
        "itunes:image",
        "thumbnail",
        "thumb",
        "post-thumbnail",
        "featured_image",
        "featuredimage",
        "img",
        "media",
    ),
    *("imageurl", "image_url", "imgurl", "picture", "photo", "cover", "coverimage", "mainimage"),
)
#: what programs write where there is no address
_NOWHERE = {"null", "none", "undefined", "nil", "n/a", "#", "-", "about:blank"}
_ANCHOR = re.compile(r"<a\s[^<>]{0,2000}?href\s*=\s*[\"']([^\"'<>]+)", re.IGNORECASE)
_HTML = {"html", "xhtml", "text/html", "application/xhtml+xml", "application/xml", "text/xml"}


class Channel:
    """What a feed says of itself, for entries that don't say it of themselves."""

    def __init__(self, root: Any, url: str) -> None:
        """*root* holds the feed that was found at *url*."""
        self.url = url
        found = [one for one in root.iter("*") if is_feed(one) and key(one.tag) not in {"rss", "rdf:rdf"}]
        self.own = Item(found[0]) if found else Item(root)

    @cached_property
    def language(self) -> str:
        return self.own.first("language", "dc:language") or next(
            (lang for one in (self.own.element, *self.own.element.iterancestors()) if (lang := _language(one))), ""
        )

    @cached_property
    def base(self) -> str:
        """What relative addresses are seen from: a site's own, where the feed came by way of another host."""
        site = next((link for one in self.own.links() if (link := links.web(one[1], self.url))), "")
        is_rss = "feed" not in key(self.own.element.tag)
        return site if site and (is_rss or urlsplit(site).netloc != urlsplit(self.url).netloc) else self.url

    @cached_property
    def author(self) -> str:
        own = self.own
        return people.names(own.authors()) or people.names(own.texts("managingeditor", "itunes:author"))


class Item:
    """One entry, or the head of a feed."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.children: defaultdict[str, list[Any]] = defaultdict(list)
        for child in element:
            if isinstance(child.tag, str):
                self.children[key(child.tag)].append(child)

    @property
    def is_atom(self) -> bool:
        return key(self.element.tag).rpartition(":")[2] in {"entry", "feed"}

    def all(self, *names: str) -> Iterator[Any]:
        for name in names:
            yield from self.children.get(name, ())

    def texts(self, *names: str) -> Iterator[str]:
        return (text for one in self.all(*names) if (text := _text(one)))

    def first(self, *names: str) -> str:
        return next(self.texts(*names), "")

    def dates(self) -> Iterator[str]:
        """Its dates as they were written, the one of publication first."""
        yield from self.texts(*_DATES)
        if modified := attribute(self.element, "lastmod"):
            yield modified

    def links(self) -> Iterator[tuple[Any, str]]:
        """The addresses it may be found at and the elements that name them, the likeliest first.

        An RSS item's own <link> is meant, and of several alternates the first.
        """
        yield from ((one, text) for one in self.all("feedburner:origlink", "pheedo:origlink") if (text := _text(one)))
        named = [(one, attribute(one, "href"), _relation(one)) for one in self._links()]
        yield from ((one, _written_address(one)) for one, href, rel in named if not href and rel == "alternate")
        other = [(one, href) for one, href, rel in named if href and rel == "alternate"]
        yield from sorted(other, key=lambda link: not _is_page(link[0]))
        second = [(one, href) for one, href, rel in named if href and rel in {"self", "via", "canonical"}]
        # the guid of RSS is an address unless it says otherwise, the id of Atom is none even where it looks like one
        yield from (*second, *self._permalinks()) if self.is_atom else (*self._permalinks(), *second)
        yield from ((one, href) for one, href, rel in named if href and rel == "related")
        yield from ((one, attribute(one, "src")) for one in self.all("atom:content", "content") if _is_page(one))

    def _links(self) -> Iterator[Any]:
        return (one for one in self.element if isinstance(one.tag, str) and key(one.tag) in {"link", "atom:link"})

    def _permalinks(self) -> Iterator[tuple[Any, str]]:
        for one in self.all("guid", "id", "atom:id"):
            is_address = _text(one).lower().startswith(("http://", "https://", "www."))
            if is_address or (_text(one) and attribute(one, "ispermalink").lower() == "true"):
                yield one, _text(one)
        for name in ("href", "about"):
            if said := attribute(self.element, name):
                yield self.element, said

    def identity(self) -> str:
        """The feed's own id for it, or ""."""
        return self.first("guid", "id", "atom:id") or attribute(self.element, "about") or self.first("dc:identifier")

    def written(self, *names: str) -> Written:
        """The first of the elements *names* that says anything."""
        return next((said for one in self.all(*names) if (said := self._written(one))), Written())

    def longest(self, *names: str) -> tuple[Written, Any]:
        """The longest text of the elements *names*, and its element."""
        found = [(said, one) for one in self.all(*names) if (said := self._written(one))]
        return max(found, key=lambda pair: len(pair[0].value), default=(Written(), None))

    def _written(self, element: Any) -> Written:
        if len(element):
            return Written(_inner(element), Form.HTML)
        prefix = key(element.tag).rpartition(":")[0]
        is_atom = prefix == "atom" or (self.is_atom and prefix == "")
        return _of_atom(element) if is_atom else Written(element.text or "", Form.EITHER)

    def authors(self) -> Iterator[str]:
        """Everybody who is named as its author, in the feed's order."""
        for one in self.element:
            if isinstance(one.tag, str) and key(one.tag) in _AUTHORS:
                parts = Item(one)
                yield parts.first("name", "atom:name") or parts.first("email", "atom:email") or _text(one)

    def pictures(self) -> Iterator[list[Picture]]:
        """The pictures that it names, in groups; those in its text are not among them."""
        yield [_media(one) for one in self._media("content")]
        yield [_media(one) for one in self._media("thumbnail")]
        enclosures = [one for one in self._links() if attribute(one, "rel").lower() in {"enclosure", "image_src"}]
        yield from ([_enclosed(one)] for one in (*self.all("enclosure", "atom:enclosure"), *enclosures))
        yield from ([Picture(said, base=_base(one))] for one in self.all(*_IMAGES) if (said := _image(one)))

    def _media(self, name: str) -> Iterator[Any]:
        found = (one for one in islice(self.element.iter("*"), _MOST_INSIDE) if key(one.tag) == f"media:{name}")
        return islice(found, _MOST_PICTURES)


def raw(item: Item, channel: Channel, published: datetime | None) -> Raw:
    """*item* as it was written, seen from its feed."""
    content, at = item.longest(*_CONTENTS)
    summary, said_at = item.longest(*_SUMMARIES[:3])
    summary = summary or _from_group(item, *_SUMMARIES[3:])
    named = islice(item.links(), _MOST_LINKS)
    addresses = [found for one, text in named if (found := _seen(text, one, channel))]
    texts = ((content, at), (summary, said_at))
    in_text = (pictures.in_markup(said.value, _inner_base(one)) for said, one in texts if said.form is not Form.TEXT)
    return Raw(
        id=item.identity(),
        links=addresses,
        title=_headline(item.written(*_TITLES[:4]) or _from_group(item, *_TITLES[4:])),
        summary=summary if summary.value != content.value else Written(),
        content=content,
        pictures=[*item.pictures(), *(group for each in in_text for group in each)],
        author=people.names(item.authors()) or people.names(item.texts("itunes:author")) or channel.author,
        language=item.first("dc:language", "language") or _language(item.element) or channel.language,
        published=published,
    )


def _of_atom(element: Any) -> Written:
    """A text whose `type` says how it was written (RFC 4287 sections 3.1 and 4.1.3)."""
    text, kind = element.text or "", attribute(element, "type").lower()
    if attribute(element, "src") or kind.startswith(("image", "audio", "video")):
        return Written()
    if attribute(element, "mode") == "base64" or (kind.startswith("application/") and kind not in _HTML):
        unpacked = _unpacked(text)
        return Written(unpacked, Form.HTML) if unpacked else Written(text, Form.TEXT)
    if kind in _HTML:
        return Written(text, Form.HTML)
    # before version 1.0 hardly anybody wrote a type
    return Written(text, Form.EITHER if _OLD_ATOM in str(element.tag) else Form.TEXT)


def _unpacked(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode("utf-8")
    except ValueError:
        return ""


def _headline(written: Written) -> Written:
    return replace(written, form=Form.HEADLINE) if written.form is Form.EITHER else written


def _from_group(item: Item, *names: str) -> Written:
    """What *item* or its <media:group> says under *names*."""
    groups = (Item(group).written(*names) for group in item.all("media:group"))
    return item.written(*names) or next((said for said in groups if said), Written())


def _seen(address: str, element: Any, channel: Channel) -> str:
    base = _base(element)
    return links.web(links.mended(address), urljoin(channel.url, base) if base else channel.base)


def _base(element: Any) -> str:
    """The xml:base that holds for *element*, or ""."""
    try:
        return (element.base or "") if element is not None else ""
    except ValueError:
        return ""


def _inner_base(element: Any) -> str:
    """The xml:base that holds inside *element*, where one element of XHTML holds all of it."""
    return _base(element[0] if element is not None and len(element) == 1 else element)


def _language(element: Any) -> str:
    return str(element.get("{http://www.w3.org/XML/1998/namespace}lang") or "")


def _text(element: Any) -> str:
    """What stands in *element*, and in nothing inside it but what stands there by mistake."""
    return (element.text or "").strip() or ("".join(element.itertext()).strip() if len(element) == 1 else "")


def _inner(element: Any) -> str:
    """The markup inside *element*, as HTML."""
    own = deepcopy(element)
    for one in own.iter(etree.Element):
        one.tag = one.tag.rpartition("}")[2].rpartition(":")[2]
    own.tag, own.tail = "div", None
    own.attrib.clear()
    etree.cleanup_namespaces(own)
    return str(etree.tostring(own, method="html", encoding="unicode"))


def _relation(link: Any) -> str:
    """What *link* is to its entry; a name of the registry may be written as an address (RFC 4287 section 4.2.7.2)."""
    return attribute(link, "rel").lower().rpartition("/relation/")[2] or "alternate"


def _written_address(link: Any) -> str:
    """The address that stands in *link*, in a link of HTML where somebody wrote one."""
    text = _text(link)
    anchor = next((href for one in link.iter("*") if one is not link and (href := attribute(one, "href"))), "")
    return anchor or ((found := _ANCHOR.search(text)) and found[1]) or ("" if text.lower() in _NOWHERE else text)


def _is_page(link: Any) -> bool:
    kind = attribute(link, "type").lower()
    return not kind or "html" in kind


def _media(element: Any) -> Picture:
    kind, medium = attribute(element, "type"), attribute(element, "medium").lower()
    titles = [one for one in element if isinstance(one.tag, str) and key(one.tag) == "media:title"]
    return Picture(
        url=attribute(element, "url") or _text(element),
        width=pictures.pixels(attribute(element, "width")),
        height=pictures.pixels(attribute(element, "height")),
        type=medium if medium and not kind.startswith("image/") else kind,
        base=_base(element),
        title=_text(titles[0]) if titles else "",
    )


def _enclosed(element: Any) -> Picture:
    address = attribute(element, "url") or attribute(element, "href") or _text(element)
    return Picture(address, type=attribute(element, "type"), base=_base(element))


def _image(element: Any) -> str:
    inner = Item(element).first("url", "link") if len(element) else ""
    named = (attribute(element, name) for name in ("href", "url", "src", "resource"))
    return next((one for one in named if one), "") or inner or (element.text or "").strip()
