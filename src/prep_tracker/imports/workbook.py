"""Read an Excel workbook (.xlsx): one sheet of it, with its days and times as such."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.imports.cells import Cells
from prep_tracker.imports.package import Package, damaged
from prep_tracker.imports.table import Row, Table, kept, refuse

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from prep_tracker.imports.table import Value

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_NEEDED = ("[Content_Types].xml", "_rels/.rels")
_USED = ("xl/styles.xml", "xl/sharedStrings.xml")
EPOCH, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""The day that a workbook counts as 0. In the first of both, days before March 1900 are one off, as Excel has it."""
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_ID = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class _Sheet(NamedTuple):
    name: str
    part: str
    is_visible: bool


def read_workbook(package: Package, *, sheet: str | None = None) -> Table:
    """Read the sheet with this name, or the first that is not hidden. Raises ``InvalidError`` with what to do."""
    for name in _NEEDED:
        package.take(name)
    root = package.xml(WORKBOOK)
    sheets = _sheets(root, package.xml(_RELATIONS))
    chosen = _chosen(sheets, sheet)
    for name in _USED:
        if name in package:
            package.take(name)
    seen = Cells()
    package.take(chosen.part, seen.feed)
    seen.finish()
    rows, flaws = kept(_rows(package.again(), chosen.name)), seen.flaws
    return Table(
        "xlsx",
        rows,
        sheet=chosen.name,
        sheets=tuple(one.name for one in sheets if one.is_visible),
        epoch=EPOCH_1904 if _counts_from_1904(root) else EPOCH,
        flaws=flaws,
    )


def _sheets(root: ET.Element, relations: ET.Element) -> list[_Sheet]:
    """List the sheets that hold cells, in the workbook's order."""
    parts = {
        one.get("Id", ""): one.get("Target", "")
        for one in relations
        if one.get("Type", "").endswith("/worksheet") and one.get("TargetMode") != "External"
    }
    found = []
    for one in root.iter():
        if one.tag.rpartition("}")[2] == "sheet":
            target = parts.get(one.get(_ID) or one.get(_STRICT_ID) or "")
            if target:
                part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
                found.append(_Sheet(one.get("name", ""), part, one.get("state", "visible") == "visible"))
    return found


def _chosen(sheets: Sequence[_Sheet], wanted: str | None) -> _Sheet:
    visible = [one for one in sheets if one.is_visible]
    if wanted is None:
        if not visible:
            raise refuse("no-sheet", "The workbook has no sheet that can be seen. Show the one with the bookings.")
        return visible[0]
    for one in sheets:
        if one.name.strip().casefold() == wanted.strip().casefold():
            return one
    names = ", ".join(one.name for one in visible[:20]) or "none"
    raise refuse("no-sheet", f"The workbook has no sheet of this name. It has: {names}.")


def _counts_from_1904(root: ET.Element) -> bool:
    said = next((one.get("date1904", "") for one in root.iter() if one.tag.rpartition("}")[2] == "workbookPr"), "")
    return said.strip().lower() in {"1", "true", "on"}


def _rows(data: bytes, name: str) -> Iterator[Row]:
    """Yield the rows of a sheet, from column A on whatever column it begins in."""
    from python_calamine import CalamineError, load_workbook

    try:
        with load_workbook(io.BytesIO(data)) as book:
            sheet = book.get_sheet_by_name(name)
            cells: list[list[Value]] = sheet.to_python()
            start, merged = sheet.start, sheet.merged_cell_ranges or ()
    except (CalamineError, ValueError, OSError):
        raise damaged() from None
    top, left = start or (0, 0)
    wide = {first[0] for first, last in merged if first[0] == last[0] and last[1] > first[1]}
    before: tuple[Value, ...] = ("",) * left
    for number, values in enumerate(cells, top):
        is_heading = number in wide and sum(value != "" for value in values) == 1
        yield Row(number + 1, before + tuple(values), is_heading=is_heading)
