"""The log of the long-running processes: one line an event, for people on a terminal, JSON elsewhere."""

import logging
import sys
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
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*stamped, *form],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    named = [structlog.stdlib.add_logger_name, *stamped]
    forget = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=[forget, *form]))
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)
