"""One round of collecting: due sources visited, their articles kept, thin ones completed from their pages.

No visit happens inside a transaction, and nothing that one source does ends the round for the others.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.config import Fetch
from newsletter.db import Database
from newsletter.stories import links
from newsletter.stories.models import LEFT_ALONE, Article, Health, Source
from newsletter.stories.reading import articles, feeds, hosts, measuring, pages, visits
from newsletter.stories.reading.feeds import Feed
from newsletter.stories.reading.fetching import Answer, Fetcher, Outcome
from newsletter.stories.reading.pages import Page, Robots
from newsletter.stories.reading.visits import Standing

_AHEAD = timedelta(hours=1)
#: article pages asked of one host in one round; the rest are asked in the next
PAGES_PER_HOST = 10
#: pictures measured of one host in one round; the sizes of the rest stay unknown
PICTURES_PER_HOST = 20
#: which sources are visited at all
_VISITED = (Source.health.not_in(LEFT_ALONE), Source.paused_at.is_(None), Source.removed_at.is_(None))

#: told how many visits are done, and how many there are in this round as far as is known
Progress = Callable[[int, int], None]


class Result(StrEnum):
    """How one source fared."""

    #: read from its beginning to its end
    READ = "read"
    #: nothing changed since the last visit
    UNCHANGED = "unchanged"
    #: not read, or not to its end; `Visited.problem` says why
    FAILED = "failed"
    #: says that it will never be back
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Visited:
    """One source of a round."""

    source_id: int
    name: str
    url: str
    result: Result
    new: int = 0
    updated: int = 0
    #: entries that could not be kept: without a title, or without a link to a page of the web
    dropped: int = 0
    #: entries that were too many, older than the newest `feeds.MOST`
    left: int = 0
    #: entries whose date could not be read, so that it is said to be unknown
    unread_dates: int = 0
    problem: str = ""
    #: when it is visited next; None where it never is
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one round brought."""

    visited: tuple[Visited, ...] = ()
    #: sources that failed before and are not due: they are left alone for a while, longer each time
    waiting: tuple[Visited, ...] = ()
    #: when the next visit of any source is due; None where there is none
    next_at: datetime | None = None
    #: articles completed from their pages, and pages that brought nothing
    pages_read: int = 0
    pages_failed: int = 0

    @property
    def new(self) -> int:
        return sum(one.new for one in self.visited)

    @property
    def updated(self) -> int:
        return sum(one.updated for one in self.visited)

    @property
    def unchanged(self) -> int:
        return sum(one.result is Result.UNCHANGED for one in self.visited)

    @property
    def failed(self) -> tuple[Visited, ...]:
        """The sources that could not be read, with their reasons."""
        return tuple(one for one in self.visited if one.result in {Result.FAILED, Result.GONE})


@dataclass(frozen=True, slots=True)
class _Due:
    """A source to visit."""

    id: int
    name: str
    standing: Standing


def collect(
    database: Database,
    settings: Fetch,
    *,
    public_url: str,
    now: datetime,
    force: bool = False,
    on_progress: Progress | None = None,
) -> Report:
    """Visit the sources that are due (with *force*: all but those gone for good), and keep what they bring."""
    fetcher = Fetcher(settings, public_url=public_url)
    tell = on_progress or _tell_nobody
    visited = _visit_sources(database, fetcher, now, force, tell)
    robots = Robots(fetcher)
    read, failed = _read_pages(database, fetcher, robots, now, tell, len(visited)) if settings.pages else (0, 0)
    if settings.pages:
        _measure_pictures(database, fetcher, robots, now)
    waiting, next_at = _to_come(database, now, {one.source_id for one in visited})
    return Report(_by_name(visited), _by_name(waiting), next_at, read, failed)


def _by_name(visits: Iterable[Visited]) -> tuple[Visited, ...]:
    return tuple(sorted(visits, key=lambda one: (one.name.lower(), one.source_id)))


def _to_come(database: Database, now: datetime, visited: Collection[int]) -> tuple[list[Visited], datetime | None]:
    """The failing sources that were not *visited*, and when the next visit of any is due."""
    with database.read() as session:
        left = session.scalars(select(Source).where(*_VISITED)).all()
    waiting = [
        Visited(one.id, one.name, one.url, Result.FAILED, problem=one.problem, next_at=one.next_fetch_at)
        for one in left
        if one.health is Health.FAILING and one.id not in visited
    ]
    return waiting, min((one.next_fetch_at or now for one in left), default=None)


def _visit_sources(database: Database, fetcher: Fetcher, now: datetime, force: bool, tell: Progress) -> list[Visited]:
    def visit(due: _Due) -> tuple[_Due, Answer, Feed]:
        return due, *_visit(fetcher, due, now)

    due = _due(database, now, force=force)
    visited: list[Visited] = []
    tell(0, len(due))
    for source, answer, feed in hosts.work(hosts.by_host(due, lambda one: one.standing.url), visit):
        with database.write() as session:
            visited.append(_keep(session, source, answer, feed, now))
        tell(len(visited), len(due))
    return visited


def _due(database: Database, now: datetime, *, force: bool) -> list[_Due]:
    wanted = select(Source).where(*_VISITED).order_by(Source.id)
    if not force:
        # a visit that lies ahead was made by a clock that was wrong, and its pace would keep us away for weeks
        ahead = Source.fetched_at > now + _AHEAD
        wanted = wanted.where(or_(Source.next_fetch_at.is_(None), Source.next_fetch_at <= now, ahead))
    with database.read() as session:
        return [_Due(source.id, source.name, _standing(source)) for source in session.scalars(wanted)]


def _standing(source: Source) -> Standing:
    return Standing(**{field.name: getattr(source, field.name) for field in fields(Standing)})


def _visit(fetcher: Fetcher, due: _Due, now: datetime) -> tuple[Answer, Feed]:
    standing = due.standing
    try:
        answer = fetcher.feed(standing.url, etag=standing.etag, last_modified=standing.last_modified)
        if answer.outcome is not Outcome.FRESH:
            return answer, Feed()
        return answer, feeds.parse(answer.body, url=answer.url, content_type=answer.content_type, now=now)
    except Exception as error:  # a mistake of ours must not end the round either
        logging.getLogger(__name__).exception("visiting %s", standing.url)
        return Answer(Outcome.FAILED, standing.url, problem=f"can't be read ({type(error).__name__})"), Feed()


def _keep(session: Session, due: _Due, answer: Answer, feed: Feed, now: datetime) -> Visited:
    """Store what the visit brought and what it means for the next one."""
    source = session.get(Source, due.id, with_for_update=True)  # two rounds at once take turns here
    if source is None or source.removed_at is not None:
        return Visited(due.id, due.name, due.standing.url, Result.FAILED, problem="was removed in the meantime")
    is_first = source.fetched_at is None
    new, updated = articles.keep(session, source.id, feed.entries, is_first_visit=is_first, now=now)
    standing = visits.after(_standing(source), answer, feed.problem, now=now)
    for name, value in asdict(standing).items():
        if name != "url" or _is_free(session, value):
            setattr(source, name, value)
    source.fetched_at = now
    result = _result(answer, standing)
    counts = (new, updated, feed.dropped, feed.left, feed.unread_dates)
    return Visited(
        source.id, source.name, source.url, result, *counts, problem=standing.problem, next_at=standing.next_fetch_at
    )


def _is_free(session: Session, url: str) -> bool:
    return links.web(url) == url and session.scalar(select(Source.id).where(Source.url == url)) is None


def _result(answer: Answer, standing: Standing) -> Result:
    if standing.health is Health.GONE:
        return Result.GONE
    if standing.health is Health.FAILING:
        return Result.FAILED
    return Result.UNCHANGED if answer.outcome is Outcome.UNCHANGED else Result.READ


def _read_pages(
    database: Database, fetcher: Fetcher, robots: Robots, now: datetime, tell: Progress, done: int
) -> tuple[int, int]:
    def read(article: Article) -> tuple[Article, Page]:
        return article, _read(fetcher, robots, article.url)

    groups = _waiting(database, now)
    total = done + sum(map(len, groups.values()))
    outcomes = []
    for article, page in hosts.work(groups, read):
        with database.write() as session:
            articles.complete(session, article.id, page, now=now)
        outcomes.append(not page.problem)
        tell(done + len(outcomes), total)
    if outcomes:
        pages.forget()
    return outcomes.count(True), outcomes.count(False)


def _measure_pictures(database: Database, fetcher: Fetcher, robots: Robots, now: datetime) -> None:
    def measure(article: Article) -> tuple[Article, tuple[int, int] | None]:
        return article, _measure(fetcher, robots, article.image_url)

    with database.read() as session:
        waiting = articles.unmeasured(session, now=now)
    groups = hosts.by_host(waiting, lambda article: article.image_url)
    few = {host: group[:PICTURES_PER_HOST] for host, group in groups.items()}
    for article, size in hosts.work(few, measure):
        if size:
            with database.write() as session:
                articles.measured(session, article.id, article.image_url, *size)


def _measure(fetcher: Fetcher, robots: Robots, url: str) -> tuple[int, int] | None:
    try:
        return measuring.measure(fetcher, robots, url)
    except Exception:  # a mistake of ours must not end the round either
        logging.getLogger(__name__).exception("measuring %s", url)
        return None


def _waiting(database: Database, now: datetime) -> dict[str, list[Article]]:
    with database.read() as session:
        waiting: Sequence[Article] = articles.awaiting_pages(session, now=now)
    groups = hosts.by_host(waiting, lambda article: article.url)
    return {host: group[:PAGES_PER_HOST] for host, group in groups.items()}


def _read(fetcher: Fetcher, robots: Robots, url: str) -> Page:
    try:
        return pages.read(fetcher, robots, url)
    except Exception as error:  # a mistake of ours must not end the round either
        logging.getLogger(__name__).exception("reading %s", url)
        return Page(problem=f"can't be read ({type(error).__name__})")


def _tell_nobody(_done: int, _total: int) -> None:
    pass
