"""Collect, assemble, lock, approve, send, sweep: by the clock or by hand, through the same functions.

Here the rooms meet: what a later room knows is handed to an earlier one as a value, and what belongs
together is committed together.
"""

from newsletter.jobs.clock import Work, run, tick
from newsletter.jobs.deciding import approve, cancel, hold, reopen, skip
from newsletter.jobs.drafting import Drafted, assemble, collect, lock, take_in
from newsletter.jobs.sending import Ended, send, sweep

__all__ = [
    "Drafted",
    "Ended",
    "Work",
    "approve",
    "assemble",
    "cancel",
    "collect",
    "hold",
    "lock",
    "reopen",
    "run",
    "send",
    "skip",
    "sweep",
    "take_in",
    "tick",
]
