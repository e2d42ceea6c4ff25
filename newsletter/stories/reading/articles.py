"""Articles as they are kept: new ones added, changed ones mended, none twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.stories.models import UNKNOWN, Article, Source
from newsletter.stories.reading.entries import Entry
from newsletter.stories.reading.pages import Page

#: fewer words than these tell little of a story: the article's page is asked
THIN = 60
#: an article older than this is no news, so its page is left alone
_RECENT = timedelta(days=8)


def keep(
    session: Session, source_id: int, entries: Sequence[Entry], *, is_first_visit: bool = False, now: datetime
) -> tuple[int, int]:
    """Store *entries* of one source; says how many were new, and how many had changed.

    What has no date is news when it was not there on the visit before; on a first visit nobody can say.
    """
    known = _known(session, source_id, [entry.guid for entry in entries])
    new = [_new(source_id, entry, now) for entry in entries if entry.guid not in known]
    if is_first_visit:
        for article in new:  # nobody knows how old those without a date are
            article.dated_by = UNKNOWN if article.dated_by == "first seen" else article.dated_by
    changed = [entry for entry in entries if entry.guid in known and known[entry.guid].digest != entry.digest]
    for entry in changed:
        _mend(known[entry.guid], entry)
    session.add_all(new)
    session.flush()
    return len(new), len(changed)


def awaiting_pages(session: Session, *, now: datetime) -> list[Article]:
    """Recent articles whose feed brought little text and whose page was not asked for yet, newest first."""
    recent = Article.published_at >= now - _RECENT
    return list(
        session.scalars(
            select(Article)
            .where(
                Article.page_due, recent, Article.source_id.in_(select(Source.id).where(Source.removed_at.is_(None)))
            )
            .order_by(Article.published_at.desc(), Article.id)
        )
    )


def unmeasured(session: Session, *, now: datetime) -> list[Article]:
    """Recent articles that were taken in at the time *now*, with a picture whose size nobody told."""
    return list(
        session.scalars(
            select(Article)
            .where(Article.seen_at == now, Article.published_at >= now - _RECENT)
            .where(Article.image_url != "", or_(Article.image_width.is_(None), Article.image_height.is_(None)))
            .order_by(Article.published_at.desc(), Article.id)
        )
    )


def measured(session: Session, article_id: int, url: str, width: int, height: int) -> None:
    """Keep the size of the picture at *url*, if it is still the article's."""
    article = session.get(Article, article_id, with_for_update=True)
    if article is not None and article.image_url == url:
        article.image_width, article.image_height = width, height


def complete(session: Session, article_id: int, page: Page, *, now: datetime) -> None:
    """Add what the article's own *page* says to what its feed said; it is not asked again, even if it said nothing."""
    article = session.get(Article, article_id, with_for_update=True)
    if article is None:
        return
    article.page_due = False
    if len(page.text) > len(article.text) or len(page.text.split()) >= THIN:
        article.text = page.text
    article.summary = article.summary or page.summary
    if page.image_url and not article.image_url:
        _picture(article, page.image_url, page.image_width, page.image_height)
    if page.published and article.dated_by in {"first seen", UNKNOWN}:
        article.published_at, article.dated_by = min(page.published, now), "page"


def _known(session: Session, source_id: int, guids: Sequence[str]) -> dict[str, Article]:
    found: Iterable[Article] = session.scalars(
        select(Article).where(Article.source_id == source_id, Article.guid.in_(guids))
    )
    return {article.guid: article for article in found}


def _new(source_id: int, entry: Entry, now: datetime) -> Article:
    return Article(
        source_id=source_id,
        guid=entry.guid,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        text=entry.text,
        image_url=entry.image_url,
        image_width=entry.image_width,
        image_height=entry.image_height,
        author=entry.author,
        language=entry.language,
        published_at=entry.published_at,
        dated_by=entry.dated_by,
        seen_at=now,
        digest=entry.digest,
        page_due=_is_thin(entry),
    )


def _mend(article: Article, entry: Entry) -> None:
    """Take over what the feed says now; the time stays, for a correction is no new story."""
    article.url, article.title, article.digest = entry.url, entry.title, entry.digest
    article.author = entry.author or article.author
    if entry.image_url:
        _picture(article, entry.image_url, entry.image_width, entry.image_height)
    article.summary = entry.summary or article.summary
    if len(entry.text) >= len(article.text) or not _is_thin(entry):
        article.text = entry.text
    # a page that was read already has told more than the feed does; it may have changed too
    article.page_due = _is_thin(entry)


def _is_thin(entry: Entry) -> bool:
    return len(entry.text.split()) < THIN


def _picture(article: Article, url: str, width: int | None, height: int | None) -> None:
    article.image_url, article.image_width, article.image_height = url, width, height
