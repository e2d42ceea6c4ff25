"""What runs, and for whom: what came of it last and what comes next, as slots and heartbeats tell; and hurrying it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.operations import crew
from newsletter.editions import forecast, watch
from newsletter.editions.forecast import Coming
from newsletter.editions.models import Heartbeat, Job, Slot, SlotState
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import clock, watching
from newsletter.staff import acts
from newsletter.staff.acts import Doer

#: this edition's and the next one's: on a Thursday evening the next draft is a week away
_EDITIONS_AHEAD = 2
#: a run that has not ended for so long was cut off
_CUT_OFF = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """A job of one newsletter's week."""

    job: Job
    #: the newest that was done, missed, or is being done; None before the first
    last: Slot | None
    #: None where nothing is planned or would be
    next: Coming | None

    @property
    def is_running(self) -> bool:
        return self.last is not None and self.last.state is SlotState.RUNNING and self.last.owner != ""


@dataclass(frozen=True, slots=True)
class Week:
    """A newsletter's jobs, and what of them will come to nothing, in sentences."""

    newsletter: Newsletter
    jobs: Sequence[Weekly]
    not_done: Sequence[str]


@dataclass(frozen=True, slots=True)
class Round:
    """Something that is done again and again, for all newsletters together."""

    name: str
    says: str
    beat: Heartbeat | None
    #: None: when there is something to do
    every: timedelta | None
    can_be_hurried: bool
    now: datetime

    @property
    def is_running(self) -> bool:
        beat = self.beat
        return beat is not None and beat.finished_at is None and self.now - beat.started_at < _CUT_OFF

    @property
    def was_cut_off(self) -> bool:
        return self.beat is not None and self.beat.finished_at is None and not self.is_running

    @property
    def next_at(self) -> datetime | None:
        """When the next one is due; None where it is done when there is something to do, or has never been."""
        return self.beat.started_at + self.every if self.beat and self.every else None


def weeks(session: Session, newsletters: Mapping[str, Newsletter], *, now: datetime) -> list[Week]:
    """The weekly jobs of each newsletter."""
    begun = (SlotState.DONE, SlotState.MISSED, SlotState.RUNNING)
    place = func.row_number().over(partition_by=(Slot.newsletter, Slot.job), order_by=(Slot.due_at.desc(), Slot.id))
    newest = select(Slot.id, place.label("place")).where(Slot.state.in_(begun)).subquery()
    last = select(Slot).join(newest, newest.c.id == Slot.id).where(newest.c.place == 1)
    found = {(slot.newsletter, slot.job): slot for slot in session.scalars(last)}
    told = []
    for one in newsletters.values():
        ahead = forecast.forecast(session, one, now, editions=_EDITIONS_AHEAD)
        jobs = [
            Weekly(job, found.get((one.slug, job)), next((c for c in ahead.coming if c.job is job), None))
            for job in Job
        ]
        told.append(Week(one, jobs, ahead.not_done))
    return told


def rounds(session: Session, app: App, *, now: datetime) -> list[Round]:
    """What goes round beside the weeks; what this install never does is left out."""
    beats = {beat.name: beat for beat in session.scalars(select(Heartbeat))}
    every = _every(app)
    return [
        Round(name, says, beats.get(name), every.get(name), name in hurried(app), now)
        for name, says in _ROUNDS.items()
        if name in beats or name in _ALWAYS
    ]


def hurried(app: App) -> tuple[str, ...]:
    """Rounds that can be told to begin now."""
    return ("collect", "bounces") if app.settings.mailbox.is_read else ("collect",)


def hurry(session: Session, app: App, name: str, *, by: Doer, now: datetime) -> None:
    """Let *name* begin at the next tick, whichever process ticks; raises WrongState where it runs, or nobody ticks."""
    if name not in hurried(app):
        raise BadInput("That can't be begun here.")
    if not watch.is_ticking(session, now):
        raise WrongState(f"No scheduler is running: start newsletter scheduler, or run newsletter {_BY_HAND[name]}.")
    beat = session.get(Heartbeat, name, populate_existing=True)
    if beat is not None and beat.finished_at is None and now - beat.started_at < _CUT_OFF:
        raise WrongState("It runs already.")
    # its turn is long past then; when it last ended stays as it was
    early = update(Heartbeat).where(Heartbeat.name == name).values(started_at=now - timedelta(days=1))
    watch.rows_touched(session, early)
    acts.note(session, by, "began a job now", name, now=now)


def _every(app: App) -> dict[str, timedelta]:
    return {
        "collect": clock.COLLECT_EVERY,
        "bounces": timedelta(minutes=app.settings.mailbox.every),
        "forget": clock.FORGET_EVERY,
        "queues": clock.QUEUES_EVERY,
        "watchdog": watching.LOOK_EVERY,
        "pulse": watching.PULSE_EVERY,
    }


_ALWAYS = frozenset({"tick", "collect", "watchdog"})
_BY_HAND = {"collect": "collect", "bounces": "bounces collect"}
#: in the order of the week; `tick` finds what of them is due
_ROUNDS = {
    "tick": "Looks what is due",
    "collect": "Reads the sources that are due",
    "dispatch": "Sends what is under way",
    "correct": "Begins corrections that were approved",
    "canary": "Asks a silent provider for a sign",
    "letters": "Mails the editors what they should know",
    "answers": "Answers who signed up",
    "bounces": "Reads the mailbox",
    "figures": "Keeps editions’ figures",
    "watchdog": "Looks for what has not happened",
    "posts": "Posts alarms",
    "pulse": "Gives a sign of life",
    "queues": "Looks at the broker’s queues",
    crew.BROKER: "Gives hints to workers",
    "sweep": "Resolves what passed its deadline",
    "forget": "Forgets what was kept for long enough",
}
