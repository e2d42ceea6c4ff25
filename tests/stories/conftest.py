"""A newsstand to collect from, and the settings that let it be visited."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from newsletter.config import Fetch
from tests.stories.newsstand import Newsstand, open_newsstand


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    """A real HTTP server on loopback."""
    stand, close = open_newsstand()
    yield stand
    close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Signs certificates that nobody else trusts."""
    return trustme.CA()


@pytest.fixture
def sealed_stand(authority: trustme.CA) -> Iterator[Newsstand]:
    """A real HTTPS server on loopback; its certificate is for localhost only."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    stand, close = open_newsstand(tls)
    yield stand
    close()


@pytest.fixture
def polite() -> Fetch:
    """Loopback allowed, no waiting between visits, ten seconds for each, feeds only."""
    return Fetch(allow_loopback=True, host_gap=0, timeout=10, pages=False)
