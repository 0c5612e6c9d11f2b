"""Sum up a file on its way in: what it says, how each row stands, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prep_tracker.domain.errors import Fault
from prep_tracker.imports.faults import CellFault
from prep_tracker.imports.rows import Booking, Skipped
from prep_tracker.imports.table import letters

if TYPE_CHECKING:
    from prep_tracker.imports.headers import Layout
    from prep_tracker.imports.table import Table
    from prep_tracker.imports.values import Order

REASONS: Mapping[str, str] = {
    "past": "The day has passed.",
    "left-out": "This treatment is not prepared here.",
    "heading": "This row is a heading.",
}
"""Why a row is not booked although nothing is wrong with it."""
MOST_LISTED = 5_000
"""Faults that are listed; of more, only the number is told."""
MOST_REFUSED = 1_000
"""Faults that are listed where an import is refused."""
DIFFERENT = "This booking is here already and differs. Nothing was changed; move or change it where that is meant."


@dataclass(frozen=True, slots=True)
class Known:
    """A row whose booking reference the clinic has: where that procedure stands, and in what the row differs.

    ``here`` is what is stored: ``on``, ``at``, ``protocol`` and ``ended``.
    """

    row: int
    cell: str
    procedure_id: str
    differs: tuple[str, ...]
    here: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Booked:
    """A row that is booked, with the procedure that it became."""

    row: int
    procedure_id: str


Outcome = Booking | Booked | Known | Skipped | CellFault
"""How a row stands: it waits, is booked, was there before, is passed over, or contradicts what is stored."""


@dataclass(slots=True)
class Report:
    """How a file stands. Rows that could be booked wait in ``to_book`` until they are in ``booked``.

    ``protocols`` are the names of those that the clinic can book.
    """

    table: Table
    layout: Layout
    digest: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, Order | None] = field(default_factory=dict)
    protocols: tuple[str, ...] = ()
    to_book: list[Booking] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    left: list[CellFault] = field(default_factory=list)
    """What came in between while others were booked: these rows were not."""

    @property
    def rows(self) -> int:
        """Count the rows below the headers."""
        return sum(row.number > self.layout.row for row in self.table.rows)

    @property
    def differing(self) -> list[Known]:
        """List the known rows that say something else than what is stored."""
        return [one for one in self.known if one.differs]

    def batches(self, size: int) -> Iterator[Sequence[Booking]]:
        """Yield the rows that wait now, a batch at a time, whatever becomes of them meanwhile."""
        waiting = tuple(self.to_book)
        for first in range(0, len(waiting), size):
            yield waiting[first : first + size]

    def checked(self, outcomes: Sequence[Outcome]) -> None:
        """Note how rows stand beside what the clinic has. What waits to be booked stays in the order of the file."""
        self._take(outcomes)
        self.faults += [one for one in outcomes if isinstance(one, CellFault)]

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """Note what became of a batch, once it is committed."""
        self._take(outcomes)
        self.left += [one for one in outcomes if isinstance(one, CellFault)]

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        gone = {one.row for one in outcomes if not isinstance(one, Booking)}
        self.to_book = [one for one in self.to_book if one.row not in gone]
        self.booked += [one for one in outcomes if isinstance(one, Booked)]
        self.known += [one for one in outcomes if isinstance(one, Known)]
        self.skipped += [one for one in outcomes if isinstance(one, Skipped)]

    def as_faults(self) -> tuple[Fault, ...]:
        """Give the faults of cells as those of a request, each beginning with its address."""
        faults = [
            Fault(f"/rows/{one.row}" + (f"/{one.field}" if one.field else ""), one.code, f"{one.cell}: {one.message}")
            for one in self.faults[:MOST_REFUSED]
        ]
        more = len(self.faults) - len(faults)
        if more:
            faults.append(Fault("/rows", "more", f"{more} more cells are wrong. A dry run lists them."))
        return tuple(faults)

    def document(self, *, dry_run: bool) -> dict[str, Any]:
        """Write it as one JSON document. It holds headers, addresses and ids, and nothing that stands in a row."""
        return {
            "dry_run": dry_run,
            "done": not (dry_run or self.faults or self.to_book or self.left),
            "file": self._file(),
            "columns": {
                name: {"header": one.header, "column": letters(one.index), "source": one.source}
                for name, one in self.layout.columns.items()
            },
            "fixed": dict(self.fixed),
            "unused": list(self.layout.unused),
            "date_orders": dict(self.orders),
            "rows": self.rows,
            "to_book": len(self.to_book),
            "booked": len(self.booked),
            "known": len(self.known),
            "differing": [_known(one) for one in self.differing],
            "skipped": [{"row": s.row, "reason": s.reason, "message": REASONS[s.reason]} for s in self.skipped],
            "faults": faults_document(self.faults[:MOST_LISTED]),
            "faults_total": len(self.faults),
            "left": faults_document(self.left),
            "procedures": [{"row": one.row, "procedure_id": one.procedure_id} for one in self.booked],
        }

    def _file(self) -> dict[str, Any]:
        table = self.table
        return {
            "kind": table.kind,
            "sha256": self.digest,
            "sheet": table.sheet,
            "sheets": list(table.sheets),
            "encoding": table.encoding,
            "separator": table.separator,
            "header_row": self.layout.row,
        }


def faults_document(faults: Sequence[CellFault]) -> list[dict[str, Any]]:
    """Write faults with their places."""
    return [
        {"row": one.row, "field": one.field, "cell": one.cell, "code": one.code, "message": one.message}
        for one in faults
    ]


def _known(one: Known) -> dict[str, Any]:
    return {
        "row": one.row,
        "cell": one.cell,
        "procedure_id": one.procedure_id,
        "differs": list(one.differs),
        "here": dict(one.here),
        "message": DIFFERENT,
    }
