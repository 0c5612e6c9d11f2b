"""Trace answers for a collector of the operator's, if one is named: the route's template and the status, of nobody.

FastAPI's own traces would carry addresses and queries, which may name somebody; they are off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer


class NotInstalledError(Exception):
    """Traces were asked for, and what sends them is not installed."""


def tracer_to(collector: str) -> Tracer:
    """Give a tracer that sends to an OTLP collector over HTTP, as in http://localhost:4318/v1/traces.

    Raises ``NotInstalledError``: the packages come with the extra ``otel``.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise NotInstalledError from None
    return tracer_with(OTLPSpanExporter(endpoint=collector))


def tracer_with(exporter: SpanExporter) -> Tracer:
    """Give a tracer that hands its spans to an exporter, in batches."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Only what is said here: the library would add the machine's name and the command line.
    provider = TracerProvider(resource=Resource({"service.name": "prep-tracker", "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("prep_tracker", __version__)


def traced(span: Span, method: str, route: str | None, status: int) -> None:
    """Finish the span of an answer: its method, its route's template, its status, and nothing else."""
    span.update_name(f"{method} {route or 'none'}")
    span.set_attributes(
        {"http.request.method": method, "http.route": route or "none", "http.response.status_code": status}
    )
    span.end()
