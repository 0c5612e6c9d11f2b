"""Read a file of bookings, by what is in it and not by its name; what cannot be read is refused with what to do."""

from __future__ import annotations

import re

from prep_tracker.imports.package import Package, damaged, locked
from prep_tracker.imports.table import MOST_BYTES, Table, refuse
from prep_tracker.imports.text import read_csv
from prep_tracker.imports.workbook import WORKBOOK, read_workbook

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html|<table|<\?xml)", re.IGNORECASE)
_SAVE = "Open it there and save it as .xlsx or as CSV in UTF-8, then send that."
_OTHERS = (
    ("xl/workbook.bin", "xlsb", "This is a binary Excel workbook (.xlsb)."),
    ("content.xml", "ods", "This is an OpenDocument file (.ods)."),
    ("Index/Document.iwa", "numbers", "This is a Numbers document."),
    ("word/document.xml", "docx", "This is a Word document."),
)


def read_table(data: bytes, *, sheet: str | None = None, encoding: str | None = None) -> Table:
    """Read a CSV file or an Excel workbook. Raises ``InvalidError`` for anything else, and for more than fits.

    ``sheet`` names one of a workbook's sheets; left out: the first that is not hidden. ``encoding`` is what a CSV file
    is in where it is not UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise refuse("too-large", f"The file is larger than {MOST_BYTES // 2**20} MiB. Split it, or leave out columns.")
    if not data.strip():
        raise refuse("empty", "The file is empty.")
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise locked()
        raise refuse("xls", f"This is a file of an old Excel (.xls). {_SAVE}")
    if data.startswith(b"PK"):
        package = Package(data)
        if WORKBOOK in package:
            return read_workbook(package, sheet=sheet)
        for part, code, what in _OTHERS:
            if part in package:
                raise refuse(code, f"{what} {_SAVE}")
        raise damaged()
    if data.startswith(b"%PDF"):
        raise refuse("pdf", "This is a PDF. Export the bookings as .xlsx or CSV from the program that has them.")
    if _HTML.match(data):
        raise refuse("html", f"This is a web page or XML, whatever its name says. {_SAVE}")
    if sheet is not None:
        raise refuse("no-sheet", "A CSV file has no sheets. Leave the sheet out.")
    return read_csv(data, encoding=encoding)
