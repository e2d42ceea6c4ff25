"""How fast SendGrid lets us go, learned from its answers and shared by all threads of a sender.

SendGrid publishes no rate for mail/send, so there is no constant to keep to.
"""

import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from newsletter.errors import Unavailable

#: waits up to this many seconds are slept out; longer ones go back to the ledger
PATIENCE = 2.0
#: seconds to stay away where a 429 names no time
DEFAULT_BACK_OFF = 10.0
#: no 429 closes the gate for longer than this many seconds, whatever clock it was written by
LONGEST_BACK_OFF = 900.0
#: after a 429 requests keep this many seconds apart, twice as many after the next, a tenth less with each success
FIRST_GAP, WIDEST_GAP, SMALLEST_GAP = 0.05, 2.0, 0.01


class Pace:
    """A gate with a gap. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._gap = 0.0

    def turn(self, now: float) -> float:
        """Take the next turn; returns the seconds to sleep before it.

        Raises Unavailable with the wait where it is longer than a thread should sleep.
        """
        with self._lock:
            wait = max(0.0, self._next - now)
            if wait > PATIENCE:
                raise Unavailable(f"SendGrid asked us to wait another {wait:.0f} s", code=429, retry_after=wait)
            self._next = max(self._next, now) + self._gap
            return wait

    def eased(self, headers: Mapping[str, str], now: float) -> None:
        """A request was taken: go a little faster, unless it was the last that this window allows."""
        with self._lock:
            self._gap = 0.0 if self._gap < SMALLEST_GAP else self._gap * 0.9
            if _number(headers.get("X-RateLimit-Remaining")) == 0:
                self._next = max(self._next, now + _until_reset(headers, now, default=0.0))

    def braked(self, headers: Mapping[str, str], now: float) -> float:
        """A 429: close the gate until the time it names, then go slower; returns the seconds to wait."""
        wait = _until_reset(headers, now, default=DEFAULT_BACK_OFF)
        with self._lock:
            self._gap = min(max(FIRST_GAP, self._gap * 2), WIDEST_GAP)
            self._next = max(self._next, now + wait)
        return wait


def _until_reset(headers: Mapping[str, str], now: float, *, default: float) -> float:
    """Seconds until X-RateLimit-Reset by the server's own clock, or as Retry-After says."""
    reset, after = _number(headers.get("X-RateLimit-Reset")), _number(headers.get("Retry-After"))
    named = reset - _server_time(headers, now) if reset is not None else after
    return min(max(default if named is None else named, 0.0), LONGEST_BACK_OFF)


def _server_time(headers: Mapping[str, str], now: float) -> float:
    try:
        return parsedate_to_datetime(headers.get("Date") or "").timestamp()
    except (TypeError, ValueError):
        return now


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
