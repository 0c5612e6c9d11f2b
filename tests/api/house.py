"""Settle the cast at the door of the real app.

Clinic Aster has Ana (coordinator), Cleo (clinician), Ada (admin) and Iris (a system), and their patient Pia. Clinic
Birch has Ben, Bea and Bob, who must never see Pia. Each sends requests as over HTTP; each answer is held against the
OpenAPI document.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import httpx
from sqlalchemy import Connection, select

from prep_tracker.api.door import Service
from prep_tracker.clock import SetClock
from prep_tracker.domain.actor import Role
from prep_tracker.services import access, protocols
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from tests.api import contract

T = TypeVar("T")
Json = dict[str, Any]
BOOKED_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PIA: Json = {"reference": "A-1001", "name": "Pia", "language": "en", "birth_date": "1990-02-28"}
BOOKING: Json = {"patient": PIA, "protocol": "laser-resurfacing", "on": "2026-12-18", "at": "10:30"}
CAST: dict[str, Role] = {"Ana": "coordinator", "Cleo": "clinician", "Ada": "admin", "Iris": "integration"}
BIRCH: dict[str, Role] = {"Ben": "coordinator", "Bea": "clinician", "Bob": "admin"}
NOBODY = "5f0c1d7e-2a64-4c0f-9a55-0d4b8f1f3c21"
"""An id that nothing has."""


class House:
    """Two clinics, their people, and the app with its clock; everything happens on one event loop."""

    def __init__(self, store: Store, clock: SetClock) -> None:
        """Settle both clinics and open the door."""
        self.store, self.clock = store, clock
        self._runner = asyncio.Runner()
        self.app = contract.app()
        self.app.state.service = Service(store, clock)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False)
        self.clinics: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        store.run_write(self._settle)

    def _settle(self, connection: Connection) -> None:
        now = self.clock.now()
        protocols.ship(connection, now=now)
        for name, people in (("Aster", CAST), ("Birch", BIRCH)):
            clinic = access.new_clinic(connection, name, "Europe/Amsterdam", now=now)
            self.clinics[name] = clinic.id
            for person, role in people.items():
                scopes = ("scan",) if role == "integration" else ()
                made = access.add_key(connection, clinic.id, role, person, now=now, scopes=scopes)
                self.tokens[person] = made.token

    def close(self) -> None:
        """Close the store on the loop that used it."""
        self.wait(self.client.aclose())
        self.wait(self.store.aclose())
        self._runner.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something."""
        return self._runner.run(work)

    def person(self, name: str) -> Caller:
        """Give a caller by name."""
        return Caller(self, self.tokens[name])

    def caller(self, token: str) -> Caller:
        """Give whoever holds a token."""
        return Caller(self, token)

    def system(self, *scopes: str) -> Caller:
        """Give a system of Aster with these scopes."""
        now, clinic = self.clock.now(), self.clinics["Aster"]
        made = self.store.run_write(lambda c: access.add_key(c, clinic, "integration", "Iris", now=now, scopes=scopes))
        return Caller(self, made.token)

    def stranger(self, authorization: str | None = None) -> Caller:
        """Give a caller whom nobody knows."""
        return Caller(self, None, {} if authorization is None else {"Authorization": authorization})

    def go_to(self, day: str, hour: int = 9) -> None:
        """Set the clock to an hour (UTC) of a day."""
        at = date.fromisoformat(day)
        self.clock.set(datetime(at.year, at.month, at.day, hour, tzinfo=UTC))

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give every row of every table."""

        def read(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
            found = {}
            for table in METADATA.sorted_tables:
                key = list(table.primary_key.columns)
                found[table.name] = [tuple(row) for row in connection.execute(select(table).order_by(*key))]
            return found

        return self.store.run_read(read)

    def row(self, procedure: str) -> Json:
        """Give the row of a procedure, projection and all."""
        table = METADATA.tables["procedures"]
        query = select(table).where(table.c.id == procedure.rsplit("/", 1)[-1])
        return dict(self.store.run_read(lambda c: c.execute(query).one()._mapping))


class Caller:
    """Somebody who sends requests."""

    def __init__(self, house: House, token: str | None, headers: dict[str, str] | None = None) -> None:
        """Take the key along on every request."""
        self._house = house
        self._headers = headers or ({"Authorization": f"Bearer {token}"} if token else {})

    async def asend(self, method: str, path: str, *, check: bool = True, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
        """Send one request; the answer is held against the OpenAPI document."""
        headers = {**self._headers, **request.pop("headers", {})}
        answer = await self._house.client.request(method, path, headers=headers, **request)
        if check:
            hold(answer)
        return answer

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
        """Send one request and wait for the answer."""
        return self._house.wait(self.asend(method, path, **request))

    def together(self, requests: Sequence[tuple[str, str, Json]]) -> list[httpx.Response]:
        """Send all at once; give the answers in the same order."""

        async def all_of_them() -> list[httpx.Response]:
            sent = (self.asend(method, path, check=False, **rest) for method, path, rest in requests)
            return await asyncio.gather(*sent)

        answers = self._house.wait(all_of_them())
        for answer in answers:
            hold(answer)
        return answers

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: str) -> httpx.Response:
        """Read something."""
        return self.send("GET", path, params=query or None, headers=headers or {})

    def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Say something."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (
            self.send("POST", path, json=body, headers=named)
            if body is not None
            else self.send("POST", path, headers=named)
        )

    def put(self, path: str, body: object) -> httpx.Response:
        """Set something."""
        return self.send("PUT", path, json=body)

    def book(self, **differing: Any) -> str:  # noqa: ANN401 - any field of a booking
        """Book Pia, and give the address of the procedure."""
        answer = self.post("/v1/procedures", BOOKING | differing)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    def move(self, procedure: str, to_on: str, **differing: Any) -> httpx.Response:  # noqa: ANN401 - any field of a move
        """Move a procedure as it now stands."""
        current = self.get(procedure).headers["etag"]
        return self.post(f"{procedure}/moves", {"to_on": to_on, **differing}, If_Match=current)

    def item(self, procedure: str, step: str, **query: str) -> Json:
        """Read one item of the checklist."""
        items = self.send("GET", f"{procedure}/checklist", params=query).json()["items"]
        found: Json = next(item for item in items if item["step"] == step)
        return found


def hold(answer: httpx.Response) -> None:
    """Hold an answer against the OpenAPI document, and that it says so where its language was the caller's choice."""
    told = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:2000]}"
    assert list(contract.faults(answer)) == [], told
    assert "content-language" not in answer.headers or "Accept-Language" in answer.headers["vary"], told


def wrong(answer: httpx.Response) -> dict[str, str]:
    """Give the wrong fields of a refusal, by pointer, with what to send instead."""
    assert answer.status_code == 422, answer.text
    return {fault["pointer"]: fault["message"] for fault in answer.json()["errors"]}


def refused(house: House, caller: Caller, path: str, body: object, method: str = "POST") -> dict[str, str]:
    """Send something wrong as it is; hold that nothing was stored; give the wrong fields."""
    rows = house.rows()
    content = json.dumps(body).encode()  # with lone surrogates and all, which httpx would not send
    answer = caller.send(method, path, content=content, headers={"Content-Type": "application/json"})
    assert house.rows() == rows
    found = wrong(answer)
    assert all(message.endswith(".") and len(message) > 5 for message in found.values()), found
    return found
