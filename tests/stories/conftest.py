"""A newsstand to collect from, and the settings that let it be visited."""

from collections.abc import Iterator

import pytest

from newsletter.config import Fetch
from tests.stories.newsstand import Newsstand, open_newsstand


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    """A real HTTP server on loopback."""
    stand, close = open_newsstand()
    yield stand
    close()


@pytest.fixture
def polite() -> Fetch:
    """Loopback allowed, no waiting between visits, ten seconds for each, feeds only."""
    return Fetch(allow_loopback=True, host_gap=0, timeout=10, pages=False)
