"""An article that an editor adds by its address: its page is read once, through the guard, and kept."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import BadInput
from newsletter.stories import links
from newsletter.stories.models import Article, Health, Kind, Source
from newsletter.stories.reading import pages, sources
from newsletter.stories.reading.fetching import Fetcher
from newsletter.stories.reading.pages import Page, Robots

_GUID = 500


def checked(url: str) -> str:
    """*url* as articles keep it; raises BadInput where it is no page's."""
    found = links.web(url.strip())
    if not found:
        raise BadInput(f"{url[:100]!r} is not the address of a page: it begins with http:// or https://")
    return links.published(found)


def known(session: Session, url: str) -> Article | None:
    """The article at *url* that is here already."""
    there = select(Source.id).where(Source.removed_at.is_(None))
    query = select(Article).where(Article.url == url, Article.source_id.in_(there))
    return session.scalar(query.order_by(Article.id).limit(1))


def read(fetcher: Fetcher, url: str) -> Page:
    """Visit the page at *url*; raises BadInput, with what is wrong, where it tells no story."""
    page = pages.read(fetcher, Robots(fetcher), url)
    wrong = page.problem or ("" if page.title else "has no headline that could be found")
    if wrong:
        raise BadInput(f"{urlsplit(url).hostname} {wrong}: write the story by hand instead")
    return page


def keep(session: Session, url: str, page: Page, *, now: datetime) -> Article:
    """Store the article at *url* as its *page* tells it, as one of the source whose site it is on."""
    article = Article(
        source_id=_source(session, url, page, now).id,
        guid=url[:_GUID],
        url=url,
        title=page.title,
        summary=page.summary,
        text=page.text,
        image_url=page.image_url,
        image_width=page.image_width,
        image_height=page.image_height,
        published_at=min(page.published or now, now),
        dated_by="page" if page.published else "first seen",
        seen_at=now,
    )
    session.add(article)
    session.flush()
    return article


def _source(session: Session, url: str, page: Page, now: datetime) -> Source:
    """The source of that site, a feed where there is one; one of its own for a site that has none."""
    site = _site(url)
    of_site = [one for one in sources.all(session) if _site(one.url) == site]
    if of_site:
        return min(of_site, key=lambda one: (one.health is Health.BY_HAND, one.id))
    name, own = page.site or site, f"https://{site}/#by-hand"
    removed = session.scalar(select(Source).where(Source.url == own))
    if removed is not None:
        removed.removed_at = None
        return removed
    source = Source(
        url=own,
        name=name,
        owner=name,
        kind=Kind.TRADE,
        authority=sources.AUTHORITY[Kind.TRADE],
        health=Health.BY_HAND,
        created_at=now,
    )
    session.add(source)
    session.flush()
    return source


def _site(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")
