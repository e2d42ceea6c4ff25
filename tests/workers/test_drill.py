"""The short form of `make drill`: the trials that take the most at once, one edition each."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.workers import drill
from tests.workers.broker import PROGRAM, Broker


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Any, Broker]]:
    """A PostgreSQL and a RabbitMQ that may be stopped."""
    if not PROGRAM.exists():
        pytest.skip(f"no RabbitMQ on this machine ({PROGRAM}); .ci/run installs Debian's rabbitmq-server")
    with drill.servers() as found:
        yield found


@pytest.mark.parametrize("name", ["workers_killed", "database_away"])
def test_nobody_is_lost_or_doubled(servers: tuple[Any, Broker], name: str) -> None:
    result = drill.trial(name, *servers, 400, quick=True)
    assert (result.lost, result.doubled, result.unknown <= result.unknown_allowed) == (0, 0, True)


def test_that_nobody_is_at_work_is_told(servers: tuple[Any, Broker]) -> None:
    assert "no worker is running" in drill.trial("nobody_there", *servers, 100, quick=True).told
