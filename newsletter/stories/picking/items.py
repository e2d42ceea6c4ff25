"""Articles with their sources, read from the database as the picker's values."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from newsletter.stories.models import UNKNOWN, Article, Source
from newsletter.stories.picking.snapshot import Item

#: what was seen only after its own window had closed still counts for this long
LATE = timedelta(days=2)
_MANY = 500


def in_window(session: Session, start: datetime, end: datetime) -> list[Item]:
    """The articles of a window: published in it, or just before it but seen only in it; not those of unknown age."""
    published = and_(Article.published_at >= start, Article.published_at < end)
    late = and_(
        Article.published_at >= start - LATE,
        Article.published_at < start,
        Article.seen_at >= start,
        Article.seen_at < end,
    )
    return _items(session, _with_source(and_(Article.dated_by != UNKNOWN, or_(published, late))))


def by_ids(session: Session, ids: Collection[int]) -> list[Item]:
    """The articles with these ids, as far as they exist."""
    found: list[Item] = []
    wanted = sorted(ids)
    for at in range(0, len(wanted), _MANY):
        found.extend(_items(session, _with_source(Article.id.in_(wanted[at : at + _MANY]))))
    return found


def by_urls(session: Session, urls: Collection[str]) -> list[Item]:
    """The articles with these links, as far as they exist."""
    found: list[Item] = []
    wanted = sorted(urls)
    for at in range(0, len(wanted), _MANY):
        found.extend(_items(session, _with_source(Article.url.in_(wanted[at : at + _MANY]))))
    return found


def together(*parts: Iterable[Item]) -> tuple[Item, ...]:
    """All of *parts*, each article once, by id."""
    by_id = {item.id: item for part in parts for item in part}
    return tuple(by_id[name] for name in sorted(by_id))


def _with_source(condition: ColumnElement[bool]) -> Select[Article, Source]:
    return select(Article, Source).join(Source, Source.id == Article.source_id).where(condition).order_by(Article.id)


def _items(session: Session, query: Select[Article, Source]) -> list[Item]:
    return [_item(article, source) for article, source in session.execute(query)]


def _item(article: Article, source: Source) -> Item:
    return Item(
        id=article.id,
        url=article.url,
        title=article.title,
        text=article.text if len(article.text) >= len(article.summary) else article.summary,
        published_at=article.published_at,
        source=source.name,
        owner=source.owner or source.name,
        kind=source.kind,
        authority=source.authority,
        image_url=article.image_url,
        image_width=article.image_width,
        image_height=article.image_height,
    )
