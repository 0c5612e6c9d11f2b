"""Traces for a collector: a span an answer, with the route's template, and nobody's name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from prep_tracker.api import tracing
from prep_tracker.api.app import create_app
from prep_tracker.cli.out import RefusedError
from prep_tracker.cli.serving import tracer_of
from prep_tracker.clock import SystemClock
from prep_tracker.settings import Settings

if TYPE_CHECKING:
    from prep_tracker.store.session import Store

CANARY = "canary-9b2e"


def test_a_span_names_the_route_and_nobody(store: Store) -> None:
    exporter = InMemorySpanExporter()
    tracer = tracing.tracer_with(exporter)
    app = create_app(store, SystemClock(), tracer=tracer)

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as us:
            headers = {"Authorization": f"Bearer {CANARY}", "User-Agent": CANARY}
            await us.get(f"/v1/patients?reference={CANARY}", headers=headers)
            await us.get(f"/calendar/{CANARY}.ics")
        await store.aclose()

    asyncio.run(ask())
    provider: TracerProvider = tracer.span_processor  # type: ignore[attr-defined]
    provider.force_flush()
    spans = exporter.get_finished_spans()
    assert [(span.name, dict(span.attributes or {})["http.response.status_code"]) for span in spans] == [
        ("GET /v1/patients", 401),
        ("GET /calendar/{secret}.ics", 404),
    ]
    assert CANARY not in "".join(span.to_json() for span in spans)
    assert set(spans[0].resource.attributes) == {"service.name", "service.version"}


def test_without_a_collector_nothing_is_traced() -> None:
    assert tracer_of(Settings()) is None


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise tracing.NotInstalledError

    monkeypatch.setattr(tracing, "tracer_to", missing)
    with pytest.raises(RefusedError, match=r"prep-tracker\[otel\]"):
        tracer_of(Settings(traces="http://127.0.0.1:1/v1/traces"))
