"""The evidence: whatever channel it is heard by, it is stored once and what follows from it follows once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import BatchState, Status
from newsletter.tracking import evidence, heard
from newsletter.tracking.heard import Heard
from newsletter.tracking.models import Event
from subscribers.models import Suppression, SuppressionReason
from tests.tracking.ledger import SENT_AT, a_sending, state_of, statuses_of

LATER = SENT_AT + timedelta(hours=1)


def _mail(edition_id: int, subscriber_id: int, action: str = "failed", meaning: str = "dead", key: str = "m1") -> Heard:
    return heard.by_mail(
        key,
        action=action,
        meaning=meaning,
        lesson="suppress" if action in {"failed", "complaint"} else "none",
        edition_id=edition_id,
        subscriber_id=subscriber_id,
        at=SENT_AT + timedelta(minutes=5),
        words="550 5.1.1 no such user",
    )


def test_a_bounce_by_mail_is_taken_in_once(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    told = [len(evidence.record(session, [_mail(edition_id, ada)], now=LATER).new) for _ in range(2)]
    stored = session.execute(select(Event.provider, Event.provider_event_id, Event.kind, Event.lesson)).all()
    assert (told, stored) == ([1, 0], [("mailbox", "m1", "failed", "hard_bounce")])


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("failed", Status.BOUNCED),
        ("delayed", Status.DEFERRED),
        ("complaint", Status.COMPLAINED),
        ("mdn", None),
        ("auto-reply", None),
        ("unrecognised", None),
    ],
)
def test_mail_that_came_back_moves_the_status_of_its_copy(session: Session, action: str, status: Status | None) -> None:
    edition_id, [ada] = a_sending(session)
    evidence.record(session, [_mail(edition_id, ada, action)], now=LATER)
    assert statuses_of(session, edition_id).get(ada) is status


def test_a_bounce_by_mail_proves_that_its_copy_was_taken(session: Session) -> None:
    edition_id, [ada] = a_sending(session, state=BatchState.UNKNOWN)
    evidence.record(session, [_mail(edition_id, ada)], now=LATER)
    assert state_of(session, edition_id) is BatchState.ACCEPTED


def test_a_dead_address_is_suppressed_with_the_servers_words(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    evidence.record(session, [_mail(edition_id, ada)], now=LATER)
    stored = session.execute(select(Suppression.email_key, Suppression.reason, Suppression.note, Suppression.at)).all()
    assert stored == [("ada@example.com", SuppressionReason.HARD_BOUNCE, "550 5.1.1 no such user", LATER)]


def test_what_is_judged_to_teach_nothing_moves_its_copy_and_suppresses_nobody(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    cut_off = replace(_mail(edition_id, ada), lesson=None)
    evidence.record(session, [cut_off], now=LATER)
    assert (statuses_of(session, edition_id), session.scalars(select(Suppression)).all()) == ({ada: Status.BOUNCED}, [])
