"""What evidence does to people and tells operations: suppressed, given up, let in again, alarmed."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.models import BatchState
from newsletter.editions.models import Alarm
from newsletter.tracking import events, evidence, heard
from newsletter.tracking.heard import Heard
from subscribers import readdressing, roll, strangers, suppressions
from subscribers.errors import BadDetail
from subscribers.models import AddressChange, Barred, Subscriber, Suppression, SuppressionReason
from tests.tracking.ledger import SENT_AT, a_sending, an_event

LATER = SENT_AT + timedelta(hours=1)
DEAD, FULL, POLICY = ("550 5.1.1 no such user", "552 5.2.2 mailbox full", "550 5.7.26 unauthenticated mail")

#: as `bounces` judges what failed for good
_JUDGED = {
    "dead": "suppress",
    "full": "count",
    "policy": "alarm",
    "too large": "alarm",
    "loop": "alarm",
    "other": "none",
}


def _came_back(
    edition_id: int, subscriber_id: int, meaning: str = "full", *, weeks: float = 0, action: str = "failed"
) -> Heard:
    words = {"dead": DEAD, "full": FULL, "policy": POLICY}.get(meaning, meaning)
    return heard.by_mail(
        f"{edition_id}-{subscriber_id}-{meaning}-{weeks}-{action}",
        action=action,
        meaning=meaning,
        lesson="suppress" if action == "complaint" else _JUDGED[meaning],
        edition_id=edition_id,
        subscriber_id=subscriber_id,
        at=SENT_AT + timedelta(weeks=weeks, minutes=5),
        words=words,
    )


def _fridays(session: Session, number: int, *addresses: str) -> tuple[list[int], list[int]]:
    """So many editions to the same readers, a week apart: ids of editions and of readers."""
    editions = [
        a_sending(session, *addresses, state=BatchState.ACCEPTED, attempt=f"a1.{week + 1}", weeks=week)[0]
        for week in range(number)
    ]
    ids = session.scalars(select(Subscriber.id).order_by(Subscriber.id)).all()
    return editions, list(ids)


def _suppressed(session: Session) -> list[tuple[str, str, str, str]]:
    query = select(Suppression.email_key, Suppression.reason, Suppression.note, Suppression.evidence)
    return [(email, reason.value, note, basis) for email, reason, note, basis in session.execute(query)]


def test_a_full_mailbox_three_editions_running_is_given_up_with_its_evidence(session: Session) -> None:
    editions, [ada] = _fridays(session, 3, "ada@example.com")
    told = [_came_back(edition, ada, weeks=week) for week, edition in enumerate(editions)]
    evidence.record(session, told[:2], now=LATER)
    before = _suppressed(session)
    evidence.record(session, told[2:], now=LATER + timedelta(weeks=2))
    basis = f"mailbox/{editions[2]}-{ada}-full-2-failed"
    assert (before, _suppressed(session)) == ([], [("ada@example.com", "given_up", FULL, basis)])


def test_refusals_events_and_mail_are_counted_together(session: Session) -> None:
    editions, [ada] = _fridays(session, 3, "ada@example.com")
    refused = Heard(
        heard.SMTP, "a9.1/1", "refused", SENT_AT, edition_id=editions[0], subscriber_id=ada,
        lesson=heard.Lesson.SOFT_BOUNCE, reason=FULL, proves=False,
    )  # fmt: skip
    week = 7 * 24 * 3600
    blocked = an_event(editions[1], ada, "bounce", seconds=week, type="blocked", reason=FULL, attempt="a1.2")
    evidence.record(session, [refused], now=LATER)
    events.record(session, [blocked], now=LATER + timedelta(weeks=1))
    evidence.record(session, [_came_back(editions[2], ada, weeks=2)], now=LATER + timedelta(weeks=2))
    assert [reason for _, reason, _, _ in _suppressed(session)] == ["given_up"]


@pytest.mark.parametrize("kind", ["delivered", "open", "click"])
def test_one_that_arrived_in_between_takes_it_back_however_late_it_is_told(session: Session, kind: str) -> None:
    editions, [ada] = _fridays(session, 4, "ada@example.com")
    full = [_came_back(editions[week], ada, weeks=week) for week in (0, 1, 3)]
    # not a word of it otherwise
    evidence.record(session, [_came_back(editions[2], ada, "loop", weeks=2)], now=LATER)
    evidence.record(session, full, now=LATER + timedelta(weeks=3))
    given_up = _suppressed(session)
    arrived = an_event(editions[2], ada, kind, seconds=15 * 24 * 3600, attempt="a1.3")
    events.record(session, [arrived], now=LATER + timedelta(weeks=4))
    assert (len(given_up), _suppressed(session)) == (1, [])


def test_a_copy_that_was_taken_without_a_word_begins_the_count_anew(session: Session) -> None:
    editions, [ada] = _fridays(session, 4, "ada@example.com")
    evidence.record(session, [_came_back(editions[week], ada, weeks=week) for week in (0, 1, 3)], now=LATER)
    assert _suppressed(session) == []


def test_who_is_let_in_again_counts_from_zero(session: Session) -> None:
    editions, [ada] = _fridays(session, 6, "ada@example.com")
    told = [_came_back(edition, ada, weeks=week) for week, edition in enumerate(editions)]
    evidence.record(session, told[:3], now=SENT_AT + timedelta(weeks=2, days=1))
    suppressions.lift(session, "ada@example.com", why="she made room", now=SENT_AT + timedelta(weeks=2, days=2))
    evidence.record(session, told[3:5], now=SENT_AT + timedelta(weeks=4, days=1))
    after_two = _suppressed(session)
    evidence.record(session, told[5:], now=SENT_AT + timedelta(weeks=5, days=1))
    assert (after_two, len(_suppressed(session))) == ([], 1)


def test_a_dead_address_that_is_let_in_again_stays_so_though_its_bounce_is_told_again(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    evidence.record(session, [_came_back(edition_id, ada, "dead")], now=LATER)
    suppressions.lift(session, "ada@example.com", why="the mailbox is back", now=LATER)
    evidence.record(session, [_came_back(edition_id, ada, "dead")], now=LATER)
    assert _suppressed(session) == []


def test_letting_in_again_asks_for_a_reason_and_keeps_it(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    evidence.record(session, [_came_back(edition_id, ada, "dead")], now=LATER)
    with pytest.raises(BadDetail, match="--why"):
        suppressions.lift(session, "ada@example.com", why=" ", now=LATER)
    suppressions.lift(session, "ada@example.com", why="the mailbox is back", now=LATER)
    [lift] = suppressions.lifts(session, ada)
    assert (lift.reason, lift.note, lift.suppressed_at, lift.why, lift.at) == (
        SuppressionReason.HARD_BOUNCE, DEAD, LATER, "the mailbox is back", LATER,
    )  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_reasons_the_stricter_stands_whichever_came_first(session: Session, order: int) -> None:
    edition_id, [ada] = a_sending(session)
    told = [_came_back(edition_id, ada, "dead"), _came_back(edition_id, ada, "", action="complaint")]
    for each in told[::order]:
        evidence.record(session, [each], now=LATER)
    assert [reason for _, reason, _, _ in _suppressed(session)] == ["hard_bounce"]


def test_what_somebody_here_decided_is_not_overwritten(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    roll.suppress(session, "ada@example.com", reason=SuppressionReason.MANUAL, note="she rang", now=SENT_AT)
    evidence.record(session, [_came_back(edition_id, ada, "dead")], now=LATER)
    assert _suppressed(session) == [("ada@example.com", "manual", "she rang", "")]


def test_a_bounce_from_the_old_address_leaves_the_new_one_alone(session: Session) -> None:
    edition_id, [ada] = a_sending(session, "old@example.com")
    moved = SENT_AT + timedelta(minutes=1)
    session.add(AddressChange(
        subscriber_id=ada, newsletter="friday", old_email="old@example.com", new_email="new@example.com",
        asked_at=SENT_AT,
    ))  # fmt: skip
    session.flush()
    readdressing.move(session, session.scalars(select(AddressChange.id)).one(), ada, now=moved)
    evidence.record(session, [_came_back(edition_id, ada, "dead")], now=LATER)
    barred = strangers.barred(session, ["old@example.com"])
    assert (_suppressed(session), barred) == ([], {"old@example.com": Barred.HARD_BOUNCE})


def test_three_refusals_of_one_kind_from_one_domain_ring_once_and_touch_nobody(session: Session) -> None:
    edition_id, ids = a_sending(session, *(f"r{one}@shop.example" for one in range(4)), "eve@other.example")
    for one in (*ids, ids[0]):
        evidence.record(session, [_came_back(edition_id, one, "policy")], now=LATER)
    rung = session.execute(select(Alarm.key, Alarm.text)).all()
    assert (rung, _suppressed(session)) == (
        [
            (
                "policy friday/2021-11-26 shop.example",
                (
                    "shop.example refuses friday/2021-11-26 because of who sends it, or from where (policy), for 3"
                    f" readers so far: “{POLICY}”. Look at SPF, DKIM, DMARC and block lists, and at what the"
                    " words ask for; no reader was suppressed for it."
                ),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            [("a@one.example", "policy"), ("b@one.example", "policy"), ("c@two.example", "policy")], id="domains"
        ),
        pytest.param(
            [("a@one.example", "policy"), ("b@one.example", "policy"), ("c@one.example", "too large")], id="kinds"
        ),
        pytest.param(
            [("a@one.example", "other"), ("b@one.example", "other"), ("c@one.example", "other")],
            id="judged to teach nothing",
        ),
    ],
)
def test_what_is_not_three_of_one_kind_from_one_domain_rings_nothing(
    session: Session, told: list[tuple[str, str]]
) -> None:
    edition_id, ids = a_sending(session, *(address for address, _ in told))
    evidence.record(
        session, [_came_back(edition_id, one, why) for one, (_, why) in zip(ids, told, strict=True)], now=LATER
    )
    assert session.scalars(select(Alarm.key)).all() == []


def test_the_settings_decide_how_many_ring(session: Session) -> None:
    edition_id, [ada] = a_sending(session)
    evidence.record(session, [_came_back(edition_id, ada, "policy")], rules=Lessons(alarm_after=1), now=LATER)
    assert session.scalars(select(Alarm.key)).all() == ["policy friday/2021-11-26 example.com"]
