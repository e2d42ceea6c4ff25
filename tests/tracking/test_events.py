"""What an event does: it is stored once, and what follows from it follows once."""

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import BatchState, Progress, Status
from newsletter.tracking import events
from newsletter.tracking.events import Recorded
from newsletter.tracking.models import Event, Quarantined, Watermark
from newsletter.tracking.quarantine import Unreadable
from subscribers import intake, roll, strangers
from subscribers.models import Barred, Consent, List, Suppression, SuppressionReason
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


@pytest.mark.parametrize("kind", ["bounce", "spamreport", "unsubscribe", "group_unsubscribe", "delivered"])
def test_an_event_of_another_install_on_the_same_account_changes_nobody(session: Session, kind: str) -> None:
    edition_id, [ada] = a_sending(session, state=BatchState.UNKNOWN)
    foreign = an_event(edition_id, ada, kind, attempt="of staging", email="eve@example.org", type="bounce")

    recorded = events.record(session, [foreign], now=LATER)

    stored = session.scalars(select(Event)).one()
    assert (recorded.foreign, stored.is_ours, stored.edition_id, stored.subscriber_id) == (1, False, None, None)
    assert (_suppressions(session), statuses_of(session, edition_id)) == ({}, {})
    assert (roll.subscriptions(session, ada), state_of(session, edition_id)) == (
        {"weekly": Consent.CONFIRMED},
        BatchState.UNKNOWN,
    )


def test_an_event_with_the_readers_own_address_is_ours_without_an_attempt(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    restored = an_event(edition_id, ada, "delivered", attempt="before the restore", email="ADA@Example.com")
    assert (events.record(session, [restored], now=LATER).foreign, statuses_of(session, edition_id)) == (
        0,
        {ada: Status.DELIVERED},
    )


def test_the_attempt_alone_proves_an_event_ours(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    told = an_event(edition_id, ada, "delivered", email="ada.before.she.moved@example.net")
    assert events.record(session, [told], now=LATER).foreign == 0


def test_ids_that_come_back_as_numbers_are_read(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    numbers = an_event(edition_id, ada, "delivered", nl_edition=edition_id, nl_subscriber=float(ada))
    events.record(session, [numbers], now=LATER)
    assert statuses_of(session, edition_id) == {ada: Status.DELIVERED}


@pytest.mark.parametrize(
    ("is_ours", "consent"), [(False, Consent.CONFIRMED), (True, Consent.UNSUBSCRIBED)], ids=["shared", "our own"]
)
@pytest.mark.parametrize("kind", ["unsubscribe", "group_unsubscribe"])
def test_leaving_the_account_is_leaving_us_only_where_the_account_is_ours(
    session: Session, kind: str, is_ours: bool, consent: Consent
) -> None:
    _, [ada] = a_sending(session)
    events.record(session, [_of_nobody(kind, 60)], account_is_ours=is_ours, now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": consent}


def test_what_the_account_bounced_teaches_only_about_our_own_readers(session: Session) -> None:
    a_sending(session)
    bounced = {**_of_nobody("bounce", 60), "type": "bounce", "status": "5.1.1", "sg_message_id": "letter.1"}
    events.record(session, [bounced, {**bounced, "email": "eve@example.org", "sg_event_id": "eve"}], now=LATER)
    assert _suppressions(session) == {"ada@example.com": SuppressionReason.HARD_BOUNCE}


def _of_nobody(kind: str, seconds: int, group: int = 7) -> dict[str, Any]:
    """An event that names no copy of ours, as SendGrid's own pages cause them."""
    return {
        "email": "ada@example.com",
        "event": kind,
        "timestamp": int(SENT_AT.timestamp()) + seconds,
        "sg_event_id": f"{kind}-{seconds}-{group}",
        "asm_group_id": group,
    }


LEFT, BACK = _of_nobody("group_unsubscribe", 10), _of_nobody("group_resubscribe", 20)


@pytest.mark.parametrize("told", [[LEFT, BACK], [BACK, LEFT]], ids=["in order", "the wrong way round"])
def test_who_comes_back_by_sendgrids_page_has_not_left(session: Session, told: list[dict[str, Any]]) -> None:
    _, [ada] = a_sending(session)
    weekly = session.scalars(select(List.id)).one()
    intake.note(session, {(ada, weekly): Consent.CONFIRMED}, "form", SENT_AT - timedelta(days=9))
    for event in told:
        events.record(session, [event], account_is_ours=True, now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": Consent.CONFIRMED}


@pytest.mark.parametrize("back", [_of_nobody("group_resubscribe", 5), _of_nobody("group_resubscribe", 20, group=8)])
def test_an_older_return_or_one_to_another_group_undoes_nothing(session: Session, back: dict[str, Any]) -> None:
    _, [ada] = a_sending(session)
    events.record(session, [LEFT, back], account_is_ours=True, now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": Consent.UNSUBSCRIBED}


def test_a_return_undoes_nothing_that_was_left_in_another_way(session: Session) -> None:
    _, [ada] = a_sending(session)
    roll.unsubscribe(session, ada, source="one-click", now=SENT_AT)
    events.record(session, [BACK], account_is_ours=True, now=LATER)
    assert roll.subscriptions(session, ada) == {"weekly": Consent.UNSUBSCRIBED}


def test_an_element_that_can_not_be_read_is_kept_once_without_its_address(session: Session) -> None:
    piece = Unreadable('{"email":"ada@example.com","event":7}', "it does not say what happened")
    events.record(session, [], unreadable=[piece], now=LATER)
    again = events.record(session, [], unreadable=[piece], now=LATER)
    kept = session.scalars(select(Quarantined)).one()
    assert (again.unreadable, kept.words, kept.reason) == (
        1,
        '{"email":"(address)","event":7}',
        "it does not say what happened",
    )


def test_what_json_has_no_word_for_is_stored(session: Session) -> None:
    odd = {"event": "open", "score": float("inf"), "deep": [{"score": float("nan")}]}
    events.record(session, [odd], now=LATER)
    assert session.scalars(select(Event.payload)).one() == {"event": "open", "score": "inf", "deep": [{"score": "nan"}]}


@pytest.mark.parametrize("letter", ["a", "@", "a@", "<a", "<style", "(", " ", "=", "\u0130", "\0"])
@pytest.mark.parametrize("field", ["reason", "email", "sg_event_id", "event", "useragent", "a key of its own"])
def test_the_worst_text_that_a_field_can_hold_is_taken_in(session: Session, field: str, letter: str) -> None:
    edition_id, [ada] = a_sending(session)
    worst = {**an_event(edition_id, ada, "bounce"), field: letter * (768_000 // len(letter))}

    began = process_time()
    recorded = events.record(session, [worst], now=LATER)

    assert recorded.new == 1
    assert process_time() - began < 5  # linear is some hundredths; quadratic was a quarter of an hour


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
        ("bounce", {"type": "bounce", "status": "5.1.8", "reason": "501 5.1.8 sender domain not found"}, {}),
        ("bounce", {"type": "bounce", "status": "5.3.4", "reason": "552 5.3.4 message size exceeds limit"}, {}),
        ("bounce", {"reason": "550 5.7.1 messages from [192.0.2.1] were not sent; block list"}, {}),
        ("bounce", {"status": "5.0.0", "reason": "550-5.7.26 unauthenticated mail refused by DMARC policy"}, {}),
        ("bounce", {"status": "5.0.0", "reason": "552 5.2.2 mailbox full"}, {}),
        ("bounce", {"status": "5.1.1", "reason": "450 4.2.0 greylisted"}, {}),
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


@pytest.mark.parametrize(
    ("is_ours", "barred"),
    [(True, {"nobody@example.com": Barred.HARD_BOUNCE}), (False, {})],
    ids=["the account is ours", "others share it"],
)
def test_a_late_bounce_of_a_stranger_is_remembered_without_the_address_where_it_must_be_about_us(
    session: Session, is_ours: bool, barred: dict[str, Barred]
) -> None:
    recorded = events.record(session, [_late_bounce("nobody@example.com")], account_is_ours=is_ours, now=LATER)
    assert (recorded.new, recorded.foreign, _suppressions(session)) == (1, 1, {})
    assert strangers.barred(session, ["nobody@example.com"]) == barred


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
