"""The look-alike's webhook: signed arrays of events, posted again until they are taken."""

import json
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import httpx

from newsletter.testing.sendgrid_events import Copy, Fates, Signer

Events = list[dict[str, Any]]


class Hooks:
    """Events waiting to be told."""

    def __init__(self, signer: Signer, fates: Fates, clock: Callable[[], float]) -> None:
        self.signer, self._fates, self._clock = signer, fates, clock
        self._copies: list[Copy] = []
        self._waiting: list[Events] = []

    @property
    def public_key(self) -> str:
        return self.signer.public_key

    def add(self, copies: Iterable[Copy]) -> None:
        """Tell of *copies* at the next post."""
        self._copies += copies

    def post(
        self, url: str, *, array: int = 500, duplicates: float = 0, shuffle: bool = False, seed: int = 0
    ) -> list[int]:
        """Post what is waiting to *url* in arrays of at most *array* events; returns the answers' statuses.

        A share of *duplicates* is told twice, and *shuffle* tells all in no order. What is not
        answered with 2xx waits for the next post (0 stands for no answer).
        """
        random = Random(seed)  # noqa: S311  (an order, not a secret)
        copies, self._copies = self._copies, []
        events = [event for copy in copies for event in self._fates.events(copy)]
        events += [event for event in events if random.random() < duplicates]
        if shuffle:
            random.shuffle(events)
        waiting = self._waiting + [events[start : start + array] for start in range(0, len(events), array)]
        self._waiting, statuses = [], []
        with httpx.Client(timeout=30, trust_env=False) as client:
            for each in waiting:
                status = self._post(client, url, each)
                statuses.append(status)
                if not 200 <= status < 300:
                    self._waiting.append(each)
        return statuses

    def _post(self, client: httpx.Client, url: str, events: Events) -> int:
        body = encode(events)
        headers = {"Content-Type": "application/json", **self.signer.headers(body, str(int(self._clock())))}
        try:
            return client.post(url, content=body, headers=headers).status_code
        except httpx.HTTPError:
            return 0


def encode(events: Events) -> bytes:
    """*events* as SendGrid writes them: one a line, and a line break after the array, which is signed too."""
    return ("[" + ",\r\n".join(json.dumps(event) for event in events) + "]\r\n").encode()
