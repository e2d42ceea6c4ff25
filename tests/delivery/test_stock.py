"""Batches claimed ahead, and what is under way."""

import time
from concurrent.futures import Future
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.ledger import claiming, settling
from newsletter.delivery.ledger.claiming import Claim
from newsletter.delivery.models import SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.pace.throttle import Room
from newsletter.delivery.wire import dispatch, flight
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.parcel import Parcel, Report
from newsletter.delivery.wire.stock import LEASE, Stock
from newsletter.errors import Unknown
from tests.delivery.world import LISTS, NINE, Notebook, batches, people, planned, route, taken


def states(session: Session, edition_id: int) -> list[str]:
    return [state for _, state, _ in batches(session, edition_id)]


def _numbers(claims: list[Claim]) -> list[int]:
    return [claim.number for claim in claims]


@pytest.fixture
def edition_id(session: Session) -> int:
    people(session, 40)
    return planned(session).edition_id


@pytest.fixture
def stock(edition_id: int) -> Stock:
    return Stock(edition_id, owner="ada", batch_size=10)


def test_what_is_due_is_claimed_ahead_and_taken_in_its_order(session: Session, edition_id: int, stock: Stock) -> None:
    takes = [_numbers(stock.take(session, "", limit=1, room=Room(), now=NINE)) for _ in range(3)]

    assert (states(session, edition_id), takes, stock.numbers) == (["claimed"] * 4, [[1], [2], [3]], [4])


def test_who_is_slow_claims_nothing_ahead(session: Session, edition_id: int, stock: Stock) -> None:
    for seconds in (0, 5, 10):
        stock.take(session, "", limit=1, room=Room(), now=NINE + timedelta(seconds=seconds))

    assert (states(session, edition_id), stock.numbers) == (["claimed", "claimed", "claimed", "queued"], [])


def test_who_is_quick_claims_twice_as_many_each_time_up_to_a_thousand_recipients(session: Session) -> None:
    people(session, 40)
    stock, held = Stock(planned(session, size=1).edition_id, owner="ada", batch_size=100), list[int]()
    for _ in range(24):
        stock.take(session, "", limit=1, room=Room(), now=NINE)
        held.append(len(stock.numbers))

    assert max(held) == 9


def test_who_found_nothing_for_a_while_claims_no_more_for_it(session: Session, edition_id: int, stock: Stock) -> None:
    for _ in range(9):
        stock.take(session, "friday.example", limit=1, room=Room(), now=NINE)
    stock.take(session, "", limit=1, room=Room(), now=NINE)

    assert (states(session, edition_id), stock.numbers) == (["claimed", "queued", "queued", "queued"], [])


def test_who_became_slow_claims_half_as_many(session: Session) -> None:
    people(session, 40)
    stock = Stock(planned(session, size=1).edition_id, owner="ada", batch_size=10)
    for _ in range(16):
        stock.take(session, "", limit=1, room=Room(), now=NINE)
    stock.take(session, "", limit=1, room=Room(), now=NINE + timedelta(seconds=20))

    assert len(stock.numbers) == 7


def test_where_a_limit_counts_messages_nothing_is_claimed_ahead(
    session: Session, edition_id: int, stock: Stock
) -> None:
    stock.take(session, "", limit=1, room=Room(messages=1000), now=NINE)

    assert (states(session, edition_id), stock.numbers) == (["claimed", "queued", "queued", "queued"], [])


def test_what_is_given_back_is_anybodys_at_once(session: Session, edition_id: int, stock: Stock) -> None:
    for _ in range(3):
        stock.take(session, "", limit=1, room=Room(), now=NINE)

    stock.give_back(session)

    assert (states(session, edition_id), stock.numbers) == (["claimed", "claimed", "claimed", "queued"], [])


def test_what_another_worker_took_over_is_not_given_back(session: Session, edition_id: int, stock: Stock) -> None:
    for _ in range(3):
        stock.take(session, "", limit=1, room=Room(), now=NINE)
    settling.expire(session, now=NINE + LEASE)
    theirs = taken(session, edition_id, owner="bob", limit=4, now=NINE + LEASE)

    stock.give_back(session)

    assert (len(theirs), states(session, edition_id)) == (4, ["sending"] * 4)


def test_a_claim_ahead_whose_lease_is_over_does_not_pass_the_fence(session: Session, stock: Stock) -> None:
    for _ in range(3):
        stock.take(session, "", limit=1, room=Room(), now=NINE)
    late = NINE + LEASE + timedelta(seconds=1)

    claims = stock.take(session, "", limit=1, room=Room(), now=late)

    assert claiming.fence(session, claims, lists=LISTS, lease=LEASE, now=late) == []


def test_a_pause_leaves_nothing_claimed(database: Database) -> None:
    with database.write() as session:
        people(session, 100)
        edition_id = planned(session).edition_id

    def pause(parcel: Parcel) -> Report:
        with database.write() as session:
            controls.pause(session, edition_id, by="ada", reason="a typo", now=NINE)
        return Report()

    ended = dispatch.run(database, Notebook(window=1, answer=pause), route(edition_id), owner="ada", clock=lambda: NINE)

    with database.read() as session:
        assert (ended, states(session, edition_id)) == (
            Ended(SendingState.PAUSED, "a typo", Balance(planned=100, accepted=10, to_do=90)),
            ["accepted"] + ["queued"] * 9,
        )


class Silent(Notebook):
    """Takes a parcel and never says what became of it."""

    trouble = ""

    def begin(self, _parcel: Parcel) -> Future[Report]:
        return Future()

    def recall(self) -> None:
        """Nothing waits."""


def test_a_hand_over_that_nobody_answers_is_unknown_in_the_end(session: Session, edition_id: int) -> None:
    (fenced,) = taken(session, edition_id)
    with flight.Flight(Silent(deadline=-10.0), route(edition_id)) as under_way:
        under_way.begin(fenced, deadline=time.monotonic() + 60)
        ((landed, answer),) = under_way.land()

    assert (landed, type(answer.failure), under_way.numbers) == (fenced, Unknown, [])
