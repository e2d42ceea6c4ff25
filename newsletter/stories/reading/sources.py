"""The feeds that are read: added and removed by editors."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.stories import links
from newsletter.stories.models import LEFT_ALONE, Article, Health, Kind, Source

#: in hundredths; what an editor may change for each source
AUTHORITY = {Kind.PR_WIRE: 25, Kind.VENDOR: 50, Kind.AGGREGATOR: 75, Kind.TRADE: 100, Kind.NATIONAL: 100}
_HIGHEST = 200
#: how long a source that was removed can be brought back
KEPT = timedelta(days=30)


def add(
    session: Session,
    url: str,
    *,
    name: str,
    owner: str = "",
    kind: Kind = Kind.TRADE,
    authority: int | None = None,
    now: datetime,
) -> Source:
    """Add the feed at *url*; one that was gone is tried again.

    The owner is the source itself unless named: two sources of one owner are one voice.
    Raises BadInput for an address that is not of the web, WrongState for one that is there already.
    """
    refuse_known(session, url)
    source = session.scalar(select(Source).where(Source.url == _checked(url)))
    if source is None:
        source = Source(url=_checked(url), created_at=now)
        session.add(source)
    source.name, source.owner, source.kind = _named(name), owner.strip()[:200] or _named(name), kind
    source.authority = _weighed(AUTHORITY[kind] if authority is None else authority)
    source.health, source.problem, source.failures, source.next_fetch_at = Health.NEW, "", 0, None
    source.gone_seen = 0
    source.paused_at = source.removed_at = None
    session.flush()
    return source


def refuse_known(session: Session, url: str) -> None:
    """Raise BadInput for an address that is not of the web, WrongState for one that is a source already."""
    source = session.scalar(select(Source).where(Source.url == _checked(url)))
    if source is not None and source.health not in LEFT_ALONE and source.removed_at is None:
        raise WrongState(f"{url} is a source already: {source.name}")


def change(
    session: Session, which: str, *, name: str, owner: str = "", kind: Kind, authority: int | None = None
) -> Source:
    """Say something else of the source *which*; what is empty follows from the rest, as when it was added."""
    source = find(session, which)
    source.name, source.owner, source.kind = _named(name), owner.strip()[:200] or _named(name), kind
    source.authority = _weighed(AUTHORITY[kind] if authority is None else authority)
    session.flush()
    return source


def pause(session: Session, which: str, *, now: datetime) -> Source:
    """Leave the source *which* alone from now on; its articles stay."""
    source = find(session, which)
    if source.paused_at is not None:
        raise WrongState(f"{source.name} is paused already")
    source.paused_at = now
    session.flush()
    return source


def resume(session: Session, which: str) -> Source:
    """Visit the source *which* again, at the next round."""
    source = find(session, which)
    if source.paused_at is None:
        raise WrongState(f"{source.name} is not paused")
    source.paused_at = source.next_fetch_at = None
    session.flush()
    return source


def remove(session: Session, which: str, *, now: datetime) -> tuple[Source, int]:
    """Remove the source *which* (its address, name or number) with its articles; it and their number.

    `restore` brings both back, until `forget` takes them out for good.
    """
    source = find(session, which)
    source.removed_at = now
    session.flush()
    return source, session.scalar(select(func.count()).where(Article.source_id == source.id)) or 0


def removed(session: Session, number: int) -> Source | None:
    """The source of that number, if it was removed and can be brought back."""
    source = session.get(Source, number)
    return source if source is not None and source.removed_at is not None else None


def restore(session: Session, number: int) -> Source:
    """Bring a source back that was removed, with its articles; raises NotFound."""
    source = removed(session, number)
    if source is None:
        raise NotFound(f"there is no removed source {number} any more")
    source.removed_at = source.next_fetch_at = None
    session.flush()
    return source


def forget(session: Session, *, now: datetime) -> int:
    """Take out for good what was removed long enough ago, with its articles; returns how many sources."""
    old = session.scalars(select(Source).where(Source.removed_at < now - KEPT)).all()
    for source in old:
        session.delete(source)
    session.flush()
    return len(old)


def find(session: Session, which: str) -> Source:
    """The source with the address, the name or the number *which*; raises NotFound."""
    matches = (Source.url == which.strip()) | (func.lower(Source.name) == which.strip().lower())
    if which.isdecimal() and len(which) < 10:
        matches |= Source.id == int(which)
    found = session.scalars(select(Source).where(matches, Source.removed_at.is_(None))).all()
    if len(found) > 1:
        raise NotFound(f"{which!r} is the name of {len(found)} sources: say the number or the address of one")
    if not found:
        raise NotFound(f"there is no source {which!r}: newsletter sources list shows them")
    return found[0]


def all(session: Session) -> list[Source]:  # noqa: A001 - sources.all reads as it should
    """Every source, by name."""
    return list(
        session.scalars(select(Source).where(Source.removed_at.is_(None)).order_by(func.lower(Source.name), Source.id))
    )


def turn_back(session: Session, *, now: datetime) -> None:
    """Follow a clock that went back to *now*: what was read and seen "later" was read and seen by now."""
    session.execute(update(Source).where(Source.fetched_at > now).values(fetched_at=now, next_fetch_at=now))
    session.execute(update(Article).where(Article.seen_at > now).values(seen_at=now))
    session.execute(update(Article).where(Article.published_at > now).values(published_at=now))


def _checked(url: str) -> str:
    checked = links.web(url)
    if not checked:
        raise BadInput(
            f"{url!r} is not the address of a feed: it begins with http:// or https://, and holds no password"
        )
    return checked


def _named(name: str) -> str:
    if not name.strip():
        raise BadInput("a source needs a name, as readers know it")
    return " ".join(name.split())[:200]


def _weighed(authority: int) -> int:
    if not 0 <= authority <= _HIGHEST:
        raise BadInput(f"authority {authority} is not between 0 and {_HIGHEST} hundredths (100 is usual)")
    return authority
