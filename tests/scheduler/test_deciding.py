"""What editors decide, and what becomes of it: approval keeps bytes, links fit one revision, cancelling is final."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.delivery.models import Sending, SendingState
from newsletter.editions import plain_text, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, State
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.jobs import passes
from newsletter.jobs.passes import Pass, Verb
from newsletter.rendering.models import Proof
from newsletter.stories.models import Published
from tests.factories import a_subscriber, an_edition
from tests.scheduler.world import outbox

SECOND = timedelta(seconds=1)
BY_HAND = """The Friday Five

Good morning.

1. Walmart “goes live”

For $20 – or €18.

2. Café Carrefour

Ten seconds.
"""


@pytest.fixture
def edition_id(app: App) -> int:
    with app.database.write() as session:
        a_subscriber(session)
        return an_edition(session, state=State.IN_REVIEW).id


def the_edition(app: App, edition_id: int) -> Edition:
    with app.database.read() as session:
        return shelf.get(session, edition_id)


def test_approving_keeps_the_bytes_of_that_revision(app: App, edition_id: int, now: datetime) -> None:
    proof = jobs.approve(app, edition_id, by="ed", now=now)
    with app.database.read() as session:
        kept = session.scalars(select(Proof)).one()
    assert (kept.digest, kept.revision) == (proof.digest, 1)
    assert b"Walmart goes live" in kept.html
    assert the_edition(app, edition_id).state is State.APPROVED


def test_what_must_not_go_out_is_not_approved(app: App, settings: Settings, edition_id: int, now: datetime) -> None:
    careless = settings.newsletters["friday"].model_copy(update={"postal_address": ""})
    careless_app = App(settings.model_copy(update={"newsletters": {"friday": careless}}), app.database)
    with pytest.raises(WrongState, match=r"must not go out like this: .*postal address"):
        jobs.approve(careless_app, edition_id, by="ed", now=now)
    assert the_edition(app, edition_id).state is State.IN_REVIEW


def test_a_link_for_other_words_decides_nothing(app: App, edition_id: int, now: datetime) -> None:
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        wording.put(session, edition, replace(wording.of(edition), subject="Another"), by="ed", now=now)
    with pytest.raises(WrongState, match="has changed since that link was mailed"):
        jobs.approve(app, edition_id, by="ed", revision=1, now=now)
    assert the_edition(app, edition_id).state is State.IN_REVIEW


def test_what_was_approved_is_sent_and_remembered(app: App, edition_id: int, now: datetime) -> None:
    jobs.approve(app, edition_id, by="ed", now=now)
    ended = jobs.send(app, edition_id, by="ed", owner="one", clock=lambda: now)
    assert (ended.state, the_edition(app, edition_id).state) == (SendingState.COMPLETE, State.SENT)
    assert [message["Subject"] for message in outbox(app)] == ["Walmart goes live, Carrefour goes cashierless"]
    with app.database.read() as session:
        told = session.scalars(select(Published.headline).order_by(Published.position)).all()
    assert told == ["Walmart goes live", "Carrefour opens a shop"]


def test_sending_again_sends_nothing_again(app: App, edition_id: int, now: datetime) -> None:
    jobs.approve(app, edition_id, by="ed", now=now)
    for _ in range(2):
        jobs.send(app, edition_id, by="ed", owner="one", clock=lambda: now)
    assert len(outbox(app)) == 1


def test_what_is_not_approved_is_not_sent(app: App, edition_id: int, now: datetime) -> None:
    with pytest.raises(WrongState, match="is in review and can't be sent: approve it first"):
        jobs.send(app, edition_id, by="ed", owner="one", clock=lambda: now)
    with app.database.read() as session:
        assert session.scalars(select(Sending)).all() == []


def test_cancelling_stops_the_sending_too(app: App, edition_id: int, now: datetime) -> None:
    jobs.approve(app, edition_id, by="ed", now=now)
    with app.database.write() as session:
        sender = app.sender()
        jobs.sending.begin(session, app, shelf.get(session, edition_id), sender, by="ed", now=now)
        sender.close()
    jobs.cancel(app, edition_id, by="ed", reason="wrong week", now=now)
    with app.database.read() as session:
        assert session.get_one(Sending, edition_id).state is SendingState.CANCELLED
    assert the_edition(app, edition_id).state is State.CANCELLED


def test_an_unknown_edition_is_named(app: App, now: datetime) -> None:
    with pytest.raises(NotFound, match="there is no edition '7'"):
        jobs.hold(app, 7, by="ed", now=now)


def test_an_edition_written_by_hand_is_taken_in_sent_and_unharmed(app: App, friday: date, now: datetime) -> None:
    words = plain_text.read(BY_HAND).words
    with app.database.write() as session:
        a_subscriber(session)
        edition, said = jobs.take_in(session, app.newsletter(), friday, words, by="ed", now=now)
    jobs.approve(app, edition.id, by="ed", now=now)
    jobs.send(app, edition.id, by="ed", owner="one", clock=lambda: now)
    (message,) = outbox(app)
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert said == "a new draft of 2 stories"
    assert text.index("Walmart “goes live”") < text.index("For $20 – or €18.") < text.index("Café Carrefour")


def test_taking_in_what_is_there_changes_nothing(app: App, friday: date, now: datetime) -> None:
    words = plain_text.read(BY_HAND).words
    with app.database.write() as session:
        edition, _ = jobs.take_in(session, app.newsletter(), friday, words, by="ed", now=now)
        exported = plain_text.read(plain_text.write(edition)).words
        _, said = jobs.take_in(session, app.newsletter(), friday, exported, by="ed", now=now)
    assert said == "it says that already; nothing was changed"
    assert the_edition(app, edition.id).revision == 1


def test_changing_an_approved_edition_says_that_it_must_be_approved_again(
    app: App, edition_id: int, friday: date, now: datetime
) -> None:
    jobs.approve(app, edition_id, by="ed", now=now)
    with app.database.write() as session:
        words = plain_text.read(BY_HAND).words
        _, said = jobs.take_in(session, app.newsletter(), friday, words, by="ed", now=now)
    assert said == "changed, now revision 2; it was approved and has to be approved again"


def test_a_pass_says_what_was_signed(settings: Settings, now: datetime) -> None:
    given = Pass(Verb.APPROVE, 12, 3, "editor@news.example.com")
    assert passes.read(settings, passes.sign(settings, given, now=now), now=now + passes.LIFETIME) == given


def test_a_pass_ends_after_a_week(settings: Settings, now: datetime) -> None:
    token = passes.sign(settings, Pass(Verb.APPROVE, 12, 3, ""), now=now)
    with pytest.raises(BadInput, match="more than a week old"):
        passes.read(settings, token, now=now + passes.LIFETIME + SECOND)


@pytest.mark.parametrize("token", ["", "abc", "W10.aaaa", "W10.aaaa.bbbb"])
def test_a_pass_that_is_not_ours_is_refused(settings: Settings, now: datetime, token: str) -> None:
    with pytest.raises(BadInput, match="not complete"):
        passes.read(settings, token, now=now)


def test_a_pass_signed_with_another_secret_is_refused(settings: Settings, now: datetime) -> None:
    other = Settings.model_validate(settings.model_dump() | {"secret": "another"})
    with pytest.raises(BadInput, match="not complete"):
        passes.read(settings, passes.sign(other, Pass(Verb.HOLD, 1, 1, ""), now=now), now=now)
