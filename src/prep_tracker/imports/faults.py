"""Say what is wrong with a cell, where it stands, and what to do. Never what stands in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

MESSAGES: Mapping[str, str] = {
    "missing": "This cell is empty. Every booking needs its {field}.",
    "missing-column": "No column is known to hold the {field}. Say which one does: {field_name}=its header.",
    "unknown-column": "The first row has no header of this name for the {field}.",
    "two-columns": "Columns {columns} could both hold the {field}. Say which one does: {field_name}=its header.",
    "error": "The spreadsheet shows an error here. Mend the formula, save, and send the file again.",
    "not-calculated": "This formula was never calculated. Open the file in Excel, save it, and send that.",
    "not-text": "These letters are not UTF-8. In Excel choose Save as, CSV UTF-8. If the file has to be in "
    "Windows-1252, say so with the encoding.",
    "lost-letters": "Letters were lost here before the file came: accents are other signs. Export it anew as UTF-8.",
    "more-cells": "This row goes on after the last header. A cell that holds a {separator} needs quotation marks.",
    "not-a-text": "Write a text here, not a day, a time or true and false.",
    "long-number": "Spreadsheets round numbers of more than 15 digits. Format the column as text and write it again.",
    "text": "There is a sign in this cell that cannot be shown. Delete the cell and type it anew.",
    "too-long": "Write at most {most} characters.",
    "not-an-email": "This is no e-mail address. Write one such as name@example.org, or leave the cell empty.",
    "not-a-phone": "Write a phone number of digits, spaces, hyphens and brackets, or leave the cell empty.",
    "not-a-language": "Write a language by its code, such as en, es or nl, or leave the cell empty.",
    "not-a-day": "This is no day. Write it as 2026-12-18, or format the column as a date.",
    "no-such-day": "There is no such day in the calendar.",
    "ambiguous-day": "This can be two different days. Say the order of day, month and year (dmy, mdy or ymd), "
    "or write 2026-12-18.",
    "other-order": "This day does not fit the order {order} that holds for this column. Write it as 2026-12-18.",
    "two-digit-year": "Write the year with four digits.",
    "serial-day": "This is a spreadsheet's own number for a day. Format the column as a date (2026-12-18) and "
    "export it anew.",
    "wrong-number-day": "This number is no day. Format the column as a date.",
    "zoned-day": "This is an instant with a time zone. Write the day and the time on the clinic's clock.",
    "not-a-time": "This is no time of day. Write it as 10:30 on the 24-hour clock.",
    "skipped-time": "The clocks go forward in that night: there is no such time on this day in {zone}.",
    "two-times": "The day and the time columns say two different times. Correct one of them.",
    "other-date": "This time comes with another day than the one of the row. Correct one of them.",
    "far-day": "The day must lie between {earliest} and {latest}.",
    "future-birth": "This day has not come yet. Today is {today}.",
    "unknown-protocol": "No protocol has this name. Write one of {protocols}, or say which protocol is meant by it.",
    "same-reference": "Row {row} has the same booking reference. Each booking needs its own: remove or correct one.",
    "contradiction": "Row {row} has another {field} for the same patient reference. Correct one of the two.",
    "other-patient": "The clinic has another {field} under this patient reference. Correct the cell or the reference.",
}
"""What to do about a fault, by its code."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """One wrong cell, or one wrong row where ``field`` is None: its number, its address, and what is wrong with it.

    ``given`` holds what the sentence names, and never anything that stands in a cell.
    """

    row: int
    field: str | None
    cell: str
    code: str
    given: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def message(self) -> str:
        """Say in English what to do."""
        return MESSAGES[self.code].format_map(self.given)
