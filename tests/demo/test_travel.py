"""In a demo days can pass, and it can begin again; nowhere else is there anything of that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from prep_tracker.api.app import create_app
from prep_tracker.clock import SystemClock, TravelClock
from prep_tracker.demo import MOST_DAYS_AHEAD, Demo, open_demo
from prep_tracker.domain.days import civil_day
from prep_tracker.services import protocols
from prep_tracker.store.session import Store


class Place:
    """A demo that is served, with its clock."""

    def __init__(self, store: Store) -> None:
        """Make it."""
        self.clock = TravelClock()
        now = self.clock.now()
        store.run_write(lambda c: protocols.ship(c, now=now))
        self.demo: Demo = store.run_write(lambda c: open_demo(c, now=now))
        self.store = store
        app = create_app(store, self.clock, travel=self.clock)
        transport = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=transport, base_url="http://demo.test", trust_env=False)
        self.really = civil_day(now, self.demo.clinic.time_zone)

    def send(self, method: str, path: str, role: str | None = "coordinator", **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on
        """Send a request, with a key of the demo."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.demo.keys[role]}"}
        return self._runner.run(self._client.request(method, path, headers=headers, **request))

    def close(self) -> None:
        """End."""
        self._runner.run(self._client.aclose())
        self._runner.run(self.store.aclose())
        self._runner.close()

    def day(self, days: int) -> str:
        """Give a day, so many after the real one."""
        return (self.really + timedelta(days=days)).isoformat()

    def counts(self) -> dict[str, int]:
        """Say how the patients stand."""
        found: dict[str, int] = self.send("GET", "/v1/worklist?within_days=200").json()["counts"]
        return found


@pytest.fixture
def place(store: Store) -> Iterator[Place]:
    made = Place(store)
    yield made
    made.close()


def test_days_pass_and_the_demo_begins_again(place: Place) -> None:
    before = place.counts()
    went = place.send("PUT", "/v1/demo/today", json={"on": place.day(14)})
    assert (went.status_code, went.json()) == (200, {"on": place.day(14), "really": place.day(0)})
    worklist = place.send("GET", "/v1/worklist?within_days=200").json()
    assert worklist["as_of"] == place.day(14)
    assert worklist["counts"]["past"] > before["past"]
    one = worklist["items"][0]["procedure_id"]
    minted = place.send("POST", "/demo/session", None, data={"procedure": one})
    assert minted.status_code == 201
    place.send("POST", f"/v1/procedures/{one}/portal-links")
    assert place.send("PUT", "/v1/demo/today", json={"on": place.day(0)}).status_code == 200
    assert place.counts() == before
    assert place.send("GET", f"/v1/procedures/{one}").status_code == 404


@pytest.mark.parametrize("days", [-1, 4, MOST_DAYS_AHEAD + 1])
def test_nobody_goes_back_or_too_far(place: Place, days: int) -> None:
    place.send("PUT", "/v1/demo/today", json={"on": place.day(5)})
    refused = place.send("PUT", "/v1/demo/today", json={"on": place.day(days)})
    assert refused.status_code == 422
    assert place.day(0) in refused.json()["errors"][0]["message"]
    assert place.send("GET", "/v1/worklist").json()["as_of"] == place.day(5)


def test_a_restart_after_travelling_tells_the_stories_again(place: Place) -> None:
    before = place.counts()
    place.send("PUT", "/v1/demo/today", json={"on": place.day(7)})
    place.clock.days = 0
    now = place.clock.now()
    place.demo = place.store.run_write(lambda c: open_demo(c, now=now))
    assert place.counts() == before


def test_the_portal_of_the_demo_lets_days_pass_too(place: Place) -> None:
    page = place.send("GET", "/demo/", None)
    assert page.status_code == 200
    assert "<prep-checklist" in page.text
    assert place.send("POST", "/demo/today", None, data={"on": place.day(1)}).json()["on"] == place.day(1)
    assert place.send("POST", "/demo/today", None, data={"on": "soon"}).status_code == 422
    assert place.send("POST", "/demo/session", None, data={"procedure": "../x"}).status_code == 404


def test_travelling_needs_a_key(place: Place) -> None:
    assert place.send("PUT", "/v1/demo/today", None, json={"on": place.day(1)}).status_code == 401
    assert place.send("PUT", "/v1/demo/today", "integration", json={"on": place.day(1)}).status_code == 403


def test_the_openapi_document_of_a_demo_tells_that_travelling_needs_a_key(place: Place) -> None:
    told = place.send("GET", "/openapi.json", None).json()["paths"]["/v1/demo/today"]["put"]
    assert told["security"] == [{"key": []}]
    assert {"401", "403", "422"} <= told["responses"].keys()
    assert told["requestBody"]["content"]["application/json"]["example"] == {"on": "2026-12-04"}


def test_outside_a_demo_there_is_nothing_of_it(store: Store) -> None:
    app = create_app(store, SystemClock())
    assert not [path for path in app.openapi()["paths"] if "demo" in path]

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x.test") as client:
            asked = (("PUT", "/v1/demo/today"), ("GET", "/demo/"), ("POST", "/demo/session"), ("POST", "/demo/today"))
            found = [(await client.request(method, path)).status_code for method, path in asked]
            await store.aclose()
            return found

    assert asyncio.run(ask()) == [404, 404, 404, 404]
