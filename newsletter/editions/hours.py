"""An edition that goes out at an hour of its own: one person's word, for that one edition, before its sending begins.

The hour itself stands among the newsletter's settings, so that every process and every page goes by it; what is
kept here is the slot of the timetable that agrees with it.
"""

import re
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, days, shelf
from newsletter.editions.models import Edition, Job, Slot, SlotState, State
from newsletter.errors import BadInput, WrongState

_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
#: its sending has not begun, and may still
_AHEAD = frozenset({State.DRAFT, State.IN_REVIEW, State.APPROVED, State.HELD, State.SKIPPED})


def read(text: str) -> time:
    """The hour that *text* says, as "07:30"; raises BadInput."""
    found = _HOUR.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text[:20]!r} is not an hour, such as 07:30")
    return time(int(found[1]), int(found[2]))


def refuse(session: Session, newsletter: Newsletter, edition: Edition, at: time, now: datetime) -> None:
    """Raise where *edition* can't go out *at* that hour of its day: BadInput for one that is past, else WrongState."""
    if edition.state not in _AHEAD:
        raise WrongState(f"{shelf.name(edition)} is {edition.state.spoken}: its hour can't be changed any more")
    if days.instant(edition.date, at, newsletter.zone) <= now:
        day = f"{edition.date:%A} {edition.date.day} {edition.date:%B}"
        raise BadInput(f"{at:%H:%M} on {day} is past: choose a later hour")
    slot = _slot(session, newsletter, edition.date)
    if slot is not None and _is_held(slot, now):
        raise WrongState(f"{shelf.name(edition)} is being worked on this minute: try it again in a moment")


def with_hour(newsletter: Newsletter, day: date, at: time | None) -> tuple[str, ...]:
    """The setting `hours` of *newsletter* once the edition of *day* goes out *at* that hour; None: at the usual one."""
    kept = [one for one in newsletter.hours if not one.startswith(f"{day} ")]
    own = [f"{day} {at:%H:%M}"] if at is not None and at != newsletter.send.at else []
    return tuple(sorted([*kept, *own]))


def bring(session: Session, newsletter: Newsletter, edition: Edition, now: datetime) -> datetime:
    """Bring the slot of *edition*'s sending to the hour that *newsletter* has for it; returns that moment, in UTC.

    What was given up or held at its old hour is planned again. Without a slot the timetable plans one in time.
    """
    due_at = calendar.opens(newsletter, Job.SEND, edition.date)
    slot = _slot(session, newsletter, edition.date)
    if slot is not None:
        if edition.state not in _AHEAD or _is_held(slot, now):
            raise WrongState(f"the sending of {shelf.name(edition)} has begun meanwhile: pause or cancel it instead")
        slot.state, slot.due_at, slot.owner, slot.lease_until = SlotState.PLANNED, due_at, "", None
        slot.result, slot.finished_at, slot.epoch = "", None, slot.epoch + 1
        session.flush()
    return due_at


def _slot(session: Session, newsletter: Newsletter, day: date) -> Slot | None:
    query = select(Slot).where(Slot.newsletter == newsletter.slug, Slot.date == day, Slot.job == Job.SEND)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def _is_held(slot: Slot, now: datetime) -> bool:
    """Whether a worker is at it; one that waits for an approval is nobody's."""
    return slot.state is SlotState.RUNNING and bool(slot.owner) and bool(slot.lease_until and slot.lease_until > now)
