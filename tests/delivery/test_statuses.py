"""What providers tell of a copy, in whatever order it is heard."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import statuses
from newsletter.delivery.ledger.statuses import MAY_FOLLOW, Move
from newsletter.delivery.models import Progress, Status
from tests.delivery.world import NINE, people, planned

TOLD = [status for status in MAY_FOLLOW if status is not None]


def move(status: Status, seconds: int, reason: str = "") -> Move:
    return Move(1, 1, status, reason, NINE + timedelta(seconds=seconds))


def stands(moves: list[Move]) -> Move | None:
    known = None
    for one in moves:
        known = statuses.later(known, one)
    return known


MOVES = st.builds(move, st.sampled_from(TOLD), st.integers(0, 5), st.sampled_from(["", "full", "gone"]))


@given(st.lists(MOVES, min_size=1, max_size=5).flatmap(lambda moves: st.tuples(st.just(moves), st.permutations(moves))))
def test_the_order_in_which_news_is_heard_makes_no_difference(orders: tuple[list[Move], list[Move]]) -> None:
    assert stands(orders[0]) == stands(orders[1])


@given(st.lists(MOVES, min_size=1, max_size=5))
def test_hearing_it_twice_makes_no_difference(moves: list[Move]) -> None:
    assert stands(moves + moves) == stands(moves)


@pytest.mark.parametrize(
    ("known", "news", "after"),
    [
        (Status.DEFERRED, Status.DELIVERED, Status.DELIVERED),
        (Status.DELIVERED, Status.DEFERRED, Status.DELIVERED),
        (Status.DELIVERED, Status.BOUNCED, Status.BOUNCED),
        (Status.BOUNCED, Status.DELIVERED, Status.BOUNCED),
        (Status.DELIVERED, Status.COMPLAINED, Status.COMPLAINED),
    ],
)
def test_what_may_follow_what(session: Session, known: Status, news: Status, after: Status) -> None:
    (one,) = people(session, 1)
    edition_id = planned(session).edition_id

    statuses.advance(session, edition_id, one, known, reason="", at=NINE)
    statuses.advance(session, edition_id, one, news, reason="", at=NINE + timedelta(seconds=1))

    assert session.get_one(Progress, (edition_id, one), populate_existing=True).status is after


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_the_database_agrees_with_the_table_in_every_order(session: Session, order: tuple[int, ...]) -> None:
    (one,) = people(session, 1)
    edition_id = planned(session).edition_id
    news = [
        Move(edition_id, one, Status.DEFERRED, "full", NINE),
        Move(edition_id, one, Status.DEFERRED, "still full", NINE + timedelta(seconds=5)),
        Move(edition_id, one, Status.DEFERRED, "nearly", NINE + timedelta(seconds=3)),
    ]

    for index in order:
        statuses.advance_all(session, [news[index]])

    assert session.get_one(Progress, (edition_id, one), populate_existing=True).reason == "still full"


def test_news_of_somebody_who_was_never_planned_moves_nothing(session: Session) -> None:
    people(session, 1)
    edition_id = planned(session).edition_id

    statuses.advance_all(session, [Move(edition_id, 999_999, Status.DELIVERED, "", NINE)])

    assert session.scalars(select(Progress)).all() == []
