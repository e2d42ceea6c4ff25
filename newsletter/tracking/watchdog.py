"""What a person should know that no single act finds out: what has not happened, and what goes on too long.

Looked at every minute. Each matter rings once, with what to do, and once more when it is over; one that comes and goes
is one matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.config import Newsletter, Settings, Watchdog
from newsletter.delivery.models import Batch, Progress, Sending, SendingState, Status
from newsletter.delivery.operations import waits
from newsletter.editions import shelf, timekeeping, watch
from newsletter.editions.models import Edition, Job, Matter, Slot, SlotState, State
from newsletter.stories.models import Article, Health, Source
from newsletter.tracking.models import Event

#: a job may be so late without anybody being told
_LATE = timedelta(minutes=10)
#: until when a job that is late is a matter of the watchdog's; then it is missed, or nobody's
_STALE = timedelta(days=1)
#: what comes back within this time of its end has not been over
_AGAIN = timedelta(hours=1)
#: editions whose complaints are looked at
_LATELY = timedelta(days=14)
#: fewer complaints are no rate
_FEW_COMPLAINTS = 3
#: a source that brought fewer in the time before has no habit to break
_HABIT, _HABIT_DAYS = 3, 60
#: so many sources have to be read at all before a share of them says anything
_FEW_SOURCES = 4
#: sources are looked at so often, for each of their articles is
_SOURCES_EVERY = timedelta(hours=1)
#: a sending that has not moved for so long stands still
_STANDSTILL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now."""

    #: what it is about; "friday/2021-11-26" in it says whose editors are told
    key: str
    #: what is wrong, and what to do
    text: str
    #: another room rings for it, so that here only its end is told
    is_rung: bool = False


def look(session: Session, settings: Settings, *, now: datetime) -> None:
    """Ring for what is new, and tell what is over."""
    looks_at_sources = watch.take_turn(session, "watchdog sources", _SOURCES_EVERY, now)
    found = {trouble.key: trouble for trouble in troubles(session, settings, now=now, sources=looks_at_sources)}
    known = {matter.key: matter for matter in session.scalars(select(Matter))}
    for key, trouble in found.items():
        _begin(session, trouble, known.get(key), now)
    for key, matter in known.items():
        if matter.over_at is not None:
            if now - matter.over_at > _LATELY:
                session.delete(matter)
        elif key not in found and (looks_at_sources or not key.startswith(_SOURCES)):
            _end(session, matter, now)


def open_matters(session: Session) -> list[Matter]:
    """What is wrong now, the oldest first."""
    return list(session.scalars(select(Matter).where(Matter.over_at.is_(None)).order_by(Matter.since, Matter.key)))


def _begin(session: Session, trouble: Trouble, known: Matter | None, now: datetime) -> None:
    if known is not None and known.over_at is None:
        return
    if known is not None and known.over_at is not None and now - known.over_at <= _AGAIN:
        known.over_at = None
        return
    if known is None:
        known = Matter(key=trouble.key)
        session.add(known)
    known.text, known.since, known.over_at = trouble.text, now, None
    session.flush()
    if not trouble.is_rung:
        watch.ring(session, f"{trouble.key} {now:%Y-%m-%d %H:%M}", trouble.text, now)


def _end(session: Session, matter: Matter, now: datetime) -> None:
    matter.over_at = now
    if _came_good(session, matter.key):
        text = f"Over since {now:%H:%M} UTC: {matter.text}"
        watch.ring(session, f"over {matter.key} {matter.since:%Y-%m-%d %H:%M}", text, now)


def _came_good(session: Session, key: str) -> bool:
    """Whether what is not found any more has ended well: some ends otherwise, and another room rings for that."""
    what, _, name = key.rpartition(" ")
    wanted = _GOOD_ENDS.get(what)
    if wanted is None:
        return what != "complaints"
    newsletter, _, day = name.partition("/")
    states = select(Edition.state).where(Edition.newsletter == newsletter, Edition.date == date.fromisoformat(day))
    return session.scalar(states) in wanted


#: where an edition stands when a matter of the timetable has ended well
_GOOD_ENDS = {
    "not drafted": frozenset(State),
    "not started": frozenset({State.SENDING, State.SENT}),
    "not approved": frozenset({State.APPROVED, State.SENDING, State.SENT, State.SKIPPED, State.CANCELLED}),
}


def troubles(session: Session, settings: Settings, *, now: datetime, sources: bool = True) -> Iterator[Trouble]:
    """Everything that is wrong, as far as the database tells; about *sources* only where asked for."""
    if not timekeeping.has_settled(session, now=now):
        yield Trouble("clock", "the clock has jumped, and is not believed yet", is_rung=True)
    for newsletter in settings.newsletters.values():
        yield from _not_begun(session, newsletter, now)
        yield from _not_approved(session, newsletter, now)
    yield from _sendings(session, settings, now)
    yield from _complaints(session, settings.watchdog, now)
    if sources:
        yield from _sources(session, settings.watchdog, now)


# the timetable


def _not_begun(session: Session, newsletter: Newsletter, now: datetime) -> Iterator[Trouble]:
    """A draft that is not made, a sending that has not begun."""
    query = select(Slot).where(
        Slot.newsletter == newsletter.slug,
        Slot.job.in_((Job.ASSEMBLE, Job.SEND)),
        Slot.state.in_((SlotState.PLANNED, SlotState.RUNNING)),
        Slot.due_at < now - _LATE,
        Slot.due_at > now - _STALE,
    )
    for slot in session.scalars(query):
        name = f"{newsletter.slug}/{slot.date}"
        at = f"{slot.due_at.astimezone(newsletter.zone):%H:%M}"
        said = f" It says: {slot.result}." if slot.result else ""
        if slot.job is Job.ASSEMBLE:
            text = f"{name} was to be drafted at {at}, and is not there.{said} newsletter assemble makes it now."
            yield Trouble(f"not drafted {name}", text)
        elif _state(session, slot) is State.APPROVED:
            late = f"{name} is approved and was to go out at {at}; it has not begun."
            text = f"{late}{said} newsletter send {name} sends it."
            yield Trouble(f"not started {name}", text)


def _not_approved(session: Session, newsletter: Newsletter, now: datetime) -> Iterator[Trouble]:
    """Rung for when the edition is locked; told when somebody has decided."""
    query = (
        select(Edition)
        .join(Slot, (Slot.newsletter == Edition.newsletter) & (Slot.date == Edition.date) & (Slot.job == Job.LOCK))
        .where(
            Edition.newsletter == newsletter.slug,
            Edition.state.in_((State.DRAFT, State.IN_REVIEW, State.HELD)),
            Slot.state == SlotState.DONE,
            Slot.due_at > now - _STALE,
        )
    )
    for edition in session.scalars(query):
        name = shelf.name(edition)
        yield Trouble(f"not approved {name}", f"{name} is not approved", is_rung=True)


def _state(session: Session, slot: Slot) -> State | None:
    of_its_date = (Edition.newsletter == slot.newsletter, Edition.date == slot.date)
    return session.scalar(select(Edition.state).where(*of_its_date))


# what goes out


def _sendings(session: Session, settings: Settings, now: datetime) -> Iterator[Trouble]:
    under_way = select(Sending, Edition).join(Edition).where(Sending.state.in_(_UNDER_WAY)).order_by(Edition.id)
    for sending, edition in session.execute(under_way):
        name = shelf.name(edition)
        if sending.state is SendingState.PAUSED:
            reason = f": {sending.reason}" if sending.reason else ""
            yield Trouble(f"paused {name}", f"the sending of {name} is paused{reason}", is_rung=True)
            continue
        newsletter = settings.newsletters.get(edition.newsletter)
        wait = waits.find(session, sending, newsletter.limits, now=now) if newsletter else None
        if wait and wait.since and not wait.until and now - wait.since > _STANDSTILL:
            yield Trouble(f"stands {name}", f"{name} does not move: {wait.why}", is_rung=True)
        if sending.sender == "sendgrid":
            yield from _no_event(session, settings.watchdog, sending, name, now)


_UNDER_WAY = (SendingState.RUNNING, SendingState.PAUSED)


def _no_event(session: Session, rules: Watchdog, sending: Sending, name: str, now: datetime) -> Iterator[Trouble]:
    patience = timedelta(minutes=rules.event_minutes)
    first = session.scalar(select(func.min(Batch.fenced_at)).where(Batch.edition_id == sending.edition_id))
    if not rules.event_minutes or first is None or now - first <= patience:
        return
    heard = session.scalar(select(func.max(Event.received_at)).where(Event.received_at > first))
    if heard is None or now - heard > patience:
        since = f"since {heard:%H:%M} UTC" if heard else "at all"
        text = (
            f"{name} goes out, and SendGrid has told nothing of it {since}. Is the event webhook on, and does its"
            " address lead to /hooks/sendgrid here? newsletter doctor looks."
        )
        yield Trouble(f"no event {name}", text)


def _complaints(session: Session, rules: Watchdog, now: datetime) -> Iterator[Trouble]:
    if not rules.complaint_share:
        return
    counted = (
        select(Progress.edition_id, func.count().label("readers"))
        .where(Progress.status == Status.COMPLAINED)
        .group_by(Progress.edition_id)
        .having(func.count() >= _FEW_COMPLAINTS)
        .subquery()
    )
    query = (
        select(Edition, Sending.planned, counted.c.readers)
        .join(Sending, Sending.edition_id == Edition.id)
        .join(counted, counted.c.edition_id == Edition.id)
        .where(Sending.started_at > now - _LATELY)
    )
    for edition, planned, readers in session.execute(query):
        if planned and readers / planned > rules.complaint_share:
            name = shelf.name(edition)
            text = (
                f"{readers} of {planned} readers of {name} pressed “spam”, {readers / planned:.2%}; large houses begin"
                f" to turn mail away at {rules.complaint_share:.2%}. They are suppressed. Look at how people joined,"
                f" and whether they find the way out: newsletter report {name}."
            )
            yield Trouble(f"complaints {name}", text)


# what comes in


def _sources(session: Session, rules: Watchdog, now: datetime) -> Iterator[Trouble]:
    read = (Health.OK, Health.FAILING)
    health = [(one, one.health) for one in session.scalars(select(Source).where(Source.health.in_(read)))]
    failing = [source for source, state in health if state is Health.FAILING]
    if len(health) >= _FEW_SOURCES and 2 * len(failing) > len(health):
        yield Trouble(
            f"{_SOURCES}s fail",
            f"{len(failing)} of {plural.counted(len(health), 'source')} can't be read, {failing[0].name} for one:"
            f" {failing[0].problem}. Is the way out open? newsletter sources list says why for each.",
        )
    if rules.silent_days:
        yield from _silent(session, [source for source, state in health if state is Health.OK], rules, now)


def _silent(session: Session, sources: list[Source], rules: Watchdog, now: datetime) -> Iterator[Trouble]:
    limit = now - timedelta(days=rules.silent_days)
    habit = (
        select(Article.source_id, func.max(Article.published_at), func.count())
        .where(Article.published_at > limit - timedelta(days=_HABIT_DAYS))
        .group_by(Article.source_id)
        .having(func.max(Article.published_at) < limit, func.count() >= _HABIT)
    )
    quiet = {source_id: (last, count) for source_id, last, count in session.execute(habit)}
    for source in sources:
        if source.id in quiet:
            last, count = quiet[source.id]
            text = (
                f"{source.name} is read without an error, and has brought nothing new since {last:%-d %B}; in the"
                f" {_HABIT_DAYS} days before it brought {count}. Has its feed moved? newsletter sources add SITE finds"
                " it."
            )
            yield Trouble(f"{_SOURCES} {source.id} silent", text)


_SOURCES = "source"
