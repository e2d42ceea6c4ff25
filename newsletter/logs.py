"""The log of the long-running processes: one line an event, for people on a terminal, JSON elsewhere."""

import sys

import structlog


def configure() -> None:
    """Set up logging to stderr; called by `scheduler`, `serve` and `worker` as they start."""
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
