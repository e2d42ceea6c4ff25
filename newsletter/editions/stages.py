"""Where an edition stands on its way from the first article to the inbox, and what comes next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import calendar, forecast, shelf
from newsletter.editions.models import Edition, Job, State

#: an edition of these may still go out at its hour, or after it
_OPEN = frozenset({State.DRAFT, State.IN_REVIEW, State.HELD, State.APPROVED, State.SENDING})


class Passing(StrEnum):
    """How a stage stands."""

    #: over
    PAST = "past"
    #: where the edition is
    NOW = "now"
    #: to come
    AHEAD = "ahead"
    #: it will not be
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a week."""

    name: str
    #: when it begins, in UTC; None where that is the end of the one before it
    at: datetime | None
    passing: Passing
    #: what happens in it
    means: str


@dataclass(frozen=True, slots=True)
class Way:
    """The stages of one edition in their order, and what the clock does next."""

    stages: tuple[Stage, ...]
    #: the next stage; None where none comes
    next: Stage | None
    #: what the clock will not do though it is in the timetable, a sentence each
    not_done: tuple[str, ...]


def upcoming(session: Session, newsletter: Newsletter, now: datetime) -> date:
    """The date of the edition that is next to be worked on: one that is open, or else the timetable's next."""
    today = now.astimezone(newsletter.zone).date()
    planned = calendar.next_day(session, newsletter, now)
    found = shelf.between(session, newsletter.slug, today, planned)
    return next((edition.date for edition in found if edition.state in _OPEN), planned)


def way(session: Session, newsletter: Newsletter, day: date, opens_at: datetime, *, now: datetime) -> Way:
    """The stages of the edition of *day*, whose articles are collected from *opens_at* on."""
    edition = shelf.of_date(session, newsletter.slug, day)
    due = {job: calendar.due(newsletter, job, day) for job in Job}
    begins: dict[str, tuple[datetime | None, str]] = {
        "Collecting": (opens_at, "articles of the week are read"),
        "Draft": (due[Job.ASSEMBLE], "the stories are ranked and drafted"),
        "Review": (None, "editors correct and approve"),
        "Lock": (due[Job.LOCK], "from here late news only rings"),
        "Send": (due[Job.SEND], _sends(newsletter, edition)),
    }
    at = _stands(edition, due, now)
    off = edition is not None and edition.state in {State.SKIPPED, State.CANCELLED}
    stages = tuple(
        Stage(name, begin, _passing(number, at, off=off), means)
        for number, (name, (begin, means)) in enumerate(begins.items())
    )
    ahead = [stage for stage in stages if stage.passing is Passing.AHEAD and stage.at is not None and stage.at > now]
    said = forecast.forecast(session, newsletter, now, editions=2).not_done
    mine = tuple(one for one in said if f"{newsletter.slug}/{day}:" in one)
    return Way(stages, ahead[0] if ahead else None, mine)


def _stands(edition: Edition | None, due: dict[Job, datetime], now: datetime) -> int:
    """The number of the stage that is under way."""
    if edition is not None and edition.state in {State.SENDING, State.SENT}:
        return 4 if edition.state is State.SENDING else 5
    if edition is None:
        return 0 if now < due[Job.ASSEMBLE] + timedelta(minutes=1) else 1
    if now >= due[Job.SEND]:
        return 4
    return 3 if now >= due[Job.LOCK] else 2


def _passing(number: int, at: int, *, off: bool) -> Passing:
    if off and number >= at:
        return Passing.OFF
    return Passing.NOW if number == at else Passing.PAST if number < at else Passing.AHEAD


def _sends(newsletter: Newsletter, edition: Edition | None) -> str:
    if edition is not None and edition.state is State.APPROVED:
        return "it goes out: it is approved"
    if newsletter.when_not_approved == "send_if_green":
        return "it goes out if approved, or if every check is green"
    return "it goes out if it is approved by then"
