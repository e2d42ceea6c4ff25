"""Past editions for programs: Atom (RFC 4287), JSON Feed 1.1, schema.org, a sitemap and robots.txt.

Addresses are whole, with the site's own before them; times are of the newsletter's zone.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as Xml

from markupsafe import Markup, escape

from newsletter.rendering.views import Paragraph, StoryView
from newsletter.web.readers.archive.issues import Issue, Shelf

#: editions in a feed
NEWEST = 20
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: what no search engine needs to ask for: readers' own links, and the desk
_NOT_FOR_ROBOTS = ("/u/", "/p/", "/e/", "/c/", "/l/", "/o/", "/a/", "/desk/", "/editions/", "/hooks/")


def atom(shelf: Shelf, site: str) -> bytes:
    """The newest editions as an Atom feed."""
    newsletter, here = shelf.newsletter, f"{site}{shelf.path}"
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed", {"xml:lang": newsletter.language})
    _add(feed, "id", here)
    _add(feed, "title", newsletter.title)
    if newsletter.description:
        _add(feed, "subtitle", newsletter.description)
    _add(feed, "updated", _newest(shelf))
    _add(feed, "link", rel="self", href=f"{here}/atom.xml", type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=here, type="text/html")
    author = _add(feed, "author")
    _add(author, "name", newsletter.from_name or newsletter.title)
    for issue in shelf.issues[:NEWEST]:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{site}{issue.path}")
        _add(entry, "title", issue.title)
        _add(entry, "published", issue.published.isoformat())
        _add(entry, "updated", issue.updated.isoformat())
        _add(entry, "link", rel="alternate", href=f"{site}{issue.path}", type="text/html")
        _add(entry, "summary", issue.description)
        _add(entry, "content", html(issue), type="html")
    Xml.indent(feed)
    return bytes(Xml.tostring(feed, encoding="utf-8", xml_declaration=True))


def json_feed(shelf: Shelf, site: str) -> bytes:
    """The newest editions as JSON Feed 1.1."""
    newsletter, here = shelf.newsletter, f"{site}{shelf.path}"
    items = [
        {
            "id": f"{site}{issue.path}",
            "url": f"{site}{issue.path}",
            "title": issue.title,
            "summary": issue.description,
            "content_html": html(issue),
            "image": f"{site}{issue.path}/card.png",
            "date_published": issue.published.isoformat(),
            "date_modified": issue.updated.isoformat(),
        }
        for issue in shelf.issues[:NEWEST]
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": newsletter.title,
        "home_page_url": here,
        "feed_url": f"{here}/feed.json",
        "description": newsletter.description,
        "language": newsletter.language,
        "authors": [{"name": newsletter.from_name or newsletter.title}],
        "items": items,
    }
    return json.dumps({key: value for key, value in feed.items() if value != ""}, ensure_ascii=False).encode()


def schema(issue: Issue, shelf: Shelf, site: str) -> Markup:
    """The stories of *issue* as schema.org's list of NewsArticle, to stand in a page."""
    publisher = {"@type": "Organization", "name": shelf.newsletter.from_name or shelf.newsletter.title}
    stories = [
        {"@type": "ListItem", "position": story.number, "item": _article(story, issue)} for story in issue.view.stories
    ]
    said = {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "name": issue.title,
        "description": issue.description,
        "url": f"{site}{issue.path}",
        "image": f"{site}{issue.path}/card.png",
        "datePublished": issue.published.isoformat(),
        "dateModified": issue.updated.isoformat(),
        "inLanguage": shelf.newsletter.language,
        "publisher": publisher,
        "author": publisher,
        "mainEntity": {"@type": "ItemList", "itemListElement": stories},
    }
    # no text of ours can end the element it stands in
    return Markup(json.dumps(said, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704


def sitemap(shelves: Iterable[Shelf], site: str) -> bytes:
    """Every page of the archive, for search engines."""
    Xml.register_namespace("", _SITEMAP)
    urls = Xml.Element(f"{{{_SITEMAP}}}urlset")
    for shelf in shelves:
        _place(urls, f"{site}{shelf.path}", shelf.issues[0].updated if shelf.issues else None)
        for issue in shelf.issues:
            _place(urls, f"{site}{issue.path}", issue.updated)
    Xml.indent(urls)
    return bytes(Xml.tostring(urls, encoding="utf-8", xml_declaration=True))


def robots(site: str, base: str, *, is_public: bool) -> str:
    """What search engines may read; *base* stands before our paths."""
    lines = ["User-agent: *", *(f"Disallow: {base}{path}" for path in _NOT_FOR_ROBOTS)]
    return "\n".join([*lines, *(["", f"Sitemap: {site}/sitemap.xml"] if is_public else [])]) + "\n"


def html(issue: Issue) -> str:
    """*issue* as HTML that any feed reader can show."""
    parts = [_paragraphs(issue.view.introduction)]
    for story in issue.view.stories:
        parts.append(Markup("<h2>{}</h2>").format(_linked(story.headline, story.url)))
        if story.image:
            parts.append(Markup('<p><img src="{}" alt="{}"></p>').format(story.image.url, story.image.alt))
        parts.append(_paragraphs(story.paragraphs))
        if story.attribution:
            parts.append(Markup("<p>{}</p>").format(_linked(story.attribution, story.url)))
    return str(Markup("\n").join(part for part in parts if part))


def _paragraphs(paragraphs: Iterable[Paragraph]) -> Markup:
    return Markup("\n").join(Markup("<p>{}</p>").format(each.html) for each in paragraphs)


def _linked(words: str, url: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, words) if url else escape(words)


def _article(story: StoryView, issue: Issue) -> dict[str, object]:
    said: dict[str, object] = {"@type": "NewsArticle", "headline": story.headline}
    said |= {"url": story.url} if story.url else {}
    said |= {"image": story.image.url} if story.image else {}
    said |= {"abstract": " ".join(each.text for each in story.paragraphs)} if story.paragraphs else {}
    return said | {"datePublished": issue.published.isoformat()}


def _newest(shelf: Shelf) -> str:
    # a feed without entries still has to say when it changed (RFC 4287 section 4.1.1)
    return max((issue.updated for issue in shelf.issues), default=_NEVER).isoformat()


_NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _add(parent: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = _writable(text) or None
    return child


def _place(urls: Xml.Element, address: str, changed: datetime | None) -> None:
    url = Xml.SubElement(urls, f"{{{_SITEMAP}}}url")
    Xml.SubElement(url, f"{{{_SITEMAP}}}loc").text = address
    if changed is not None:
        Xml.SubElement(url, f"{{{_SITEMAP}}}lastmod").text = changed.isoformat()


def _writable(text: str) -> str:
    """*text* without what XML 1.0 can't hold in any form (section 2.2)."""
    return "".join(sign for sign in text if sign in "\t\n\r" or (sign >= " " and sign not in "\ufffe\uffff"))
