"""Operations: what moves, what doesn't, and why."""

from newsletter.web.ops import (
    acts,
    alarms,
    bounces,
    doctor,
    readers,
    scheduler,
    suppressions,
)

#: its rooms
OPS = (
    bounces,
    suppressions,
    readers,
    scheduler,
    alarms,
    doctor,
    acts,
)
