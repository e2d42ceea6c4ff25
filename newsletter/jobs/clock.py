"""What happens at each tick: plan and take what is due, and do it. The database decides; the clock only asks."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Event

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import logs, plural, traces
from newsletter.app import App
from newsletter.delivery.ledger import owners, planning
from newsletter.delivery.models import Process
from newsletter.delivery.operations import crew
from newsletter.editions import calendar, shelf, timekeeping, timetable, watch
from newsletter.editions.calendar import Claim, Overtaken
from newsletter.editions.models import Job
from newsletter.editions.timekeeping import Counter, Reading, Trust, Witness
from newsletter.errors import NewsletterError, WrongState
from newsletter.jobs import (
    correcting,
    correspondence,
    counting,
    drafting,
    hinting,
    joining,
    letters,
    returning,
    sending,
    silence,
    telling,
    turning_back,
    watching,
)
from newsletter.staff import answers
from newsletter.stories.picking import choosing
from newsletter.stories.reading import sources
from newsletter.tracking.reports import kept
from subscribers.moving import uploads

log = logs.get_logger(__name__)

#: how often sources are looked after; each has a pace of its own
COLLECT_EVERY = timedelta(minutes=30)
#: of several processes one looks at the queues of hints
QUEUES_EVERY = timedelta(seconds=10)
#: of several processes one mails the editors
LETTERS_EVERY = timedelta(minutes=1)
#: who signed up should not wait for the scheduler, but the process they asked may have died
ANSWERS_EVERY = timedelta(seconds=30)
#: sign-ups that nobody confirmed, and addresses kept for long enough, are forgotten
FORGET_EVERY = timedelta(hours=1)
#: how often it is looked which editions' figures are old
FIGURES_EVERY = timedelta(minutes=1)
#: how often a failed job is tried again
RETRY_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Work:
    """Something long to do outside the tick; one name is never done twice at once in one process."""

    #: "collect", "letters", "bounces", "figures", "posts", "pulse", "webhooks", "send friday/2021-11-26", and of an
    #: edition "dispatch 12", "correct 12", "canary 12"
    name: str
    slot: Claim | None = None
    edition_id: int | None = None


def tick(
    app: App,
    *,
    now: datetime,
    owner: str,
    busy: Collection[Work] = (),
    counter: Counter | None = None,
    witness: Witness | None = None,
) -> list[Work]:
    """Plan, renew, sweep and take what is due; returns the work to be done. Touches only the database.

    *busy* is what this process is doing now: its leases are renewed. A clock that can't be believed, by the
    machine's *counter* or a *witness*, leads to nothing but letters.
    """
    with traces.span("tick") as ticking:
        found = _tick(app, now, owner, busy, counter, witness)
        ticking.tell(begins=len(found))
    return found


def _tick(
    app: App, now: datetime, owner: str, busy: Collection[Work], counter: Counter | None, witness: Witness | None
) -> list[Work]:
    with app.database.write() as session:
        judged = timekeeping.look(session, Reading(now, counter), witness)
        # what several machines compare is the database's time, where it has a clock of its own
        agreed = (witness(session) if witness else None) or now
        crew.say(session, _word(app, owner, agreed, busy, says=judged.says, ahead=now - agreed))
        if judged.trust is Trust.WENT_BACK:
            turning_back.follow(session, app, now=now)
    if judged.trust in {Trust.SETTLING, Trust.DISPUTED}:
        found = _wait_for_the_clock(app, now, busy)
    else:
        found = _by_the_clock(app, agreed, owner, busy, gives_up=judged.trust is not Trust.SILENCE)
    doing = {work.name for work in busy}
    return [work for work in found if work.name not in doing]


def stand_in(app: App, *, now: datetime) -> Work | None:
    """What a worker does where no scheduler is at work: it tells the editors, and nothing else."""
    with app.database.write() as session:
        if not crew.clockless(session, now=now):
            return None
        watch.ring(session, f"no scheduler {now:%Y-%m-%d %H}", f"{crew.NO_CLOCK}.", now)
        return next(iter(_letters(session, now)), None)


def leave(app: App, owner: str) -> None:
    """Say that *owner* ends, where the database is there to hear it."""
    with suppress(SQLAlchemyError), app.database.write() as session:
        crew.leave(session, owner, now=app.clock())


def run(app: App, work: Work, *, owner: str, clock: Callable[[], datetime], stop: Event | None = None) -> Work | None:
    """Do *work*, and return what follows from it at once; a failure is logged, told and tried again, never raised."""
    with traces.span(_kind(work), work=work.name) as doing:
        return _run(app, work, doing, owner=owner, clock=clock, stop=stop)


def _run(
    app: App, work: Work, doing: traces.Span, *, owner: str, clock: Callable[[], datetime], stop: Event | None
) -> Work | None:
    try:
        result, follows = _do(app, work, owner=owner, clock=clock, stop=stop)
        with app.database.write() as session:
            watch.beat(session, _kind(work), clock(), result=result)
    except Overtaken as error:
        log.warning("work.overtaken", work=work.name, says=str(error))
        doing.failed(type(error).__name__)
        return None
    except Exception as error:
        log.exception("work.failed", work=work.name)
        doing.failed(type(error).__name__)
        _failed(app, work, error, now=clock())
        return None
    log.info("work.done", work=work.name, result=result)
    return follows


def _word(app: App, owner: str, now: datetime, busy: Collection[Work], *, says: str, ahead: timedelta) -> Process:
    """What this scheduler says of itself at a tick."""
    return Process(
        name=owner,
        owner=owner,
        kind=crew.SCHEDULER,
        version=version("newsletter"),
        newsletters=[],
        settings=crew.fingerprint(app.base),
        started_at=now,
        seen_at=now,
        left_at=None,
        doing=", ".join(sorted(work.name for work in busy)) or "waiting",
        trouble=says,
        ahead=ahead.total_seconds(),
        hints=0,
        stale=0,
    )


def _by_the_clock(app: App, now: datetime, owner: str, busy: Collection[Work], *, gives_up: bool) -> list[Work]:
    newsletters = app.settings.newsletters
    _sweep(app, now)
    tells = _tells(app, now)
    with app.database.write() as session:
        _renew(session, busy, now)
        calendar.release(session, owners.is_dead, now)
        for newsletter in newsletters.values():
            timetable.plan(session, newsletter, now)
        missed = calendar.miss(session, newsletters, now) if gives_up else []
        found = _due(session, app, now, owner)
        watch.beat(session, "tick", now, result=", ".join(work.name for work in found))
    for slot in missed:
        log.error("slot.missed", newsletter=slot.newsletter, date=str(slot.date), job=slot.job.value)
    return [*found, Work("webhooks")] if tells else found


def _tells(app: App, now: datetime) -> bool:
    """Whether there is something to tell other programs; whatever is wrong with that, the timetable goes on."""
    try:
        return telling.look(app, now=now)
    except Exception as error:
        log.exception("webhooks.failed")
        text = f"What other programs are to be told could not be collected: {type(error).__name__}; the log has more."
        with app.database.write() as session:
            watch.ring(session, f"failed webhooks {now:%Y-%m-%d}", text, now)
        return False


def _wait_for_the_clock(app: App, now: datetime, busy: Collection[Work]) -> list[Work]:
    """Keep what is under way, and let the editors know."""
    with app.database.write() as session:
        _renew(session, busy, now)
        watch.beat(session, "tick", now, ok=False, result="waits: the clock can't be believed")
        return _letters(session, now)


def _renew(session: Session, busy: Collection[Work], now: datetime) -> None:
    watch.take_turn(session, "tick", timedelta(0), now)
    for work in busy:
        if work.slot is not None:
            calendar.renew(session, work.slot, now)


def _letters(session: Session, now: datetime) -> list[Work]:
    if watch.untold(session) and watch.take_turn(session, "letters", LETTERS_EVERY, now):
        return [Work("letters")]
    return []


def _sweep(app: App, now: datetime) -> None:
    """Whatever is wrong with one sending, the timetable goes on."""
    try:
        sending.sweep(app, now=now)
        with app.database.write() as session:
            if watch.take_turn(session, "forget", FORGET_EVERY, now):
                crew.forget(session, now=now)
                joining.sweep(session, app.settings.sign_up, now=now)
                returning.sweep(session, app.settings, now=now)
                sources.forget(session, now=now)
                answers.forget(session, now=now)
                uploads.forget_old(session, app.settings.path(uploads.FOLDER), now=now)
    except NewsletterError as error:
        log.exception("sweep.failed")
        with app.database.write() as session:
            watch.beat(session, "sweep", now, ok=False, result=str(error))
            watch.ring(session, f"failed sweep {now:%Y-%m-%d}", f"The sweep failed: {error}", now)


def _due(session: Session, app: App, now: datetime, owner: str) -> list[Work]:
    found = []
    if watch.take_turn(session, "collect", COLLECT_EVERY, now):
        found.append(Work("collect"))
    # what is too late is given up, or will be; it is never done
    beside = [slot.id for slot in calendar.lapsed(session, app.settings.newsletters, now)]
    while slot := calendar.claim(session, now, owner, beside=beside):
        found.append(Work(f"{slot.job.value} {slot.newsletter}/{slot.date}", slot=slot))
    found += [Work(f"correct {edition_id}", edition_id=edition_id) for edition_id in correcting.due(session)]
    found += [_dispatch(edition_id) for edition_id in sending.under_way(session, now=now)]
    found += [Work(f"canary {number}", edition_id=number) for number in silence.due(session, app, now=now)]
    if correspondence.waits(session, app, now=now) and watch.take_turn(session, "answers", ANSWERS_EVERY, now):
        found.append(Work("answers"))
    if returning.due(session, app, now=now):
        found.append(Work("bounces"))
    if kept.due(session, now=now) and watch.take_turn(session, "figures", FIGURES_EVERY, now):
        found.append(Work("figures"))
    if app.settings.workers == "celery" and watch.take_turn(session, "queues", QUEUES_EVERY, now):
        found.append(Work("queues"))
    watching.look(session, app, now=now)
    return found + _letters(session, now) + _signs(session, app, now)


def _signs(session: Session, app: App, now: datetime) -> list[Work]:
    """Alarms to be posted, and the pulse."""
    found = [Work("posts")] if watching.waits(session, app, now=now) else []
    return [*found, Work("pulse")] if watching.beats(session, app, now=now) else found


def _dispatch(edition_id: int) -> Work:
    return Work(f"dispatch {edition_id}", edition_id=edition_id)


def _do(
    app: App, work: Work, *, owner: str, clock: Callable[[], datetime], stop: Event | None
) -> tuple[str, Work | None]:
    """What came of it, in words, and what follows."""
    if work.slot is not None:
        return _do_slot(app, work.slot, clock)
    if work.edition_id is not None and _kind(work) == "canary":
        return silence.break_silence(app, work.edition_id, owner=owner, now=clock()), None
    if work.edition_id is not None and _kind(work) == "correct":
        begun = sending.begin_correction(app, work.edition_id, now=clock())
        return ("begun", _dispatch(work.edition_id)) if begun else ("not approved any more", None)
    if work.edition_id is not None:
        ended = sending.dispatch_edition(app, work.edition_id, owner=owner, clock=clock, stop=stop)
        return f"{ended.balance}", None
    if work.name == "bounces":
        return returning.by_the_clock(app, clock=clock, stop=stop), None
    if work.name == "figures":
        return counting.keep_those_due(app, now=clock()), None
    if work.name == "queues":
        return hinting.look(app, clock=clock), None
    if work.name == "answers":
        return f"{correspondence.answer(app, clock=clock)} letters", None
    if work.name == "posts":
        return watching.post(app, now=clock()), None
    if work.name == "webhooks":
        return telling.tell(app, owner=owner, clock=clock, stop=stop), None
    if work.name == "pulse":
        return watching.pulse(app), None
    if work.name == "letters":
        return plural.counted(letters.tell(app, now=clock()), "letter"), None
    report = drafting.collect(app, now=clock())
    return f"{plural.counted(report.new, 'new article')}, {plural.counted(len(report.failed), 'source')} failed", None


def _do_slot(app: App, held: Claim, clock: Callable[[], datetime]) -> tuple[str, Work | None]:
    """The slot's effect and its "done", committed together; whoever was overtaken commits neither."""
    match held.job:
        case Job.ASSEMBLE:
            return _assemble(app, held, clock), None
        case Job.LOCK:
            with app.database.write() as session:
                newsletter = app.newsletter(held.newsletter)
                result = drafting.look_once_more(
                    session, newsletter, held.date, now=clock(), kept=choosing.kept_in(app.kept)
                )
                calendar.finish(session, held, result, clock())
                return result, None
        case Job.SEND:
            return _send(app, held, clock)


def _assemble(app: App, held: Claim, clock: Callable[[], datetime]) -> str:
    newsletter = app.newsletter(held.newsletter)
    try:
        with app.database.write() as session:
            result = drafting.draft(
                session, newsletter, held.date, now=clock(), by="clock", kept=choosing.kept_in(app.kept)
            ).result
            calendar.finish(session, held, result, clock())
    except Overtaken:
        raise
    except WrongState as error:  # people have made this edition already, which is as good
        result = str(error)
        with app.database.write() as session:
            calendar.finish(session, held, result, clock())
    return result


def _send(app: App, held: Claim, clock: Callable[[], datetime]) -> tuple[str, Work | None]:
    sender = app.sender()
    try:
        with app.database.write() as session:
            edition = shelf.of_date(session, held.newsletter, held.date)
            newsletter = app.newsletter(held.newsletter)
            opens_at = calendar.opens(newsletter, Job.SEND, held.date)
            if clock() < opens_at:  # another hour was chosen after this worker took the slot
                calendar.wait(session, held, result := "its hour was changed", clock(), opens_at)
                return result, None
            due_at = calendar.due(newsletter, Job.SEND, held.date)
            if clock() < due_at and (edition is None or edition.state in sending.UNDECIDED):
                result = "the first mornings have come; it waits for its approval"
                calendar.wait(session, held, result, clock(), due_at)
                return result, None
            result = sending.begin_on_time(session, app, edition, sender, now=clock())
            if edition is None:
                text = f"{held.newsletter}/{held.date} was not sent: {result}"
                watch.ring(session, f"no edition {held.newsletter}/{held.date}", text, clock())
            calendar.finish(session, held, result, clock())
            begun = edition is not None and edition.id in sending.under_way(session, now=clock())
    finally:
        sender.close()
    if edition is None or not begun:
        return result, None
    planning.look_at_the_figures(app.database)
    return result, _dispatch(edition.id)


def _failed(app: App, work: Work, error: Exception, *, now: datetime) -> None:
    says = str(error) if isinstance(error, NewsletterError) else f"{type(error).__name__}: {error}"
    with app.database.write() as session:
        watch.beat(session, _kind(work), now, ok=False, result=says)
        if work.slot is not None:
            calendar.give_back(session, work.slot, says, now, RETRY_AFTER)
        if work.name not in {"letters", "posts", "pulse"}:
            matter = work.name if work.slot or work.edition_id else f"{work.name} {now:%Y-%m-%d}"
            watch.ring(session, f"failed {matter}", f"{work.name} failed and is tried again: {says}", now)


def _kind(work: Work) -> str:
    """What it is counted as among the heartbeats: "send", not "send friday/2021-11-26"."""
    return work.name.partition(" ")[0]
