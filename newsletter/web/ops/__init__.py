"""Operations: what moves, what doesn't, and why."""

from types import ModuleType

from newsletter.web.ops import bounces

#: its rooms
OPS: tuple[ModuleType, ...] = (bounces,)
