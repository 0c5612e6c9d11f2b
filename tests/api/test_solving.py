"""Requests that are taken apart quickly are answered as FastAPI would have them answered, right or wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from prep_tracker.api import door
from prep_tracker.api.app import ROUTERS, create_app
from prep_tracker.api.door import Door
from prep_tracker.api.solving import solver
from prep_tracker.clock import SetClock
from prep_tracker.store.session import Store
from tests.api.house import BOOKING, Caller, House
from tests.api.test_failures import MENDED, break_commits
from tests.store.cast import owner

JSON = {"Content-Type": "application/json"}
ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "{procedure}?as_of=2026-12-01&lang=es", {}),
    ("GET", "{procedure}?as_of=2026-12-01&as_of=2026-12-02", {}),
    ("GET", "{procedure}?as_of=2026-13-01", {}),
    ("GET", "{procedure}?as_of=", {}),
    ("GET", "{procedure}?unknown=1", {"headers": {"If-None-Match": "*"}}),
    ("GET", "{procedure}/checklist?all=true", {}),
    ("GET", "{procedure}/checklist?all=perhaps&as_of=1", {}),
    ("GET", "{procedure}/entries?limit=1", {}),
    ("GET", "/v1/worklist?limit=0&within_days=a", {}),
    ("GET", "/v1/worklist?limit=3&standing=at-risk,waiting", {}),
    ("POST", "/v1/scan", {"json": {"text": "retinol 0.5 %"}}),
    ("POST", "/v1/scan", {"json": {"text": 1, "more": 2}}),
    ("POST", "/v1/scan", {"json": None}),
    ("POST", "/v1/scan", {}),
    ("POST", "/v1/scan", {"content": b'{"text":"retinol"}'}),
    ("POST", "/v1/scan", {"content": b'{"text":"retinol"}', "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/v1/scan", {"content": b'{"text":"a"}', "headers": {"Content-Type": "application/json; charset=utf-8"}}),
    ("POST", "/v1/scan", {"content": b'{"text":"a","text":"b"}', "headers": JSON}),
    ("POST", "/v1/scan", {"content": b'{"text":', "headers": JSON}),
    ("POST", "/v1/scan", {"content": b"\xff\xfe{", "headers": JSON}),
    ("POST", "/v1/scan", {"content": b"[" * 100_000, "headers": JSON}),
    ("POST", "/v1/scan", {"content": b"NaN", "headers": JSON}),
    ("POST", "{procedure}/moves?preview=true", {"json": {"to_on": "2027-01-08"}}),
    ("POST", "{procedure}/moves?preview=1", {"json": {"to_on": "2026-01-08", "backdated": "yes"}}),
    ("POST", "{procedure}/entries/x/withdrawal", {"json": {}}),
    ("POST", "{procedure}/marks", {"json": {"step": "none", "kind": "done"}}),
    ("POST", "/v1/procedures", {"json": BOOKING | {"on": "2026-12-1", "protocol": "nothing"}}),
)


def test_every_route_of_the_clinic_is_plain_enough() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Door)]
    assert len(routes) > 25
    # The audit is asked for rarely, and by a model of many fields.
    assert [route.name for route in routes if solver(route) is None] == ["list_audit", "export_audit"]


def test_both_ways_answer_the_same(house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    procedure = ana.book(protocol="laser-ablative")
    headers = {"Authorization": f"Bearer {house.tokens['Ana']}", "X-Request-Id": "the-same"}
    monkeypatch.setattr(door, "solver", lambda _: None)
    ordinary = create_app(Store.open("sqlite:///never-opened.db"), SetClock(datetime(2026, 12, 4, tzinfo=UTC)))
    ordinary.state.service = house.app.state.service

    async def ask(app: Any) -> list[tuple[int, list[tuple[bytes, bytes]], bytes]]:  # noqa: ANN401 - any ASGI app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False) as client:
            answers = [
                await client.request(
                    method,
                    path.format(procedure=procedure),
                    headers=headers | more.get("headers", {}),
                    **{name: value for name, value in more.items() if name != "headers"},
                )
                for method, path, more in ASKED
            ]
        return [(answer.status_code, answer.headers.raw, answer.content) for answer in answers]

    quick, slow = house.wait(ask(house.app)), house.wait(ask(ordinary))
    for (method, path, more), one, other in zip(ASKED, quick, slow, strict=True):
        assert one == other, (method, path, more)
    assert {status for status, _, _ in quick} == {200, 304, 400, 422}


def test_a_plan_is_remembered_only_once_it_is_committed(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    house.store.run_write(break_commits)
    assert ana.post(f"{procedure}/marks", {"step": "driver", "kind": "done"}).status_code == 503
    house.store.run_write(lambda c: owner(c, MENDED[c.dialect.name]))
    assert ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}).status_code == 201
    assert ana.item(procedure, "driver")["marks"] == []
    assert ana.post(f"{procedure}/marks", {"step": "driver", "kind": "done"}).status_code == 201
    assert [mark["entry"] for mark in ana.item(procedure, "driver")["marks"]] == [3]
