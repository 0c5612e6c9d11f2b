"""Import a file of bookings at the command line: look, book a batch at a time, and say how it went."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
from prep_tracker.cli.out import FAILED, MISUSED, RefusedError, count, say, say_json
from prep_tracker.clock import SystemClock
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError, InvalidError, UnavailableError
from prep_tracker.imports.headers import NAMES
from prep_tracker.imports.table import MOST_BYTES, letters, refuse
from prep_tracker.services import importing
from prep_tracker.services.clinic import calendar_of

if TYPE_CHECKING:
    from prep_tracker.imports.choices import Choices
    from prep_tracker.imports.faults import CellFault
    from prep_tracker.imports.report import Outcome, Report
    from prep_tracker.imports.rows import Booking
    from prep_tracker.services.importing import Import
    from prep_tracker.store.session import Store

Progress = Callable[[str, int, int], None]
MOST_SHOWN = 50
REST_SECONDS = 0.01
"""Between two batches, so that a service with the same file gets its turn."""
OPTIONS = {
    "/columns": "--map",
    "/fixed/protocol": "--protocol",
    "/fixed/language": "--language",
    "/protocols": "--means",
    "/date_order": "--date-order",
    "/encoding": "--encoding",
}
ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
REASONS = {"past": "past", "left-out": "left out", "heading": "headings"}


def do_import(path: Path, choices: Choices, clinic: str | None, *, apply: bool, as_json: bool) -> None:
    """Look at a file, and book it where that is asked for and nothing is wrong. Faults end with exit code 1."""
    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
        desk = Desk(Actor(row.id, "system", "", "prep-tracker import"), row, calendar_of(row), SystemClock().now())
        with _progress() as progress:
            try:
                file = look(store, desk, _read(path), choices, progress)
            except InvalidError as error:
                raise _refused(path, error) from None
            if apply and not file.report.faults:
                book(store, desk, file, progress)
    report = file.report
    if as_json:
        say_json(report.document(dry_run=not apply))
    else:
        _print(path, report, apply=apply)
    if report.faults or report.left:
        raise typer.Exit(FAILED)


def look(store: Store, desk: Desk, data: bytes, choices: Choices, progress: Progress) -> Import:
    """Look at all of a file and change nothing."""
    file = importing.open_file(desk, data, choices)
    named = store.run_read(lambda c: importing.find_protocols(c, desk, file), desk.clinic.id)
    importing.read_bookings(desk, file, named)
    total, done = len(file.report.to_book), 0
    for batch in file.report.batches(importing.BATCH):
        outcomes = store.run_read(
            lambda c, batch=batch: importing.check_batch(c, desk, file, batch),  # type: ignore[misc]
            desk.clinic.id,
        )
        file.report.checked(outcomes)
        done += len(batch)
        progress("Looking", done, total)
    return file


def book(store: Store, desk: Desk, file: Import, progress: Progress) -> None:
    """Book what was found, a batch a transaction; whatever stops it, the batches before are booked."""
    total, done = len(file.report.to_book), 0
    for batch in file.report.batches(importing.BATCH):
        try:
            outcomes = _book(store, desk, file, batch)
        except (ConflictError, UnavailableError) as error:
            raise importing.stopped(error, file, total) from error
        file.report.took(outcomes)
        done += len(batch)
        progress("Booking", done, total)
        time.sleep(REST_SECONDS)
    store.run_write(lambda c: importing.finish(c, desk, file), desk.clinic.id)


def _book(store: Store, desk: Desk, file: Import, batch: Sequence[Booking]) -> list[Outcome]:
    tried = 0
    while True:
        desk.noted.clear()
        try:
            return store.run_write(lambda c: importing.book_batch(c, desk, file, batch), desk.clinic.id)
        except ConflictError:
            tried += 1
            if tried == importing.TRIES:
                raise


def _read(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise refuse("too-large", f"The file is larger than {MOST_BYTES // 2**20} MiB. Split it, or leave out columns.")
    return path.read_bytes()


def _refused(path: Path, error: InvalidError) -> RefusedError:
    """Say in the words of the command line what cannot be: the file, or what was said about it."""
    lines = [
        f"{path}: {f.message}" if f.pointer == "/file" else f"{OPTIONS.get(f.pointer, f.pointer)}: {f.message}"
        for f in error.faults
    ]
    return RefusedError(*lines, code=FAILED if any(f.pointer == "/file" for f in error.faults) else MISUSED)


def _print(path: Path, report: Report, *, apply: bool) -> None:
    where = f"{path.name}, sheet {report.table.sheet}" if report.table.sheet is not None else path.name
    say(f"{where}: {count(report.rows, 'row')} below the headers in row {report.layout.row}.")
    for name, column in report.layout.columns.items():
        order = report.orders.get(name)
        read = f", read as {ORDERS[order]}" if order else ""
        say(f"  {letters(column.index):<2} {column.header}: {NAMES[name]}{read}")
    for name, value in report.fixed.items():
        say(f"  all rows: {NAMES[name]} {value}")
    if report.layout.unused:
        say(f"  not used: {', '.join(report.layout.unused)}")
    if report.faults:
        _print_faults(report.faults)
        say(f"{count(len(report.faults), 'cell')} to be corrected. Nothing was booked.")
        return
    for one in islice(report.differing, MOST_SHOWN):
        at = f" {one.here['at']}" if one.here["at"] else ""
        here = f"{one.here['on']}{at}, {one.here['protocol']}{', ' + one.here['ended'] if one.here['ended'] else ''}"
        say(f"  {one.cell}: here it is {here}; the file differs in {', '.join(one.differs).replace('_', ' ')}")
    for line in _sums(report, apply=apply):
        say(line)
    _print_faults(report.left)


def _sums(report: Report, *, apply: bool) -> Iterator[str]:
    if report.known:
        differ = f", {len(report.differing)} of them differ and stay as they are" if report.differing else ""
        yield f"Here already: {len(report.known)}{differ}."
    if report.skipped:
        reasons = Counter(REASONS[one.reason] for one in report.skipped)
        yield f"Passed over: {', '.join(f'{number} {reason}' for reason, number in reasons.items())}."
    if apply:
        yield f"Booked: {len(report.booked)}."
    elif report.to_book:
        yield f"To be booked: {len(report.to_book)}. Nothing was booked yet; add --apply."
    else:
        yield "There is nothing to book."


def _print_faults(faults: Sequence[CellFault]) -> None:
    width = max((len(one.cell) for one in faults[:MOST_SHOWN]), default=0)
    for one in faults[:MOST_SHOWN]:
        say(f"  {one.cell:<{width}}  {one.message}")
    if len(faults) > MOST_SHOWN:
        say(f"  and {len(faults) - MOST_SHOWN} more; --json lists them")


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show how far it is on standard error, where somebody looks at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
