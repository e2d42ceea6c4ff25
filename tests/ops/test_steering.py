"""What operations do to a sending: the numbers that are told before, and what is refused once they are others."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery.models import Act as SendingAct
from newsletter.delivery.models import Batch, BatchState, Outcome, Sending, SendingState, Status
from newsletter.delivery.operations import prospects
from newsletter.delivery.operations.controls import Verb
from newsletter.delivery.operations.prospects import Wanted
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.jobs import steering
from newsletter.staff.acts import Doer
from newsletter.staff.models import Act
from subscribers.models import Subscriber, Suppression, SuppressionReason
from tests.desk.aftermath import NINE, left, readers, went_out
from tests.factories import FRIDAY, an_edition

LATER = NINE + timedelta(minutes=10)
EVA = Doer("Eva", "desk")


@pytest.fixture
def now() -> datetime:
    return LATER


def _sent(app: App, people: int = 250, *states: BatchState, sending: SendingState = SendingState.RUNNING) -> int:
    with app.database.write() as session:
        return went_out(app, session, readers(session, people), states=states, sending=sending).id


@pytest.fixture
def under_way(app: App) -> int:
    """250 readers: 100 have it, 50 are on the wire, 50 wait, of 50 nobody knows."""
    return _sent(
        app, 250, BatchState.ACCEPTED, BatchState.SENDING, BatchState.ACCEPTED, BatchState.QUEUED, BatchState.UNKNOWN
    )


@pytest.fixture
def refused(app: App) -> int:
    """100 readers in two batches: one refused whole with 554, and three readers of the other with 550."""
    edition_id = _sent(app, 100, BatchState.REFUSED, BatchState.ACCEPTED, sending=SendingState.COMPLETE)
    with app.database.write() as session:
        session.execute(update(Batch).where(Batch.number == 1).values(code=554, reply="554 5.7.1 no thanks"))
        people = session.scalars(select(Subscriber.id).order_by(Subscriber.id)).all()[50:53]
        session.execute(update(Batch).where(Batch.number == 2).values(refused=3))
        session.add_all(
            Outcome(
                edition_id=edition_id, subscriber_id=one, status=Status.REFUSED, code=550, reason="550 5.1.1 who?",
                at=NINE,
            )
            for one in people
        )  # fmt: skip
    return edition_id


def _told(app: App, edition_id: int, verb: Verb, code: str = "") -> list[str]:
    found = steering.prospect(app, edition_id, verb, code=code, now=LATER)
    return [str(found.readers), *(part.says for part in found.parts)]


def test_a_pause_says_who_waits_what_is_finished_and_who_has_it(app: App, under_way: int) -> None:
    assert _told(app, under_way, Verb.PAUSE) == [
        "50",
        "50 copies are on the wire now: what is begun is finished, and counted.",
        "100 readers have it already.",
    ]


def test_a_cancel_says_who_gets_none_and_who_keeps_theirs(app: App, under_way: int) -> None:
    assert _told(app, under_way, Verb.CANCEL) == [
        "50",
        "50 copies are on the wire now: what is begun is finished, and counted.",
        "100 readers have their copy, and keep it.",
    ]


def test_a_resume_says_why_it_was_stopped_and_who_is_left(app: App, under_way: int) -> None:
    steering.do(app, under_way, Verb.PAUSE, by=EVA, reason="a typo", now=LATER)
    assert _told(app, under_way, Verb.RESUME) == [
        "100",
        "50 readers were tried before, and the other side asked to be tried again later.",
        "It was stopped because: a typo. The brake counts anew from now on.",
    ]


def test_a_resume_says_that_the_first_slice_counts_as_good(app: App, under_way: int) -> None:
    with app.database.write() as session:
        session.execute(update(Sending).values(canary_passed_at=None))
    steering.do(app, under_way, Verb.PAUSE, by=EVA, reason="a look", now=LATER)
    good = "The first slice (150 copies) counts as looked at and found good: the rest follows at once."
    assert good in _told(app, under_way, Verb.RESUME)


def test_of_readers_in_their_thousands_nobody_is_looked_up_before_an_act(app: App, under_way: int) -> None:
    with app.database.write() as session:
        session.execute(update(Batch).where(Batch.number == 5).values(resends=1, reply="the line went dead"))
    nobody = Wanted([], FRIDAY)
    with app.database.read() as session:
        found = [prospects.of(session, under_way, Verb.RESEND, nobody, now=LATER, most=most) for most in (49, 50)]
    assert [[part.says for part in one.parts] for one in found] == [
        ["50 copies: the line went dead.", "50 readers were sent it a second time already."],
        [
            "50 copies: the line went dead.",
            "50 readers were sent it a second time already.",
            "50 readers get nothing: unsubscribed after planning.",
        ],
    ]


def test_sending_unknown_copies_again_says_who_gets_nothing(app: App, under_way: int) -> None:
    with app.database.write() as session:
        people = session.scalars(select(Subscriber).order_by(Subscriber.id)).all()
        left(session, people[201].id)
        for one in people[210:212]:
            reason = SuppressionReason.HARD_BOUNCE
            session.add(Suppression(email_key=one.email_key, reason=reason, evidence="550", at=NINE))
    assert _told(app, under_way, Verb.RESEND) == [
        "50",
        "50 copies: no answer came.",
        "2 readers get nothing: suppressed: hard bounce.",
        "1 reader gets nothing: unsubscribed after planning.",
    ]


def test_refusals_are_told_by_code_and_retried_by_one(app: App, refused: int) -> None:
    with app.database.read() as session:
        found = prospects.refusals(session, refused)
    seen = steering.prospect(app, refused, Verb.RETRY, code="550", now=LATER).seen
    done = steering.do(app, refused, Verb.RETRY, by=EVA, code="550", seen=seen, now=LATER)
    with app.database.read() as session:
        state = session.get_one(Sending, refused).state
    assert (found, done.readers, done.balance.to_do, state) == (
        [(554, 50, "554 5.7.1 no thanks"), (550, 3, "550 5.1.1 who?")],
        3,
        3,
        SendingState.RUNNING,
    )


def test_what_is_no_code_is_refused(app: App, refused: int) -> None:
    with pytest.raises(BadInput, match="not a reply code"):
        _told(app, refused, Verb.RETRY, "55")


def test_a_retry_counts_whole_batches_and_single_readers_as_it_will_touch_them(app: App, refused: int) -> None:
    told = int(_told(app, refused, Verb.RETRY, "5xx")[0])
    assert (told, steering.do(app, refused, Verb.RETRY, by=EVA, code="5xx", now=LATER).readers) == (53, 53)


@pytest.mark.parametrize("verb", [Verb.RESEND, Verb.ASSUME_ACCEPTED])
def test_who_saw_other_numbers_decides_nothing(app: App, under_way: int, verb: Verb) -> None:
    seen = steering.prospect(app, under_way, verb, now=LATER).seen
    with app.database.write() as session:
        session.execute(update(Batch).where(Batch.number == 1).values(state=BatchState.UNKNOWN))
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, under_way, verb, by=EVA, seen=seen, now=LATER)
    with app.database.read() as session:
        states = session.scalars(select(Batch.state).order_by(Batch.number)).all()
        acts = session.scalars(select(Act)).all(), session.scalars(select(SendingAct)).all()
    assert (states.count(BatchState.UNKNOWN), acts) == (2, ([], []))


def _refuse_again(session: Session) -> None:
    later = LATER + timedelta(minutes=1)
    whole = update(Batch).where(Batch.state == BatchState.QUEUED)
    session.execute(whole.values(state=BatchState.REFUSED, code=554, settled_at=later))


def _lose_again(session: Session) -> None:
    session.execute(update(Batch).where(Batch.resends == 1).values(state=BatchState.UNKNOWN))


def _lose_others(session: Session) -> None:
    """Those are proved, and of as many others nobody knows."""
    unknown = update(Batch).where(Batch.state == BatchState.UNKNOWN)
    session.execute(unknown.values(state=BatchState.ACCEPTED, resends=0))
    session.execute(update(Batch).where(Batch.number == 1).values(state=BatchState.UNKNOWN))


def test_of_two_who_saw_the_same_unknown_copies_one_sends_them_again(app: App, under_way: int) -> None:
    seen = steering.prospect(app, under_way, Verb.RESEND, now=LATER).seen
    steering.do(app, under_way, Verb.RESEND, by=EVA, seen=seen, now=LATER)
    with app.database.write() as session:
        _lose_again(session)
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, under_way, Verb.RESEND, by=EVA, seen=seen, now=LATER)


@pytest.mark.parametrize("verb", [Verb.RESEND, Verb.ASSUME_ACCEPTED])
def test_as_many_other_copies_are_not_what_somebody_decided_about(app: App, under_way: int, verb: Verb) -> None:
    seen = steering.prospect(app, under_way, verb, now=LATER).seen
    with app.database.write() as session:
        _lose_others(session)
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, under_way, verb, by=EVA, seen=seen, now=LATER)


def test_of_two_who_saw_the_same_refusals_one_tries_them_again(app: App, refused: int) -> None:
    seen = steering.prospect(app, refused, Verb.RETRY, code="554", now=LATER).seen
    steering.do(app, refused, Verb.RETRY, by=EVA, code="554", seen=seen, now=LATER)
    with app.database.write() as session:
        _refuse_again(session)
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, refused, Verb.RETRY, by=EVA, code="554", seen=seen, now=LATER)


@pytest.mark.parametrize("seen", ["", "resend", "resend.50", "assume-accepted.50", "resend.٥٠", "resend." + "9" * 40])
def test_numbers_that_nobody_was_shown_decide_nothing(app: App, under_way: int, seen: str) -> None:
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, under_way, Verb.RESEND, by=EVA, seen=seen, now=LATER)


def test_a_pause_is_never_too_late_for_its_numbers(app: App, under_way: int) -> None:
    done = steering.do(app, under_way, Verb.PAUSE, by=EVA, seen="pause.4711", now=LATER)
    assert done.readers == 100


@pytest.mark.parametrize(("seen", "readers"), [("cancel.50", 50), ("cancel.90", 50)])
def test_a_cancel_may_find_fewer_than_were_seen(app: App, under_way: int, seen: str, readers: int) -> None:
    assert steering.do(app, under_way, Verb.CANCEL, by=EVA, seen=seen, now=LATER).readers == readers


def test_a_cancel_that_would_reach_more_than_were_seen_is_refused(app: App, under_way: int) -> None:
    with pytest.raises(WrongState, match="numbers have changed"):
        steering.do(app, under_way, Verb.CANCEL, by=EVA, seen="cancel.49", now=LATER)


def test_what_was_done_is_written_down_with_who_and_why(app: App, under_way: int) -> None:
    seen = steering.prospect(app, under_way, Verb.RESEND, now=LATER).seen
    steering.do(app, under_way, Verb.RESEND, by=EVA, reason="they called", seen=seen, now=LATER)
    with app.database.read() as session:
        (act,) = session.scalars(select(Act))
        (deed,) = session.scalars(select(SendingAct))
    assert (act.who, act.door, act.did, act.what, act.details, deed.verb, deed.by, deed.recipients, deed.reason) == (
        "Eva",
        "desk",
        "sent unknown copies again",
        "friday/2021-11-26",
        {"readers": 50, "reason": "they called"},
        "resolve resend",
        "Eva",
        50,
        "they called",
    )


@pytest.mark.parametrize(
    ("state", "verb", "why"),
    [
        (SendingState.PAUSED, Verb.PAUSE, "only a running sending can be paused"),
        (SendingState.RUNNING, Verb.RESUME, "only a paused sending can be resumed"),
        (SendingState.COMPLETE, Verb.CANCEL, "there is nothing to cancel"),
        (SendingState.CANCELLED, Verb.RETRY, "that is for good"),
        (SendingState.CANCELLED, Verb.RESEND, "that is for good"),
    ],
)
def test_what_cannot_be_done_is_told_before_it_is_tried(app: App, state: SendingState, verb: Verb, why: str) -> None:
    edition_id = _sent(app, 10, BatchState.ACCEPTED, sending=state)
    with pytest.raises(WrongState, match=why):
        steering.prospect(app, edition_id, verb, code="550", now=LATER)


def test_of_an_edition_that_is_not_sent_nothing_can_be_done(app: App) -> None:
    with app.database.write() as session:
        edition_id = an_edition(session).id
    with pytest.raises(NotFound, match="nothing of friday/2021-11-26 was planned yet"):
        steering.prospect(app, edition_id, Verb.PAUSE, now=LATER)
