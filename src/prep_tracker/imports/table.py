"""Hold what a file says as rows of cells, each with the address that a spreadsheet shows for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from prep_tracker.domain.errors import Fault, InvalidError

Value = str | float | bool | date | datetime | time | timedelta
"""What a cell may hold; an empty cell holds an empty text."""
Flaw = Literal["error", "not-calculated", "not-text"]
"""What is wrong with a cell whatever column it stands in: a spreadsheet's error, a formula without its result, or bytes
that are no text."""
MOST_BYTES = 10 * 1024 * 1024
"""Of a file, as it is sent."""
MOST_ROWS = 20_000
MOST_COLUMNS = 256
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it, from 1, and its cells from column A on.

    ``is_heading``: one cell is merged across several columns and all others are empty.
    """

    number: int
    cells: tuple[Value, ...]
    is_heading: bool = False

    def at(self, column: int) -> Value:
        """Give the cell in a column, 0 for A; past the last cell everything is empty."""
        return self.cells[column] if column < len(self.cells) else ""

    @property
    def is_blank(self) -> bool:
        """Say whether there is nothing in it but spaces."""
        return all(isinstance(value, str) and not value.strip() for value in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, blank ones left out.

    ``sheet`` is None for CSV, which has no sheets. ``epoch`` is the day before the one that the workbook counts as 1;
    None for CSV, in which a number is no day. ``flaws`` are by row number and column, 0 for A.
    """

    kind: Literal["csv", "xlsx"]
    rows: tuple[Row, ...]
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    encoding: str | None = None
    separator: str | None = None
    epoch: date | None = None
    flaws: Mapping[tuple[int, int], Flaw] = field(default_factory=dict)

    def address(self, row: int, column: int) -> str:
        """Name a cell as a spreadsheet does: B7 in CSV, Bookings!B7 in a workbook."""
        cell = f"{letters(column)}{row}"
        if self.sheet is None:
            return cell
        sheet = self.sheet if _PLAIN.fullmatch(self.sheet) else "'" + self.sheet.replace("'", "''") + "'"
        return f"{sheet}!{cell}"


def letters(column: int) -> str:
    """Name a column by its letters: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def column_of(name: str) -> int:
    """Give the column that letters name: 0 for A."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def refuse(code: str, message: str) -> InvalidError:
    """Refuse a whole file, with what to do about it."""
    return InvalidError(Fault("/file", code, message))


def too_many_rows() -> InvalidError:
    """Refuse a table that is longer than what is read at once."""
    return refuse(
        "too-many-rows",
        f"There are more than {MOST_ROWS} rows. Keep the bookings that are still to come, or split the file.",
    )


def kept(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Keep the rows in which there is something; more of them than are read at once are refused."""
    found = []
    for row in rows:
        if not row.is_blank:
            found.append(row)
            if len(found) > MOST_ROWS + 1:  # and the row of headers
                raise too_many_rows()
    return tuple(found)
