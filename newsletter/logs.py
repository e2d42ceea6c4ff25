"""The log of the long-running processes: one line an event, for people on a terminal, JSON elsewhere."""

import sys

import structlog


def configure() -> None:
    """Set up logging to stderr; called by `scheduler`, `serve` and `worker` as they start."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
