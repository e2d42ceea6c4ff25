"""What the clock will do next, as the slots and editions stand now; and what it will not, with the reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, shelf
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


@dataclass(frozen=True, slots=True)
class Forecast:
    """The jobs that are due, in order of time, and what won't be done though it is in the timetable."""

    coming: tuple[Coming, ...]
    #: one sentence each
    not_done: tuple[str, ...]


def forecast(session: Session, newsletter: Newsletter, now: datetime, *, editions: int) -> Forecast:
    """What is due after *now* for the next dates, *editions* of them."""
    planned = {(slot.date, slot.job): slot for slot in _slots(session, newsletter, now)}
    due = {job: dict(_due(session, newsletter, job, planned, now, editions)) for job in Job}
    days = sorted({day for by_day in due.values() for day in by_day})[:editions]
    coming, not_done = [], []
    for day in days:
        edition = shelf.of_date(session, newsletter.slug, day)
        drafted = day in due[Job.ASSEMBLE] or _is_open(planned.get((day, Job.ASSEMBLE)))
        for job in Job:
            if day not in due[job]:
                continue
            why = _why_not(newsletter, job, edition, drafted=drafted)
            if why:
                not_done.append(f"{job.value} of {newsletter.slug}/{day}: {why}")
            else:
                coming.append(Coming(day, job, due[job][day], _note(newsletter, job, edition)))
    coming.sort(key=lambda one: one.at)
    return Forecast(tuple(coming), tuple(not_done))


def _slots(session: Session, newsletter: Newsletter, now: datetime) -> list[Slot]:
    since = now.astimezone(newsletter.zone).date() - timedelta(days=8)
    query = select(Slot).where(Slot.newsletter == newsletter.slug, Slot.date >= since)
    return list(session.scalars(query.order_by(Slot.date)))


def _due(
    session: Session,
    newsletter: Newsletter,
    job: Job,
    planned: dict[tuple[date, Job], Slot],
    now: datetime,
    editions: int,
) -> Iterator[tuple[date, datetime]]:
    """Date → moment: the slots that are planned, then what the timetable will plan after the last of them."""
    for (day, of), slot in planned.items():
        stays = day.weekday() == newsletter.send.weekday or calendar.is_promised(session, slot)
        if of is job and _is_open(slot) and stays and (at := calendar.due(newsletter, job, day)) > now:
            yield day, at
    last = calendar.last_planned(session, newsletter, job)
    days = calendar.fridays(newsletter, last or now.astimezone(newsletter.zone).date() - timedelta(days=1))
    for day in islice(days, editions + 1):
        if (day, job) not in planned and (at := calendar.due(newsletter, job, day)) > now:
            yield day, at


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
