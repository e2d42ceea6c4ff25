"""A week's edition put on another day by a person, or left out, and put back; the edition itself goes along."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, days, revisions, shelf, timetable
from newsletter.editions.days import Day, Diary
from newsletter.editions.models import Edition, EditionEvent, MovedDay, Slot, SlotState, State
from newsletter.errors import BadInput, NotFound, WrongState

#: an edition that goes along with its day
_GOES_ALONG = frozenset({State.DRAFT, State.IN_REVIEW, State.HELD})
#: a year is more than anybody plans
_FURTHEST = 366


def move(
    session: Session, newsletter: Newsletter, day: date, *, to: date | None, by: str, why: str = "", now: datetime
) -> Day:
    """Let the edition of *day* go out on *to* instead, or with None leave its week out; returns where it stands now.

    *day* is the day on which it goes out, or its week's own. Raises NotFound where the timetable has no such
    edition, BadInput for a day that it can't go to, WrongState where it is too late.
    """
    timetable.alone(session, newsletter, now)
    diary = Diary(session, newsletter, now)
    found = _find(diary, day)
    edition = _refuse_unless_movable(diary, found)
    if to is None and edition is not None:
        raise WrongState(f"{shelf.name(edition)} is there already: skip it on its own page, with a reason")
    if to is not None:
        _refuse_day(diary, found, to)
    row = diary.rows.get(found.week)
    if row is None:
        row = MovedDay(newsletter=newsletter.slug, week=found.week)
        session.add(row)
    row.to, row.why, row.by, row.at = to, " ".join(why.split())[:300], by[:200], now
    session.flush()
    return _go(session, newsletter, found, edition, by=by, now=now)


def put_back(session: Session, newsletter: Newsletter, day: date, *, by: str, now: datetime) -> Day:
    """Leave the week of *day* to the timetable and its rule again; raises as `move` does."""
    timetable.alone(session, newsletter, now)
    diary = Diary(session, newsletter, now)
    found = _find(diary, day)
    row = diary.rows.get(found.week)
    if row is None or not row.by:
        raise NotFound(f"nobody has moved the edition of {days.spoken(found.week)}")
    edition = _refuse_unless_movable(diary, found)
    session.delete(row)
    session.flush()
    after = Diary(session, newsletter, now).of_week(found.week)
    if after is not None and after.date is not None and diary.sends_at(after.date) <= now:
        raise BadInput(f"{days.spoken(after.date)} is past: move it to a day that is to come")
    if after is not None and after.date in diary.made and after.date != found.date:
        raise BadInput(f"there is an edition of {days.spoken(after.date)} already")
    if edition is not None and (after is None or after.date is None):
        raise WrongState(f"by the rule there is no edition then, and {shelf.name(edition)} is there already")
    return _go(session, newsletter, found, edition, by=by, now=now)


def _find(diary: Diary, day: date) -> Day:
    today = diary.now.astimezone(diary.newsletter.zone).date()
    found = diary.on(day) if abs((day - today).days) <= _FURTHEST else None
    if found is None:
        raise NotFound(
            f"{diary.newsletter.slug} has no edition on {days.spoken(day)}: newsletter timetable shows when it has"
        )
    return found


def _refuse_unless_movable(diary: Diary, day: Day) -> Edition | None:
    """The edition that goes along, if there is one; raises WrongState where it is too late for another day."""
    name = f"the edition of {days.spoken(day.date or day.week)}"
    if diary.sends_at(day.date or day.week) <= diary.now:
        raise WrongState(f"{name} can't be moved: its hour is past")
    if any(slot.week == day.week and _is_held(slot, diary.now) for slot in diary.slots):
        raise WrongState(f"{name} is being worked on this minute: try it again in a moment")
    edition = diary.made.get(day.date) if day.date else None
    if edition is None or edition.state in _GOES_ALONG:
        return edition
    way = "take its approval back first" if edition.state is State.APPROVED else "it stays where it is"
    raise WrongState(f"{shelf.name(edition)} is {edition.state.spoken}: {way}")


def _is_held(slot: Slot, now: datetime) -> bool:
    """Whether a worker is at it; one that waits for an approval is nobody's."""
    return slot.state is SlotState.RUNNING and bool(slot.owner) and bool(slot.lease_until and slot.lease_until > now)


def _refuse_day(diary: Diary, day: Day, to: date) -> None:
    """Raise BadInput unless *to* is to come, and lies between the editions around *day*."""
    if diary.sends_at(to) <= diary.now:
        raise BadInput(f"{days.spoken(to)} is past: choose a day that is to come")
    around = [one for one, _ in zip(diary.days(day.week - 4 * days.WEEK), range(9), strict=False) if one.date]
    before = max((one.date for one in around if one.date and one.week < day.week), default=None)
    after = min((one.date for one in around if one.date and one.week > day.week), default=None)
    if (before and to <= before) or (after and to >= after):
        limits = " and ".join(days.spoken(limit) for limit in (before, after) if limit)
        raise BadInput(f"{days.spoken(to)} does not lie between the editions around it ({limits})")
    other = diary.made.get(to)
    if other is not None and to != day.date:
        raise BadInput(f"there is an edition of {days.spoken(to)} already: {shelf.name(other)}")


def _go(session: Session, newsletter: Newsletter, was: Day, edition: Edition | None, *, by: str, now: datetime) -> Day:
    """Bring what there is of the week to the day that it has now."""
    diary = Diary(session, newsletter, now)
    row = diary.rows.get(was.week)
    by_the_rule = next(diary.days(was.week - timedelta(days=1)))
    to = Day(row.week, row.to, row.why, row.by) if row is not None and row.by else by_the_rule
    timetable.remember(session, diary, to)
    for slot in diary.slots:
        if slot.week == was.week:
            _bring(session, newsletter, slot, to.date, now)
    session.flush()
    timetable.fill(session, newsletter, to, now)
    if was.date is not None and to.date is not None and was.date != to.date:
        _carry(session, newsletter, was.date, to.date, edition, by=by, now=now)
    return to


def _bring(session: Session, newsletter: Newsletter, slot: Slot, day: date | None, now: datetime) -> None:
    """Bring *slot* to *day*; what has been done is done again only where its new time is to come."""
    if day is None:
        session.delete(slot)
        return
    due_at = calendar.opens(newsletter, slot.job, day)
    promised = select(Slot).where(Slot.newsletter == slot.newsletter, Slot.date == day, Slot.job == slot.job)
    for other in session.scalars(promised.where(Slot.id != slot.id)):
        session.delete(other)  # an hour that was promised to an edition of that date, which is this one now
    session.flush()
    if due_at > now or slot.state is not SlotState.DONE:
        slot.state, slot.result, slot.finished_at = SlotState.PLANNED, "", None
    slot.date, slot.due_at, slot.owner, slot.lease_until, slot.epoch = day, due_at, "", None, slot.epoch + 1


def _carry(
    session: Session,
    newsletter: Newsletter,
    was: date,
    to: date,
    edition: Edition | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """What is kept by the edition's date follows it: what editors decided about stories, rankings, the edition."""
    timetable.carry(session, newsletter, was, to)
    if edition is None:
        return
    revisions.keep(session, edition, by="", now=now)  # of a database that kept none
    edition.date = to
    edition.revision += 1  # its date stands in the mail
    said = f"moved from {days.spoken(was)}"
    session.add(EditionEvent(edition_id=edition.id, state=edition.state, by=by, reason=said, at=now))
    session.flush()
    revisions.keep(session, edition, by=by, now=now)
