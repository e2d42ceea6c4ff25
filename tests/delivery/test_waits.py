"""Why nothing moves: each cause in its own words, and nothing said while something does."""

import json
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from newsletter import jobs
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.config import Limits
from newsletter.delivery.ledger import claiming
from newsletter.delivery.models import Batch, BatchState, Sending, Tally
from newsletter.delivery.operations import controls, waits
from newsletter.delivery.operations.waits import Wait
from newsletter.delivery.wire import standstill
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Script, answer, at, obedient
from tests import factories
from tests.delivery.world import LEASE, LISTS, NINE, people, planned

LATER = NINE + timedelta(minutes=1)


@pytest.fixture
def sending(session: Session) -> Sending:
    """Thirty readers in batches of ten, none of whom was sent anything."""
    people(session, 30)
    return planned(session, size=10)


def _why(session: Session, sending: Sending, *, limits: Limits | None = None, now: datetime = LATER) -> Wait | None:
    session.refresh(sending)
    return waits.find(session, sending, limits or Limits(), now=now)


def _batches(session: Session, sending: Sending, **values: Any) -> None:
    session.execute(update(Batch).where(Batch.edition_id == sending.edition_id).values(**values))


def test_what_the_other_side_says_is_the_reason(session: Session, sending: Sending) -> None:
    standstill.note(session, sending.edition_id, "the mail server does not answer", now=NINE)
    assert _why(session, sending) == Wait("the mail server does not answer", since=NINE)


def test_while_copies_are_on_the_wire_nothing_is_said(session: Session, sending: Sending) -> None:
    claims = claiming.claim(session, sending.edition_id, owner="ada", lease=LEASE, limit=1, now=NINE)
    claiming.fence(session, claims, lists=LISTS, lease=LEASE, now=NINE)
    assert _why(session, sending) is None


def test_a_pause_has_its_author_and_reason(session: Session, sending: Sending) -> None:
    controls.pause(session, sending.edition_id, by="ada", reason="a typo in the subject", now=NINE)
    assert _why(session, sending) == Wait("paused by ada: a typo in the subject", since=NINE)


def test_a_limit_that_is_used_up_is_named_with_the_moment_it_frees(session: Session, sending: Sending) -> None:
    session.add(Tally(key=sending.sender, minute=int(NINE.timestamp() // 60), messages=100))
    session.flush()
    assert _why(session, sending, limits=Limits(per_hour=100)) == Wait(
        "the limit of 100 messages in an hour is used up", until=NINE + timedelta(minutes=61)
    )


def test_what_is_due_later_is_told_with_the_last_answer(session: Session, sending: Sending) -> None:
    due = LATER + timedelta(minutes=5)
    _batches(session, sending, not_before=due, reply="451 4.3.2 try later")
    assert _why(session, sending) == Wait(
        "the next copies are due then; the last answer was: 451 4.3.2 try later", until=due
    )


def test_that_nobody_sends_is_told_with_what_to_do(session: Session, sending: Sending) -> None:
    sending.canary_passed_at = NINE
    session.flush()
    nobody = (
        "no process is sending: newsletter scheduler goes on with it (where workers send, newsletter worker),"
        " or newsletter send"
    )
    assert _why(session, sending) == Wait(nobody, since=NINE)


def test_a_moment_ago_it_was_not_nobody_yet(session: Session, sending: Sending) -> None:
    sending.canary_passed_at = NINE
    session.flush()
    assert _why(session, sending, now=NINE + timedelta(seconds=2)) is None


def test_the_first_slice_that_is_watched_is_said(session: Session, sending: Sending) -> None:
    sending.canary_passed_at = None
    session.flush()
    assert _why(session, sending, limits=Limits(canary_wait=600)) == Wait(
        "the first slice is out and is watched for 600 s before the rest follows (limits.canary_wait)"
    )


def test_what_is_done_waits_for_nothing(session: Session, sending: Sending) -> None:
    _batches(session, sending, state=BatchState.ACCEPTED)
    assert _why(session, sending) is None


TOML = """
database_url = "{url}"
secret = "a secret for tests"
public_url = "https://news.example.com"
sender = "smtp"

[smtp]
host = "localhost"
port = {port}
timeout = 5
{smtp}

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB"
"""


def _untrusted() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("server", "script", "smtp", "words"),
    [
        ({"tls": _untrusted()}, obedient, 'security = "starttls"', "certificate"),
        ({}, obedient, 'security = "starttls"', "STARTTLS"),
        (
            {"login": ("friday", "right")},
            obedient,
            'security = "none"\nusername = "friday"\npassword = "wrong"',
            "535 5.7.8",
        ),
        ({}, at("mail", answer(553, "5.1.8 sender domain does not exist")), 'security = "none"', "553 5.1.8"),
        ({"size": 2000}, obedient, 'security = "none"', "2,000"),
    ],
    ids=["an untrusted certificate", "no STARTTLS", "a wrong password", "our own domain", "too large"],
)
def test_what_is_our_own_fault_stops_the_sending_refuses_nobody_and_is_on_every_screen(
    app: App, tmp_path: Path, database_url: str, server: dict[str, Any], script: Script, smtp: str, words: str
) -> None:
    with app.database.write() as session:
        people(session, 30)
        edition_id = factories.an_edition(session).id
    jobs.approve(app, edition_id, by="ed", now=NINE)

    with SmtpSink(script, **server) as sink:
        toml = TOML.format(url=database_url, port=sink.port, smtp=smtp)
        (tmp_path / "newsletter.toml").write_text(toml, "utf-8")
        sent = _typed(tmp_path, "send", str(edition_id), "--json")
        doctor = _typed(tmp_path, "doctor", "--json")
    status = _typed(tmp_path, "status", str(edition_id), "--json")

    assert (sent["balance"]["refused"], sent["balance"]["unknown"], sink.taken) == (0, 0, [])
    assert words in status["waits"]["why"]
    assert words in _said(tmp_path, "status", str(edition_id))
    assert words in _said(tmp_path, "log", "--edition", str(edition_id))
    assert [found["name"] for found in doctor if found["level"] == "bad" and words in found["text"]]


def _typed(home: Path, *arguments: str) -> Any:
    return json.loads(CliRunner().invoke(program, ["--home", str(home), *arguments]).stdout)


def _said(home: Path, *arguments: str) -> str:
    return " ".join(CliRunner().invoke(program, ["--home", str(home), *arguments]).stdout.split())
