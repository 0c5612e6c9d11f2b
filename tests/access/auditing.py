"""Help the tests of the audit: write down what is held, find a request's lines, and fill a chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Connection, select, text

from prep_tracker.api.door import Service
from prep_tracker.domain.chain import Keys
from prep_tracker.store import audit, seals
from prep_tracker.store.audit import AuditLine
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.tables import audit as lines_table
from prep_tracker.store.tables import patients
from tests.api.house import Caller, House

Line = dict[str, Any]
NOW = datetime(2026, 12, 4, 9, 30, 0, 123456, tzinfo=UTC)
ASTER, BIRCH = "a5" * 4 + "-0000-4000-8000-" + "a5" * 6, "b1" * 4 + "-0000-4000-8000-" + "b1" * 6
SECRET, OLD_SECRET = "a-secret-of-the-tests-that-is-long-enough", "another-secret-of-the-tests-that-is-older"
KEYS, NO_KEYS = Keys([SECRET, OLD_SECRET]), Keys()


def flush(house: House) -> None:
    """Write down what is held."""
    service: Service = house.app.state.service
    house.wait(service.trail.flush(house.store, house.clock.now(), is_last=True))


def fresh(house: House) -> None:
    """Begin with an empty trail, so that refusals count anew."""
    house.app.state.service = Service(house.store, house.clock)


def lines_of(house: House) -> list[Line]:
    """Give all lines, oldest first."""
    flush(house)
    query = select(lines_table).order_by(lines_table.c.id)
    return house.store.run_read(lambda c: [dict(row) for row in c.execute(query).mappings()])


def lines_for(house: House, answer: httpx.Response) -> list[Line]:
    """Give the lines of one request."""
    return [line for line in lines_of(house) if line["request_id"] == answer.headers["x-request-id"]]


def check_audited(house: House, caller: Caller, method: str, path: str, **request: Any) -> tuple[httpx.Response, Line]:  # noqa: ANN401 - handed on to httpx
    """Hold that a request leaves one line, which says how it ended and names every patient whom the answer shows."""
    answer = caller.send(method, path, check=False, **request)
    found = lines_for(house, answer)
    assert [line["outcome"] for line in found] == [answer.status_code], (method, path, answer.text[:300])
    (line,) = found
    if answer.is_success and line["entity"] != "audit":  # which shows ids alone
        shown = {line["patient_id"], *(line["seen"] or ())}
        assert patients_in(house, line["clinic_id"], answer.text) <= shown, (method, path)
    return answer, line


def patients_in(house: House, clinic_id: str, told: str) -> set[str]:
    """Find the ids of the clinic's patients in what was answered."""
    query = select(patients.c.id).where(patients.c.clinic_id == clinic_id)
    ids = house.store.run_read(lambda c: set(c.execute(query).scalars()))
    return {each for each in ids if each in told}


def a_line(number: int, **differing: Any) -> AuditLine:  # noqa: ANN401 - any field of a line
    """Give a line like many others."""
    given: dict[str, Any] = {
        "at": NOW + timedelta(seconds=number),
        "actor_role": "coordinator",
        "credential_id": "0123456789abcdef",
        "person": "Ana",
        "action": "R",
        "event": "checklist.read",
        "entity": "procedure",
        "outcome": 200,
        "entity_id": f"{number:08x}-0000-4000-8000-000000000000",
        "patient_id": f"{number:08x}-1111-4000-8000-000000000000",
        "request_id": f"request-{number}",
        "seen": [f"{number:08x}-2222-4000-8000-000000000000"] if number % 3 == 0 else None,
    }
    return AuditLine(**given | differing)


def fill(connection: Connection, keys: Keys, *, batches: int = 6, lines: int = 5) -> None:
    """Make the chains of two clinics, and of lines without one: so many seals, each over so many lines."""
    for batch in range(batches):
        for clinic in (ASTER, BIRCH, None):
            first = batch * lines
            audit.add(connection, clinic, *(a_line(first + each) for each in range(lines)))
        for clinic_id in seals.waiting(connection):
            seals.seal(connection, clinic_id, keys, now=NOW + timedelta(seconds=(batch + 1) * lines))


@contextmanager
def as_intruder(url: str) -> Iterator[Connection]:
    """Give a connection that may do anything, without triggers in its way; whatever it does is undone afterwards."""
    engine = lasting_engine(database_url(url))
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        try:
            yield connection
        finally:
            connection.connection.rollback()
    engine.dispose()


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Undo what is done in the block."""
    connection.exec_driver_sql("SAVEPOINT tampering")
    yield
    connection.exec_driver_sql("ROLLBACK TO tampering")
    connection.exec_driver_sql("RELEASE tampering")


def events(answer: httpx.Response) -> list[Line]:
    """Read one JSON document a line."""
    return [json.loads(line) for line in answer.text.splitlines()]
