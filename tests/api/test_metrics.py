"""Numbers for whoever watches the service: on a port of their own, and of nobody."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from prep_tracker.api.app import create_app
from prep_tracker.clock import SystemClock
from prep_tracker.services import access, protocols

if TYPE_CHECKING:
    from prep_tracker.store.session import Store

CANARY = "canary-4c1d"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free: int = taken.getsockname()[1]
    return free


def test_answers_and_the_queue_are_counted_without_a_name(store: Store, port: int) -> None:
    clock = SystemClock()

    def settle(connection: object) -> str:
        now = clock.now()
        protocols.ship(connection, now=now)  # type: ignore[arg-type]
        clinic = access.new_clinic(connection, CANARY, "Europe/Amsterdam", now=now)  # type: ignore[arg-type]
        return access.add_key(connection, clinic.id, "admin", CANARY, now=now).token  # type: ignore[arg-type]

    token = store.run_write(settle)
    app = create_app(store, clock, metrics_port=port)

    async def work() -> tuple[str, int]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as us,
        ):
            headers = {"Authorization": f"Bearer {token}"}
            await us.get(f"/v1/patients?reference={CANARY}", headers=headers)
            await us.get(f"/v1/procedures/{CANARY}", headers=headers)
            await us.get(f"/nowhere/{CANARY}")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as watcher:
                told = await watcher.get("/metrics")
                other = await watcher.get("/")
        return told.text, other.status_code

    told, other = asyncio.run(work())
    assert other == 404
    assert CANARY not in told
    assert 'prep_tracker_answers_total{method="GET",route="/v1/patients",status="200"} 1' in told
    assert 'route="/v1/procedures/{procedure_id}",status="404"} 1' in told
    assert 'route="none",status="404"} 1' in told
    assert 'prep_tracker_messages{state="waiting"} 0' in told
    assert "prep_tracker_up 1" in told


def test_without_a_port_nothing_is_counted(store: Store) -> None:
    app = create_app(store, SystemClock())
    envelope = next(one for one in app.user_middleware if one.cls.__name__ == "Envelope")  # type: ignore[attr-defined]
    assert envelope.kwargs["count"] is None
