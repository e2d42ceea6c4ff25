"""Who is asked for their yes, and when again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from subscribers import roll, waiting
from subscribers.errors import NoSuchList
from subscribers.models import Consent, SuppressionReason
from tests.factories import a_list, a_subscriber

DAY = timedelta(days=1)


@pytest.fixture
def bob(session: Session) -> int:
    """Bob asked for the weekly and has not confirmed."""
    return a_subscriber(session, "bob@example.com", consent=Consent.PENDING).id


def test_who_waits_is_due_and_who_is_confirmed_is_not(session: Session, bob: int, now: datetime) -> None:
    a_subscriber(session, "ada@example.com")
    assert waiting.due(session, now=now) == [bob]


def test_a_person_on_two_lists_is_due_once(session: Session, now: datetime) -> None:
    eve = a_subscriber(session, "eve@example.com", "weekly", "events", consent=Consent.PENDING).id
    assert waiting.due(session, now=now) == [eve]


def test_one_letter_names_all_that_waits(session: Session, now: datetime) -> None:
    eve = a_subscriber(session, "eve@example.com", "weekly", "events", consent=Consent.PENDING).id
    taken = waiting.take(session, eve, now=now)
    assert taken is not None
    assert (taken.email, taken.lists) == ("eve@example.com", {"weekly": "Weekly", "events": "Events"})


def test_who_was_taken_is_due_again_after_a_week(session: Session, bob: int, now: datetime) -> None:
    waiting.take(session, bob, now=now)
    assert [waiting.due(session, now=now + days * DAY) for days in (0, 6, 7)] == [[], [], [bob]]


def test_of_two_who_take_one_person_one_gets_nobody(session: Session, bob: int, now: datetime) -> None:
    assert [waiting.take(session, bob, now=now) is None for _ in range(2)] == [False, True]


def test_asked_for_by_name_a_person_is_taken_again(session: Session, bob: int, now: datetime) -> None:
    waiting.take(session, bob, now=now)
    assert waiting.take(session, bob, again=True, now=now) is not None


def test_what_was_given_back_is_due_at_once(session: Session, bob: int, now: datetime) -> None:
    taken = waiting.take(session, bob, now=now)
    assert taken is not None
    waiting.give_back(session, taken)
    assert waiting.due(session, now=now) == [bob]


def test_who_left_and_came_back_has_not_been_asked_about_that(session: Session, bob: int, now: datetime) -> None:
    waiting.take(session, bob, now=now)
    roll.unsubscribe(session, bob, source="test", now=now + DAY)
    roll.rejoin(session, bob, ["weekly"], source="test", now=now + 2 * DAY)
    assert waiting.due(session, now=now + 2 * DAY) == [bob]


def test_only_those_on_the_list_that_is_named(session: Session, bob: int, now: datetime) -> None:
    a_list(session, "events")
    assert [waiting.due(session, ["events"], now=now), waiting.due(session, ["weekly"], now=now)] == [[], [bob]]


def test_a_list_that_is_not_there_is_named(session: Session, now: datetime) -> None:
    with pytest.raises(NoSuchList, match="'gone'"):
        waiting.due(session, ["gone"], now=now)


def test_who_left_is_never_taken_not_even_by_name(session: Session, bob: int, now: datetime) -> None:
    roll.unsubscribe(session, bob, source="test", now=now)
    assert (waiting.take(session, bob, again=True, now=now), waiting.why_not(session, bob)) == (
        None,
        "has left; who asks to come back is added with --again",
    )


def test_who_is_suppressed_is_never_taken_not_even_by_name(session: Session, bob: int, now: datetime) -> None:
    roll.suppress(session, "BOB@example.com", reason=SuppressionReason.COMPLAINT, now=now)
    assert (waiting.take(session, bob, again=True, now=now), waiting.why_not(session, bob)) == (
        None,
        "suppressed: complaint",
    )


@pytest.mark.parametrize(("consent", "slug", "reason"), [
    (Consent.CONFIRMED, "weekly", "has confirmed already"),
    (Consent.PENDING, "events", "is on no list that was asked for"),
])  # fmt: skip
def test_a_reason_is_given_for_who_is_not_asked(session: Session, consent: Consent, slug: str, reason: str) -> None:
    a_list(session, "events")
    eve = a_subscriber(session, "eve@example.com", consent=consent).id
    assert waiting.why_not(session, eve, [slug]) == reason
