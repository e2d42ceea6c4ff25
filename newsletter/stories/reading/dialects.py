"""What the elements of RSS, Atom and their extensions are called here, whatever namespace, prefix or case they have."""

from functools import lru_cache
from typing import Any

#: the prefixes by which elements are named here; those of RSS itself have none
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "a10": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "pheedo": "http://www.pheedo.com/namespace/pheedo",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
#: other names of the same, without capitals and slashes at the end
_ALIASES = {
    "": (
        *("http://purl.org/rss/1.0", "http://purl.org/net/rss1.1#", "http://example.com/newformat#"),
        *("http://my.netscape.com/rdf/simple/0.9", "http://channel.netscape.com/rdf/simple/0.9"),
        *("http://backend.userland.com/rss", "http://backend.userland.com/rss2", "http://backend.userland.com/rss191"),
        *("http://blogs.law.harvard.edu/tech/rss", "http://cyber.law.harvard.edu/rss/rss.html"),
        *("http://www.rssboard.org/rss-specification", "http://my.netscape.com/publish/formats/rss-0.91.dtd"),
    ),
    "atom": ("http://purl.org/atom/ns#", "http://example.com/necho"),
    "media": ("http://video.search.yahoo.com/mrss", "http://www.rssboard.org/media-rss"),
    "itunes": ("http://example.com/dtds/podcast-1.0.dtd",),
    "dc": ("http://purl.org/dc/elements/1.0",),
    "prism": ("http://prismstandard.org/namespaces/1.2/basic",),
    "excerpt": ("http://wordpress.org/export/1.1/excerpt",),
}
_PREFIXES = {
    **{uri.lower().rstrip("/"): prefix for prefix, uri in NAMESPACES.items() if prefix != "a10"},
    **{uri: prefix for prefix, uris in _ALIASES.items() for uri in uris},
}


@lru_cache(maxsize=5_000)
def key(tag: str) -> str:
    """What the element *tag*, as lxml writes it, is called here: "title", "dc:creator"; "?:…" where it is foreign."""
    uri, _, local = tag.rpartition("}")
    if not uri:
        return local.lower()
    # some write https, as they do everywhere else
    known = uri[1:].strip().lower().rstrip("/").replace("https://", "http://", 1)
    prefix = _PREFIXES.get(known, "?")
    return f"{prefix}:{local.lower()}" if prefix else local.lower()


def is_entry(element: Any) -> bool:
    """True for the item of an RSS feed and the entry of an Atom feed."""
    return key(element.tag) in {"item", "entry", "atom:entry", "atom:item"}


def is_feed(element: Any) -> bool:
    """True for what holds the entries of a feed."""
    return key(element.tag) in {"rss", "rdf:rdf", "channel", "feed", "atom:feed", "atom:channel"}


def attribute(element: Any, name: str) -> str:
    """The attribute *name* of *element*, in whatever case it is written, or ""."""
    value = element.get(name)
    if value is None:
        value = next((text for own, text in element.items() if own.lower().rpartition("}")[2] == name), "")
    return str(value).strip()
