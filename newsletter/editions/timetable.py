"""The timetable written ahead as slots, each job of each week once, on the day that `days` finds for it.

Slots are planned from the last week planned, never from "now minus a window"; so a restart, a late start,
a second scheduler or a clock change can neither lose a slot silently nor do one twice.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, watch
from newsletter.editions.days import Day, Diary
from newsletter.editions.models import Job, MovedDay, Slot, SlotState
from newsletter.stories.models import Decision, Ranking

#: how far ahead slots are written
HORIZON = timedelta(hours=48)


def plan(session: Session, newsletter: Newsletter, now: datetime) -> int:
    """Write the slots up to HORIZON ahead, from the last week planned on; returns how many are new.

    Weeks of which nothing has begun follow a changed timetable and rule; the others stay as they are.
    """
    alone(session, newsletter, now)
    diary = Diary(session, newsletter, now)
    _follow(session, diary)
    return sum(_plan_job(session, diary, job) for job in Job)


def alone(session: Session, newsletter: Newsletter, now: datetime) -> None:
    """Let nobody else plan or move days of *newsletter* before this transaction ends."""
    watch.take_turn(session, f"plan {newsletter.slug}"[:64], timedelta(0), now)


def add(session: Session, newsletter: Newsletter, job: Job, week: date, day: date) -> bool:
    """Write the slot of *job* for *week* on *day*; one that people were promised on it becomes the week's own."""
    due_at = calendar.opens(newsletter, job, day)
    if watch.add_once(session, Slot, newsletter=newsletter.slug, week=week, date=day, job=job, due_at=due_at):
        return True
    promised = (Slot.newsletter == newsletter.slug, Slot.date == day, Slot.job == job, Slot.week.is_(None))
    watch.rows_touched(session, update(Slot).where(*promised).values(week=week))
    return False


def remember(session: Session, diary: Diary, day: Day) -> None:
    """Keep where the rule has put the week of *day*, so that it is known when the rule has changed."""
    row = diary.rows.get(day.week)
    if day.by or (row is not None and row.by):
        return
    if day.date and (was := row.to if row else day.week):
        carry(session, diary.newsletter, was, day.date)
    if not day.is_moved:
        if row is not None:
            session.delete(row)
            del diary.rows[day.week]
        return
    if row is None:
        row = MovedDay(newsletter=diary.newsletter.slug, week=day.week, at=diary.now)
        session.add(row)
        diary.rows[day.week] = row
    if (row.to, row.why) != (day.date, day.why):
        row.to, row.why, row.at = day.date, day.why, diary.now
    session.flush()


def carry(session: Session, newsletter: Newsletter, was: date, to: date) -> None:
    """Let what editors decided about the stories of the edition of *was* count for that of *to*."""
    for table in (Decision, Ranking) if was != to else ():
        ours = (table.newsletter == newsletter.slug, table.date == was)
        session.execute(update(table).where(*ours).values(date=to))


def fill(session: Session, newsletter: Newsletter, day: Day, now: datetime) -> None:
    """Write the slots of *day*, whose week had none when it was planned."""
    for job in Job if day.date else ():
        last = calendar.last_planned(session, newsletter, job)
        if day.date and (day.week <= last if last else calendar.opens(newsletter, job, day.date) <= now + HORIZON):
            add(session, newsletter, job, day.week, day.date)


def _follow(session: Session, diary: Diary) -> None:
    """Move what is planned and not due yet to where the timetable and the rule have it now."""
    newsletter, now = diary.newsletter, diary.now
    open_still = [slot for slot in diary.slots if slot.state is SlotState.PLANNED and slot.due_at > now]
    for slot in sorted(open_still, key=lambda slot: slot.date):
        if slot.week is None:
            day = slot.date if calendar.is_promised(session, slot) else None
        elif diary.has_begun(slot.week):
            day = slot.date
        else:
            found = diary.of_week(slot.week)
            day = found.date if found else None
        _bring(session, newsletter, slot, day)
    for week in sorted({slot.week for slot in open_still if slot.week} | set(diary.rows)):
        if diary.has_begun(week) or (found := diary.of_week(week)) is None:
            continue
        row = diary.rows.get(week)
        had_none = row is not None and row.to is None
        remember(session, diary, found)
        if had_none and found.date is not None:
            fill(session, newsletter, found, now)


def _bring(session: Session, newsletter: Newsletter, slot: Slot, day: date | None) -> None:
    """Bring *slot*, which nobody has taken, to *day*; None takes it out of the timetable."""
    this = (Slot.id == slot.id, Slot.state == SlotState.PLANNED)
    if day is None:
        session.execute(delete(Slot).where(*this))
        return
    due_at = calendar.opens(newsletter, slot.job, day)
    if (slot.date, slot.due_at) == (day, due_at):
        return
    taken = select(Slot.id).where(Slot.newsletter == slot.newsletter, Slot.date == day, Slot.job == slot.job)
    other = session.scalar(taken.where(Slot.id != slot.id))
    if other is None:
        session.execute(update(Slot).where(*this).values(date=day, due_at=due_at))
    elif watch.rows_touched(session, update(Slot).where(Slot.id == other, Slot.week.is_(None)).values(week=slot.week)):
        session.execute(delete(Slot).where(*this))  # people were promised that hour already
    # else another week is there, and leaves at its turn


def _plan_job(session: Session, diary: Diary, job: Job) -> int:
    newsletter, now = diary.newsletter, diary.now
    last = calendar.last_planned(session, newsletter, job)
    new = 0
    today = now.astimezone(newsletter.zone).date()
    for day in diary.days(last or today - timedelta(days=8)):
        goes_out = day.date or day.week
        if calendar.opens(newsletter, job, goes_out) > now + HORIZON:
            return new
        is_past = last is None and calendar.due(newsletter, job, goes_out) <= now
        if is_past and (goes_out < today or not calendar.is_approved(session, newsletter.slug, job, goes_out)):
            continue  # nothing was promised before the first day
        remember(session, diary, day)
        if day.date is not None:
            new += add(session, newsletter, job, day.week, day.date)
        elif day.too_late:
            text = f"{newsletter.slug} has no edition in the week of {day.week}: {day.why}"
            watch.ring(session, f"no day {newsletter.slug}/{day.week}", text, now)
    return new
