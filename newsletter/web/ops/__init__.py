"""Operations: what moves, what doesn't, and why."""

from newsletter.web.ops import acts, alarms, bounces, doctor, scheduler

#: its rooms
OPS = (bounces, scheduler, alarms, doctor, acts)
