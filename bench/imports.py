"""Measure an import of bookings: ``python -m bench.imports [--rows N] [--no-postgres]``.

A file is made with invented patients, as CSV and as a workbook; a third of them come twice. Each is imported into a new
database by the command itself, in a process of its own, and over HTTP by a server: the dry run, the booking, and the
same file once more.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from openpyxl import Workbook

from bench.cast import PROTOCOL, ZONE, postgres, sqlite_url
from bench.inside import COMMAND
from prep_tracker.clock import SystemClock
from prep_tracker.services import access, protocols
from prep_tracker.store import Connection, migrate
from prep_tracker.store.session import Store

HEAD = ("Booking no.", "Patient no.", "Name", "Birth date", "Date", "Time", "Treatment", "Email", "Phone", "Language")
MOST_SECONDS = 30
"""What 5,000 rows may take."""


def main() -> int:
    """Measure all ways in, and say by the exit code whether each is fast enough."""
    asked = _arguments()
    print(f"Python {platform.python_version()}, {platform.machine()}, {asked.rows} rows, {PROTOCOL}\n")
    print("| database | file | way | dry run s | booked s | once more s |")
    print("|---|---|---|---|---|---|")
    slowest = 0.0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {"csv": folder / "bookings.csv", "xlsx": folder / "bookings.xlsx"}
        rows = list(made(asked.rows, SystemClock().today(ZONE)))
        files["csv"].write_bytes(as_csv(rows))
        files["xlsx"].write_bytes(as_workbook(rows))
        databases = {"SQLite": None} if asked.no_postgres else {"SQLite": None, "PostgreSQL": 1}
        for database, is_server in databases.items():
            for kind, file in files.items():
                for way in (by_command, by_server):
                    with ExitStack() as own:
                        name = f"{kind}-{way.__name__}"
                        url = own.enter_context(postgres()) if is_server else sqlite_url(folder, name)
                        took = way(url, file, asked.rows)
                    slowest = max(slowest, took[1])
                    shown = " | ".join(f"{seconds:.1f}" for seconds in took)
                    print(f"| {database} | {kind} | {way.__name__.replace('_', ' ')} | {shown} |", flush=True)
    within = MOST_SECONDS * max(asked.rows, 1) / 5_000
    print(f"\nslowest booking {slowest:.1f} s; it may take {within:.0f} s")
    return 0 if slowest <= within else 1


def made(count: int, today: date) -> Iterator[tuple[Any, ...]]:
    """Yield rows of bookings in the next months; the texts and days of each are its own."""
    for number in range(count):
        patient = number if number % 3 else number // 3 * 2
        yield (
            f"B-{number}",
            f"P-{patient}",
            f"Pia Example {patient}",
            date(1950 + patient % 50, 1 + patient % 12, 1 + patient % 28),
            today + timedelta(days=20 + number % 200),
            f"{8 + number % 9:02d}:{number % 4 * 15:02d}",
            PROTOCOL,
            f"pia{patient}@example.org",
            "+31 6 1234 5678",
            "nl" if patient % 2 else "en",
        )


def as_csv(rows: list[tuple[Any, ...]]) -> bytes:
    """Write the rows as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([HEAD, *rows])
    return text.getvalue().encode()


def as_workbook(rows: list[tuple[Any, ...]]) -> bytes:
    """Write the rows as a workbook, days as days."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Bookings")
    for row in (HEAD, *rows):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def by_command(url: str, file: Path, rows: int) -> tuple[float, float, float]:
    """Import with the command, its start included; give the seconds of dry run, booking and repetition."""
    new_clinic(url)
    environment = os.environ | {"PREP_DATABASE_URL": url}

    def run(*more: str) -> tuple[float, dict[str, Any]]:
        begun = time.monotonic()
        command = [str(COMMAND), "import", str(file), "--json", *more]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return time.monotonic() - begun, json.loads(done.stdout)

    (dry, looked), (took, booked), (again, known) = run(), run("--apply"), run("--apply")
    assert (looked["to_book"], booked["booked"], known["known"]) == (rows, rows, rows)
    return dry, took, again


def by_server(url: str, file: Path, rows: int) -> tuple[float, float, float]:
    """Import over HTTP; give the seconds of dry run, booking and repetition."""
    key = new_clinic(url)
    with server(url) as address, httpx.Client(base_url=address, timeout=300, trust_env=False) as client:

        def run(dry_run: str) -> tuple[float, dict[str, Any]]:
            begun = time.monotonic()
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/octet-stream"}
            answer = client.post(
                "/v1/imports", params={"dry_run": dry_run}, content=file.read_bytes(), headers=headers
            ).raise_for_status()
            return time.monotonic() - begun, answer.json()

        (dry, looked), (took, booked), (again, known) = run("true"), run("false"), run("false")
    assert (looked["to_book"], booked["booked"], known["known"]) == (rows, rows, rows)
    return dry, took, again


@contextmanager
def server(url: str) -> Iterator[str]:
    """Start the service; give its address."""
    environment = os.environ | {"PREP_DATABASE_URL": url}
    command = [str(COMMAND), "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            told = ""
            for line in running.stdout:
                told += line
                if line == "}\n":
                    break
            yield json.loads(told)["url"]
        finally:
            running.terminate()


def new_clinic(url: str) -> str:
    """Make a database with a clinic; give its admin's key."""
    migrate.upgrade(url)
    now = SystemClock().now()

    def settle(connection: Connection) -> str:
        protocols.ship(connection, now=now)
        clinic = access.new_clinic(connection, "Aster", ZONE, now=now)
        return access.add_key(connection, clinic.id, "admin", "Ada", now=now).token

    store = Store.open(url)
    try:
        return store.run_write(settle)
    finally:
        store.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000, help="how many bookings")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
