"""Lay out what a file says, how its rows stand, and what is wrong with which cell, in the words of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker.api.pages.actions_forms import worded
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.domain.explain import Phrase
from prep_tracker.imports.headers import FIXABLE, NAMES, REQUIRED, plain
from prep_tracker.imports.rows import words_for_protocols
from prep_tracker.imports.table import letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.errors import Fault, InvalidError
    from prep_tracker.imports.faults import CellFault
    from prep_tracker.imports.report import Known, Report
    from prep_tracker.services.importing import Import

MOST_SHOWN = 200
"""Rows of a table; of more, only the number is told."""
MOST_WORDS = 40
"""Words for protocols that are asked about at once."""
MOST_HEADERS = 256


def report_view(file: Import, words: Words) -> dict[str, Any]:
    """Lay out what looking at a file has found."""
    report = file.report
    table = report.table
    return {
        "rows": report.rows,
        "to_book": len(report.to_book),
        "known": len(report.known) - len(report.differing),
        "skipped": _skipped(report),
        "faults": [cell_view(one, words) for one in report.faults[:MOST_SHOWN]],
        "faults_more": max(0, len(report.faults) - MOST_SHOWN),
        "faults_total": len(report.faults),
        **differing_view(report, words),
        "header_row": report.layout.row,
        "headers": list(dict.fromkeys(one for one in report.layout.headers[:MOST_HEADERS] if one)),
        "columns": [_column(file, name, words) for name in NAMES],
        "unused": [one for one in report.layout.unused if one],
        "fixed": dict(report.fixed),
        "fixed_was": {name: value for name, value in report.fixed.items() if name not in file.choices.fixed},
        "fixable": FIXABLE,
        "words": _words(file),
        "sheets": list(table.sheets),
        "sheet": table.sheet,
        "is_csv": table.kind == "csv",
        "encoding": table.encoding,
        "orders": [order for order in report.orders.values() if order],
        "ready": bool(report.to_book) and not report.faults,
    }


def booked_view(file: Import, words: Words) -> dict[str, Any]:
    """Lay out what became of a file that was booked."""
    report = file.report
    return {
        "booked": len(report.booked),
        "rest": len(report.to_book),
        "known": len(report.known) - len(report.differing),
        "skipped": _skipped(report),
        "left": [cell_view(one, words) for one in report.left[:MOST_SHOWN]],
        **differing_view(report, words),
    }


def differing_view(report: Report, words: Words) -> dict[str, Any]:
    """Lay out the rows that say something else than what is stored under their reference."""
    found = report.differing
    return {
        "differing": [_differing(one, words) for one in found[:MOST_SHOWN]],
        "differing_more": max(0, len(found) - MOST_SHOWN),
        "differing_total": len(found),
    }


def cell_view(fault: CellFault, words: Words) -> dict[str, Any]:
    """Say what is wrong with a cell: where it stands, what it holds, what to do."""
    key = f"imports.fault.{fault.code}"
    given = dict(fault.given)
    if fault.field in NAMES:
        given["field"] = _field(fault.field, words)
    text = words.say(Phrase(key, given)) if key in staff_texts("en") else fault.message
    return {"cell": fault.cell, "row": fault.row, "field": _field(fault.field, words), "text": text}


def file_faults(error: InvalidError, words: Words) -> list[str]:
    """Say why a whole file, or what was chosen for it, is refused."""
    return [_refusal(fault, words) for fault in error.faults]


def _refusal(fault: Fault, words: Words) -> str:
    key = f"imports.file.{fault.code}"
    return words.say(Phrase(key)) if fault.pointer == "/file" and key in staff_texts("en") else worded(words, fault)


def _field(name: str | None, words: Words) -> str:
    return words.say(Phrase(f"imports.field.{name}")) if name in NAMES else ""


def _skipped(report: Report) -> list[tuple[str, int]]:
    counted: dict[str, int] = {}
    for one in report.skipped:
        counted[one.reason] = counted.get(one.reason, 0) + 1
    return sorted(counted.items())


def _differing(one: Known, words: Words) -> dict[str, Any]:
    differs: Sequence[str] = one.differs
    return {
        "cell": one.cell,
        "procedure": one.procedure_id,
        "fields": [words.say(Phrase(f"imports.{'ended' if n == 'ended' else f'field.{n}'}")) for n in differs],
        "here": [value for name, value in one.here.items() if value and name in differs],
    }


def _column(file: Import, name: str, words: Words) -> dict[str, Any]:
    """Say which column holds a field and who said so. What was chosen on the page is said again with each look."""
    found = file.report.layout.columns.get(name)
    wrong = [fault for fault in file.report.layout.faults if fault.field == name]
    return {
        "name": name,
        "title": _field(name, words),
        "required": name in REQUIRED,
        "header": found.header if found else file.choices.columns.get(name, ""),
        "letter": letters(found.index) if found else "",
        "source": found.source if found else None,
        "was": found.header if found and found.source != "chosen" else "",
        "faults": [cell_view(one, words)["text"] for one in wrong],
    }


def _words(file: Import) -> list[tuple[str, str | None]]:
    """List the file's words for protocols that are not known, or that got their meaning here or before."""
    report = file.report
    if report.layout.faults:
        return []
    said = {plain(word): meant for kept in (file.known, file.choices) for word, meant in kept.protocols.items()}
    unknown = {one.row for one in report.faults if one.code == "unknown-protocol"}
    column = report.layout.columns.get("protocol")
    open_words = {
        str(row.at(column.index)).strip() for row in report.table.rows if column and row.number in unknown
    } - {""}
    listed = sorted(words_for_protocols(report.table, report.layout, report.fixed), key=str.casefold)
    found: list[tuple[str, str | None]] = []
    for word in listed:
        if word in open_words:
            found.append((word, ""))
        elif plain(word) in said:
            found.append((word, said[plain(word)]))
    return found[:MOST_WORDS]
