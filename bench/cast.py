"""Make the databases that are measured: a clinic, a key, and procedures whose records differ from one another."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from bench.load import Connections, request
from bench.server import Server
from prep_tracker.clock import SystemClock
from prep_tracker.services import access, protocols
from prep_tracker.store import Connection, migrate
from prep_tracker.store.session import Store

ZONE = "Europe/Amsterdam"
PROTOCOL = "laser-ablative"
STEP = "driver"
"""A task of that protocol, which can be marked done on any day."""


class Place:
    """One server with what is known of its clinic; it makes the requests that are sent there."""

    def __init__(self, server: Server, token: str) -> None:
        """Begin without procedures."""
        self.server = server
        self.connections = Connections(server.port)
        self.headers = {"authorization": f"Bearer {token}"}
        self.procedures: list[str] = []
        self._unread = itertools.count()
        self._marked = itertools.count()
        self._booked = itertools.count()
        self._run = secrets.token_hex(3)
        self._today = SystemClock().today(ZONE)

    async def settle(self, count: int) -> None:
        """Connect, and book this many procedures."""
        await self.connections.open()
        answers = await self.connections.send((self.booking() for _ in range(count)), 201)
        self.procedures = [json.loads(answer.body)["id"] for answer in answers]

    def checklist(self, number: int = 0, **headers: str) -> bytes:
        """Ask for the checklist of one procedure."""
        path = f"/v1/procedures/{self.procedures[number % len(self.procedures)]}/checklist"
        return request("GET", path, self.headers | {name.replace("_", "-"): text for name, text in headers.items()})

    def unread_checklist(self) -> bytes:
        """Ask for a checklist that nobody has asked for since its procedure was booked.

        Raises ``IndexError`` when all have been read: what came from a cache would be taken for computed.
        """
        number = next(self._unread) + 1  # the first one is read again and again by others
        if number >= len(self.procedures):
            raise IndexError("book more procedures: all have been read")
        return self.checklist(number)

    def mark(self) -> bytes:
        """Mark a task of the next procedure, so that records stay as short as they are in a clinic."""
        procedure = self.procedures[next(self._marked) % len(self.procedures)]
        body = json.dumps({"step": STEP, "kind": "done"}).encode()
        return request("POST", f"/v1/procedures/{procedure}/marks", self.headers, body)

    def booking(self) -> bytes:
        """Book a procedure for a new patient; days, answers and what is known differ from one to the next."""
        number = next(self._booked)
        known = {"no-sun": self._day(-20 - number % 9), "no-retinoids": self._day(-9), "no-smoking": None}
        body = {
            "patient": {"reference": f"{self._run}-{number}", "name": "Pia Example", "language": "en"},
            "protocol": PROTOCOL,
            "on": self._day(8 + number % 40),
            "at": "10:30",
            "answers": {"sedation": number % 2 == 0},
            "kept_since": dict(list(known.items())[: number % 4]),
        }
        return request("POST", "/v1/procedures", self.headers, json.dumps(body).encode())

    def worklist(self) -> bytes:
        """Ask for the first page of the worklist."""
        return request("GET", "/v1/worklist?limit=50", self.headers)

    def _day(self, days: int) -> str:
        day: date = self._today + timedelta(days=days)
        return day.isoformat()


def new_database(url: str) -> str:
    """Migrate an empty database, add a clinic and what ships; give a key."""
    migrate.upgrade(url)
    now = SystemClock().now()

    def settle(connection: Connection) -> str:
        protocols.ship(connection, now=now)
        clinic = access.new_clinic(connection, "Aster", ZONE, now=now)
        return access.add_key(connection, clinic.id, "clinician", "Ana", now=now).token

    store = Store.open(url)
    try:
        return store.run_write(settle)
    finally:
        store.close()


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL that keeps what it acknowledges; give the address of an empty database."""
    from tests.postgres import temporary_postgres

    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
    with temporary_postgres(durable) as url:
        yield url


def sqlite_url(folder: Path, name: str) -> str:
    """Name a file in the folder of this run."""
    return f"sqlite:///{folder / name}.db"
