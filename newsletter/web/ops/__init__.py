"""Operations: what moves, what doesn't, and why."""

from newsletter.web.ops import (
    acts,
    alarms,
    bounces,
    doctor,
    importing,
    readers,
    scheduler,
    suppressions,
    webhooks,
)
from newsletter.web.ops.log import copies, sendlog
from newsletter.web.ops.sends import overview, sending, steering

#: its rooms
OPS = (
    overview,
    sending,
    steering,
    sendlog,
    copies,
    bounces,
    suppressions,
    readers,
    importing,
    scheduler,
    alarms,
    doctor,
    webhooks,
    acts,
)
