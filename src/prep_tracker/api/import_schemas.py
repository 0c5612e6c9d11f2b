"""Show the shapes of an import, with an example of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from prep_tracker.api.schemas import ProtocolName
from prep_tracker.api.wire import Day, In, Key, Name, Out

DateOrder = Literal["dmy", "mdy", "ymd"]
Encoding = Literal["utf-8", "windows-1252"]


class ImportOptionsIn(In):
    """What is said about a file beside what stands in it."""

    columns: dict[Key, Name] = Field(
        {}, max_length=20, description="The header of a field's column, for headers that are not recognised."
    )
    fixed: dict[Key, Name] = Field({}, max_length=5, description="What holds for all rows: protocol, language.")
    protocols: dict[Name, ProtocolName | None] = Field(
        {}, max_length=500, description="What a word of the file means; null leaves its rows out."
    )
    date_order: DateOrder | None = Field(None, description="How to read 03/04/2026 where the column does not prove it.")
    encoding: Encoding | None = Field(None, description="What a CSV file is in that is not UTF-8.")
    sheet: Name | None = Field(None, description="The sheet of a workbook; left out: the first that is not hidden.")
    remember: StrictBool = Field(
        default=True, description="Use what was said for the last file, and keep what is said now for the next."
    )


class FileOut(Out):
    """What kind of file it is. ``header_row`` is the number of the row with the headers."""

    kind: Literal["csv", "xlsx"]
    sha256: str
    sheet: str | None
    sheets: list[str]
    encoding: str | None
    separator: str | None
    header_row: int


class ColumnOut(Out):
    """Which column holds a field, and who said so."""

    header: str
    column: Annotated[str, Field(pattern="^[A-Z]{1,3}$")]
    source: Literal["chosen", "remembered", "recognised"]


class CellFaultOut(Out):
    """One wrong cell, and what to do about it; never what stands in it."""

    row: int
    field: str | None
    cell: str = Field(description="Its address: B7, or Bookings!B7.")
    code: str
    message: str


class SkippedOut(Out):
    """A row that is not booked although nothing is wrong with it."""

    row: int
    reason: Literal["past", "left-out", "heading"]
    message: str


class HereOut(Out):
    """How the procedure stands that has a row's booking reference already."""

    on: Day
    at: str | None
    protocol: str
    ended: str | None


class DifferingOut(Out):
    """A row that says something else than what is stored under its booking reference; nothing was changed."""

    row: int
    cell: str
    procedure_id: str
    differs: list[Literal["on", "at", "protocol", "patient_reference", "ended"]]
    here: HereOut
    message: str


class ImportedOut(Out):
    """A row with the procedure that it became."""

    row: int
    procedure_id: str


class ImportOut(Out):
    """How every row of a file stands. ``done``: all that could be booked is."""

    dry_run: bool
    done: bool
    file: FileOut
    columns: dict[str, ColumnOut]
    fixed: dict[str, str]
    unused: list[str] = Field(description="Headers of columns that say nothing about a booking.")
    date_orders: dict[str, DateOrder | None] = Field(description="In which order each column of days was read.")
    rows: int
    to_book: int = Field(description="Rows that could be booked and are not yet.")
    booked: int
    known: int = Field(description="Rows whose booking reference the clinic has.")
    differing: list[DifferingOut]
    skipped: list[SkippedOut]
    faults: list[CellFaultOut] = Field(description="The first 5,000.")
    faults_total: int
    left: list[CellFaultOut] = Field(description="Rows with which something came in between while others were booked.")
    procedures: list[ImportedOut]


FILE = (
    "Booking no.,Patient no.,Name,Birth date,Date,Time,Treatment\n"
    "B-2001,P-100,Pia Palm,1990-02-28,2026-12-18,10:30,laser-resurfacing\n"
    "B-2002,P-101,Quinn Sample,1984-07-09,2026-12-19,09:00,laser-resurfacing\n"
)
OPTIONS: dict[str, Any] = {"columns": {"phone": "Mobile 1"}, "date_order": "dmy"}
REPORT: dict[str, Any] = {
    "dry_run": True,
    "done": False,
    "file": {
        "kind": "csv",
        "sha256": "0" * 64,
        "sheet": None,
        "sheets": [],
        "encoding": "utf-8",
        "separator": ",",
        "header_row": 1,
    },
    "columns": {
        "booking_reference": {"header": "Booking no.", "column": "A", "source": "recognised"},
        "patient_reference": {"header": "Patient no.", "column": "B", "source": "recognised"},
        "name": {"header": "Name", "column": "C", "source": "recognised"},
        "on": {"header": "Date", "column": "E", "source": "recognised"},
        "at": {"header": "Time", "column": "F", "source": "recognised"},
        "protocol": {"header": "Treatment", "column": "G", "source": "recognised"},
    },
    "fixed": {},
    "unused": [],
    "date_orders": {"on": None},
    "rows": 2,
    "to_book": 1,
    "booked": 0,
    "known": 0,
    "differing": [],
    "skipped": [],
    "faults": [
        {
            "row": 3,
            "field": "email",
            "cell": "H3",
            "code": "not-an-email",
            "message": "This is no e-mail address. Write one such as name@example.org, or leave the cell empty.",
        }
    ],
    "faults_total": 1,
    "left": [],
    "procedures": [],
}
"""The answer to a dry run that found one fault."""
