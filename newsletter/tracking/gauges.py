"""The state of the house in figures, for programs that watch it; they name newsletters and sources, never a reader.

Each is read from the database when it is asked for, so that it is the same whichever process answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.delivery.models import Batch, BatchState, MailServer, Outcome, Sending, SendingState, Status, Tally
from newsletter.delivery.operations import balance, crew, waits
from newsletter.editions import shelf, timekeeping
from newsletter.editions.models import Alarm, Edition, Heartbeat, Job, Slot, SlotState, State
from newsletter.stories.models import Health, Source
from newsletter.tracking.models import Event, MailboxPlace, Quarantined, Watermark
from newsletter.tracking.webhooks.models import Endpoint, Happening

#: what counts as lately
_LATELY = timedelta(days=14)
_UNDER_WAY = frozenset({SendingState.PLANNING, SendingState.RUNNING, SendingState.PAUSED})
#: editions whose copies are counted, at most: those under way, then each newsletter's newest
_MOST = 20


def gather(session: Session, settings: Settings, *, now: datetime) -> Iterator[Metric]:
    """Every figure there is, as families of Prometheus gauges; times are seconds, ages in seconds until *now*."""
    yield from _clock(session, now)
    yield from _processes(session, settings, now)
    yield from _timetable(session, now)
    yield from _sources(session, now)
    yield from _editions(session, settings, now)
    yield from _came_back(session, now)
    yield from _servers(session, now)
    yield from _alarms(session, now)
    yield from _webhooks(session, now)


def _gauge(name: str, says: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"newsletter_{name}", says, labels=labels)


def _clock(session: Session, now: datetime) -> Iterator[Metric]:
    runs = _gauge("job_last_run_timestamp_seconds", "When a job that runs again and again last began.", ["job"])
    fine = _gauge("job_ok", "Whether its last run that ended went well.", ["job"])
    for beat in session.scalars(select(Heartbeat).order_by(Heartbeat.name)):
        runs.add_metric([beat.name], beat.started_at.timestamp())
        fine.add_metric([beat.name], beat.ok)
        if beat.name == "tick":
            ticked = _gauge("tick_age_seconds", "Since the scheduler's last tick.")
            ticked.add_metric([], (now - beat.started_at).total_seconds())
            yield ticked
    yield runs
    yield fine
    doubted = _gauge("clock_doubted", "Whether the clock has jumped and is not believed yet: nothing is sent.")
    doubted.add_metric([], not timekeeping.has_settled(session, now=now))
    yield doubted


def _processes(session: Session, settings: Settings, now: datetime) -> Iterator[Metric]:
    seen = _gauge("process_seen_age_seconds", "Since the last word of a process that did not leave.", ["kind", "name"])
    ahead = _gauge("process_clock_ahead_seconds", "Its machine's clock against the database's.", ["kind", "name"])
    for one in crew.known(session):
        if one.left_at is None:
            seen.add_metric([one.kind, one.name], (now - one.seen_at).total_seconds())
            ahead.add_metric([one.kind, one.name], one.ahead)
    yield seen
    yield ahead
    workers = _gauge("workers", "Workers that are there.")
    workers.add_metric([], len(crew.at_work(session, crew.WORKER, now=now)))
    yield workers
    missing = _gauge("nobody_to_send", "1 where workers are to send and none is there.")
    missing.add_metric([], bool(crew.missing(session, settings, now=now)))
    yield missing
    deaf = _gauge("broker_deaf", "1 where the broker takes no hints; workers then look by themselves.")
    deaf.add_metric([], bool(crew.broker(session, now=now)))
    yield deaf
    yield from _hints(session, settings, now)


def _hints(session: Session, settings: Settings, now: datetime) -> Iterator[Metric]:
    """How the queues of hints stood when a scheduler last looked."""
    given = _gauge("hints_given", "Hints that were given, ever.", ["newsletter"])
    waiting = _gauge("hints_waiting", "Hints that nobody took yet.", ["newsletter"])
    listening = _gauge("hints_listening", "Workers that listen for hints.", ["newsletter"])
    age = _gauge("hints_wait_seconds", "Since when at every look some hint waited.", ["newsletter"])
    for one in crew.queues(session, settings):
        given.add_metric([one.newsletter], one.given)
        waiting.add_metric([one.newsletter], one.waiting)
        listening.add_metric([one.newsletter], one.listening)
        age.add_metric([one.newsletter], (now - one.waiting_since).total_seconds() if one.waiting_since else 0)
    yield from (given, waiting, listening, age)


def _timetable(session: Session, now: datetime) -> Iterator[Metric]:
    due = _gauge("slot_due_timestamp_seconds", "When a job is due next.", ["newsletter", "job"])
    open_still = Slot.state.in_((SlotState.PLANNED, SlotState.RUNNING))
    query = select(Slot.newsletter, Slot.job, func.min(Slot.due_at)).where(open_still)
    for newsletter, job, at in session.execute(query.group_by(Slot.newsletter, Slot.job)):
        due.add_metric([newsletter, job.value], at.timestamp())
    yield due
    missed = _gauge("slots_missed", "Jobs that were missed in the last fourteen days.", ["newsletter", "job"])
    was_missed = (Slot.state == SlotState.MISSED, Slot.due_at > now - _LATELY)
    counts = select(Slot.newsletter, Slot.job, func.count()).where(*was_missed).group_by(Slot.newsletter, Slot.job)
    for newsletter, job, count in session.execute(counts):
        missed.add_metric([newsletter, job.value], count)
    yield missed


def _sources(session: Session, now: datetime) -> Iterator[Metric]:
    read = (Source.removed_at.is_(None), Source.paused_at.is_(None))
    by_health = _gauge("sources", "Sources by how the last visit went.", ["health"])
    counts = session.execute(select(Source.health, func.count()).where(*read).group_by(Source.health))
    found = {health: count for health, count in counts}  # noqa: C416 (a Row is not a pair to the type checker)
    for health in Health:
        by_health.add_metric([health.value], found.get(health, 0))
    yield by_health
    failures = _gauge("source_failures", "Visits that failed one after the other.", ["id", "name"])
    age = _gauge("source_visited_age_seconds", "Since the last visit to a source that fails.", ["id", "name"])
    for source in session.scalars(select(Source).where(*read, Source.failures > 0).order_by(Source.id)):
        which = [str(source.id), source.name]  # and not the address: some hold a key
        failures.add_metric(which, source.failures)
        if source.fetched_at is not None:
            age.add_metric(which, (now - source.fetched_at).total_seconds())
    yield failures
    yield age


def _editions(session: Session, settings: Settings, now: datetime) -> Iterator[Metric]:
    sendings = _watched(session)
    rows = session.scalars(select(Edition).where(Edition.id.in_([one.edition_id for one in sendings])))
    names = {edition.id: shelf.name(edition) for edition in rows}
    yield _waiting(session, now)
    yield from _states(session, settings, sendings, names, now)
    yield from _copies(session, sendings, names)
    yield from _queues(session, names, now)
    rate = _gauge("handed_over_last_minute", "Messages handed over in the minute before this one.", ["sender"])
    minute = int(now.timestamp() // 60) - 1
    for key, count in session.execute(select(Tally.key, Tally.messages).where(Tally.minute == minute)):
        rate.add_metric([key], count)
    yield rate


def _watched(session: Session) -> list[Sending]:
    under_way = session.scalars(
        select(Sending).where(Sending.state.in_(_UNDER_WAY)).order_by(Sending.started_at.desc()).limit(_MOST)
    ).all()
    newest = (
        select(func.max(Edition.date).label("date"), Edition.newsletter)
        .join(Sending)
        .group_by(Edition.newsletter)
        .subquery()
    )
    last = session.scalars(
        select(Sending)
        .join(Edition)
        .join(newest, (Edition.newsletter == newest.c.newsletter) & (Edition.date == newest.c.date))
        .limit(_MOST)
    ).all()
    return list({one.edition_id: one for one in (*under_way, *last)}.values())[:_MOST]


def _waiting(session: Session, now: datetime) -> Metric:
    """Editions that an hour was set for, and where they stand."""
    family = _gauge(
        "edition_due_timestamp_seconds", "When an edition goes out, by where it stands.", ["edition", "state"]
    )
    query = (
        select(Edition, Slot.due_at)
        .join(Slot, (Slot.newsletter == Edition.newsletter) & (Slot.date == Edition.date) & (Slot.job == Job.SEND))
        .where(Slot.due_at > now - timedelta(days=2), Edition.state.not_in((State.SENT, State.CANCELLED)))
    )
    for edition, due_at in session.execute(query):
        family.add_metric([shelf.name(edition), edition.state.value], due_at.timestamp())
    return family


def _states(
    session: Session, settings: Settings, sendings: Sequence[Sending], names: Mapping[int, str], now: datetime
) -> Iterator[Metric]:
    state = _gauge("sending_state", "1 for the state that a sending is in.", ["edition", "state"])
    stands = _gauge("sending_stands_seconds", "Since when nothing moves though it should.", ["edition"])
    for sending in sendings:
        name = names[sending.edition_id]
        state.add_metric([name, sending.state.value], 1)
        newsletter = settings.newsletters.get(name.partition("/")[0])
        if sending.state is SendingState.RUNNING and newsletter is not None:
            wait = waits.find(session, sending, newsletter.limits, now=now)
            is_stuck = wait is not None and wait.since is not None and wait.until is None
            since = wait.since if wait is not None and is_stuck and wait.since else now
            stands.add_metric([name], max((now - since).total_seconds(), 0))
    yield state
    yield stands


def _copies(session: Session, sendings: Sequence[Sending], names: Mapping[int, str]) -> Iterator[Metric]:
    says = "The balance: planned = accepted + skipped + refused + unknown + to_do."
    copies = _gauge("copies", says, ["edition", "is"])
    told = _gauge("copies_told", "What the other side told of accepted copies since.", ["edition", "status"])
    for sending in sendings:
        name, stands = names[sending.edition_id], balance.balance(session, sending.edition_id)
        for word in ("planned", "accepted", "skipped", "refused", "unknown", "to_do"):
            copies.add_metric([name, word], getattr(stands, word))
        for status, count in balance.progress(session, sending.edition_id).items():
            told.add_metric([name, status.value], count)
    yield copies
    yield told
    refused = _gauge("copies_refused", "Copies that were refused for good, by the answer's code.", ["edition", "code"])
    query = (
        select(Outcome.edition_id, Outcome.code, func.count())
        .where(Outcome.edition_id.in_(list(names)), Outcome.status == Status.REFUSED)
        .group_by(Outcome.edition_id, Outcome.code)
    )
    for edition_id, code, count in session.execute(query):
        refused.add_metric([names[edition_id], str(code or "")], count)
    yield refused


def _queues(session: Session, names: Mapping[int, str], now: datetime) -> Iterator[Metric]:
    batches = _gauge("batches", "Batches by where they stand.", ["edition", "state"])
    query = (
        select(Batch.edition_id, Batch.state, func.count())
        .where(Batch.edition_id.in_(list(names)))
        .group_by(Batch.edition_id, Batch.state)
    )
    for edition_id, state, count in session.execute(query):
        batches.add_metric([names[edition_id], state.value], count)
    yield batches
    age = _gauge("queue_age_seconds", "How long the batch that waits longest could have gone.", ["edition"])
    oldest = (
        select(Batch.edition_id, func.min(Batch.not_before))
        .where(Batch.edition_id.in_(list(names)), Batch.state == BatchState.QUEUED, Batch.not_before <= now)
        .group_by(Batch.edition_id)
    )
    for edition_id, since in session.execute(oldest):
        age.add_metric([names[edition_id]], (now - since).total_seconds())
    yield age


def _came_back(session: Session, now: datetime) -> Iterator[Metric]:
    silence = _gauge("events_silence_seconds", "Since the newest event, by the event's own time.", ["provider"])
    trouble = _gauge("events_trouble_age_seconds", "Since an event could not be stored.", ["provider"])
    for mark in session.scalars(select(Watermark).order_by(Watermark.provider)):
        silence.add_metric([mark.provider], (now - mark.at).total_seconds())
        if mark.trouble_at is not None:
            trouble.add_metric([mark.provider], (now - mark.trouble_at).total_seconds())
    yield silence
    yield trouble
    newest = session.scalar(select(Event).order_by(Event.id.desc()).limit(1))
    lag = _gauge("event_lag_seconds", "Between the newest event and its coming in.", ["provider"])
    if newest is not None:
        lag.add_metric([newest.provider], (newest.received_at - newest.at).total_seconds())
    yield lag
    quarantined = _gauge("events_quarantined", "Elements of posts that could not be read, and are kept.")
    quarantined.add_metric([], session.scalar(select(func.count()).select_from(Quarantined)) or 0)
    yield quarantined
    mailbox = _gauge("mailbox_failing_seconds", "Since when the mailbox of bounces can't be read.", ["place"])
    for number, place in enumerate(session.scalars(select(MailboxPlace).order_by(MailboxPlace.id)), 1):
        since = place.failing_since or now
        mailbox.add_metric([str(number)], (now - since).total_seconds())
    yield mailbox


def _servers(session: Session, now: datetime) -> Iterator[Metric]:
    most = _gauge("server_messages_per_connection", "The limit that a mail server showed.", ["server"])
    age = _gauge("server_learned_age_seconds", "Since when its manners are known.", ["server"])
    for server in session.scalars(select(MailServer).order_by(MailServer.key)):
        if server.most is not None:
            most.add_metric([server.key], server.most)
        age.add_metric([server.key], (now - server.learned_at).total_seconds())
    yield most
    yield age


def _alarms(session: Session, now: datetime) -> Iterator[Metric]:
    rung = _gauge("alarms", "Alarms rung in the last fourteen days.")
    rung.add_metric([], session.scalar(select(func.count()).where(Alarm.at > now - _LATELY)) or 0)
    yield rung
    untold = _gauge("alarms_untold", "Alarms of which nobody was mailed yet.")
    untold.add_metric([], session.scalar(select(func.count()).where(Alarm.told_at.is_(None))) or 0)
    yield untold


def _webhooks(session: Session, now: datetime) -> Iterator[Metric]:
    """By number, and not by address: some hold a key."""
    lag = _gauge("webhook_lag_seconds", "Since the oldest of what an endpoint was not told yet.", ["webhook"])
    failing = _gauge("webhook_failing_seconds", "Since when nothing that is posted to it is taken.", ["webhook"])
    off = _gauge("webhook_off", "1 where it is told nothing: a day of failures, 410, or by hand.", ["webhook"])
    waits = select(func.min(Happening.at)).where(Happening.id > Endpoint.cursor).correlate(Endpoint).scalar_subquery()
    for one, oldest in session.execute(select(Endpoint, waits).order_by(Endpoint.id)):
        which = [str(one.id)]
        lag.add_metric(which, max((now - oldest).total_seconds(), 0) if oldest else 0)
        failing.add_metric(which, (now - one.failing_since).total_seconds() if one.failing_since else 0)
        off.add_metric(which, one.disabled_at is not None)
    yield from (lag, failing, off)
