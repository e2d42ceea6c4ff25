"""What answers at hand-over teach about people, and what they do not."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.config import Limits, Smtp
from newsletter.db import Database
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.patience import Patience
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault
from newsletter.tracking.models import Event
from subscribers.models import Suppression, SuppressionReason
from tests.delivery import world

READERS = 6
_LIMITS = Limits(canary_share=0, refused_share=1)


def send(database: Database, answer: bytes) -> tuple[list[tuple[str, str, str]], Balance]:
    """Send to six readers, of whom reader3 gets *answer*; returns who is suppressed, why, by which words."""
    with database.write() as session:
        world.people(session, READERS)
        edition_id = world.planned(session, size=3, now=datetime.now(UTC)).edition_id
    script = wire_faults.at("rcpt", Fault(say=answer), recipient="reader3@example.com")
    with SmtpSink(script) as sink:
        smtp = {"host": "127.0.0.1", "port": sink.port, "security": "none", "timeout": 20, "dot_timeout": 20}
        sender = SmtpSender(Smtp.model_validate(smtp))
        dispatch.run(
            database,
            sender,
            world.route(edition_id, _LIMITS, sender="smtp"),
            owner="ada",
            clock=lambda: datetime.now(UTC),
            patience=Patience(idle=1),
        )
        sender.close()
    with database.read() as session:
        rows = session.execute(select(Suppression.email_key, Suppression.reason, Suppression.note)).all()
        assert session.get_one(Sending, edition_id).state in {SendingState.COMPLETE, SendingState.RUNNING}
        return [(email, str(reason), note) for email, reason, note in rows], balance(session, edition_id)


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 User unknown in virtual mailbox table",
        "550 no such user",
        "551 5.1.6 moved away",
        "550 5.2.1 disabled",
    ],
)
def test_a_mailbox_that_is_not_there_is_never_mailed_again(database: Database, words: str) -> None:
    suppressed, stands = send(database, f"{words}\r\n".encode())

    assert suppressed == [("reader3@example.com", SuppressionReason.HARD_BOUNCE.value, words)]
    assert stands == Balance(planned=READERS, accepted=READERS - 1, refused=1)


def test_a_refusal_that_teaches_is_evidence_in_the_servers_words(database: Database) -> None:
    send(database, b"552 5.2.2 mailbox full\r\n")

    with database.read() as session:
        kept = session.execute(select(Event.provider, Event.kind, Event.lesson, Event.reason, Event.payload)).all()
    assert kept == [("smtp", "refused", "soft_bounce", "552 5.2.2 mailbox full", {"code": 552})]


@pytest.mark.parametrize("words", ["552 5.2.2 mailbox full", "553 5.1.0 not today", "524 5.2.4 Mailing list problem"])
def test_a_refusal_of_another_kind_suppresses_nobody(database: Database, words: str) -> None:
    suppressed, stands = send(database, f"{words}\r\n".encode())

    assert (suppressed, stands.refused, stands.to_do) == ([], 1, 0)


@pytest.mark.parametrize("words", ["554 5.7.1 Relay access denied", "550 5.7.1 blocked by policy", "450 4.2.0 later"])
def test_a_policy_or_a_not_now_touches_nobody(database: Database, words: str) -> None:
    suppressed, stands = send(database, f"{words}\r\n".encode())

    assert (suppressed, stands.refused, stands.to_do) == ([], 0, 1)
