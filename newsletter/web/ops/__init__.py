"""Operations: what moves, what doesn't, and why."""

from types import ModuleType

#: its rooms
OPS: tuple[ModuleType, ...] = ()
