"""An import that is cut off: killed, without a database, overtaken by another. Done again, every row is booked once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from prep_tracker.api.staff.imports import LINES
from prep_tracker.clock import SystemClock
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError, UnavailableError
from prep_tracker.imports.choices import Choices
from prep_tracker.services import access, importing, protocols
from prep_tracker.services.clinic import calendar_of, change_clinic
from prep_tracker.services.importing import Import
from prep_tracker.store import clinics, patients
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from tests.api.house import Caller, House
from tests.importing.made import csv_of, row
from tests.importing.test_door import references, send
from tests.store.cast import patient_row

PROGRAM = Path(sys.executable).parent / "prep-tracker"
MANY = 1_500


@pytest.fixture
def clinic(store: Store) -> str:
    """Settle a clinic whose file is imported by programs of their own."""
    now = SystemClock().now()

    def settle(connection: Connection) -> str:
        protocols.ship(connection, now=now)
        return access.new_clinic(connection, "Aster", "Europe/Amsterdam", now=now).id

    return store.run_write(settle)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a file of bookings that lie in the next months."""
    today = SystemClock().now().date()
    rows = [row(n, date=(today + timedelta(days=30 + n % 60)).isoformat()) for n in range(MANY)]
    path = tmp_path / "bookings.csv"
    path.write_bytes(csv_of(rows))
    return path


@contextmanager
def program(file: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """Run an import in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREP_")}
    command = [str(PROGRAM), "import", str(file), "--apply", "--json"]
    with subprocess.Popen(
        command, env=environment | {"PREP_DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        yield running


def ended(running: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the report of an import that must succeed."""
    out, complaints = running.communicate(timeout=120)
    assert (running.returncode, complaints) == (0, "")
    told: dict[str, Any] = json.loads(out)
    return told


def booked(connection: Connection) -> int:
    """Count the procedures."""
    return connection.execute(select(func.count()).select_from(METADATA.tables["procedures"])).scalar_one()


def kept(connection: Connection) -> tuple[list[str], int, int]:
    """Give the booking references of all procedures, and how many patients and bookings of the record there are."""
    procedures, people, entries = (METADATA.tables[name] for name in ("procedures", "patients", "entries"))
    found = [str(one) for one in connection.execute(select(procedures.c.booking_reference)).scalars()]
    counted = [connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (people, entries)]
    return found, counted[0], counted[1]


def test_killed_in_the_middle_and_done_again_every_row_is_booked_once(
    store: Store, database_url: str, clinic: str, file: Path
) -> None:
    with program(file, database_url) as running:
        while store.run_read(booked, clinic) < 3 * importing.BATCH:
            assert running.poll() is None, "it was done before it could be killed"
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    found, people, entries = store.run_read(kept, clinic)
    assert 3 * importing.BATCH <= len(found) < MANY
    assert len(found) % importing.BATCH == 0, "a batch is there whole or not at all"
    assert len(set(found)) == len(found) == people == entries
    with program(file, database_url) as running:
        told = ended(running)
    assert (told["done"], told["known"], told["booked"], told["differing"]) == (True, len(found), MANY - len(found), [])
    found, people, entries = store.run_read(kept, clinic)
    assert Counter(found) == Counter(f"B-{n}" for n in range(MANY))
    assert people == entries == MANY


def test_two_programs_with_the_same_file_book_every_row_once(
    store: Store, database_url: str, clinic: str, file: Path
) -> None:
    with program(file, database_url) as one, program(file, database_url) as other:
        told = [ended(one), ended(other)]
    assert [report["done"] for report in told] == [True, True]
    assert sum(report["booked"] for report in told) == MANY
    assert all(report["booked"] + report["known"] == MANY for report in told)
    found, people, entries = store.run_read(kept, clinic)
    assert Counter(found) == Counter(f"B-{n}" for n in range(MANY))
    assert people == entries == MANY


def test_requests_with_the_same_file_at_the_same_time_book_every_row_once(house: House, ada: Caller) -> None:
    data = csv_of([row(n) for n in range(300)])
    request = {"content": data, "headers": {"Content-Type": "text/csv"}, "params": {"dry_run": "false"}}
    answers = ada.together([("POST", "/v1/imports", request)] * 4)
    assert [answer.status_code for answer in answers] == [200] * 4
    told = [answer.json() for answer in answers]
    assert sum(report["booked"] for report in told) == 300
    assert all((report["done"], report["booked"] + report["known"]) == (True, 300) for report in told)
    assert len(set(references(house))) == len(references(house)) == 300


def failing(house: House, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the database go away after so many batches."""
    real = type(house.store).write
    written: list[object] = []

    async def write(store: Store, fn: Callable[[Connection], Any], clinic_id: str) -> Any:  # noqa: ANN401 - as the store
        if len(written) == after:
            raise UnavailableError("The database cannot answer at the moment.")
        written.append(fn)
        return await real(store, fn, clinic_id)

    monkeypatch.setattr(type(house.store), "write", write)


def test_what_is_in_is_told_when_the_database_goes_away_and_the_rest_follows(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = csv_of([row(n) for n in range(250)])
    with monkeypatch.context() as patched:
        failing(house, patched, 2)
        answer = send(ada, data, dry_run="false")
        assert answer.status_code == 503
        assert "200 of 250 bookings are in, up to row 201." in answer.json()["detail"]
    assert len(references(house)) == 200
    again = send(ada, data, dry_run="false").json()
    assert (again["done"], again["known"], again["booked"]) == (True, 200, 50)


def test_what_is_in_is_told_in_the_last_line_too(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    data = csv_of([row(n) for n in range(250)])
    with monkeypatch.context() as patched:
        failing(house, patched, 1)
        told = send(ada, data, headers={"Accept": LINES}, dry_run="false", check=False)
    last = json.loads(told.text.splitlines()[-1])
    assert (last["line"], last["status"], last["done"], last["booked"]) == ("stopped", 503, False, 100)
    assert "100 of 250 bookings are in" in last["detail"]
    assert len(last["procedures"]) == len(references(house)) == 100


class OnTheDesk:
    """A file that was looked at, and is about to be booked."""

    def __init__(self, house: House, data: bytes) -> None:
        """Look at the file as the doors do."""
        self.store, self.clinic = house.store, house.clinics["Aster"]
        row_ = self.store.run_read(lambda c: clinics.get(c, self.clinic))
        self.desk = Desk(Actor(self.clinic, "admin", "", "Ada"), row_, calendar_of(row_), house.clock.now())
        self.file: Import = importing.open_file(self.desk, data, Choices())
        named = self.store.run_read(lambda c: importing.find_protocols(c, self.desk, self.file))
        importing.read_bookings(self.desk, self.file, named)
        self.report = self.file.report
        for batch in self.report.batches(importing.BATCH):
            self.report.checked(
                self.store.run_read(lambda c, b=batch: importing.check_batch(c, self.desk, self.file, b))  # type: ignore[misc]
            )

    def book(self) -> None:
        """Book what was looked at."""
        for batch in self.report.batches(importing.BATCH):
            self.report.took(
                self.store.run_write(lambda c, b=batch: importing.book_batch(c, self.desk, self.file, b))  # type: ignore[misc]
            )


def test_a_row_with_which_something_came_in_between_is_left_and_told(house: House) -> None:
    at = OnTheDesk(house, csv_of([row(1), row(2), row(3)]))
    assert (len(at.report.to_book), at.report.faults) == (3, [])
    house.store.run_write(lambda c: patients.add(c, at.clinic, patient_row("P-2", "Somebody else")))
    at.book()
    told = at.report.document(dry_run=False)
    assert (told["done"], told["booked"], told["to_book"]) == (False, 2, 0)
    assert [(one["cell"], one["code"]) for one in told["left"]] == [("C3", "other-patient")]
    assert references(house) == ["B-1", "B-3"]


def test_a_calendar_that_changes_meanwhile_stops_the_import(house: House) -> None:
    at = OnTheDesk(house, csv_of([row(1)]))
    house.store.run_write(lambda c: change_clinic(c, at.desk, {"closing_days": ["2026-12-24"]}))
    with pytest.raises(ConflictError, match="calendar"):
        at.book()
    assert references(house) == []
