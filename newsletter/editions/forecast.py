"""What the clock will do next, as the slots and editions stand now; and what it will not, with the reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, shelf
from newsletter.editions.days import Day, Diary
from newsletter.editions.models import Edition, Job, Slot, SlotState, State

_OPEN = frozenset({SlotState.PLANNED, SlotState.RUNNING})
_OVER = frozenset({State.SENDING, State.SENT, State.SKIPPED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Coming:
    """One job that will be done."""

    date: date
    job: Job
    #: in UTC
    at: datetime
    #: what it depends on, in words; often empty
    note: str = ""
    #: the week it is of; None for an edition to which people gave a day of its own
    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The jobs that are due, in order of time, and what won't be done though it is in the timetable."""

    coming: tuple[Coming, ...]
    #: one sentence each
    not_done: tuple[str, ...]
    #: the weeks without an edition, up to the last date that is told of
    without: tuple[Day, ...] = ()


#: date → moment, and the week it is of
_Due = dict[date, tuple[datetime, Day | None]]


def forecast(session: Session, newsletter: Newsletter, now: datetime, *, editions: int) -> Forecast:
    """What is due after *now* for the next dates, *editions* of them."""
    diary = Diary(session, newsletter, now)
    planned = {(slot.date, slot.job): slot for slot in diary.slots}
    due = {job: _due(session, diary, job, editions) for job in Job}
    days = sorted({day for by_day in due.values() for day in by_day})[:editions]
    coming, not_done = [], []
    for day in days:
        edition = diary.made.get(day)
        drafted = day in due[Job.ASSEMBLE] or _is_open(planned.get((day, Job.ASSEMBLE)))
        for job in Job:
            if day not in due[job]:
                continue
            at, of = due[job][day]
            why = _why_not(newsletter, job, edition, drafted=drafted)
            if why:
                not_done.append(f"{job.value} of {newsletter.slug}/{day}: {why}")
            else:
                coming.append(Coming(day, job, at, _note(newsletter, job, edition), of))
    coming.sort(key=lambda one: one.at)
    without = tuple(_without(diary, days[-1])) if days else ()
    return Forecast(tuple(coming), tuple(not_done), without)


def _due(session: Session, diary: Diary, job: Job, editions: int) -> _Due:
    """The slots that are planned, on the days where they will be, then what the timetable will plan."""
    newsletter, found = diary.newsletter, {}
    of_weeks = {slot.week for slot in diary.slots if slot.job is job and slot.week}
    for slot in diary.slots:
        if slot.job is not job or not _is_open(slot):
            continue
        of = diary.of_week(slot.week) if slot.week else None
        made = diary.made.get(slot.date)
        stays = slot.week is None and job is Job.SEND and made is not None and made.state is State.APPROVED
        day = slot.date if stays or (slot.week and diary.has_begun(slot.week)) else of.date if of else None
        if day is not None:
            found[day] = (calendar.due(newsletter, job, day), of)
    last = calendar.last_planned(session, newsletter, job)
    today = diary.now.astimezone(newsletter.zone).date()
    for of in islice(diary.days(min(last or today, today) - timedelta(days=8)), editions + 8):
        row = diary.rows.get(of.week)
        was_left_out = row is not None and row.to is None
        if of.date and of.week not in of_weeks and (last is None or of.week > last or was_left_out):
            found.setdefault(of.date, (calendar.due(newsletter, job, of.date), of))
    return {day: (at, of) for day, (at, of) in found.items() if at > diary.now}


def _without(diary: Diary, last: date) -> Iterator[Day]:
    today = diary.now.astimezone(diary.newsletter.zone).date()
    for day in diary.days(today - timedelta(days=1)):
        if day.week > last:
            return
        if day.date is None:
            yield day


def _is_open(slot: Slot | None) -> bool:
    return slot is not None and slot.state in _OPEN


def _why_not(newsletter: Newsletter, job: Job, edition: Edition | None, *, drafted: bool) -> str:
    """Why *job* will come to nothing; empty where it won't."""
    if edition is None:
        return "" if drafted or job is not Job.SEND else "there is no edition, and the hour of assembling is past"
    if edition.state in _OVER:
        return f"it is {edition.state.spoken}"
    if job is Job.ASSEMBLE and not shelf.is_untouched(edition):
        return "people have worked on the edition, so it is left alone"
    if job is Job.SEND and edition.state is State.HELD:
        return "it is held; once it is approved it goes out"
    return ""


def _note(newsletter: Newsletter, job: Job, edition: Edition | None) -> str:
    if job is not Job.SEND:
        return ""
    if edition is not None and edition.state is State.APPROVED:
        return "approved"
    by_itself = newsletter.when_not_approved == "send_if_green"
    return "if approved, or every check is green" if by_itself else "if approved by then"
