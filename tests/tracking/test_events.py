"""What an event does: it is stored once, and what follows from it follows once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import BatchState, Progress, Status
from newsletter.tracking import events
from newsletter.tracking.events import Recorded
from newsletter.tracking.models import Event, Watermark
from subscribers import roll, strangers
from subscribers.models import Barred, Consent, Suppression, SuppressionReason
from tests.factories import a_subscriber
from tests.tracking.ledger import SENT_AT, a_sending, an_event, state_of, statuses_of

LATER = SENT_AT + timedelta(hours=1)


def _suppressions(session: Session) -> dict[str, SuppressionReason]:
    return dict(session.execute(select(Suppression.email_key, Suppression.reason)).all())


def test_an_event_is_stored_once_however_often_it_comes(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    delivered = an_event(edition_id, ada, "delivered")
    events.record(session, [delivered, delivered], now=LATER)
    again = events.record(session, [delivered], now=LATER)
    assert (again, session.scalar(select(func.count()).select_from(Event))) == (Recorded(new=0, known=1), 1)


def test_more_events_than_one_statement_holds_are_stored(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    many = [an_event(edition_id, ada, "open", seconds=second) for second in range(2500)]
    assert events.record(session, many, now=LATER).new == 2500


def test_what_is_stored_holds_no_address(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    words = "550 5.1.1 <Ada@example.com>: user unknown"
    events.record(session, [an_event(edition_id, ada, "bounce", reason=words, nested=[{"to": words}])], now=LATER)
    stored = session.scalars(select(Event)).one()
    assert "example.com" not in f"{stored.reason} {stored.payload}".lower()


def test_an_event_knows_whose_copy_it_is_about(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, "delivered", response="250 OK")], now=LATER)
    stored = session.scalars(select(Event)).one()
    assert (stored.edition_id, stored.subscriber_id, stored.attempt, stored.at, stored.reason) == (
        edition_id,
        ada,
        "a1.1",
        SENT_AT + timedelta(seconds=1),
        "250 OK",
    )


def test_a_word_that_we_have_not_met_is_stored_and_moves_nothing(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    recorded = events.record(session, [an_event(edition_id, ada, "teleported")], now=LATER)
    assert (recorded.new, statuses_of(session, edition_id)) == (1, {})


def test_an_event_with_nothing_in_it_is_stored(session: Session) -> None:
    assert events.record(session, [{"event": "account_status_change"}], now=LATER).new == 1


def test_what_postgresql_can_not_hold_is_left_out(session: Session) -> None:
    odd = {"event": "bo\x00unce", "reason": "half a \ud800 character", "x\x00": ["\udfff\x00"]}
    assert events.record(session, [odd], now=LATER).new == 1


def test_one_event_proves_a_batch_whose_answer_was_lost(session: Session) -> None:
    edition_id, [ada, _] = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.UNKNOWN)
    recorded = events.record(session, [an_event(edition_id, ada, "processed")], now=LATER)
    assert (recorded.settled, state_of(session, edition_id)) == (1, BatchState.ACCEPTED)


def test_an_event_can_overtake_our_own_commit_of_accepted(session: Session) -> None:
    edition_id, [ada] = a_sending(session, state=BatchState.SENDING)
    events.record(session, [an_event(edition_id, ada, "delivered")], now=LATER)
    assert state_of(session, edition_id) is BatchState.ACCEPTED


def test_an_attempt_that_is_not_ours_proves_one_copy_only(session: Session) -> None:
    edition_id, [ada, _] = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.UNKNOWN)
    events.record(session, [an_event(edition_id, ada, "processed", attempt="before the restore")], now=LATER)
    assert state_of(session, edition_id) is BatchState.UNKNOWN


@pytest.mark.parametrize(
    ("kinds", "stands"),
    [
        (["deferred"], Status.DEFERRED),
        (["deferred", "delivered"], Status.DELIVERED),
        (["delivered", "deferred"], Status.DELIVERED),
        (["delivered", "bounce"], Status.BOUNCED),
        (["bounce", "delivered"], Status.BOUNCED),
        (["dropped"], Status.DROPPED),
        (["spamreport", "delivered"], Status.COMPLAINED),
        (["delivered", "open", "click"], Status.DELIVERED),
    ],
)
def test_statuses_move_by_the_table(session: Session, kinds: list[str], stands: Status) -> None:
    edition_id, [ada] = a_sending(session)
    for kind in kinds:
        events.record(session, [an_event(edition_id, ada, kind)], now=LATER)
    assert statuses_of(session, edition_id) == {ada: stands}


def test_processed_alone_is_no_status(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, "processed")], now=LATER)
    assert statuses_of(session, edition_id) == {}


def test_a_status_has_the_servers_words(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, "bounce", reason="550 5.1.1 no such user")], now=LATER)
    assert session.scalars(select(Progress.reason)).all() == ["550 5.1.1 no such user"]


def test_an_event_of_another_product_on_the_same_account_moves_nothing(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id + 5, ada, "delivered")], now=LATER)
    assert session.scalars(select(Progress)).all() == []


@pytest.mark.parametrize(
    ("kind", "more", "reasons"),
    [
        ("bounce", {"type": "bounce", "status": "5.1.1"}, {"ada@example.com": SuppressionReason.HARD_BOUNCE}),
        ("bounce", {"status": "5.1.10"}, {"ada@example.com": SuppressionReason.HARD_BOUNCE}),
        ("bounce", {"type": "blocked", "status": "5.1.1"}, {}),
        ("bounce", {"type": "bounce", "status": "5.7.1"}, {}),
        ("bounce", {"type": "bounce", "status": "5.2.2"}, {}),
        ("bounce", {"type": "bounce", "bounce_classification": "Reputation"}, {}),
        ("spamreport", {}, {"ada@example.com": SuppressionReason.COMPLAINT}),
        ("dropped", {"reason": "Bounced Address"}, {"ada@example.com": SuppressionReason.HARD_BOUNCE}),
        ("dropped", {"reason": "Spam Reporting Address"}, {"ada@example.com": SuppressionReason.COMPLAINT}),
        ("dropped", {"reason": "Recipient List over Package Quota"}, {}),
        ("deferred", {}, {}),
    ],
)
def test_only_what_is_about_the_mailbox_is_never_mailed_again(
    session: Session, kind: str, more: dict[str, Any], reasons: dict[str, SuppressionReason]
) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, kind, **more)], now=LATER)
    assert _suppressions(session) == reasons


@pytest.mark.parametrize("kind", ["unsubscribe", "group_unsubscribe"])
def test_who_leaves_through_sendgrid_has_left(session: Session, kind: str) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, kind)], now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": Consent.UNSUBSCRIBED}


def test_an_old_unsubscribe_told_again_does_not_undo_a_return(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    left = an_event(edition_id, ada, "unsubscribe")
    events.record(session, [left], now=LATER)
    roll.rejoin(session, ada, ["weekly"], source="form", now=LATER)
    events.record(session, [left], now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": Consent.PENDING}


def _late_bounce(address: str) -> dict[str, object]:
    at = int(SENT_AT.timestamp()) + 86400
    return {"email": address, "event": "bounce", "type": "bounce", "status": "5.1.10", "timestamp": at}


def test_a_late_bounce_finds_its_copy_by_the_address(session: Session) -> None:
    edition_id, [ada] = a_sending(session, "ada@example.com", state=BatchState.ACCEPTED)
    events.record(session, [_late_bounce("ADA@example.com")], now=SENT_AT + timedelta(days=2))
    assert statuses_of(session, edition_id) == {ada: Status.BOUNCED}


def test_a_late_bounce_of_a_stranger_is_stored_and_remembered_without_the_address(session: Session) -> None:
    recorded = events.record(session, [_late_bounce("nobody@example.com")], now=LATER)
    assert (recorded.new, _suppressions(session)) == (1, {})
    assert strangers.barred(session, ["nobody@example.com"]) == {"nobody@example.com": Barred.HARD_BOUNCE}


def test_a_late_bounce_before_any_copy_moves_no_copy(session: Session) -> None:
    ada = a_subscriber(session)
    events.record(session, [_late_bounce("ada@example.com")], now=LATER)
    assert session.scalars(select(Event)).one().subscriber_id == ada.id


def test_the_watermark_is_the_newest_event_time(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, "delivered", seconds=90)], now=LATER)
    events.record(session, [an_event(edition_id, ada, "open", seconds=30)], now=LATER)
    assert session.get_one(Watermark, "sendgrid").at == SENT_AT + timedelta(seconds=90)


def test_a_clock_ahead_of_ours_does_not_move_the_watermark_ahead_of_us(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.record(session, [an_event(edition_id, ada, "delivered", seconds=10**7)], now=LATER)
    assert session.get_one(Watermark, "sendgrid").at == LATER


def test_an_event_without_a_time_does_not_move_the_watermark(session: Session) -> None:
    events.record(session, [{"event": "open"}], now=LATER)
    assert session.get(Watermark, "sendgrid") is None


def test_our_own_trouble_is_remembered(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    events.trouble(session, now=LATER)
    events.record(session, [an_event(edition_id, ada, "delivered")], now=LATER)
    mark = session.get_one(Watermark, "sendgrid")
    assert (mark.at, mark.trouble_at) == (SENT_AT + timedelta(seconds=1), LATER)


def test_trouble_before_any_event_proves_no_silence(session: Session) -> None:
    events.trouble(session, now=LATER)
    assert session.get_one(Watermark, "sendgrid").at == datetime(2000, 1, 1, tzinfo=UTC)
