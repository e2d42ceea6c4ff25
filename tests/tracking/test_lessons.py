"""When an address is given up, by soft bounces alone: a pure rule over what happened, in its own order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from newsletter.config import Lessons
from newsletter.tracking.lessons import Sign, given_up

FRIDAY = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)
RULES = Lessons(soft_editions=3, soft_days=14, soft_weeks=12)


def _week(number: float, *, edition: int | None = None, silent: bool = False) -> Sign:
    return Sign(round(number) if edition is None else edition, FRIDAY + timedelta(weeks=number), silent)


@pytest.mark.parametrize(
    ("soft", "alive", "by"),
    [
        pytest.param([1, 2], [], None, id="two editions are not enough"),
        pytest.param([1, 2, 3], [], 3, id="three editions over two weeks"),
        pytest.param([1, 2, 3, 4], [], 3, id="the first that makes it enough"),
        pytest.param([1, 1.1, 1.2, 1.3], [], None, id="one edition counts once"),
        pytest.param([1, 2, 3], [2.5], None, id="one that arrived begins the count anew"),
        pytest.param([1, 2, 5, 6, 7], [4], 7, id="and it counts again from there"),
        pytest.param([1, 9, 17], [], None, id="what is long ago is forgotten"),
        pytest.param([2, 3, 4], [1, 5], 4, id="before and after make no difference"),
    ],
)
def test_an_address_is_given_up(soft: list[float], alive: list[float], by: float | None) -> None:
    arrived = [_week(number, edition=100 + index) for index, number in enumerate(alive)]
    assert given_up([_week(number) for number in soft], arrived, RULES) == (None if by is None else _week(by))


def test_three_days_in_a_row_are_not_two_weeks() -> None:
    daily = [Sign(day, FRIDAY + timedelta(days=day)) for day in range(3)]
    assert given_up(daily, [], RULES) is None


def test_of_an_edition_that_was_delivered_and_came_back_the_bounce_counts() -> None:
    assert given_up([_week(1), _week(2), _week(3)], [_week(2)], RULES) == _week(3)


@pytest.mark.parametrize(("week", "by"), [(2.2, None), (2.5, 3.0)])
def test_a_copy_of_which_nothing_is_heard_arrived_after_five_days(week: float, by: float | None) -> None:
    soft = [_week(1), _week(2, edition=2), _week(3)]
    quiet = [_week(week, edition=9, silent=True)]
    assert given_up(soft, quiet, RULES) == (None if by is None else _week(by))


def test_nobody_is_given_up_where_that_is_switched_off() -> None:
    assert given_up([_week(number) for number in range(9)], [], Lessons(soft_editions=0)) is None


@given(some.data())
def test_the_order_in_which_it_is_told_makes_no_difference(data: some.DataObject) -> None:
    signs = some.builds(_week, some.integers(0, 8), edition=some.integers(0, 8), silent=some.booleans())
    soft, alive = data.draw(some.lists(signs, max_size=8)), data.draw(some.lists(signs, max_size=4))
    shuffled = data.draw(some.permutations(soft)), data.draw(some.permutations(alive))
    assert given_up(*shuffled, RULES) == given_up(soft, alive, RULES)


def test_of_two_signs_of_one_moment_the_same_one_counts_whichever_was_told_first() -> None:
    signs = [_week(0), _week(1, edition=1), _week(2, edition=2), _week(2, edition=2, silent=True)]
    assert given_up(signs, [], RULES) == given_up(signs[::-1], [], RULES) == _week(2, edition=2)
