"""What readers chose is honoured when an audience is frozen, and a pause also at the fence."""

from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.config import Limits
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Act, Batch, Delivery, SendingState
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from subscribers import audience, preferences
from subscribers.errors import NoSuchSegment
from subscribers.models import Rhythm, Subscriber
from subscribers.preferences import Preferences
from subscribers.segments import shelf
from tests.delivery.world import FRIDAY, NINE
from tests.factories import a_subscriber, an_edition

#: the Friday of tests, and the one after
LAST, NEXT = date(2021, 11, 26), date(2021, 12, 3)


def _wants(session: Session, email: str, wish: Preferences) -> Subscriber:
    person = a_subscriber(session, email, *FRIDAY.lists)
    preferences.save(session, person.id, wish, today=date(2021, 1, 1))
    return person


def _plan(session: Session, edition: Edition, newsletter: object = FRIDAY) -> list[int]:
    planning.plan(session, edition.id, FRIDAY, sender="notebook", batch_size=10, now=NINE)
    return sorted(session.scalars(select(Delivery.subscriber_id).where(Delivery.edition_id == edition.id)))


@pytest.mark.parametrize(("until", "comes"), [(LAST, True), (date(2021, 11, 27), False), (None, True)])
def test_who_is_paused_beyond_the_date_gets_nothing(session: Session, until: date | None, comes: bool) -> None:
    ada = _wants(session, "ada@example.com", Preferences(paused_until=until))
    assert _plan(session, an_edition(session, date=LAST)) == ([ada.id] if comes else [])


def test_once_a_month_is_the_first_that_goes_out_in_it(session: Session) -> None:
    ada = _wants(session, "ada@example.com", Preferences(Rhythm.MONTHLY))
    bob = a_subscriber(session, "bob@example.com", *FRIDAY.lists)
    days = (date(2021, 11, 5), date(2021, 11, 12), NEXT, date(2021, 12, 10))
    assert [_plan(session, an_edition(session, date=day)) for day in days] == [
        [ada.id, bob.id],
        [bob.id],
        [ada.id, bob.id],
        [bob.id],
    ]


def test_a_first_that_was_cancelled_is_not_the_first(session: Session) -> None:
    ada = _wants(session, "ada@example.com", Preferences(Rhythm.MONTHLY))
    first = an_edition(session, date=date(2021, 11, 5))
    sending = planning.plan(session, first.id, FRIDAY, sender="notebook", batch_size=10, now=NINE)
    sending.state = SendingState.CANCELLED
    session.flush()
    assert _plan(session, an_edition(session, date=date(2021, 11, 12))) == [ada.id]


def test_who_gets_plain_text_is_in_batches_of_their_own(session: Session) -> None:
    plain = {_wants(session, f"plain{number}@example.com", Preferences(plain_text=True)).id for number in range(3)}
    for number in range(5):
        a_subscriber(session, f"rich{number}@example.com", *FRIDAY.lists)
    newsletter = FRIDAY.model_copy(update={"limits": Limits(canary_share=0.5, canary_least=2)})
    edition = an_edition(session, date=LAST)
    planning.plan(session, edition.id, newsletter, sender="sendgrid", batch_size=2, now=NINE)
    batches: dict[int, set[bool]] = {}
    for batch, person in session.execute(select(Delivery.batch, Delivery.subscriber_id)):
        batches.setdefault(batch, set()).add(person in plain)
    assert ({len(kinds) for kinds in batches.values()}, sum(session.scalars(select(Batch.size)))) == ({1}, 8)


def test_who_pauses_after_planning_is_skipped_at_the_fence(session: Session) -> None:
    ada = _wants(session, "ada@example.com", Preferences(paused_until=NEXT))
    assert audience.mailable(session, [ada.id], FRIDAY.lists, day=LAST) == ([], {ada.id: "paused by the reader"})


def test_who_has_paused_up_to_the_date_passes_the_fence(session: Session) -> None:
    ada = _wants(session, "ada@example.com", Preferences(paused_until=LAST))
    people, barred = audience.mailable(session, [ada.id], FRIDAY.lists, day=LAST)
    assert ([person.id for person in people], barred) == ([ada.id], {})


def test_an_edition_goes_to_its_segment_alone_and_the_log_says_so(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", *FRIDAY.lists, language="fr")
    a_subscriber(session, "bob@example.com", *FRIDAY.lists, language="de")
    a_subscriber(session, "cyd@example.com", "elsewhere", language="fr")
    shelf.save(session, "french", "language:fr", now=now)
    edition = an_edition(session, date=LAST)
    reach = jobs.aim(session, edition, "french", lists=FRIDAY.lists, by="ed", now=now)
    planned = _plan(session, edition)
    act = session.scalars(select(Act.reason)).one()
    assert (reach, planned, act) == (1, [ada.id], "segment french: language:fr")


def test_aiming_takes_an_approval_back(session: Session, now: datetime) -> None:
    shelf.save(session, "french", "language:fr", now=now)
    edition = an_edition(session, date=LAST, state=State.APPROVED)
    jobs.aim(session, edition, "french", lists=FRIDAY.lists, by="ed", now=now)
    assert edition.state is State.IN_REVIEW


def test_what_is_being_sent_goes_to_whom_it_was_planned_for(session: Session, now: datetime) -> None:
    shelf.save(session, "french", "language:fr", now=now)
    edition = an_edition(session, date=LAST, state=State.SENDING)
    with pytest.raises(WrongState):
        jobs.aim(session, edition, "french", lists=FRIDAY.lists, by="ed", now=now)


def test_a_segment_that_is_gone_stops_the_planning_and_mails_nobody(session: Session) -> None:
    a_subscriber(session, "ada@example.com", *FRIDAY.lists)
    edition = an_edition(session, date=LAST)
    edition.segment = "lost"
    with pytest.raises(NoSuchSegment):
        planning.plan(session, edition.id, FRIDAY, sender="notebook", batch_size=10, now=NINE)
