"""Finding editions by the names people use for them: friday/2021-11-26, 2021-11-26, or a number."""

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, State
from newsletter.errors import NotFound

#: no row of a database has such a number
_TOO_MANY = 2**63
#: stands before a correction's number in its name
_CORRECTION = "/correction-"


def name(edition: Edition) -> str:
    """What people call it: "friday/2021-11-26", "friday/2021-11-26/correction-1"."""
    correction = f"{_CORRECTION}{edition.correction}" if edition.correction else ""
    return f"{edition.newsletter}/{edition.date}{correction}"


def find(session: Session, wanted: str) -> Edition:
    """The edition called *wanted*; raises NotFound, which names those that exist."""
    found = _matching(session, wanted.strip())
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{wanted} could be {_listed(found)}: say which")
    known = newest(session, limit=5)
    hint = f"there are {_listed(known)}" if known else "there is none yet: run newsletter assemble"
    raise NotFound(f"there is no edition {wanted!r}; {hint}")


def get(session: Session, edition_id: int, *, lock: bool = False) -> Edition:
    """The edition with that number, with *lock* for this transaction alone until it ends; raises NotFound."""
    if lock and 0 <= edition_id < _TOO_MANY:
        session.execute(select(Edition.id).where(Edition.id == edition_id).with_for_update())
    return find(session, str(edition_id))


def of_date(session: Session, newsletter: str, day: date) -> Edition | None:
    """The edition of *newsletter* for *day*, if there is one; a correction is none."""
    return session.scalar(
        select(Edition).where(Edition.newsletter == newsletter, Edition.date == day, Edition.correction == 0)
    )


def is_untouched(edition: Edition) -> bool:
    """Whether *edition* stands as it was assembled, so that assembling again may replace it."""
    undecided = edition.state in {State.DRAFT, State.IN_REVIEW}
    return undecided and edition.edited_at is None and edition.ranking_id is not None


def before(session: Session, newsletter: str, day: date, *, states: Collection[State]) -> Edition | None:
    """The last edition before *day* that is in one of *states*; a correction is none."""
    query = select(Edition).where(
        Edition.newsletter == newsletter, Edition.date < day, Edition.state.in_(states), Edition.correction == 0
    )
    return session.scalar(query.order_by(Edition.date.desc()).limit(1))


def between(session: Session, newsletter: str, first: date, last: date) -> list[Edition]:
    """The editions from *first* to *last*, the earliest first."""
    query = select(Edition).where(Edition.newsletter == newsletter, Edition.date >= first, Edition.date <= last)
    return list(session.scalars(query.order_by(Edition.date)))


def newest(session: Session, *, newsletter: str | None = None, limit: int = 20) -> list[Edition]:
    """The latest editions, newest first."""
    query = select(Edition).order_by(Edition.date.desc(), Edition.newsletter, Edition.correction.desc()).limit(limit)
    if newsletter is not None:
        query = query.where(Edition.newsletter == newsletter)
    return list(session.scalars(query))


def numbers(session: Session, names: Collection[str]) -> dict[str, int]:
    """Name → number of those *names* that editions have; asked of the database once."""
    days = set()
    for each in names:
        newsletter, _, rest = each.partition("/")
        with suppress(ValueError):
            days.add((newsletter, date.fromisoformat(rest.partition("/")[0])))
    if not days:
        return {}
    found = session.scalars(select(Edition).where(tuple_(Edition.newsletter, Edition.date).in_(sorted(days))))
    return {called: edition.id for edition in found if (called := name(edition)) in names}


def _matching(session: Session, wanted: str) -> list[Edition]:
    if re.fullmatch(r"[0-9]{1,18}", wanted):
        found = session.get(Edition, int(wanted))
        return [found] if found else []
    of, mark, number = wanted.rpartition(_CORRECTION)
    if mark and not (number.isascii() and number.isdigit() and len(number) < 6 and int(number)):
        return []
    newsletter, _, day_text = (of if mark else wanted).rpartition("/")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        return []
    correction = int(number) if mark else 0
    query = select(Edition).where(Edition.date == day, Edition.correction == correction).order_by(Edition.newsletter)
    if newsletter:
        query = query.where(Edition.newsletter == newsletter)
    return list(session.scalars(query))


def _listed(editions: list[Edition]) -> str:
    return ", ".join(name(edition) for edition in editions)
