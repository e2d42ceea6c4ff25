"""Collect, assemble, lock, approve, send, sweep: by the clock or by hand, through the same functions.

Here the rooms meet: what a later room knows is handed to an earlier one as a value, and what belongs
together is committed together. Each job is loaded when it is first asked for, because each needs other rooms.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.jobs.additions import add
    from newsletter.jobs.aiming import aim
    from newsletter.jobs.clock import Work, leave, run, stand_in, tick
    from newsletter.jobs.deciding import approve, cancel, hold, reopen, skip
    from newsletter.jobs.drafting import Drafted, assemble, collect, lock, rewrite, take_in
    from newsletter.jobs.rulings import Outdated, Ruled, place, rank, rule, undo, undo_last
    from newsletter.jobs.sending import Ended, send, sweep

__all__ = [
    "Drafted",
    "Ended",
    "Outdated",
    "Ruled",
    "Work",
    "add",
    "aim",
    "approve",
    "assemble",
    "cancel",
    "collect",
    "hold",
    "leave",
    "lock",
    "place",
    "rank",
    "reopen",
    "rewrite",
    "rule",
    "run",
    "send",
    "skip",
    "stand_in",
    "sweep",
    "take_in",
    "tick",
    "undo",
    "undo_last",
]

_MODULES = {
    "additions": ("add",),
    "aiming": ("aim",),
    "clock": ("Work", "leave", "run", "stand_in", "tick"),
    "deciding": ("approve", "cancel", "hold", "reopen", "skip"),
    "drafting": ("Drafted", "assemble", "collect", "lock", "rewrite", "take_in"),
    "rulings": ("Outdated", "Ruled", "place", "rank", "rule", "undo", "undo_last"),
    "sending": ("Ended", "send", "sweep"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"there is no job {name!r}")
