"""Look through the XML of a sheet before it is loaded: how far it goes, and which cells hold no value that one can use.

Loading makes a rectangle of all cells, so a single one far away would fill the memory. And it leaves errors, and
formulas that were never calculated, as empty as if nobody had written anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from prep_tracker.imports.package import damaged
from prep_tracker.imports.table import MOST_COLUMNS, MOST_ROWS, column_of, letters, refuse, too_many_rows

if TYPE_CHECKING:
    from prep_tracker.imports.table import Flaw

FURTHEST_ROW = 25_000
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


class Cells:
    """What was seen of a sheet. ``flaws`` are by row number and column, 0 for A."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.flaws: dict[tuple[int, int], Flaw] = {}
        self._row, self._column = 0, -1
        self._filled_row = self._filled_rows = 0
        self._kind = ""
        self._formula = self._value = self._inside = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def feed(self, piece: bytes) -> None:
        """See the next piece. Raises ``InvalidError`` as soon as there is more than can be loaded."""
        try:
            self._parser.Parse(piece)
        except expat.ExpatError:
            raise damaged() from None

    def finish(self) -> None:
        """Say that this was all; a sheet that ends in the middle is refused."""
        try:
            self._parser.Parse(b"", True)  # noqa: FBT003 - expat's own
        except expat.ExpatError:
            raise damaged() from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "row":
                number = attributes.get("r", "")
                self._row = int(number) if number.isascii() and number.isdecimal() else self._row + 1
                self._column = -1
            case "c":
                self._place(attributes.get("r"))
                self._kind = attributes.get("t", "n")
                self._formula = self._value = False
            case "f":
                self._formula = True
            case "v" | "is":
                self._inside = True

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise damaged()
        self._column, self._row = column_of(found[1].upper()), int(found[2])

    def _text(self, _: str) -> None:
        if self._inside:
            self._value = True

    def _end(self, name: str) -> None:
        match name.rpartition(" ")[2]:
            case "v" | "is":
                self._inside = False
            case "c":
                if self._kind == "e":
                    self.flaws[self._row, self._column] = "error"
                elif self._formula and not self._value and self._kind != "str":
                    self.flaws[self._row, self._column] = "not-calculated"
                if self._value:
                    self._fill()

    def _fill(self) -> None:
        """Count a cell with something in it."""
        if self._column >= MOST_COLUMNS:
            message = (
                f"There is something in {letters(self._column)}{self._row}, far to the right of any table. "
                f"Keep the bookings in the first {MOST_COLUMNS} columns and delete the rest."
            )
            raise refuse("too-many-columns", message)
        if self._row != self._filled_row:
            self._filled_row = self._row
            self._filled_rows += 1
        if self._filled_rows > MOST_ROWS + 1:  # and the row of headers
            raise too_many_rows()
        if self._row > FURTHEST_ROW:
            message = f"There is something in row {self._row}, far below any table. Delete it, or move it up."
            raise refuse("too-many-rows", message)
