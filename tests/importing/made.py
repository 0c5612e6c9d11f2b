"""Make files of bookings as other programs write them: CSV and workbooks, sound, odd, broken and hostile."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from prep_tracker.domain.errors import InvalidError
from prep_tracker.imports.headers import Layout, find_columns
from prep_tracker.imports.reading import read_table
from prep_tracker.imports.rows import Found, Reading, read_rows
from prep_tracker.imports.table import Table
from prep_tracker.imports.together import hold_together

HEAD = ("Booking no.", "Patient no.", "Name", "Birth date", "Date", "Time", "Treatment", "Email", "Phone", "Language")
TODAY = date(2026, 11, 22)
PROTOCOLS = {"laser resurfacing": "laser-resurfacing@1", "peel": ""}
SHEET = "xl/worksheets/sheet1.xml"


def row(number: int, **differing: Any) -> list[Any]:  # noqa: ANN401 - whatever a cell may hold
    """Give a sound row below ``HEAD``; ``differing`` by the words of the headers, as in ``birth_date``."""
    sound = {
        "booking_no": f"B-{number}",
        "patient_no": f"P-{number}",
        "name": f"Pia Palm {number}",
        "birth_date": "1990-02-28",
        "date": "2026-12-18",
        "time": "10:30",
        "treatment": "laser-resurfacing",
        "email": "pia@example.org",
        "phone": "+31 6 1234 5678",
        "language": "en",
    }
    assert differing.keys() <= sound.keys()
    return list((sound | differing).values())


def csv_of(
    rows: Iterable[Sequence[Any]], head: Sequence[str] = HEAD, separator: str = ",", encoding: str = "utf-8"
) -> bytes:
    """Write rows as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(
    rows: Iterable[Sequence[Any]],
    head: Sequence[str] = HEAD,
    *,
    sheet: str = "Bookings",
    change: Callable[[Workbook, Worksheet], None] | None = None,
) -> bytes:
    """Write rows as a workbook, which ``change`` may then make odd."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet
    page.append(list(head))
    for one in rows:
        page.append(list(one))
    if change is not None:
        change(book, page)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes | None], *, packed: bool = True) -> bytes:
    """Write a workbook anew with other parts in it; None takes a part out."""
    made = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", how) as new:
        for name in old.namelist():
            content = parts.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name] or b"")
    return made.getvalue()


def part_of(data: bytes, name: str = SHEET) -> bytes:
    """Give a part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def sheet_of(rows: str) -> bytes:
    """Write a sheet by hand."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def lying(data: bytes, name: str, content: bytes) -> bytes:
    """Put a part into a workbook whose size the archive says to be ten bytes."""
    made = with_parts(data, {name: content})
    at = made.index(b"PK\x03\x04")
    while made[at + 30 : at + 30 + len(name)] != name.encode():
        at = made.index(b"PK\x03\x04", at + 4)
    central = made.rindex(b"PK\x01\x02", 0, made.rindex(name.encode()) + 1)
    small = struct.pack("<II", zlib.crc32(content[:10]), struct.unpack_from("<I", made, central + 20)[0])
    for place in (at + 14, central + 16):
        made = made[:place] + small + struct.pack("<I", 10) + made[place + 12 :]
    return made


def table_of(data: bytes, **options: str) -> Table:
    """Read a file."""
    return read_table(data, **options)


def layout_of(table: Table, **chosen: str) -> Layout:
    """Find the columns of a table, with nothing remembered."""
    return find_columns(table, chosen, {}, {})


def found_in(data: bytes, *, zone: str = "Europe/Amsterdam", **options: Any) -> Found:  # noqa: ANN401 - of a Reading
    """Read a file to the end, as of ``TODAY``."""
    table = read_table(data)
    layout = find_columns(table, {}, {}, options.get("fixed", {}))
    assert layout.faults == ()
    found = read_rows(table, layout, Reading(TODAY, zone, options.pop("protocols", PROTOCOLS), **options))
    hold_together(table, layout, found)
    return found


def wrong(data: bytes, **options: Any) -> dict[str, str]:  # noqa: ANN401 - of a Reading
    """Give the codes of wrong cells by address."""
    return {fault.cell: fault.code for fault in found_in(data, **options).faults}


def refusal(read: Callable[[], object]) -> tuple[str, str]:
    """Give code and sentence of the one fault for which a file is refused."""
    try:
        read()
    except InvalidError as error:
        (fault,) = error.faults
        assert fault.pointer == "/file"
        assert fault.message.endswith((".", '".'))
        return fault.code, fault.message
    raise AssertionError("it was not refused")
