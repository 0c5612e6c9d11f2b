"""Book what stands in a file of bookings: look at all of it first, then book it, a batch a transaction.

A door goes through it in this order. The dry run: ``open_file``, ``find_protocols`` (a read), ``read_bookings``, and
``check_batch`` for each of ``report.batches(BATCH)`` (reads). Without faults it goes on: ``book_batch`` for each
(writes, so that a batch is there whole or not at all), and ``finish`` (a write). What was cut off is mended by doing
it all again: a booking reference that the clinic has is never booked twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from prep_tracker.desk.booking import NewPatient, Order, contradictions, take
from prep_tracker.desk.case import Desk, note_other
from prep_tracker.desk.ordering import find_rules
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, PrepError, UnavailableError
from prep_tracker.imports.choices import Choices, choice_faults, recalled, to_keep
from prep_tracker.imports.faults import CellFault
from prep_tracker.imports.headers import NAMES, find_columns, plain
from prep_tracker.imports.reading import read_table
from prep_tracker.imports.report import Booked, Known, Outcome, Report
from prep_tracker.imports.rows import LEFT_OUT, Booking, Reading, Skipped, cell_of, read_rows, words_for_protocols
from prep_tracker.imports.together import hold_together
from prep_tracker.imports.values import ORDERS
from prep_tracker.store import clinics, patients, procedures, protocols

if TYPE_CHECKING:
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection
    from prep_tracker.store.procedures import ProcedureRow

BATCH = 100
"""So few at once that others are served in between, and that none of them waits long for the database."""
TRIES = 3
"""How often a door does a batch, where somebody else books the same at the same moment."""
SETTING = "imports"
"""Where a clinic's settings keep what was chosen for the last file."""


@dataclass(slots=True)
class Import:
    """One file on its way in, with what is said of it now and what was ``known`` before.

    ``rules`` are those of the protocols that it names, by slug@number.
    """

    choices: Choices
    known: Choices
    report: Report
    rules: dict[str, Rules] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """What words for protocols mean, by how ``plain`` writes them; None is left out. ``listed``: all names."""

    meant: Mapping[str, Rules | None]
    listed: tuple[str, ...]


def remembered(desk: Desk) -> Choices:
    """Give what was chosen for the clinic's last file."""
    return recalled(desk.clinic.settings.get(SETTING))


def open_file(desk: Desk, data: bytes, choices: Choices) -> Import:
    """Read a file and find its columns. Needs no database, and a moment.

    Raises ``InvalidError`` for a file that cannot be read, and for choices that there are not.
    """
    faults = tuple(choice_faults(choices))
    if faults:
        raise InvalidError(*faults)
    known = remembered(desk) if choices.remember else Choices()
    table = read_table(data, sheet=choices.sheet, encoding=choices.encoding or known.encoding)
    layout = find_columns(table, choices.columns, known.columns, choices.fixed)
    # What held for all rows last time holds where this file has no column for it.
    more = {name: value for name, value in known.fixed.items() if not layout.has(name) and name not in choices.columns}
    fixed = {**more, **choices.fixed}
    if more:
        layout = find_columns(table, choices.columns, known.columns, fixed)
    report = Report(table, layout, hashlib.sha256(data).hexdigest(), fixed=fixed, faults=list(layout.faults))
    return Import(choices, known, report)


def find_protocols(connection: Connection, desk: Desk, file: Import) -> Named:
    """Find what the file's words for protocols mean: a name, a title in any language, or what was said of them.

    Raises ``InvalidError`` where what was said of a word names no protocol.
    """
    titles = _titles(connection, desk)
    listed = tuple(sorted(set(titles.values())))
    said = {plain(word): name for choices in (file.known, file.choices) for word, name in choices.protocols.items()}
    meant: dict[str, Rules | None] = {}
    for word in sorted(words_for_protocols(file.report.table, file.report.layout, file.report.fixed)):
        key = plain(word)
        if key in said and said[key] is None:
            meant[key] = None
            continue
        slug, at, number = word.casefold().partition("@")
        name = said.get(key) or titles.get(key) or (f"{slug}@{number}" if at and plain(slug) in titles else None)
        rules = find_rules(connection, desk, name)[0] if name else None
        if rules is not None:
            meant[key] = rules
        elif key in said:
            message = f"A word is said to mean a protocol that there is not. There are: {', '.join(listed)}."
            raise InvalidError(Fault("/protocols", "unknown-protocol", message))
    of_all = file.report.fixed.get("protocol")
    if of_all is not None and plain(of_all) not in meant:
        message = f"Say a published protocol: {', '.join(listed)}."
        raise InvalidError(Fault("/fixed/protocol", "unknown-protocol", message))
    return Named(meant, listed)


def read_bookings(desk: Desk, file: Import, named: Named) -> None:
    """Read every row, and hold the rows against one another. Needs no database, and a moment."""
    report = file.report
    report.protocols = named.listed
    if report.faults:  # without its columns no row says anything
        return
    file.rules = {rules.name: rules for rules in named.meant.values() if rules is not None}
    wanted = file.choices.date_order or file.known.date_order
    reading = Reading(
        today=desk.today,
        zone=desk.clinic.time_zone,
        protocols={word: LEFT_OUT if rules is None else rules.name for word, rules in named.meant.items()},
        known_protocols=", ".join(named.listed),
        order=next((order for order in ORDERS if order == wanted), None),
        fixed=report.fixed,
    )
    found = read_rows(report.table, report.layout, reading)
    hold_together(report.table, report.layout, found)
    report.orders, report.faults, report.skipped, report.to_book = (
        found.orders,
        found.faults,
        found.skipped,
        found.bookings,
    )


def check_batch(connection: Connection, desk: Desk, file: Import, batch: Sequence[Booking]) -> list[Outcome]:
    """Say how rows stand beside what the clinic has: to be booked, known, past, or in contradiction to it."""
    outcomes: list[Outcome] = []
    for booking in batch:
        known = procedures.find_by_booking(connection, desk.clinic.id, booking.reference)
        if known is not None:
            outcomes.append(_known(connection, desk, file, booking, known))
        elif booking.on < desk.today:
            outcomes.append(Skipped(booking.row, "past"))
        else:
            outcomes += _contradictions(connection, desk, file, booking) or [booking]
    return outcomes


def book_batch(connection: Connection, desk: Desk, file: Import, batch: Sequence[Booking]) -> list[Outcome]:
    """Book rows that were checked, in one transaction. What somebody else has booked meanwhile is known.

    Raises ``ConflictError`` where somebody books the same reference at this very moment: then do the batch again.
    """
    _require_same_calendar(connection, desk)
    outcomes: list[Outcome] = []
    for booking in batch:
        known = procedures.find_by_booking(connection, desk.clinic.id, booking.reference)
        if known is not None:
            outcomes.append(_known(connection, desk, file, booking, known))
            continue
        wrong = _contradictions(connection, desk, file, booking)
        if wrong:
            outcomes += wrong
            continue
        case = take(connection, desk, _order(booking), file.rules[booking.protocol])
        outcomes.append(Booked(booking.row, case.row.id))
    desk.planned.clear()  # thousands at once would push out of memory what others are working with
    return outcomes


def finish(connection: Connection, desk: Desk, file: Import) -> None:
    """Write the import's own audit line, and keep what was chosen for the next file."""
    note_other(connection, desk, "C", "bookings.imported", "import", file.report.digest[:32])
    if not file.choices.remember:
        return
    row = clinics.get(connection, desk.clinic.id, lock=True)
    known = row.settings.get(SETTING)
    said = to_keep(recalled(known), file.choices)
    if said != known:
        clinics.change(connection, desk.clinic.id, replace(row, settings={**row.settings, SETTING: said}))


def stopped(error: ConflictError | UnavailableError, file: Import, total: int) -> PrepError:
    """Say with an error how far the import came, and how the rest is booked."""
    report = file.report
    far = f"up to row {max(one.row for one in report.booked)}" if report.booked else "none of them"
    rest = "Import the same file again: what is booked stays as it is, and the rest follows."
    return type(error)(f"{error.detail} {len(report.booked)} of {total} bookings are in, {far}. {rest}")


def _titles(connection: Connection, desk: Desk) -> dict[str, str]:
    """Give the published protocols by name, and by each title that only one of them has."""
    found: dict[str, set[str]] = {}
    for row in protocols.every(connection, desk.clinic.id):
        if row.status == "published":
            for text in (row.slug, *json.loads(row.content)["title"].values()):
                found.setdefault(plain(text), set()).add(row.slug)
    return {text: min(slugs) for text, slugs in found.items() if len(slugs) == 1}


def _order(booking: Booking) -> Order:
    person = booking.person
    patient = NewPatient(
        person.reference,
        person.name,
        person.language or "en",
        person.birth_date,
        email=person.email,
        phone=person.phone,
        messages={"email": False, "sms": False},  # to be written to is agreed with the patient, not read in a file
    )
    return Order(booking.protocol, booking.on, booking.at, patient, booking_reference=booking.reference)


def _known(connection: Connection, desk: Desk, file: Import, booking: Booking, row: ProcedureRow) -> Known:
    """Hold a row against the procedure that has its reference. What the row leaves empty does not differ."""
    patient = patients.find_by_reference(connection, desk.clinic.id, booking.person.reference)
    differs = {
        "on": booking.on != row.procedure_on,
        "at": booking.at is not None and booking.at != row.start,
        "protocol": booking.protocol.partition("@")[0] != row.protocol_slug,
        "patient_reference": patient is None or patient.id != row.patient_id,
        "ended": row.ended == "cancelled",
    }
    here = {
        "on": row.procedure_on.isoformat(),
        "at": row.start,
        "protocol": f"{row.protocol_slug}@{row.protocol_number}",
        "ended": row.ended,
    }
    cell = cell_of(file.report.table, file.report.layout, booking.row, "booking_reference")
    return Known(booking.row, cell, row.id, tuple(name for name, is_so in differs.items() if is_so), here)


def _contradictions(connection: Connection, desk: Desk, file: Import, booking: Booking) -> list[CellFault]:
    """Name the cells by which a row means another patient than the one that the clinic has under the reference."""
    known = patients.find_by_reference(connection, desk.clinic.id, booking.person.reference)
    wanted = _order(booking).patient
    if known is None or wanted is None:
        return []
    table, layout = file.report.table, file.report.layout
    return [
        CellFault(booking.row, name, cell_of(table, layout, booking.row, name), "other-patient", {"field": NAMES[name]})
        for name in contradictions(known, wanted)
    ]


def _require_same_calendar(connection: Connection, desk: Desk) -> None:
    """Refuse to go on by a calendar that the clinic has changed meanwhile."""
    now = clinics.get(connection, desk.clinic.id)
    if (now.time_zone, now.settings.get("calendar")) != (desk.clinic.time_zone, desk.clinic.settings.get("calendar")):
        raise ConflictError("The clinic's calendar was changed meanwhile. Import the same file again to book the rest.")
