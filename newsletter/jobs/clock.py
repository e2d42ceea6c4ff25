"""What happens at each tick: plan and take what is due, and do it. The database decides; the clock only asks."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

import structlog
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery import planning
from newsletter.editions import calendar, shelf, watch
from newsletter.editions.calendar import Claim
from newsletter.editions.models import Job
from newsletter.errors import NewsletterError, WrongState
from newsletter.jobs import drafting, letters, sending

log = structlog.get_logger(__name__)

#: how often sources are looked after; each has a pace of its own
COLLECT_EVERY = timedelta(minutes=30)
#: how often a failed job is tried again
RETRY_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Work:
    """Something long to do outside the tick; one name is never done twice at once in one process."""

    #: "collect", "letters", "send friday/2021-11-26", "dispatch 12"
    name: str
    slot: Claim | None = None
    edition_id: int | None = None


def tick(app: App, *, now: datetime, owner: str, busy: Collection[Work] = ()) -> list[Work]:
    """Plan, renew, sweep and take what is due; returns the work to be done. Touches only the database.

    *busy* is what this process is doing now: its leases are renewed.
    """
    newsletters = app.settings.newsletters
    with app.database.write() as session:
        watch.take_turn(session, "tick", timedelta(0), now)
        for work in busy:
            if work.slot is not None:
                calendar.renew(session, work.slot, now)
        for newsletter in newsletters.values():
            calendar.plan(session, newsletter, now)
        missed = calendar.miss(session, newsletters, now)
        sending.tidy(session, app, now=now)
        found = _due(session, now, owner)
        watch.beat(session, "tick", now, result=", ".join(work.name for work in found))
    for slot in missed:
        log.error("slot.missed", newsletter=slot.newsletter, date=str(slot.date), job=slot.job.value)
    doing = {work.name for work in busy}
    return [work for work in found if work.name not in doing]


def run(app: App, work: Work, *, owner: str, clock: Callable[[], datetime], stop: Event | None = None) -> None:
    """Do *work*; a failure is logged, told and tried again later, and never raised."""
    try:
        result = _do(app, work, owner=owner, clock=clock, stop=stop)
    except Exception as error:
        log.exception("work.failed", work=work.name)
        _failed(app, work, error, now=clock())
    else:
        log.info("work.done", work=work.name, result=result)
        with app.database.write() as session:
            watch.beat(session, _kind(work), clock(), result=result)


def _due(session: Session, now: datetime, owner: str) -> list[Work]:
    found = []
    if watch.take_turn(session, "collect", COLLECT_EVERY, now):
        found.append(Work("collect"))
    while slot := calendar.claim(session, now, owner):
        found.append(Work(f"{slot.job.value} {slot.newsletter}/{slot.date}", slot=slot))
    found += [Work(f"dispatch {edition_id}", edition_id=edition_id) for edition_id in sending.under_way(session)]
    if watch.untold(session):
        found.append(Work("letters"))
    return found


def _do(app: App, work: Work, *, owner: str, clock: Callable[[], datetime], stop: Event | None) -> str:
    if work.slot is not None:
        return _do_slot(app, work.slot, owner=owner, clock=clock, stop=stop)
    if work.edition_id is not None:
        return str(sending.dispatch_edition(app, work.edition_id, owner=owner, clock=clock, stop=stop).balance)
    if work.name == "letters":
        return f"{letters.tell(app, now=clock())} letters"
    report = drafting.collect(app, now=clock())
    return f"{report.new} new articles, {len(report.failed)} sources failed"


def _do_slot(app: App, held: Claim, *, owner: str, clock: Callable[[], datetime], stop: Event | None) -> str:
    """The slot's effect and its "done", committed together; whoever was overtaken commits neither."""
    match held.job:
        case Job.ASSEMBLE:
            return _assemble(app, held, clock)
        case Job.LOCK:
            with app.database.write() as session:
                newsletter = app.newsletter(held.newsletter)
                result = drafting.look_once_more(session, newsletter, held.date, now=clock())
                calendar.finish(session, held, result, clock())
                return result
        case Job.SEND:
            return _send(app, held, owner=owner, clock=clock, stop=stop)


def _assemble(app: App, held: Claim, clock: Callable[[], datetime]) -> str:
    newsletter = app.newsletter(held.newsletter)
    try:
        with app.database.write() as session:
            result = drafting.draft(session, newsletter, held.date, now=clock(), by="clock").result
            calendar.finish(session, held, result, clock())
    except WrongState as error:  # people have made this edition already, which is as good
        result = str(error)
        with app.database.write() as session:
            calendar.finish(session, held, result, clock())
    return result


def _send(app: App, held: Claim, *, owner: str, clock: Callable[[], datetime], stop: Event | None) -> str:
    sender = app.sender()
    try:
        with app.database.write() as session:
            edition = shelf.of_date(session, held.newsletter, held.date)
            result = sending.begin_on_time(session, app, edition, sender, now=clock())
            if edition is None:
                text = f"{held.newsletter}/{held.date} was not sent: {result}"
                watch.ring(session, f"no edition {held.newsletter}/{held.date}", text, clock())
            calendar.finish(session, held, result, clock())
            going = edition.id if edition is not None and edition.id in sending.under_way(session) else None
    finally:
        sender.close()
    if going is not None:
        planning.look_at_the_figures(app.database)
        # at once, not at the next tick; whoever dies here is followed by the next tick's "dispatch"
        return str(sending.dispatch_edition(app, going, owner=owner, clock=clock, stop=stop).balance)
    return result


def _failed(app: App, work: Work, error: Exception, *, now: datetime) -> None:
    says = str(error) if isinstance(error, NewsletterError) else f"{type(error).__name__}: {error}"
    with app.database.write() as session:
        watch.beat(session, _kind(work), now, ok=False, result=says)
        if work.slot is not None:
            calendar.give_back(session, work.slot, says, now, RETRY_AFTER)
        if work.name != "letters":
            matter = work.name if work.slot or work.edition_id else f"{work.name} {now:%Y-%m-%d}"
            watch.ring(session, f"failed {matter}", f"{work.name} failed and is tried again: {says}", now)


def _kind(work: Work) -> str:
    """What it is counted as among the heartbeats: "send", not "send friday/2021-11-26"."""
    return work.name.partition(" ")[0]
