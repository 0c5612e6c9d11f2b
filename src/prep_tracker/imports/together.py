"""Hold the rows of a file against one another: no booking twice, and one patient is one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prep_tracker.imports.faults import CellFault
from prep_tracker.imports.headers import NAMES
from prep_tracker.imports.rows import ABOUT_PATIENTS, cell_of

if TYPE_CHECKING:
    from prep_tracker.imports.headers import Layout
    from prep_tracker.imports.rows import Booking, Found, Person
    from prep_tracker.imports.table import Table


def hold_together(table: Table, layout: Layout, found: Found) -> None:
    """Add a fault for every row that contradicts another, and let all rows of a patient say the same of them.

    A patient of whom one row knows more than another is one person with all that is known.
    """
    found.faults += _twice(table, layout, found)
    people: dict[str, Person] = {}
    said: dict[tuple[str, str], int] = {}
    for booking in found.bookings:
        person = booking.person
        known = people.setdefault(person.reference, person)
        for name in ABOUT_PATIENTS:
            value = getattr(person, name)
            if value is None:
                continue
            first = said.setdefault((person.reference, name), booking.row)
            if getattr(known, name) is None:
                known = people[person.reference] = replace(known, **{name: value})
            elif getattr(known, name) != value:
                cell = cell_of(table, layout, booking.row, name)
                given = {"field": NAMES[name], "row": str(first)}
                found.faults.append(CellFault(booking.row, name, cell, "contradiction", given))
    found.bookings = [_with(booking, people) for booking in found.bookings]
    found.faults.sort(key=lambda fault: _place(layout, fault))
    wrong = {fault.row for fault in found.faults}
    found.bookings = [booking for booking in found.bookings if booking.row not in wrong]


def _place(layout: Layout, fault: CellFault) -> tuple[int, int]:
    """Give where a fault is read: row by row, and from left to right."""
    column = layout.columns.get(fault.field or "")
    return fault.row, len(layout.headers) if column is None else column.index


def _with(booking: Booking, people: Mapping[str, Person]) -> Booking:
    return replace(booking, person=people[booking.person.reference])


def _twice(table: Table, layout: Layout, found: Found) -> list[CellFault]:
    """Name both of two rows with the same booking reference, each at the other's place."""
    rows: dict[str, list[int]] = {}
    for row, reference in found.references:
        rows.setdefault(reference, []).append(row)
    faults = []
    for same in rows.values():
        for row in same if len(same) > 1 else ():
            other = same[0] if row != same[0] else same[1]
            cell = cell_of(table, layout, row, "booking_reference")
            given = {"field": NAMES["booking_reference"], "row": str(other)}
            faults.append(CellFault(row, "booking_reference", cell, "same-reference", given))
    return faults
