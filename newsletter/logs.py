"""The log of the long-running processes: one line an event, for people on a terminal, JSON elsewhere.

What is logged on purpose names readers by their numbers. What servers answer and libraries raise may name them
otherwise, so all of it is looked through once more before it is written.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Later:
    """A logger of structlog's, which is loaded with the first line that is logged: most commands log none."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Any:
        import structlog

        return getattr(structlog.get_logger(self._name), level)


def get_logger(name: str) -> Any:
    """The logger for the module *name*: `log.warning("what.happened", edition=7)`."""
    return _Later(name)


def configure(level: Level = Level.INFO) -> None:
    """Set up logging to stderr; called by `scheduler`, `serve` and `worker` as they start.

    What libraries log by the standard module, from "warning" on, comes out in the same form.
    """
    import structlog

    stamped: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    form: list[Any] = [
        structlog.processors.format_exc_info,
        _nameless,
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*stamped, *form],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        # a line and its end in one piece: what the standard module writes must not come in between
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    named = [structlog.stdlib.add_logger_name, *stamped]
    forget = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=[forget, *form]))
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)


#: stands between the two halves of an address, also in a link
_AT = re.compile("@|%40")
#: what no address goes on beyond
_ENDS = frozenset(" \t\r\n\"'<>()[]{},;|\\")
_INSTEAD = "(address)"


def without_addresses(line: str) -> str:
    """*line* with whatever looks like an address left out."""
    parts, done = [], 0
    for at in _AT.finditer(line):
        if at.start() < done:
            continue
        first, last = at.start(), at.end()
        while first > done and line[first - 1] not in _ENDS:
            first -= 1
        while last < len(line) and line[last] not in _ENDS:
            last += 1
        parts += [line[done:first], _INSTEAD]
        done = last
    return "".join([*parts, line[done:]])


def _nameless(_logger: Any, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _told(value) for name, value in said.items()}


def _told(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_told(each) for each in value]
    return without_addresses(str(value))
