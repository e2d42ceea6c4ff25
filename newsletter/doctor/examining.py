"""Looking at everything: settings, database, people, sources, clocks, workers, broker, the way to the wire."""

import sqlite3
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newsletter import config, db, plural
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import crew, rehearsal, waits
from newsletter.delivery.wire import returns
from newsletter.editions import shelf, timekeeping, watch
from newsletter.editions.models import Edition, Heartbeat
from newsletter.errors import ConfigError, MailboxClosed, NewsletterError
from newsletter.rendering import proofs
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.stories.models import Health, Source
from newsletter.tracking import quarantine
from subscribers import waiting
from subscribers.models import Consent, Subscription

#: these versions carry the fix of the WAL-reset bug, which can corrupt a file with two connections
_SQLITE_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
#: seconds
_PATIENCE = 10
#: how long a letter that could not be delivered is named
_LATELY = timedelta(days=7)
#: bytes of the demo's edition, as a message
_USUAL_SIZE = 48_000
_ANYBODY = Reader(0, "somebody@example.com", "Somebody", "token")


class Level(StrEnum):
    """How much a finding matters."""

    #: as it should be
    GOOD = "good"
    #: works, but somebody should know
    NOTE = "note"
    #: will not work
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    level: Level
    text: str


def look(app: App, *, now: datetime) -> list[Finding]:
    """Look at everything, and at the pages from outside where the world can open them."""
    findings = examine(app, now=now)
    return findings if app.settings.stays_here else [*findings, *from_outside(app.settings.public_url)]


def examine(app: App, *, now: datetime) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    findings = [*_settings(app), *_database(app)]
    if not any(finding.level is Level.BAD and finding.name == "database" for finding in findings):
        findings += [
            *_people(app, now),
            *_sources(app),
            *_scheduler(app, now),
            *_clock(app, now),
            *_crew(app, now),
            *_letters(app, now),
            *_sendings(app, now),
        ]
    return [*findings, *_sender(app), *_mailbox(app)]


def from_outside(public_url: str) -> list[Finding]:
    """Ask the pages as the world does, through whatever stands in front of them."""
    import httpx  # nothing else here needs it

    name = "pages"
    try:
        with httpx.Client(verify=_trust(), timeout=_PATIENCE) as client:
            health = client.get(f"{public_url}/healthz", follow_redirects=True)
            desk = client.get(f"{public_url}/")
    except httpx.HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            text = f"{public_url} shows a certificate that is not trusted here, nor by most readers' programs ({error})"
            return [Finding(name, Level.NOTE, f"{text}; give the proxy one that is, with its whole chain")]
        text = f"{public_url} can't be reached from here ({error}); are newsletter serve and its proxy running?"
        return [Finding(name, Level.NOTE, text)]
    if desk.status_code == 200 and "Newsletter desk" in desk.text:
        text = f"{public_url} shows the desk to everybody: let the proxy pass Host and X-Forwarded-For"
        return [Finding(name, Level.BAD, f"{text} (docs/operating.md)")]
    if health.status_code == 503 and health.text.startswith('{"database"'):
        return [Finding(name, Level.BAD, f"{public_url} answers, and its database does not")]
    if health.status_code in {502, 503, 504}:
        text = f"{public_url} answers {health.status_code}: a proxy, which finds no pages behind it"
        return [Finding(name, Level.NOTE, f"{text}; is newsletter serve running?")]
    if health.status_code != 200 or "seconds_since_tick" not in health.text:
        text = f"{public_url}/healthz answers {health.status_code}, and not as newsletter serve does"
        return [Finding(name, Level.NOTE, text)]
    return [Finding(name, Level.GOOD, f"{public_url} answers, and the desk is closed to the world")]


def _trust() -> ssl.SSLContext:
    """This machine's own authorities, to which an administrator may have added, and the world's."""
    import certifi  # comes with httpx

    trust = ssl.create_default_context()
    trust.load_verify_locations(certifi.where())
    return trust


def _settings(app: App) -> Iterator[Finding]:
    settings = app.settings
    file = settings.home / config.FILE_NAME
    yield (
        Finding("settings", Level.GOOD, str(file))
        if file.exists()
        else Finding("settings", Level.NOTE, f"no {file}; run newsletter init to make one")
    )
    if not settings.secret.get_secret_value():
        yield Finding("secret", Level.BAD, "none to sign links with; run newsletter init, or set NEWSLETTER_SECRET")
    elif len(settings.secret.get_secret_value()) < 32:
        yield Finding("secret", Level.NOTE, "shorter than 32 characters; a longer one is harder to guess")
    if not settings.newsletters:
        yield Finding("newsletters", Level.BAD, f"none: add [newsletters.…] to {config.FILE_NAME}")
    for newsletter in settings.newsletters.values():
        yield Finding(
            "newsletters",
            Level.GOOD,
            f"{newsletter.slug}: {newsletter.title}, {newsletter.send} {newsletter.time_zone}",
        )
        if newsletter.from_address.endswith("@example.com"):
            text = f"{newsletter.slug}: from_address is {newsletter.from_address}, and example.com is nobody's"
            yield Finding("newsletters", Level.NOTE, f"{text}: set the sender's own in {config.FILE_NAME}")
        if newsletter.postal_address.startswith("Your street"):
            text = f"{newsletter.slug}: postal_address is still the example from newsletter init"
            yield Finding("newsletters", Level.NOTE, f"{text}: set yours in {config.FILE_NAME}")
        if not newsletter.editors:
            text = f"{newsletter.slug}: nobody is mailed its drafts and alarms"
            yield Finding("newsletters", Level.NOTE, f"{text}: set editors in {config.FILE_NAME}")
    if settings.leads_nowhere:
        text = f"{settings.public_url} leads nowhere but to this machine: no reader could open a link, or leave"
        yield Finding("public_url", Level.BAD, f"{text}; set it in {config.FILE_NAME}")
    elif urlsplit(settings.public_url).scheme != "https":
        yield Finding("public_url", Level.NOTE, f"{settings.public_url}: one-click leaving needs https")


def _database(app: App) -> Iterator[Finding]:
    shown = db.spoken(app.database.url)
    file = db.file(app.database.url)
    if file is not None and not file.exists():
        yield Finding("database", Level.BAD, f"there is no {file}; run newsletter init")
        return
    # slow to load, and a doctor's help needs none of it
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    try:
        with app.database.reader.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        text = f"{shown} can't be reached: {db.reason(error)}"
        yield Finding("database", Level.BAD, f"{text}; is the server running, and is database_url right?")
        return
    newest = ScriptDirectory(str(db.MIGRATIONS)).get_current_head()
    if at != newest:
        yield Finding("database", Level.BAD, f"{shown} is at revision {at or 'none'}; run newsletter db upgrade")
        return
    yield Finding("database", Level.GOOD, f"{shown}, revision {at}")
    if app.database.is_sqlite and not _is_fixed(sqlite3.sqlite_version_info):
        text = f"{sqlite3.sqlite_version} can, very rarely, damage a file while two processes write (mended in 3.51.3)"
        yield Finding("sqlite", Level.NOTE, f"{text}: back it up every night, or use PostgreSQL")


def _is_fixed(version: tuple[int, ...]) -> bool:
    return version >= _SQLITE_FIXED[-1] or any(version[:2] == good[:2] and version >= good for good in _SQLITE_FIXED)


def _people(app: App, now: datetime) -> Iterator[Finding]:
    with app.database.read() as session:
        confirmed = session.scalar(
            select(func.count(func.distinct(Subscription.subscriber_id))).where(
                Subscription.consent == Consent.CONFIRMED
            )
        )
        left = len(waiting.due(session, now=now))
    level = Level.GOOD if confirmed else Level.NOTE
    yield Finding("subscribers", level, f"{confirmed:,} confirmed")
    if left:
        yield Finding(
            "subscribers",
            Level.NOTE,
            f"{left:,} {'waits' if left == 1 else 'wait'} to be asked: newsletter subscribers invite --all",
        )


def _sources(app: App) -> Iterator[Finding]:
    with app.database.read() as session:
        sources = session.scalars(
            select(Source).where(Source.removed_at.is_(None), Source.paused_at.is_(None)).order_by(Source.id)
        ).all()
    if not sources:
        yield Finding("sources", Level.NOTE, "none yet; add one with newsletter sources add URL")
        return
    failing = [source for source in sources if source.health in {Health.FAILING, Health.GONE}]
    yield Finding("sources", Level.NOTE if failing else Level.GOOD, f"{len(sources)}, of which {len(failing)} failing")
    for source in failing:
        yield Finding("sources", Level.NOTE, f"{source.name}: {source.problem}")


def _scheduler(app: App, now: datetime) -> Iterator[Finding]:
    with app.database.read() as session:
        tick = session.get(Heartbeat, "tick")
    if tick is None:
        yield Finding("scheduler", Level.NOTE, "has never run; start it with newsletter scheduler")
    elif now - tick.started_at > watch.TICK_IS_LATE:
        yield Finding("scheduler", Level.BAD, f"last ticked {tick.started_at:%Y-%m-%d %H:%M:%S} UTC; is it running?")
    else:
        yield Finding("scheduler", Level.GOOD, f"ticked {(now - tick.started_at).seconds} s ago")


def _clock(app: App, now: datetime) -> Iterator[Finding]:
    """Whether this machine's clock can be believed, as far as another one tells."""
    with app.database.read() as session:
        told = timekeeping.of_the_database(session)
        last = timekeeping.last(session)
    if told is not None and abs(told - now) > timekeeping.TOLERANCE:
        text = f"this machine's says {now:%Y-%m-%d %H:%M:%S}, the database's {told:%Y-%m-%d %H:%M:%S} (UTC)"
        yield Finding("clock", Level.BAD, f"{text}: nothing is done by the clock until they agree")
    elif last is not None and last > now + timekeeping.TOLERANCE:
        text = f"the scheduler last read {last:%Y-%m-%d %H:%M:%S} UTC, which is still to come"
        yield Finding("clock", Level.NOTE, f"{text}: what it did too early is looked at again when it runs")


def _crew(app: App, now: datetime) -> Iterator[Finding]:
    """Workers and their broker where there are any; and what any process has told of itself."""
    with app.database.read() as session:
        missing, troubles = crew.missing(session, app.settings, now=now), list(crew.troubles(session, now=now))
        workers = crew.at_work(session, crew.WORKER, now=now)
    if missing:
        yield Finding("workers", Level.BAD, missing)
    elif workers:
        yield Finding("workers", Level.GOOD, ", ".join(f"{one.name}: {one.doing}" for one in workers))
    for trouble in troubles:
        yield Finding("workers", Level.NOTE, trouble)
    if app.settings.workers == "celery":
        with app.database.write() as session:
            install = crew.install(session)
        yield from _broker(app, install)


def _broker(app: App, install: str) -> Iterator[Finding]:
    from newsletter.delivery.wire import broker  # with Celery, where it is used at all

    try:
        for seen in broker.examine(app.settings.broker_url.get_secret_value(), install, list(app.settings.newsletters)):
            late = "" if seen.works else " (until then workers begin some seconds later, by a look of their own)"
            yield Finding("broker", Level.GOOD if seen.works else Level.BAD, f"{seen.text}{late}")
    except ConfigError as error:
        yield Finding("broker", Level.BAD, str(error))


def _letters(app: App, now: datetime) -> Iterator[Finding]:
    """Mail to the editors that they did not get."""
    with app.database.read() as session:
        alarms = [alarm for alarm in watch.lately(session, now - _LATELY) if alarm.trouble]
        beat = session.get(Heartbeat, "letters")
    for alarm in alarms:
        why = "refused" if alarm.told_at else "not delivered yet"
        yield Finding("letters", Level.BAD, f"to the editors, {why}: {alarm.trouble} (“{alarm.text}”)")
    if beat is not None and not beat.ok:
        yield Finding("letters", Level.BAD, f"to the editors can't be sent: {beat.result}")


def _sender(app: App) -> Iterator[Finding]:
    settings = app.settings
    try:
        app.sender().close()
    except NewsletterError as error:
        yield Finding("sender", Level.BAD, str(error))
        return
    match settings.sender:
        case "maildir":
            yield Finding("sender", Level.NOTE, f"maildir: mail only goes to {settings.path(settings.maildir.path)}")
        case "smtp":
            yield from map(judged, rehearsal.smtp(settings.smtp, _parts(app)))
        case "sendgrid":
            yield from map(judged, rehearsal.sendgrid(settings.sendgrid, _parts(app)))
            yield from _webhook(app)


def _mailbox(app: App) -> Iterator[Finding]:
    """Where what comes back by mail is read, and whether it can be."""
    settings = app.settings
    wanted = settings.mailbox
    if not wanted.is_read:
        if settings.sender == "smtp":
            text = "none is read: nobody learns of bounces; set mailbox.host or mailbox.maildir (docs/bounces.md)"
            yield Finding("mailbox", Level.NOTE, text)
        return
    # with the IMAP library, which a doctor's help can do without
    from newsletter.tracking.mailbox import imap, session, shelf
    from newsletter.tracking.mailbox.maildir import Maildir

    try:
        if wanted.maildir:
            yield Finding("mailbox", Level.GOOD, Maildir(settings.path(wanted.maildir), wanted).describe())
        if wanted.host:
            with session.connect(settings) as client:
                for name in wanted.folders:
                    text = f"{wanted.username} at {wanted.host}: {imap.Folder(client, wanted, name).describe()}"
                    yield Finding("mailbox", Level.GOOD, text)
    except MailboxClosed as error:
        yield Finding("mailbox", Level.BAD, str(error))
    if settings.sender == "smtp" and not settings.bounces.address:
        text = "copies have no return address of their own (bounces.address): what comes back is known by less"
        yield Finding("mailbox", Level.NOTE, text)
    try:
        with app.database.read() as reading:
            unclear = shelf.unclear(reading)
    except SQLAlchemyError:
        return  # said elsewhere
    if unclear:
        text = f"{plural.counted(unclear, 'letter')} to look at: newsletter bounces list"
        yield Finding("mailbox", Level.NOTE, text)


def _sendings(app: App, now: datetime) -> Iterator[Finding]:
    """What is being sent and does not move, and why."""
    running = select(Sending).where(Sending.state.in_((SendingState.RUNNING, SendingState.PAUSED)))
    with app.database.read() as session:
        for sending in session.scalars(running.order_by(Sending.edition_id)):
            edition = shelf.get(session, sending.edition_id)
            newsletter = app.settings.newsletters.get(edition.newsletter)
            wait = waits.find(session, sending, newsletter.limits, now=now) if newsletter else None
            if wait is not None:
                # a limit or an hour that passes by itself is no fault
                level = Level.NOTE if wait.until else Level.BAD
                yield Finding("sending", level, f"{shelf.name(edition)}: nothing moves: {wait.why}")


def judged(seen: rehearsal.Seen) -> Finding:
    """What was tried on the way to the wire, as a finding."""
    level = Level.NOTE if seen.works and seen.is_exposed else Level.GOOD if seen.works else Level.BAD
    return Finding("sender", level, seen.text)


def _parts(app: App) -> list[rehearsal.Part]:
    """What each newsletter will ask of the wire."""
    written = returns.configured(app.settings)
    return [
        rehearsal.Part(
            # nothing is sent, so any copy's mark will do
            written.of(1, 1).decode("ascii") if written else newsletter.from_address,
            next(iter((*newsletter.seeds, *newsletter.editors)), newsletter.from_address),
            _size(app, newsletter),
        )
        for newsletter in app.settings.newsletters.values()
    ]


def _size(app: App, newsletter: Newsletter) -> int:
    """Bytes of the newest edition's message; of a usual one where there is none yet."""
    query = select(Proof, Edition).join(Edition, Edition.id == Proof.edition_id)
    newest = query.where(Edition.newsletter == newsletter.slug).order_by(Proof.id.desc()).limit(1)
    try:
        with app.database.read() as session:
            found = session.execute(newest).one_or_none()
            return len(proofs.mould(*found, newsletter, app.settings).message(_ANYBODY)) if found else _USUAL_SIZE
    except (SQLAlchemyError, NewsletterError):
        return _USUAL_SIZE  # said elsewhere


def _webhook(app: App) -> Iterator[Finding]:
    if not app.settings.sendgrid.webhook_key:
        yield Finding("webhook", Level.NOTE, "no sendgrid.webhook_key: statuses stop at accepted")
    try:
        with app.database.read() as session:
            count, newest = quarantine.count(session), quarantine.newest(session)
    except SQLAlchemyError:
        return  # said elsewhere
    if newest is not None:
        text = f"{count:,} could not be read and are kept in quarantine; the newest: {newest.reason}"
        yield Finding("webhook", Level.NOTE, f"events: {text}")
