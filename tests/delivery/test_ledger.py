"""The ledger: claim, fence, record, and what settles a batch besides its worker."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import claiming, recording, settling
from newsletter.delivery.ledger.rules import Hearing
from newsletter.delivery.models import Act, Batch, Outcome, SendingState
from newsletter.delivery.operations import audit, controls
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.errors import WrongState
from subscribers import roll
from subscribers.models import SuppressionReason
from tests.delivery.world import LEASE, LISTS, NINE, RNG, batches, people, planned, taken

LATER = NINE + timedelta(minutes=5)
QUIET = timedelta(minutes=30)


def record(session: Session, fenced: claiming.Fenced, report: Report | None = None, now: datetime = NINE) -> bool:
    return recording.record(session, fenced, report or Report(), now=now, rng=RNG)


def hearing(watermark: datetime | None, trouble_at: datetime | None = None) -> Hearing:
    return Hearing(watermark, QUIET, trouble_at)


def test_two_workers_never_hold_the_same_batch(session: Session) -> None:
    people(session, 30)
    edition_id = planned(session).edition_id

    first = claiming.claim(session, edition_id, owner="ada", lease=LEASE, limit=2, now=NINE)
    second = claiming.claim(session, edition_id, owner="bob", lease=LEASE, limit=2, now=NINE)

    assert ([one.number for one in first], [one.number for one in second]) == ([1, 2], [3])


def test_who_lost_the_lease_does_not_pass_the_fence(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    slow = claiming.claim(session, edition_id, owner="ada", lease=LEASE, limit=1, now=NINE)
    settling.expire(session, now=LATER)
    claiming.claim(session, edition_id, owner="bob", lease=LEASE, limit=1, now=LATER)

    assert claiming.fence(session, slow, lists=LISTS, lease=LEASE, now=LATER) == []


def test_a_paused_sending_lets_nothing_through_the_fence(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    claims = claiming.claim(session, edition_id, owner="ada", lease=LEASE, limit=1, now=NINE)
    controls.pause(session, edition_id, by="ada", reason="a wrong price", now=NINE)

    assert claiming.fence(session, claims, lists=LISTS, lease=LEASE, now=NINE) == []


def test_who_left_after_planning_is_skipped_with_the_reason(session: Session) -> None:
    ids = people(session, 3)
    edition_id = planned(session).edition_id
    roll.unsubscribe(session, ids[0], source="one-click", now=NINE)
    roll.suppress(session, "reader1@example.com", reason=SuppressionReason.COMPLAINT, now=NINE)
    roll.erase(session, ids[2], now=NINE)

    assert (taken(session, edition_id), reasons(session)) == (
        [],
        {ids[0]: "unsubscribed after planning", ids[1]: "suppressed: complaint", ids[2]: "erased"},
    )


def reasons(session: Session) -> dict[int, str]:
    rows = session.execute(select(Outcome.subscriber_id, Outcome.reason))
    return {one: reason for one, reason in rows}  # noqa: C416


def test_a_batch_with_nobody_left_is_settled_at_the_fence(session: Session) -> None:
    ids = people(session, 1)
    edition_id = planned(session).edition_id
    roll.erase(session, ids[0], now=NINE)

    taken(session, edition_id)

    assert balance(session, edition_id) == Balance(planned=1, skipped=1)


def test_who_was_not_taken_this_time_waits_in_a_batch_of_their_own(session: Session) -> None:
    ids = people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)

    record(session, fenced, Report(again={ids[0]: Words("450 greylisted", 450), ids[1]: Words("450 greylisted", 450)}))

    assert batches(session, edition_id) == [(1, "accepted", 8), (2, "queued", 2)]


def test_what_waits_is_not_taken_before_its_time(session: Session) -> None:
    ids = people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    record(session, fenced, Report(again={ids[0]: Words("450 later", 450)}, retry_after=60))

    assert (taken(session, edition_id), len(taken(session, edition_id, now=LATER))) == ([], 1)


def test_after_a_day_of_not_yet_the_last_words_are_final(session: Session) -> None:
    ids = people(session, 1)
    edition_id = planned(session).edition_id
    session.get_one(Batch, (edition_id, 1)).attempts = 49
    session.flush()
    (fenced,) = taken(session, edition_id)

    record(session, fenced, Report(again={ids[0]: Words("450 greylisted", 450)}))

    assert session.get_one(Batch, (edition_id, 1)).reply == "gave up after 50 attempts: 450 greylisted"


def test_a_worker_thought_dead_can_not_write_over_its_successor(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    (zombie,) = taken(session, edition_id)
    settling.expire(session, now=LATER)
    settling.refute(session, "notebook", hearing(NINE + timedelta(hours=1)), now=NINE + timedelta(hours=1))
    taken(session, edition_id, owner="bob", now=NINE + timedelta(hours=1))

    assert recording.refuse(session, zombie, Words("550 no"), now=NINE + timedelta(hours=1)) is False


def test_a_late_worker_still_says_what_became_of_its_own_attempt(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    (late,) = taken(session, edition_id)
    settling.expire(session, now=LATER)

    record(session, late, now=LATER)

    assert batches(session, edition_id) == [(1, "accepted", 10)]


def test_recording_twice_changes_nothing(session: Session) -> None:
    ids = people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    report = Report(refused={ids[0]: Words("550 no", 550)}, again={ids[1]: Words("450 later", 450)})

    assert (record(session, fenced, report), record(session, fenced, report)) == (True, False)


def test_a_worker_gives_back_what_it_holds_and_never_handed_over(session: Session) -> None:
    people(session, 30)
    edition_id = planned(session).edition_id
    on_the_wire, _ = taken(session, edition_id, limit=2)
    taken(session, edition_id, owner="bob")

    settling.disown(session, edition_id, "ada", in_hand=[on_the_wire.number], now=NINE)

    assert batches(session, edition_id) == [(1, "sending", 10), (2, "queued", 10), (3, "sending", 10)]


def test_before_the_fence_a_dead_workers_batch_goes_back_to_the_queue(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    claiming.claim(session, edition_id, owner="ada", lease=LEASE, limit=1, now=NINE)

    settling.expire(session, now=LATER)

    assert batches(session, edition_id) == [(1, "queued", 10)]


def test_after_the_fence_a_dead_workers_batch_is_unknown(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)

    settling.expire(session, now=LATER)

    assert balance(session, edition_id) == Balance(planned=10, unknown=10)


def test_one_event_of_the_attempt_settles_its_batch(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    settling.expire(session, now=LATER)

    settling.settle(session, fenced.attempt, now=LATER)

    assert balance(session, edition_id) == Balance(planned=10, accepted=10)


def test_an_event_that_names_one_reader_proves_that_one_copy(session: Session) -> None:
    ids = people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.safe_mode(session, by="ada", now=LATER)

    settling.prove(session, edition_id, ids[3], now=LATER)

    assert balance(session, edition_id) == Balance(planned=10, accepted=1, unknown=9)


def test_copies_proved_one_by_one_share_a_batch(session: Session) -> None:
    ids = people(session, 3)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.safe_mode(session, by="ada", now=LATER)

    for one in ids:
        settling.prove(session, edition_id, one, now=LATER)

    assert batches(session, edition_id) == [(1, "accepted", 0), (2, "accepted", 3)]


def test_what_is_unknown_of_a_cancelled_sending_can_be_assumed_but_not_sent_again(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    controls.cancel(session, edition_id, by="ada", reason="a wrong price", now=NINE)
    settling.expire(session, now=LATER)

    with pytest.raises(WrongState, match="was cancelled"):
        controls.resolve(session, edition_id, how=controls.How.RESEND, by="ada", reason="", now=LATER)
    controls.resolve(session, edition_id, how=controls.How.ASSUME_ACCEPTED, by="ada", reason="", now=LATER)

    assert balance(session, edition_id) == Balance(planned=10, accepted=10)


def test_nothing_is_refuted_while_no_event_was_heard(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)

    assert settling.refute(session, "notebook", hearing(None), now=NINE + timedelta(days=9)) == 0


def test_nothing_is_refuted_before_the_quiet_period_is_over_in_event_time(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)

    assert settling.refute(session, "notebook", hearing(NINE + QUIET), now=NINE + timedelta(days=9)) == 0


def test_nothing_is_refuted_while_events_are_being_brought_back(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)
    heard = hearing(NINE + timedelta(hours=1), trouble_at=NINE + timedelta(minutes=45))

    assert settling.refute(session, "notebook", heard, now=NINE + timedelta(days=9)) == 0


def test_silence_in_event_time_queues_the_batch_again(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)

    settling.refute(session, "notebook", hearing(NINE + timedelta(hours=1)), now=NINE + timedelta(hours=1))

    assert balance(session, edition_id) == Balance(planned=10, to_do=10)


def test_late_evidence_stops_what_was_queued_again(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    settling.expire(session, now=LATER)
    settling.refute(session, "notebook", hearing(NINE + timedelta(hours=1)), now=NINE + timedelta(hours=1))

    settling.settle(session, fenced.attempt, now=NINE + timedelta(hours=2))

    assert taken(session, edition_id, now=NINE + timedelta(hours=2)) == []


def test_after_a_restored_backup_nothing_unproved_is_sent(session: Session) -> None:
    people(session, 30)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    record(session, fenced)

    settling.safe_mode(session, by="ada", now=LATER)

    assert (taken(session, edition_id, limit=9, now=LATER), balance(session, edition_id)) == (
        [],
        Balance(planned=30, accepted=10, unknown=20),
    )


def test_silence_proves_nothing_about_what_was_heard_before_a_restore(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.safe_mode(session, by="ada", now=LATER)

    assert settling.refute(session, "notebook", hearing(NINE + timedelta(days=3)), now=NINE + timedelta(days=3)) == 0


def test_a_cancelled_sending_leaves_what_is_on_the_wire_and_stops_the_rest(session: Session) -> None:
    people(session, 30)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)

    controls.cancel(session, edition_id, by="ada", reason="a wrong price", now=NINE)
    record(session, fenced)

    assert balance(session, edition_id) == Balance(planned=30, accepted=10, skipped=20)


def test_retry_takes_back_only_those_with_the_code(session: Session) -> None:
    ids = people(session, 10)
    edition_id = planned(session).edition_id
    (fenced,) = taken(session, edition_id)
    report = Report(refused={ids[0]: Words("450 full", 450), ids[1]: Words("550 no such user", 550)})
    record(session, fenced, report)

    controls.retry(session, edition_id, refused_with="4xx", by="ada", now=NINE)

    assert balance(session, edition_id) == Balance(planned=10, accepted=8, refused=1, to_do=1)


def test_resending_what_is_unknown_is_written_down_with_who_and_why(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)

    controls.resolve(
        session, edition_id, how=controls.How.RESEND, by="ada", reason="the relay kept no queue", now=LATER
    )

    act = session.scalars(select(Act).order_by(Act.id.desc()).limit(1)).one()
    assert (act.verb, act.by, act.reason, act.recipients) == ("resolve resend", "ada", "the relay kept no queue", 10)


def test_the_policy_sends_what_is_unknown_once_more_and_never_a_third_time(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    taken(session, edition_id)
    settling.expire(session, now=LATER)
    controls.resend_once(session, edition_id, by="policy", now=LATER)
    taken(session, edition_id, now=LATER)
    settling.expire(session, now=LATER + timedelta(hours=1))

    assert controls.resend_once(session, edition_id, by="policy", now=LATER + timedelta(hours=1)) == 0


def test_a_complete_sending_with_something_to_do_again_runs_on(session: Session) -> None:
    people(session, 10)
    sending = planned(session)
    taken(session, sending.edition_id)
    settling.expire(session, now=LATER)
    sending.state = SendingState.COMPLETE
    session.flush()

    controls.resolve(session, sending.edition_id, how=controls.How.RESEND, by="ada", reason="", now=LATER)

    session.refresh(sending)
    assert sending.state is SendingState.RUNNING


def test_the_audit_finds_a_batch_that_counts_wrongly(session: Session) -> None:
    people(session, 10)
    edition_id = planned(session).edition_id
    session.get_one(Batch, (edition_id, 1)).size = 9
    session.flush()

    found = audit.audit(session, edition_id)

    assert [violation.text for violation in found.violations] == [
        "batches 1 say another size than they have rows",
        "the balance does not hold: planned 10 = accepted 0 + skipped 0 + refused 0 + unknown 0 + to do 9",
    ]
