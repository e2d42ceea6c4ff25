"""A correction goes to those who have what it corrects, by the ledger, and to nobody else; on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.ledger import planning, receivers
from newsletter.delivery.ledger.receivers import Reach
from newsletter.delivery.models import BatchState, Delivery, Outcome, Sending, SendingState, Status
from newsletter.delivery.operations import audit
from newsletter.delivery.operations.balance import balance
from newsletter.editions import corrections, review, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, State
from newsletter.errors import AlreadyDone, BadInput, NotFound, WrongState
from newsletter.jobs import correcting, sending
from newsletter.rendering import links, proofs
from newsletter.rendering.mould import Reader
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.tracking.reports import asking
from subscribers import audience as readership
from subscribers import roll
from subscribers.models import Subscriber, SuppressionReason
from tests.delivery import test_kill as kill
from tests.desk.aftermath import NINE, left, readers, told, went_out
from tests.factories import a_subscriber

NOON = NINE + timedelta(hours=3)
TAKEN = (BatchState.ACCEPTED,)
NOTE = "We named the wrong company."


def corrected(app: App, edition: Edition) -> None:
    """Its page says what was wrong."""
    correcting.correct(app, edition.id, wording.of(edition), note=NOTE, by="ada", now=NOON)


def mailed(app: App, edition: Edition, *, unknown_too: bool = False) -> Edition:
    """A correction of *edition*, in review."""
    corrected(app, edition)
    made, _ = correcting.write(app, edition.id, unknown_too=unknown_too, by="ada", now=NOON)
    return made


def audience(app: App, correction: Edition) -> list[int]:
    """Who it is planned for, once it is approved and begun."""
    jobs.approve(app, correction.id, by="eva", now=NOON)
    with app.database.write() as session:
        plan(session, app, correction.id)
        query = select(Delivery.subscriber_id).where(Delivery.edition_id == correction.id)
        return sorted(session.scalars(query))


def plan(session: Session, app: App, edition_id: int) -> None:
    planning.plan(session, edition_id, app.newsletter(), sender="notebook", batch_size=10, now=NOON)


def _sent(app: App, count: int = 12, states: Sequence[BatchState] = TAKEN) -> tuple[Edition, list[int]]:
    with app.database.write() as session:
        people = readers(session, count)
        return went_out(app, session, people, sender="smtp", states=states), people


def test_it_goes_to_who_has_the_edition_and_nobody_else(app: App) -> None:
    edition, people = _sent(app)
    with app.database.write() as session:
        told(session, edition, people[:2], Status.DELIVERED)
        told(session, edition, [people[2]], Status.DEFERRED)
        told(session, edition, [people[3]], Status.BOUNCED)
        told(session, edition, [people[4]], Status.DROPPED)
        for one, status in ((people[5], Status.REFUSED), (people[6], Status.SKIPPED)):
            session.add(Outcome(edition_id=edition.id, subscriber_id=one, status=status, reason="", at=NINE))
        a_subscriber(session, "joined-later@example.com")
    assert audience(app, mailed(app, edition)) == [*people[:3], *people[7:]]


@pytest.mark.parametrize("unknown_too", [False, True])
def test_of_whom_nobody_knows_is_a_choice(app: App, unknown_too: bool) -> None:
    edition, people = _sent(app, 60, (BatchState.ACCEPTED, BatchState.UNKNOWN))
    wanted = people if unknown_too else people[:50]
    assert audience(app, mailed(app, edition, unknown_too=unknown_too)) == wanted


def test_who_left_was_suppressed_or_paused_since_gets_none(app: App) -> None:
    edition, people = _sent(app)
    with app.database.write() as session:
        left(session, people[0])
        roll.suppress(session, "reader1@shop.example", reason=SuppressionReason.COMPLAINT, now=NOON)
        until = NOON.date() + timedelta(days=9)
        session.get_one(Subscriber, people[2]).paused_until = until
    assert audience(app, mailed(app, edition)) == people[3:]


def test_whom_it_reaches_is_said_before_anything_is_approved(app: App) -> None:
    edition, people = _sent(app, 60, (BatchState.ACCEPTED, BatchState.UNKNOWN))
    with app.database.write() as session:
        told(session, edition, people[:3], Status.BOUNCED)
        left(session, people[9])
    made = mailed(app, edition)
    with app.database.read() as session:
        found = correcting.reach(session, made, app.newsletter(), now=NOON)
    assert (found, len(audience(app, made))) == (Reach(have=47, unknown=10, have_not=3, gone=1, readers=46), 46)


def test_it_is_planned_once_however_often_that_is_tried(app: App) -> None:
    edition, people = _sent(app)
    made = mailed(app, edition)
    first = audience(app, made)
    with app.database.write() as session:
        plan(session, app, made.id)
        again = session.get_one(Sending, made.id).planned
    assert (first, again) == (people, 12)


def test_nothing_goes_out_while_somebody_may_still_get_the_edition(app: App) -> None:
    edition, _ = _sent(app)
    with app.database.write() as session:
        session.get_one(Sending, edition.id).state = SendingState.PAUSED
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)
    with app.database.write() as session, pytest.raises(WrongState, match="still being sent"):
        plan(session, app, made.id)
    with app.database.read() as session:
        waiting = correcting.due(session)
    with app.database.write() as session:
        session.get_one(Sending, edition.id).state = SendingState.CANCELLED
    with app.database.read() as session:
        assert (waiting, correcting.due(session)) == ([], [made.id])


def test_a_second_one_waits_for_the_first_and_then_has_a_name_of_its_own(app: App) -> None:
    edition, _ = _sent(app)
    first = mailed(app, edition)
    with pytest.raises(WrongState, match="correction-1 is in review: decide about that one first"):
        correcting.write(app, edition.id, by="ada", now=NOON)
    jobs.skip(app, first.id, by="eva", now=NOON)
    second, _ = correcting.write(app, edition.id, by="ada", now=NOON)
    with app.database.read() as session:
        names = [shelf.find(session, name).id for name in ("2021-11-26", "friday/2021-11-26/correction-2")]
    assert names == [edition.id, second.id]


@pytest.mark.parametrize("name", ["2021-11-26/correction-0", "2021-11-26/correction-x", "2021-11-26/correction-9"])
def test_a_correction_that_is_not_there_is_not_found(app: App, name: str) -> None:
    edition, _ = _sent(app)
    mailed(app, edition)
    with app.database.read() as session, pytest.raises(NotFound):
        found = shelf.find(session, name)
        assert found.id != edition.id


def test_a_correction_is_not_corrected_by_mail(app: App) -> None:
    edition, _ = _sent(app)
    made = mailed(app, edition)
    with app.database.write() as session, pytest.raises(BadInput, match="is a correction itself"):
        corrections.draft(session, made, wording.of(made), unknown_too=False, by="ada", now=NOON)


def test_what_nobody_has_is_edited_and_not_corrected(app: App) -> None:
    from tests.factories import an_edition

    with app.database.write() as session:
        draft = an_edition(session)
    with pytest.raises(WrongState, match="nothing of friday/2021-11-26 went out"):
        corrected(app, draft)


def test_other_readers_want_another_approval(app: App) -> None:
    edition, _ = _sent(app, 60, (BatchState.ACCEPTED, BatchState.UNKNOWN))
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)
    with app.database.write() as session:
        corrections.choose(session, shelf.get(session, made.id), unknown_too=True, by="ada", now=NOON)
    with app.database.read() as session:
        assert shelf.get(session, made.id).state is State.IN_REVIEW


def test_it_is_approved_once(app: App) -> None:
    edition, _ = _sent(app)
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)
    with pytest.raises(AlreadyDone):
        jobs.approve(app, made.id, by="eva", now=NOON)


def test_the_clock_sends_what_is_approved_and_each_copy_answers_the_readers_own(app: App) -> None:
    edition, people = _sent(app, 6)
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)
    (work,) = [one for one in jobs.tick(app, now=NOON, owner="test") if one.name.startswith("correct ")]
    onward = jobs.run(app, work, owner="test", clock=lambda: NOON)
    assert onward is not None
    jobs.run(app, onward, owner="test", clock=lambda: NOON)
    secret = app.settings.secret.get_secret_value()
    wanted = {links.message_id(secret, edition.id, one, "news.example.com") for one in people}
    mails = [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in app.settings.path(app.settings.maildir.path).rglob("new/*")
    ]
    with app.database.read() as session:
        state = shelf.get(session, made.id).state
        found = audit.audit(session, made.id)
    assert (
        {str(mail["In-Reply-To"]) for mail in mails} == wanted,
        {(str(mail["References"]) == str(mail["In-Reply-To"]), str(mail["Subject"])) for mail in mails},
        (state, found.violations, found.balance.accepted),
    ) == (True, {(True, "Correction: Walmart goes live, Carrefour goes cashierless")}, (State.SENT, (), 6))


def test_where_the_provider_named_the_copies_nothing_is_answered(app: App) -> None:
    with app.database.write() as session:
        people = readers(session, 2)
        edition = went_out(app, session, people, sender="sendgrid")
    made = mailed(app, edition)
    audience(app, made)
    with app.database.read() as session:
        mould = sending.route(session, app, made.id, now=NOON).mould
    assert "In-Reply-To" not in mould.headers(Reader(1, "ada@example.com", "Ada", "f" * 42))


def _why(app: App, number: int, edition: str) -> str:
    with app.database.read() as session:
        (reply,) = asking.ask(session, app.settings, str(number), edition, now=NOON)
    return reply.answer.sentence


def test_why_says_a_true_sentence_for_who_got_none(app: App) -> None:
    edition, people = _sent(app, 60, (BatchState.ACCEPTED, BatchState.UNKNOWN))
    with app.database.write() as session:
        told(session, edition, people[:1], Status.BOUNCED)
        left(session, people[1])
        late = a_subscriber(session, "late@example.com").id
    made = mailed(app, edition)
    audience(app, made)
    name = shelf.name(made)
    went = "The correction of The Friday Five of 26 November 2021 went"
    by_button = "by the unsubscribe button of their mail program"
    only = f"{went} only to those who certainly have that edition"
    lost = "their copy was handed over and the answer got lost"
    assert [_why(app, one, name) for one in (people[0], people[1], people[55], late)] == [
        f"{went} to those who have that edition, and reader0@corner.example does not: their copy is bounced.",
        f"reader1@shop.example left weekly on 26 November 2021 at 11:00, {by_button}.",
        f"{only}, and of reader55@shop.example nobody can say: {lost}.",
        f"{went} to those who have that edition, and late@example.com was not in its audience.",
    ]


def test_a_correction_is_neither_the_newest_edition_nor_the_first_of_a_month(app: App) -> None:
    edition, people = _sent(app)
    made = mailed(app, edition)
    audience(app, made)
    with app.database.read() as session:
        (reply,) = asking.ask(session, app.settings, str(people[3]), now=NOON)
        following = Edition(newsletter="friday", date=edition.date + timedelta(days=4), segment="")
        earlier = planning.earlier_in_month(session, following)
        assert (reply.edition, earlier, shelf.of_date(session, "friday", edition.date)) == (
            "friday/2021-11-26",
            edition.date,
            shelf.get(session, edition.id),
        )


def test_what_was_sent_stays_as_it_was_under_its_digest(app: App) -> None:
    edition, _ = _sent(app)
    with app.database.read() as session:
        before = proofs.frozen(session, shelf.get(session, edition.id))
    corrected(app, edition)
    with app.database.read() as session:
        after = proofs.frozen(session, shelf.get(session, edition.id))
        shown = proofs.newest(session, edition.id)
    assert before and after and shown
    assert ((before.id, before.digest, before.html), NOTE in shown.html.decode()) == (
        (after.id, after.digest, after.html),
        True,
    )


def test_a_sent_edition_names_the_way_to_correct_it(app: App) -> None:
    edition, _ = _sent(app)
    with pytest.raises(WrongState, match="newsletter correct says what was wrong"):
        review.refuse_unless_editable(edition)


def test_a_crash_while_it_is_planned_leaves_it_due_and_nobody_planned(app: App) -> None:
    edition, people = _sent(app)
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)

    def begin_and_die() -> None:
        with app.database.write() as session:
            plan(session, app, made.id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_and_die()
    with app.database.read() as session:
        due, planned = correcting.due(session), session.get(Sending, made.id)
    begun = [sending.begin_correction(app, made.id, now=NOON) for _ in range(2)]
    with app.database.read() as session:
        after = session.get_one(Sending, made.id).planned
    assert (due, planned, begun, after) == ([made.id], None, [True, False], len(people))


def test_under_kill_minus_nine_each_who_has_the_edition_gets_one(app: App, database_url: str, tmp_path: Path) -> None:
    edition, _ = _sent(app, 1500, (BatchState.ACCEPTED, BatchState.ACCEPTED, BatchState.UNKNOWN))
    made = mailed(app, edition)
    jobs.approve(app, made.id, by="eva", now=NOON)
    now = datetime.now(UTC)
    with app.database.write() as session:
        planning.plan(session, made.id, app.newsletter(), sender="smtp", batch_size=25, now=now)
    with app.database.read() as session:
        have = set(session.scalars(receivers.having(edition.id, unknown_too=False)))
        addresses = {person.email for person in readership.people(session, sorted(have))}
    with SmtpSink(kill.UNHURRIED, keep=False) as sink:
        kills = kill.send(database_url, made.id, "smtp", str(sink.port), tmp_path, kills=3, seed=5)
        took = sink.recipients()
    with app.database.read() as session:
        aftermath, stands = kill.compare(session, made.id, took), balance(session, made.id)
    assert (aftermath, kills, len(have), stands.planned, set(took) <= addresses) == (
        kill.NOTHING_WRONG, 3, 1000, 1000, True,
    )  # fmt: skip
