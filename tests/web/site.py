"""The pages over real HTTP on loopback, and a browser to look at them with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from newsletter.app import App
from newsletter.testing.serving import serving
from newsletter.web.app import create


@contextmanager
def served(app: App, clock: Callable[[], datetime]) -> Iterator[httpx.Client]:
    """A client of *app*'s pages, which follows no redirects and keeps no cookies."""
    with serving(create(app, clock=clock)) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield client
