"""A segment's tree as a condition on subscribers; only our own columns, only bound values."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from subscribers import addresses
from subscribers.errors import BadSegment
from subscribers.models import Consent, List, Rhythm, Subscriber, Subscription, TopicChoice

from .tree import All, Any, Not, Query, Term

#: a value that stands for "not known"
UNKNOWN = "none"

_DATE = re.compile(r"(\d{4})(?:-(0?[1-9]|1\d)(?:-(0?[1-9]|[123]\d))?)?")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


def condition(session: Session, query: Query, *, on: Collection[str] = ()) -> ColumnElement[bool]:
    """*query* as a WHERE on `Subscriber`; raises BadSegment, which names what can't stand there and what can.

    *on*: lists on one of which everybody is who is asked about, so that it need not be asked again.
    """
    match query:
        case Term(field="list", operator=":" | "=") if on and set(on) <= set(query.values):
            return true()
        case Term():
            return _term(session, query)
        case Not(of):
            return not_(condition(session, of, on=on))
        case All(of):
            return and_(*(condition(session, one, on=on) for one in of))
        case Any(of):
            return or_(*(condition(session, one, on=on) for one in of))


def _term(session: Session, term: Term) -> ColumnElement[bool]:
    if term.field not in _FIELDS:
        near = difflib.get_close_matches(term.field, _FIELDS, n=1)
        meant = f"; did you mean {near[0]}?" if near else "."
        raise BadSegment(
            f"letter {term.column}: there is no field {term.field!r}{meant} There are {', '.join(_FIELDS)}"
        )
    if term.field == "joined":
        return or_(*(_joined(term, value) for value in term.values))
    if term.operator not in (":", "=", "!="):
        raise BadSegment(f"letter {term.column}: {term.field} can be compared by : = and != only")
    found = _FIELDS[term.field](session, term)
    return not_(found) if term.operator == "!=" else found


def _list(session: Session, term: Term) -> ColumnElement[bool]:
    ids = dict(session.execute(select(List.slug, List.id).order_by(List.slug)).all())
    for slug in term.values:
        if slug not in ids:
            raise BadSegment(f"letter {term.column}: there is no list {slug!r}, only {', '.join(ids) or 'none at all'}")
    return exists().where(
        Subscription.subscriber_id == Subscriber.id,
        Subscription.list_id.in_([ids[slug] for slug in term.values]),
        Subscription.consent == Consent.CONFIRMED,
    )


def _topic(_session: Session, term: Term) -> ColumnElement[bool]:
    chosen = select(TopicChoice.subscriber_id)
    known = [value for value in term.values if value != UNKNOWN]
    conditions: list[ColumnElement[bool]] = []
    if known:
        conditions.append(Subscriber.id.in_(chosen.where(TopicChoice.topic.in_(known))))
    if UNKNOWN in term.values:
        conditions.append(~exists().where(TopicChoice.subscriber_id == Subscriber.id))
    return or_(*conditions)


def _language(_session: Session, term: Term) -> ColumnElement[bool]:
    return or_(*(_one_language(value) for value in term.values))


def _one_language(value: str) -> ColumnElement[bool]:
    """ "fr" is French of any country, "fr-CA" that of Canada."""
    if value.lower() == UNKNOWN:
        return Subscriber.language == ""
    tag = value.replace("_", "-").lower()
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", tag):
        raise BadSegment(f"{value!r} is not a language: write en, de or pt-BR")
    return (func.lower(Subscriber.language) + "-").startswith(f"{tag}-")


def _zone(_session: Session, term: Term) -> ColumnElement[bool]:
    return or_(*(_matching(Subscriber.time_zone, value) for value in term.values))


def _domain(_session: Session, term: Term) -> ColumnElement[bool]:
    return or_(*(_one_domain(value) for value in term.values))


def _one_domain(value: str) -> ColumnElement[bool]:
    """ "example.com" itself; "*.example.com" is whatever stands below it."""
    domain = value.strip().lstrip("@").lower()
    below = domain.startswith("*.")
    bare = domain.removeprefix("*.")
    if not re.fullmatch(r"[^\s@*%]+", bare):
        raise BadSegment(f"{value!r} is not a domain: write example.com, or *.example.com for what stands below it")
    kept = addresses.key(f"x@{bare}").removeprefix("x@")
    return Subscriber.email_key.endswith(f"{'.' if below else '@'}{kept}", autoescape=True)


def _rhythm(_session: Session, term: Term) -> ColumnElement[bool]:
    try:
        return Subscriber.rhythm.in_([Rhythm(value.lower()) for value in term.values])
    except ValueError:
        raise BadSegment(f"letter {term.column}: rhythm is {' or '.join(Rhythm)}") from None


def _plain(_session: Session, term: Term) -> ColumnElement[bool]:
    wants = {_truth(term, value) for value in term.values}
    return or_(*(Subscriber.plain_text.is_(want) for want in sorted(wants)))


def _truth(term: Term, value: str) -> bool:
    if value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise BadSegment(f"letter {term.column}: {term.field} is yes or no, not {value!r}")


def _joined(term: Term, value: str) -> ColumnElement[bool]:
    """By days in UTC; a month or a year is the whole of it."""
    first, last = _span(term, value)
    begins, ends = _midnight(first), _midnight(last)
    came = Subscriber.created_at
    match term.operator:
        case "<":
            return came < begins
        case "<=":
            return came < ends
        case ">":
            return came >= ends
        case ">=":
            return came >= begins
        case "!=":
            return or_(came < begins, came >= ends)
        case _:
            return and_(came >= begins, came < ends)


def _span(term: Term, value: str) -> tuple[date, date]:
    """The first day that *value* names, and the day after its last."""
    found = _DATE.fullmatch(value)
    year, month, day = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    try:
        if not month:
            return date(year, 1, 1), date(year + 1, 1, 1)
        if not day:
            return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, day), date(year, month, day) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise BadSegment(f"letter {term.column}: {value!r} is not a date: write 2026-01-31, 2026-01 or 2026") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _matching(column: ColumnElement[str] | object, value: str) -> ColumnElement[bool]:
    """A name as it is written, whatever its case; a star at its end stands for the rest; "none" is not known."""
    stored = func.lower(column)
    if value.lower() == UNKNOWN:
        return stored == ""
    if value.endswith("*"):
        return stored.startswith(value[:-1].lower(), autoescape=True) if len(value) > 1 else stored != ""
    return stored == value.lower()


def _never(_session: Session, _term: Term) -> ColumnElement[bool]:
    return false()  # "joined" is compared before it comes here


_FIELDS: Mapping[str, Callable[[Session, Term], ColumnElement[bool]]] = {
    "list": _list,
    "topic": _topic,
    "language": _language,
    "zone": _zone,
    "joined": _never,
    "domain": _domain,
    "rhythm": _rhythm,
    "plain": _plain,
}


def fields() -> Sequence[str]:
    """The names that may stand before an operator."""
    return list(_FIELDS)
