"""The pages over real HTTP on loopback, and a browser to look at them with."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx
import uvicorn

from newsletter.app import App
from newsletter.web.app import create


@contextmanager
def served(app: App, clock: Callable[[], datetime]) -> Iterator[httpx.Client]:
    """A client of *app*'s pages, which follows no redirects and keeps no cookies."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        pages = create(app, clock=clock)
        config = uvicorn.Config(pages, ws="none", lifespan="off", log_config=None, proxy_headers=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()
