"""The log of the long-running processes: one line an event, for people on a terminal, JSON elsewhere."""

import sys
from typing import Any


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


def configure() -> None:
    """Set up logging to stderr; called by `scheduler`, `serve` and `worker` as they start."""
    import structlog

    for_people = structlog.dev.ConsoleRenderer()
    for_machines = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            for_people if sys.stderr.isatty() else for_machines,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
