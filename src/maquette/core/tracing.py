"""Traces by OpenTelemetry from a request to its pictures; nothing of it is imported until asked."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from maquette.core.errors import InvalidSettings
from maquette.core.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

PARENT = "traceparent"  # by which W3C's Trace Context is carried
_providers: "list[TracerProvider]" = []  # one, where traces are wanted


def configure(settings: Settings, service: str) -> None:
    """Sends this process's traces, under the name of a service, to where the settings say.

    Raises InvalidSettings where the library is missing.
    """
    endpoint = settings.otel_endpoint
    if endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        raise InvalidSettings(
            f"otel_endpoint is {endpoint!r}, which needs a library; "
            "run: pip install 'maquette[telemetry]'"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    close()
    _providers.append(provider)


def close() -> None:
    """Sends what is left, and no more from here on."""
    while _providers:
        _providers.pop().shutdown()


@contextmanager
def span(
    name: str, carrier: Mapping[str, object] | None = None, **attributes: str
) -> "Generator[Span | None]":
    """What is done while this is open, as a part of the trace that is under way, or of that which a
    carrier says; None where there are no traces.
    """
    if not _providers:
        yield None
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = None
    if carrier is not None and PARENT in carrier:
        context = TraceContextTextMapPropagator().extract({PARENT: str(carrier[PARENT])})
    tracer = _providers[0].get_tracer("maquette")
    with tracer.start_as_current_span(name, context, attributes=attributes) as made:
        yield made


def past(name: str, begun_ns: int) -> None:
    """What was done from a moment (`time.time_ns`) on until now, likewise."""
    if _providers:
        _providers[0].get_tracer("maquette").start_span(name, start_time=begun_ns).end()


def carried() -> dict[str, str]:
    """What another process needs to go on with this trace; nothing where there is none."""
    carrier: dict[str, str] = {}
    if _providers:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(carrier)
    return {name: value for name, value in carrier.items() if name == PARENT}
