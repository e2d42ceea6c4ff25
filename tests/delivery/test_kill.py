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
#: SMTP recipients that may be past the fence at once, connections, and recipients of one request times requests at once
SMTP_WINDOW, SMTP_CONNECTIONS, SENDGRID_WINDOW = 256, 4, 200


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


def send(
    url: str,
    edition_id: int,
    sender: str,
    where: str,
    home: Path,
    *,
    kills: int,
    seed: int,
    ahead: float = 0,
    reboots: bool = False,
    mistake: str = "",
) -> int:
    """Start the sender and kill it at random moments, *kills* times; then let it finish. Returns the kills made.

    With *reboots* the machine is started again after each kill, as far as its black box can tell; with a *mistake*
    the sender makes it.
    """
    rng, made = random.Random(seed), 0  # noqa: S311
    arguments = [url, str(edition_id), sender, where, str(ahead), str(home)]
    while True:
        command = [sys.executable, "-m", "tests.delivery.victim", *arguments, f"boot {made if reboots else 0}", mistake]
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


def kill_smtp(
    database: Database, url: str, home: Path, *, readers: int, kills: int, reboots: bool = False, mistake: str = ""
) -> tuple[Aftermath, Balance, int]:
    edition_id = begin(database, "smtp", readers, 25)
    with SmtpSink(UNHURRIED, keep=False) as sink:
        made = send(
            url, edition_id, "smtp", str(sink.port), home, kills=kills, seed=1, reboots=reboots, mistake=mistake
        )
        took = sink.recipients()
    with database.read() as session:
        return compare(session, edition_id, took), balance(session, edition_id), made


def kill_sendgrid(
    database: Database, url: str, home: Path, *, readers: int, kills: int, batch: int = 50
) -> tuple[Aftermath, list[Balance], int]:
    """Send with kills; bring the events; refute the silent ones; send what is left. The balance after each."""
    edition_id = begin(database, "sendgrid", readers, batch)
    hour = datetime.now(UTC) + timedelta(hours=1)
    with lookalike() as sendgrid:
        made = send(url, edition_id, "sendgrid", sendgrid.url, home, kills=kills, seed=2)
        with database.read() as session:
            after_kills = balance(session, edition_id)
        hear(database, sendgrid, now=hour)
        with database.write() as session:
            settling.refute(session, "sendgrid", Hearing(hour, timedelta(minutes=30)), now=hour)
        send(url, edition_id, "sendgrid", sendgrid.url, home, kills=0, seed=3, ahead=3600)
        hear(database, sendgrid, now=hour + timedelta(hours=1))
        took = [copy.to for copy in sendgrid.copies]
    with database.read() as session:
        return compare(session, edition_id, took), [after_kills, balance(session, edition_id)], made


NOTHING_WRONG = Aftermath(doubled=0, lost=0, imagined=0, violations=())


def test_kill_minus_nine_over_smtp_leaves_one_copy_for_each_connection_in_doubt(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    aftermath, stands, made = kill_smtp(database, database_url, tmp_path, readers=1500, kills=3)

    assert (aftermath, made, stands.unknown <= SMTP_CONNECTIONS * made) == (NOTHING_WRONG, 3, True)


def test_after_another_start_of_the_machine_the_black_box_is_not_believed(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    aftermath, stands, made = kill_smtp(database, database_url, tmp_path, readers=1500, kills=3, reboots=True)

    in_doubt = SMTP_CONNECTIONS * made < stands.unknown <= SMTP_WINDOW * made
    assert (aftermath, made, in_doubt) == (NOTHING_WRONG, 3, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_black_box_that_is_written_after_the_wire_is_found_out(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    aftermath, _, made = kill_smtp(database, database_url, tmp_path, readers=1500, kills=3, mistake="late")

    assert (made, aftermath.doubled > 0) == (3, True)


def test_kill_minus_nine_over_sendgrid_ends_with_nobody_unknown(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    aftermath, (after_kills, at_the_end), made = kill_sendgrid(database, database_url, tmp_path, readers=2000, kills=2)

    assert (aftermath, at_the_end, after_kills.unknown <= SENDGRID_WINDOW * made) == (
        NOTHING_WRONG,
        Balance(planned=2000, accepted=2000),
        True,
    )


def test_sigterm_finishes_what_is_on_the_wire_and_leaves_nothing_unknown(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    edition_id = begin(database, "smtp", 3000, 25)
    with SmtpSink(UNHURRIED, keep=False) as sink:
        command = [sys.executable, "-m", "tests.delivery.victim", database_url, str(edition_id), "smtp", str(sink.port)]
        with subprocess.Popen(
            [*command, "0", str(tmp_path), "boot"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as victim:
            assert victim.stdout is not None
            victim.stdout.readline()
            victim.terminate()
            victim.stdout.read()
            victim.wait(20)

    with database.read() as session:
        stands = balance(session, edition_id)
    assert (stands.accepted, stands.unknown, stands.in_flight) == (len(sink.recipients()), 0, 0)


@pytest.mark.long
@pytest.mark.parametrize("reboots", [False, True], ids=["same boot", "reboots"])
def test_thirty_kills_over_smtp(
    database: Database, database_url: str, tmp_path: Path, reboots: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    aftermath, stands, made = kill_smtp(database, database_url, tmp_path, readers=20_000, kills=30, reboots=reboots)

    with capsys.disabled():
        print(f"\nSMTP, {made} kills, {stands}; doubled {aftermath.doubled}, lost {aftermath.lost}")  # noqa: T201
    bound = (SMTP_WINDOW if reboots else SMTP_CONNECTIONS) * made
    assert (aftermath, made, stands.to_do, stands.unknown <= bound) == (NOTHING_WRONG, 30, 0, True)


@pytest.mark.long
def test_thirty_kills_over_sendgrid(
    database: Database, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # small requests: with large ones it is done before it was killed so often
    aftermath, (after_kills, at_the_end), made = kill_sendgrid(
        database, database_url, tmp_path, readers=20_000, kills=30, batch=10
    )

    with capsys.disabled():
        print(f"\nSendGrid, {made} kills, {after_kills}; at the end {at_the_end}")  # noqa: T201
    assert (aftermath, at_the_end, made) == (NOTHING_WRONG, Balance(planned=20_000, accepted=20_000), 30)
    assert after_kills.unknown <= 4 * 10 * made
