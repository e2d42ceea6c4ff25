"""kill -9, again and again, against real sinks: what they really took is compared with what the ledger says."""

import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.ledger import planning, settling
from newsletter.delivery.ledger.rules import Hearing
from newsletter.delivery.models import Status
from newsletter.delivery.operations import audit, sendlog
from newsletter.delivery.operations.audit import Violation
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.testing import wire_faults
from newsletter.testing.sendgrid import Lookalike, lookalike
from newsletter.testing.sendgrid_events import Fates, Outcome
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.tracking import events
from subscribers import audience
from tests import factories
from tests.delivery.world import FRIDAY, people

#: a server that takes its time, so that there is a middle to be killed in
UNHURRIED = wire_faults.at("message", wire_faults.delay(0.003))
#: the tree, so that the victim finds the tests
ROOT = Path(__file__).parents[2]
#: SMTP recipients that may be on the wire at once, and recipients of one request times requests at once
SMTP_WINDOW, SENDGRID_WINDOW = 256, 200


@dataclass(frozen=True)
class Aftermath:
    """What the sink took against what the ledger says."""

    #: in the sink more than once
    doubled: int
    #: neither in the sink nor shown as unknown
    lost: int
    #: accepted by the ledger, but not in the sink
    imagined: int
    violations: tuple[Violation, ...]


def begin(database: Database, sender: str, readers: int, batch_size: int) -> int:
    """An edition with its audience frozen."""
    now = datetime.now(UTC)
    with database.write() as session:
        people(session, readers)
        edition_id = factories.an_edition(session).id
        planning.plan(session, edition_id, FRIDAY, sender=sender, batch_size=batch_size, now=now)
    planning.look_at_the_figures(database)
    return edition_id


def send(url: str, edition_id: int, sender: str, where: str, *, kills: int, seed: int, ahead: float = 0) -> int:
    """Start the sender and kill it at random moments, *kills* times; then let it finish. Returns the kills made."""
    rng, made = random.Random(seed), 0  # noqa: S311
    command = [sys.executable, "-m", "tests.delivery.victim", url, str(edition_id), sender, where, str(ahead)]
    while True:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            first = victim.stdout.readline()
            if made < kills and first.strip().isdecimal():
                time.sleep(rng.uniform(0, 0.1))
                victim.kill()
                made += victim.wait() == -9
                continue
            said = victim.stdout.read()
        assert victim.returncode == 0, first + said
        return made


def compare(session: Session, edition_id: int, took: list[str]) -> Aftermath:
    copies = Counter(took)
    statuses = {line.subscriber_id: line.status for line in sendlog.lines(session, edition_id=edition_id)}
    address = {person.id: person.email for person in audience.people(session, list(statuses))}
    accepted = {Status.ACCEPTED, Status.DELIVERED, Status.BOUNCED, Status.DEFERRED, Status.COMPLAINED, Status.DROPPED}
    return Aftermath(
        doubled=sum(1 for count in copies.values() if count > 1),
        lost=sum(1 for one, status in statuses.items() if not copies[address[one]] and status is not Status.UNKNOWN),
        imagined=sum(1 for one, status in statuses.items() if status in accepted and not copies[address[one]]),
        violations=audit.audit(session, edition_id).violations,
    )


def hear(database: Database, sendgrid: Lookalike, *, now: datetime) -> None:
    """Bring all of SendGrid's events, and that of the message that moves the watermark."""
    fates = Fates([(".*", Outcome.DELIVERED)])
    told = [event for copy in sendgrid.copies for event in fates.events(copy)]
    canary = {"event": "delivered", "email": "seed@news.example.com", "sg_event_id": f"canary {now}"}
    random.Random(1).shuffle(told)  # noqa: S311
    for start in range(0, len(told), 500):
        with database.write() as session:
            events.record(session, told[start : start + 500], now=now)
    with database.write() as session:
        events.record(session, [canary | {"timestamp": int(now.timestamp())}], now=now)


def kill_smtp(database: Database, url: str, *, readers: int, kills: int) -> tuple[Aftermath, Balance, int]:
    edition_id = begin(database, "smtp", readers, 25)
    with SmtpSink(UNHURRIED, keep=False) as sink:
        made = send(url, edition_id, "smtp", str(sink.port), kills=kills, seed=1)
        took = sink.recipients()
    with database.read() as session:
        return compare(session, edition_id, took), balance(session, edition_id), made


def kill_sendgrid(
    database: Database, url: str, *, readers: int, kills: int, batch: int = 50
) -> tuple[Aftermath, list[Balance], int]:
    """Send with kills; bring the events; refute the silent ones; send what is left. The balance after each."""
    edition_id = begin(database, "sendgrid", readers, batch)
    hour = datetime.now(UTC) + timedelta(hours=1)
    with lookalike() as sendgrid:
        made = send(url, edition_id, "sendgrid", sendgrid.url, kills=kills, seed=2)
        with database.read() as session:
            after_kills = balance(session, edition_id)
        hear(database, sendgrid, now=hour)
        with database.write() as session:
            settling.refute(session, "sendgrid", Hearing(hour, timedelta(minutes=30)), now=hour)
        send(url, edition_id, "sendgrid", sendgrid.url, kills=0, seed=3, ahead=3600)
        hear(database, sendgrid, now=hour + timedelta(hours=1))
        took = [copy.to for copy in sendgrid.copies]
    with database.read() as session:
        return compare(session, edition_id, took), [after_kills, balance(session, edition_id)], made


NOTHING_WRONG = Aftermath(doubled=0, lost=0, imagined=0, violations=())


def test_kill_minus_nine_over_smtp_loses_nobody_and_doubles_nobody(database: Database, database_url: str) -> None:
    aftermath, stands, made = kill_smtp(database, database_url, readers=1500, kills=3)

    assert (aftermath, made, stands.unknown <= SMTP_WINDOW * made) == (NOTHING_WRONG, 3, True)


def test_kill_minus_nine_over_sendgrid_ends_with_nobody_unknown(database: Database, database_url: str) -> None:
    aftermath, (after_kills, at_the_end), made = kill_sendgrid(database, database_url, readers=2000, kills=2)

    assert (aftermath, at_the_end, after_kills.unknown <= SENDGRID_WINDOW * made) == (
        NOTHING_WRONG,
        Balance(planned=2000, accepted=2000),
        True,
    )


def test_sigterm_finishes_what_is_on_the_wire_and_leaves_nothing_unknown(database: Database, database_url: str) -> None:
    edition_id = begin(database, "smtp", 3000, 25)
    with SmtpSink(UNHURRIED, keep=False) as sink:
        command = [sys.executable, "-m", "tests.delivery.victim", database_url, str(edition_id), "smtp", str(sink.port)]
        with subprocess.Popen([*command, "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            victim.stdout.readline()
            victim.terminate()
            victim.stdout.read()
            victim.wait(20)

    with database.read() as session:
        stands = balance(session, edition_id)
    assert (stands.accepted, stands.unknown, stands.in_flight) == (len(sink.recipients()), 0, 0)


@pytest.mark.long
def test_thirty_kills_over_smtp(database: Database, database_url: str) -> None:
    aftermath, stands, made = kill_smtp(database, database_url, readers=20_000, kills=30)

    assert (aftermath, made, stands.to_do, stands.unknown <= SMTP_WINDOW * made) == (NOTHING_WRONG, 30, 0, True)


@pytest.mark.long
def test_thirty_kills_over_sendgrid(database: Database, database_url: str) -> None:
    # small requests: with large ones it is done before it was killed so often
    aftermath, (_, at_the_end), made = kill_sendgrid(database, database_url, readers=20_000, kills=30, batch=10)

    assert (aftermath, at_the_end, made) == (NOTHING_WRONG, Balance(planned=20_000, accepted=20_000), 30)
