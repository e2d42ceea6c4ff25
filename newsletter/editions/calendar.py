"""The calendar as rows: what is due when, and who does it, once. `timetable` writes the rows ahead."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from newsletter.config import Newsletter, WeekTime
from newsletter.editions import watch
from newsletter.editions.days import Diary, instant
from newsletter.editions.models import Edition, Job, Slot, SlotState, State
from newsletter.errors import WrongState

#: how long a worker may be silent before another takes its slot
LEASE = timedelta(minutes=5)
#: how often a sending that waits for its approval is looked at
LOOK_AGAIN = timedelta(minutes=5)
#: nobody on earth has an earlier morning
_FIRST_MORNING = timezone(timedelta(hours=14))


class Overtaken(WrongState):
    """Another worker has taken the slot over; what this one did is dropped."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot that a worker holds; *epoch* fences it against its successors."""

    slot_id: int
    newsletter: str
    date: date
    job: Job
    due_at: datetime
    owner: str
    epoch: int


def due(newsletter: Newsletter, job: Job, friday: date) -> datetime:
    """When *job* is due for the edition of *friday*: at its time of the week, at or before sending time."""
    if job is Job.SEND:
        return instant(friday, newsletter.hour(friday), newsletter.zone)
    when = _week_time(newsletter, job)
    back = (newsletter.send.weekday - when.weekday) % 7
    if back == 0 and when.at > newsletter.send.at:
        back = 7
    return instant(friday - timedelta(days=back), when.at, newsletter.zone)


def opens(newsletter: Newsletter, job: Job, friday: date) -> datetime:
    """When *job* may begin: when it is due, but a local morning begins with the first readers' on earth."""
    at = due(newsletter, job, friday)
    if job is not Job.SEND or not newsletter.local_morning:
        return at
    return min(at, datetime.combine(friday, newsletter.hour(friday), _FIRST_MORNING).astimezone(UTC))


def next_day(session: Session, newsletter: Newsletter, now: datetime) -> date:
    """The date of the next edition that the timetable sends."""
    today = now.astimezone(newsletter.zone).date()
    days = (one.date for one in Diary(session, newsletter, now).days(today - timedelta(days=8)))
    return next(day for day in days if day and due(newsletter, Job.SEND, day) > now)


def last_planned(session: Session, newsletter: Newsletter, job: Job) -> date | None:
    """The last week for which the timetable has planned *job*; editions that people put on other days don't count."""
    return session.scalar(select(func.max(Slot.week)).where(Slot.newsletter == newsletter.slug, Slot.job == job))


def promise(session: Session, newsletter: Newsletter, day: date, now: datetime) -> bool:
    """Give the edition of a *day* that is not the newsletter's its own hour of sending; False where that is past."""
    if Diary(session, newsletter, now).is_planned(day):
        return False  # the timetable has planned it, or will
    due_at = opens(newsletter, Job.SEND, day)
    if now > due(newsletter, Job.SEND, day) + timedelta(hours=newsletter.catch_up_hours):
        return False
    return watch.add_once(session, Slot, newsletter=newsletter.slug, date=day, job=Job.SEND, due_at=due_at)


def is_promised(session: Session, slot: Slot) -> bool:
    """Whether an edition for a day that is not the newsletter's was approved, and so has its hour."""
    return is_approved(session, slot.newsletter, slot.job, slot.date)


def claim(
    session: Session, now: datetime, owner: str, lease: timedelta = LEASE, *, beside: Collection[int] = ()
) -> Claim | None:
    """Take one slot that is due, or whose worker has gone silent; None where there is nothing to do.

    Those with the ids *beside* are left alone.

    The jobs of one edition go in order: a slot waits while an earlier one of its date is unfinished.
    """
    slot = session.scalar(_takable(now).where(Slot.id.not_in(beside)).limit(1).with_for_update(skip_locked=True))
    if slot is None:
        return None
    taken = (
        update(Slot)
        .where(Slot.id == slot.id, Slot.epoch == slot.epoch)
        .values(state=SlotState.RUNNING, owner=owner, epoch=slot.epoch + 1, lease_until=now + lease)
    )
    if not watch.rows_touched(session, taken):
        return None
    return Claim(slot.id, slot.newsletter, slot.date, slot.job, slot.due_at, owner, slot.epoch + 1)


def release(session: Session, is_dead: Callable[[str], bool], now: datetime) -> int:
    """End the leases of workers that are known to be dead, so that nobody waits for them; returns how many."""
    owners = session.scalars(select(Slot.owner).where(Slot.state == SlotState.RUNNING, Slot.lease_until > now))
    dead = [owner for owner in set(owners) if is_dead(owner)]
    held = (Slot.state == SlotState.RUNNING, Slot.owner.in_(dead))
    return watch.rows_touched(session, update(Slot).where(*held).values(lease_until=now)) if dead else 0


def renew(session: Session, held: Claim, now: datetime, lease: timedelta = LEASE) -> bool:
    """Say that the worker of *held* is alive; False means that another has taken over."""
    return _update_held(session, held, lease_until=now + lease)


def finish(session: Session, held: Claim, result: str, now: datetime) -> None:
    """Mark *held* done, in the transaction of its effect; raises Overtaken where another has taken over."""
    done = _update_held(session, held, state=SlotState.DONE, result=result, finished_at=now, lease_until=None)
    if not done:
        raise Overtaken(f"{_name(held)} was taken over by another worker; what this one did is dropped")


def give_back(session: Session, held: Claim, problem: str, now: datetime, after: timedelta) -> bool:
    """Let *held* be taken again *after* a while, because of *problem*."""
    return _update_held(session, held, result=problem, lease_until=now + after)


def wait(session: Session, held: Claim, why: str, now: datetime, until: datetime) -> bool:
    """Leave *held* to nobody: it is looked at again in LOOK_AGAIN, at *until*, or once its edition is approved."""
    return _update_held(session, held, result=why, owner="", lease_until=min(now + LOOK_AGAIN, until))


def send_late(session: Session, newsletter: Newsletter, day: date, now: datetime) -> bool:
    """Let the sending of *day* be taken again: its edition was not approved at its time, and is now."""
    waits = and_(Slot.state == SlotState.RUNNING, Slot.owner == "")
    free = (
        Slot.newsletter == newsletter.slug,
        Slot.date == day,
        Slot.job == Job.SEND,
        or_(Slot.state == SlotState.DONE, waits),
    )
    slot = session.scalar(select(Slot).where(*free).execution_options(populate_existing=True))
    if slot is None or now > deadline(newsletter, slot):
        return False
    return bool(
        watch.rows_touched(session, update(Slot).where(*free).values(state=SlotState.PLANNED, finished_at=None))
    )


def will_send(session: Session, newsletter: Newsletter, day: date, now: datetime) -> datetime | None:
    """When the clock will send the edition of *day*, if it still will."""
    query = select(Slot).where(Slot.newsletter == newsletter.slug, Slot.date == day, Slot.job == Job.SEND)
    slot = session.scalar(query)
    if slot is not None:
        return slot.due_at if slot.state in {SlotState.PLANNED, SlotState.RUNNING} else None
    if not Diary(session, newsletter, now).is_planned(day) or _is_left_out(session, newsletter, day, now):
        return None
    return opens(newsletter, Job.SEND, day)


def would_send(session: Session, newsletter: Newsletter, day: date, now: datetime) -> datetime | None:
    """When the clock sends the edition of *day* if it is approved *now*; None where it goes out only by hand."""
    query = select(Slot).where(Slot.newsletter == newsletter.slug, Slot.date == day, Slot.job == Job.SEND)
    slot = session.scalar(query)
    if slot is not None and slot.state is SlotState.MISSED:
        return None
    is_planned = slot is None and Diary(session, newsletter, now).is_planned(day)
    if is_planned and _is_left_out(session, newsletter, day, now):
        return None
    until = due(newsletter, Job.SEND, day) + timedelta(hours=newsletter.catch_up_hours)
    return None if now > until else opens(newsletter, Job.SEND, day)


def _is_left_out(session: Session, newsletter: Newsletter, day: date, now: datetime) -> bool:
    """Whether the timetable, which has no slot for the edition of *day*, will plan none even for an approved one.

    Its hour was past before the timetable began; one that has not begun takes in what was approved for today.
    """
    at = due(newsletter, Job.SEND, day)
    if at > now:
        return False
    today = now.astimezone(newsletter.zone).date()
    late = now > at + timedelta(hours=newsletter.catch_up_hours)
    return late or day < today or last_planned(session, newsletter, Job.SEND) is not None


def miss(session: Session, newsletters: Mapping[str, Newsletter], now: datetime) -> list[Slot]:
    """Give up slots whose sending time is past by more than the newsletter's window, and tell somebody."""
    missed = []
    for slot in lapsed(session, newsletters, now):
        if slot.finished_at is not None:  # it was done once; a clock that went back let it be looked at again
            slot.state = SlotState.DONE
            continue
        _give_up(session, slot, newsletters.get(slot.newsletter), now)
        missed.append(slot)
    session.flush()
    return missed


def lapsed(session: Session, newsletters: Mapping[str, Newsletter], now: datetime) -> list[Slot]:
    """The slots that nobody does and whose sending time is past by more than the newsletter's window."""
    nobodys = or_(Slot.state == SlotState.PLANNED, and_(Slot.state == SlotState.RUNNING, Slot.lease_until <= now))
    query = select(Slot).where(nobodys, Slot.due_at < now).with_for_update(skip_locked=True)
    return [
        slot
        for slot in session.scalars(query.execution_options(populate_existing=True))
        if slot.newsletter not in newsletters or now > deadline(newsletters[slot.newsletter], slot)
    ]


def judge_again(session: Session, newsletters: Mapping[str, Newsletter], now: datetime) -> list[Slot]:
    """Plan again what was done or given up under a clock that was ahead and has gone back to *now*; those slots.

    What was done keeps its words until it is done anew: should its window pass once more with nothing to do,
    it counts as done. Leases given under that clock end with the present one's.
    """
    too_long = (Slot.state == SlotState.RUNNING, Slot.lease_until > now + LEASE)
    watch.rows_touched(session, update(Slot).where(*too_long).values(lease_until=now + LEASE))
    again = []
    judged = (Slot.state.in_((SlotState.DONE, SlotState.MISSED)), Slot.finished_at > now)
    query = select(Slot).where(*judged).order_by(Slot.due_at).with_for_update()
    for slot in session.scalars(query.execution_options(populate_existing=True)):
        newsletter = newsletters.get(slot.newsletter)
        if newsletter is None or now > (deadline(newsletter, slot) if slot.state is SlotState.MISSED else slot.due_at):
            continue  # its time is past by this clock too
        if _is_settled(session, slot):
            continue
        if slot.state is SlotState.MISSED:
            slot.result, slot.finished_at = "", None
        slot.state, slot.lease_until, slot.epoch = SlotState.PLANNED, None, slot.epoch + 1
        again.append(slot)
    session.flush()
    return again


def give_up_sending(session: Session, why: str, now: datetime) -> int:
    """Take from the clock every sending that has not been done and whose time has come; returns how many.

    An approval inside the newsletter's window brings one back.
    """
    open_still = (Slot.job == Job.SEND, Slot.state.in_((SlotState.PLANNED, SlotState.RUNNING)), Slot.due_at <= now)
    done = {"state": SlotState.DONE, "result": why, "finished_at": now, "epoch": Slot.epoch + 1, "lease_until": None}
    return watch.rows_touched(session, update(Slot).where(*open_still).values(done))


def deadline(newsletter: Newsletter, slot: Slot) -> datetime:
    """Until when *slot* is worth doing: as long as its edition may still be sent."""
    sending = max(due(newsletter, Job.SEND, slot.date), slot.due_at)
    return sending + timedelta(hours=newsletter.catch_up_hours)


def _week_time(newsletter: Newsletter, job: Job) -> WeekTime:
    return {Job.ASSEMBLE: newsletter.assemble, Job.LOCK: newsletter.lock, Job.SEND: newsletter.send}[job]


def is_approved(session: Session, newsletter: str, job: Job, day: date) -> bool:
    """Whether *job* is the sending of an edition that was approved for *day*."""
    of_its_date = (Edition.newsletter == newsletter, Edition.date == day, Edition.correction == 0)
    return job is Job.SEND and session.scalar(select(Edition.state).where(*of_its_date)) is State.APPROVED


def _is_settled(session: Session, slot: Slot) -> bool:
    """Whether nothing that the clock does can change the edition of *slot* any more."""
    of_its_date = (Edition.newsletter == slot.newsletter, Edition.date == slot.date, Edition.correction == 0)
    return session.scalar(select(Edition.state).where(*of_its_date)) in {State.SENDING, State.SENT, State.CANCELLED}


def _takable(now: datetime) -> Select[Slot]:
    earlier = aliased(Slot)
    waits = exists().where(
        earlier.newsletter == Slot.newsletter,
        earlier.date == Slot.date,
        earlier.due_at < Slot.due_at,
        earlier.job != Job.SEND,  # which is the last, also where it begins before the lock
        earlier.state.in_((SlotState.PLANNED, SlotState.RUNNING)),
    )
    free = or_(Slot.state == SlotState.PLANNED, and_(Slot.state == SlotState.RUNNING, Slot.lease_until <= now))
    query = select(Slot).where(free, Slot.due_at <= now, ~waits).order_by(Slot.due_at, Slot.id)
    return query.execution_options(populate_existing=True)


def _update_held(session: Session, held: Claim, **values: object) -> bool:
    mine = (Slot.id == held.slot_id, Slot.owner == held.owner, Slot.epoch == held.epoch)
    return bool(
        watch.rows_touched(session, update(Slot).where(*mine, Slot.state == SlotState.RUNNING).values(**values))
    )


def _give_up(session: Session, slot: Slot, newsletter: Newsletter | None, now: datetime) -> None:
    late = f"it was due {slot.due_at:%Y-%m-%d %H:%M} UTC"
    why = f"nothing ran in time ({late})" if newsletter else f"the newsletter is not set up any more ({late})"
    slot.state, slot.result, slot.finished_at, slot.epoch = SlotState.MISSED, slot.result or why, now, slot.epoch + 1
    text = f"{slot.job.value} of {slot.newsletter}/{slot.date} was missed: {slot.result}"
    watch.ring(session, f"missed {slot.newsletter}/{slot.date} {slot.job.value}", text, now)


def _name(held: Claim) -> str:
    return f"{held.job.value} of {held.newsletter}/{held.date}"
