"""What takes long to count is counted once for all who look at it, and again before it is old."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar, cast

from newsletter.app import App

#: as many as are kept
_MOST = 200
_KEPT = "glances"

T = TypeVar("T")


@dataclass
class _Glance:
    """One count, and the turn of who counts."""

    turn: Lock = field(default_factory=Lock)
    value: Any = None
    #: until when it is good, by this process's own clock
    good_until: float = 0.0


def at(app: App, key: Hashable, count: Callable[[], T], *, times: int = 10) -> T:
    """What *count* comes to, which is *key*; counted anew once so many *times* as long as it took have passed.

    So a large edition takes a tenth of a process at most, however many look, and a small one is always fresh. Of who
    come at once one counts, and the others get the same.
    """
    kept: dict[Hashable, _Glance] = app.kept.setdefault(_KEPT, {})
    if len(kept) > _MOST:
        kept.clear()
    glance = kept.setdefault(key, _Glance())
    with glance.turn:
        if time.monotonic() >= glance.good_until:
            began = time.monotonic()
            glance.value = count()
            ended = time.monotonic()
            glance.good_until = ended + times * (ended - began)
        return cast("T", glance.value)
