"""Articles with their sources, read from the database as the picker's values."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from newsletter.stories.models import UNKNOWN, Article, Kind, Source
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


def links(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The link of each of these articles."""
    found = session.execute(select(Article.id, Article.url).where(Article.id.in_(ids)))
    return {row.id: row.url for row in found}


@dataclass(frozen=True, slots=True)
class Heading:
    """An article without its text, for a list."""

    id: int
    title: str
    url: str
    source: str
    published_at: datetime


def headings(session: Session, ids: Collection[int]) -> list[Heading]:
    """The articles with these ids, for a list."""
    query = select(Article.id, Article.title, Article.url, Source.name, Article.published_at)
    found = session.execute(query.join(Source, Source.id == Article.source_id).where(Article.id.in_(ids)))
    return [Heading(*row) for row in found]


def together(*parts: Iterable[Item]) -> tuple[Item, ...]:
    """All of *parts*, each article once, by id."""
    by_id = {item.id: item for part in parts for item in part}
    return tuple(by_id[name] for name in sorted(by_id))


#: columns and not rows as objects: a week of thousands is read again after each of an editor's acts
_COLUMNS = (
    *(Article.id, Article.url, Article.title, Article.text, Article.summary, Article.published_at),
    *(Article.image_url, Article.image_width, Article.image_height),
    *(Source.name, Source.owner, Source.kind, Source.authority),
)


def _with_source(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    query = select(*_COLUMNS).join(Source, Source.id == Article.source_id)
    return query.where(condition, Source.removed_at.is_(None)).order_by(Article.id)


def _items(session: Session, query: Select[*tuple[Any, ...]]) -> list[Item]:
    return [_item(*row) for row in session.execute(query)]


def _item(  # in the order of _COLUMNS
    number: int,
    url: str,
    title: str,
    text: str,
    summary: str,
    published_at: datetime,
    image_url: str,
    image_width: int | None,
    image_height: int | None,
    source: str,
    owner: str,
    kind: Kind,
    authority: int,
) -> Item:
    return Item(
        id=number,
        url=url,
        title=title,
        text=text if len(text) >= len(summary) else summary,
        published_at=published_at,
        source=source,
        owner=owner or source,
        kind=kind,
        authority=authority,
        image_url=image_url,
        image_width=image_width,
        image_height=image_height,
    )
