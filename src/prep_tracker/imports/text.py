"""Read CSV: the encoding, what stands between the cells, and the rows. Nothing is guessed that could spoil a name."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from prep_tracker.imports.table import MOST_COLUMNS, MOST_ROWS, Row, Table, kept, letters, refuse, too_many_rows

if TYPE_CHECKING:
    from prep_tracker.imports.table import Flaw

SEPARATORS = (",", ";", "\t", "|")
LEAST_SEPARATORS = 3
"""A table of bookings has four columns or more; a line with fewer separators is a title above it."""
MOST_BLANK = 5_000
"""Rows without anything that may stand between others."""
LONGEST_CELL = 20_000
ENCODINGS = ("utf-8", "windows-1252")
"""What can be said about a file that has no mark at its beginning. UTF-8 is tried first whatever is said."""
ENCODING_HELP = (
    "In Excel choose Save as, CSV UTF-8 (comma delimited); elsewhere choose UTF-8. "
    "If the file has to be in Windows-1252, say so with the encoding."
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAID = re.compile(r"sep=(.)(?:\r\n|\r|\n|$)", re.IGNORECASE)
_BROKEN = re.compile("[\udc80-\udcff]")
_LOST = "\ufffd"


def read_csv(data: bytes, *, encoding: str | None = None) -> Table:
    """Read a file of comma-separated values, or with ; or tabs or | between them.

    ``encoding`` is what it is in when it is not UTF-8; without it, a cell that is not UTF-8 has a flaw. Raises
    ``InvalidError`` for a file that is no text, or no table.
    """
    text, found = _decoded(data, encoding)
    said = _SAID.match(text)
    if said is not None and said[1] in SEPARATORS:  # Excel's own line, which it does not count or show
        separator, text = said[1], text[said.end() :]
    else:
        separator = _separator(text)
    rows = kept(_rows(text, separator))
    return Table("csv", rows, encoding=found, separator=separator, flaws=_broken(rows))


def lost_letters(text: str) -> bool:
    """Say whether letters were lost before: a mark of replacement, or UTF-8 that somebody read as something else."""
    if text.isascii():
        return False
    return _LOST in text or any(_misread(text, encoding) for encoding in ("cp1252", "latin-1"))


def _misread(text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding).decode() != text
    except UnicodeError:
        return False


def _decoded(data: bytes, said: str | None) -> tuple[str, str]:
    """Give the text and its encoding. Bytes that are no text become halves of characters, which no text has."""
    mark, name = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if name == "utf-16":
        try:
            return data.decode("utf-16"), name
        except UnicodeDecodeError:
            raise refuse("encoding", f"The file says that it is UTF-16, and is not. {ENCODING_HELP}") from None
    if name == "utf-32" or b"\0" in data[:4096]:
        raise refuse("encoding", f"The file is neither UTF-8 nor marked as UTF-16. {ENCODING_HELP}")
    bare = data.removeprefix(mark)
    try:
        return bare.decode(), "utf-8"
    except UnicodeDecodeError:
        name = said or "utf-8"
        return bare.decode("cp1252" if name == "windows-1252" else "utf-8", "surrogateescape"), name


def _broken(rows: tuple[Row, ...]) -> dict[tuple[int, int], Flaw]:
    return {
        (row.number, column): "not-text"
        for row in rows
        for column, cell in enumerate(row.cells)
        if isinstance(cell, str) and not cell.isascii() and _BROKEN.search(cell)
    }


def _separator(text: str) -> str:
    """Find what stands between the cells, by the first line that can be one of headers."""
    for line in islice(io.StringIO(text), 100):
        bare = re.sub(r'"[^"]*"', "", line)
        best = max(SEPARATORS, key=bare.count)
        if bare.count(best) >= LEAST_SEPARATORS:
            return best
    return ","


def _rows(text: str, separator: str) -> Iterator[Row]:
    """Yield the rows as a spreadsheet would number them: a cell with a line end in it is still one row."""
    number = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            number += 1
            if number > MOST_ROWS + MOST_BLANK:
                raise too_many_rows()
            if len(cells) > MOST_COLUMNS:
                raise refuse("too-many-columns", f"Row {number} has more than {MOST_COLUMNS} cells.")
            for column, cell in enumerate(cells):
                if len(cell) > LONGEST_CELL:
                    raise refuse("long-cell", f"{letters(column)}{number} is longer than any cell of a booking.")
            yield Row(number, tuple(cells))
    except csv.Error:
        message = (
            f"Row {number + 1}: a quotation mark opens a cell and does not close it, or stands inside one. "
            'Write it twice ("") inside a quoted cell, and close every cell that it opens.'
        )
        raise refuse("quotes", message) from None
