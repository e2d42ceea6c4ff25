"""Planning: the audience is frozen once, in one transaction."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Batch, Delivery, Sending, SendingState
from subscribers import roll
from subscribers.models import Consent, SuppressionReason
from tests import factories
from tests.delivery.world import FRIDAY, NINE, batches, people, planned

SUMMER, WINTER = date(2021, 7, 2), date(2021, 11, 26)


def test_only_the_confirmed_and_not_suppressed_are_planned_once_each(session: Session) -> None:
    both = factories.a_subscriber(session, "ada@example.com", "weekly", "daily")
    factories.a_subscriber(session, "pending@example.com", consent=Consent.PENDING)
    factories.a_subscriber(session, "gone@example.com", consent=Consent.UNSUBSCRIBED)
    factories.a_subscriber(session, "bounced@example.com")
    roll.suppress(session, "bounced@example.com", reason=SuppressionReason.HARD_BOUNCE, now=NINE)
    newsletter = FRIDAY.model_copy(update={"lists": ("weekly", "daily")})

    planned(session, newsletter=newsletter)

    assert session.scalars(select(Delivery.subscriber_id)).all() == [both.id]


def test_batches_follow_the_order_of_ids_and_hold_everybody(session: Session) -> None:
    people(session, 25)

    sending = planned(session)

    assert (sending.planned, batches(session, sending.edition_id)) == (
        25,
        [(1, "queued", 10), (2, "queued", 10), (3, "queued", 5)],
    )


def test_the_first_mark_says_that_the_audience_is_complete(session: Session) -> None:
    people(session, 1)

    sending = planned(session)

    assert (sending.audience_complete_at, sending.complete_at, sending.state) == (NINE, None, SendingState.RUNNING)


def test_planning_again_changes_nothing(session: Session) -> None:
    people(session, 3)
    edition_id = planned(session).edition_id
    factories.a_subscriber(session, "late@example.com")

    again = planning.plan(session, edition_id, FRIDAY, sender="notebook", batch_size=10, now=NINE)

    assert (again.planned, session.scalar(select(func.count()).select_from(Delivery))) == (3, 3)


def test_a_crash_in_the_middle_of_planning_leaves_nothing(database: Database) -> None:
    def plan_and_die() -> None:
        with database.write() as session:
            people(session, 30)
            planned(session)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan_and_die()

    with database.read() as session:
        assert (session.scalars(select(Sending)).all(), session.scalars(select(Delivery)).all()) == ([], [])


def test_an_audience_of_nobody_is_planned_too(session: Session) -> None:
    assert planned(session).planned == 0


def mornings(session: Session, day: date, *zones: str) -> dict[datetime, int]:
    """When how many batches may go, for one reader in each of *zones*."""
    for number, zone in enumerate(zones):
        factories.a_subscriber(session, f"reader{number}@example.com", time_zone=zone)
    edition = factories.an_edition(session, date=day)
    early = datetime(2021, 1, 1, tzinfo=UTC)
    planning.plan(session, edition.id, FRIDAY, sender="notebook", batch_size=10, now=early, morning=day)
    rows = session.execute(select(Batch.not_before, func.sum(Batch.size)).group_by(Batch.not_before))
    return {moment: int(readers) for moment, readers in rows}


def test_each_reader_gets_it_at_nine_in_their_own_morning(session: Session) -> None:
    assert mornings(session, WINTER, "Europe/London", "America/New_York", "Asia/Kolkata") == {
        datetime(2021, 11, 26, 3, 30, tzinfo=UTC): 1,
        datetime(2021, 11, 26, 9, 0, tzinfo=UTC): 1,
        datetime(2021, 11, 26, 14, 0, tzinfo=UTC): 1,
    }


def test_nine_in_the_morning_follows_the_clock_changes(session: Session) -> None:
    assert mornings(session, SUMMER, "Europe/London") == {datetime(2021, 7, 2, 8, 0, tzinfo=UTC): 1}


def test_where_a_readers_zone_is_unknown_the_newsletters_counts(session: Session) -> None:
    assert mornings(session, WINTER, "", "Mars/Olympus", "../etc/passwd") == {
        datetime(2021, 11, 26, 9, 0, tzinfo=UTC): 3
    }


def test_a_morning_that_is_over_already_means_now(session: Session) -> None:
    factories.a_subscriber(session, "early@example.com", time_zone="Asia/Tokyo")
    edition = factories.an_edition(session, date=WINTER)

    planning.plan(session, edition.id, FRIDAY, sender="notebook", batch_size=10, now=NINE, morning=WINTER)

    assert session.scalars(select(Batch.not_before)).all() == [NINE]
