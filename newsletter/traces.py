"""Traces: what took how long, as spans over OTLP (HTTP, protobuf), for whoever asks for them with the extra `otel`.

Without that nothing is imported, and a span costs a call. A span names jobs, editions, batches and counts, by their
numbers; never a copy, never an address: what holds an @ is left out, and of an error its kind is told, not its words.
"""

from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Kept
    from opentelemetry.trace import Tracer

    from newsletter.config import Settings

Given = ParamSpec("Given")
Made = TypeVar("Made")

#: seconds that an end waits for what is not exported yet; the library itself would wait for its own time-outs
_LAST_WORDS = 5.0
_PATH = "/v1/traces"
#: where spans go and who makes them, while they go anywhere
_on: "list[tuple[TracerProvider, Tracer]]" = []


class Span:
    """Something under way. As a context manager it is what others are part of; false where nobody wants to know."""

    def __init__(self, span: "Kept | None" = None) -> None:
        self._span = span
        self._current: Any = None

    def __bool__(self) -> bool:
        return self._span is not None

    def __enter__(self) -> Self:
        if self._span is not None:
            from opentelemetry.trace import use_span

            self._current = use_span(self._span, record_exception=False, set_status_on_exception=False)
            self._current.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is not None:
            self._current.__exit__(kind, error, trace)
            self.end(error)

    def tell(self, **said: str | int) -> None:
        """Add what came to be known."""
        if self._span is not None:
            self._span.set_attributes(_attributes(said))

    def name(self, name: str) -> None:
        """Call it so, once that is known."""
        if self._span is not None:
            self._span.update_name(name)

    def end(self, error: BaseException | None = None, **said: str | int) -> None:
        """It is over; what ended it is told by its kind alone."""
        if self._span is None:
            return
        self.tell(**said)
        if error is not None:
            self.failed(type(error).__name__)
        self._span.end()

    def failed(self, kind: str) -> None:
        """It goes on to its end, and came to nothing."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", kind)
            self._span.set_status(StatusCode.ERROR, kind)

    def within(self, call: Callable[Given, Made]) -> Callable[Given, Made]:
        """*call*, for another thread, so that spans begun there are part of this one."""
        if self._span is None:
            return call
        from opentelemetry import context, trace

        under = trace.set_span_in_context(self._span)

        def under_it(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            token = context.attach(under)
            try:
                return call(*args, **kwargs)
            finally:
                context.detach(token)

        return under_it


_NOTHING = Span()


def span(name: str, **said: str | int) -> Span:
    """Begin a span, part of the one that this thread is in; enter it, or end it from wherever it ends.

    What is *said* of it is an attribute: `edition` becomes `newsletter.edition`, and one with a dot keeps its name.
    """
    if not _on:
        return _NOTHING
    return Span(_on[0][1].start_span(name, attributes=_attributes(said)))


def are_on() -> bool:
    """Whether anybody wants to know."""
    return bool(_on)


def start(settings: "Settings", process: str) -> bool:
    """Export the spans of this *process* ("scheduler", "serve") where settings or OTEL_* ask for it.

    Raises ConfigError where the extra is not installed.
    """
    if not settings.wants_traces or _on:
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise ConfigError("traces need the extra: pip install 'newsletter[otel]'") from error
    resource = Resource.create({"service.version": version("newsletter"), "newsletter.process": process})
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "newsletter"}))
    endpoint = settings.traces_endpoint
    # without an address of ours the exporter goes by OTEL_EXPORTER_OTLP_*, as it does for headers and certificates
    whole = endpoint if not endpoint or endpoint.endswith(_PATH) else f"{endpoint}{_PATH}"
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=whole or None)))
    _on.append((provider, provider.get_tracer("newsletter", version("newsletter"))))
    return True


def stop() -> None:
    """Export what is left, unless that takes too long."""
    while _on:
        provider, _ = _on.pop()
        last = Thread(target=_end, args=(provider,), name="traces", daemon=True)
        last.start()
        last.join(_LAST_WORDS)


def _end(provider: "TracerProvider") -> None:
    with suppress(Exception):
        provider.shutdown()  # exports what is left


def _attributes(said: dict[str, str | int]) -> dict[str, str | int]:
    return {
        name if "." in name else f"newsletter.{name}": value
        for name, value in said.items()
        if not (isinstance(value, str) and "@" in value)
    }
