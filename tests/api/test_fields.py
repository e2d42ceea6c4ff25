"""Values that requests bring: what no database keeps is a problem of who sent it."""

import pytest

from tests.api.conftest import Program, problem


@pytest.mark.parametrize("query", ["since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"])
def test_an_hour_before_the_first_or_after_the_last_is_a_problem(program: Program, query: str) -> None:
    answer = program().get(f"/deliveries?{query}")
    assert (problem(answer), answer.json()["errors"][0]["detail"]) == (
        (422, "application/problem+json", "invalid"),
        "That is before the year 1 or after 9999.",
    )


@pytest.mark.parametrize("query", ["since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59%2B14:00"])
def test_the_first_hour_and_the_last_are_hours(program: Program, query: str) -> None:
    assert program().get(f"/deliveries?{query}").status_code == 200
