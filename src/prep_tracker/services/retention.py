"""Erase patients of whom nothing is to come, when the clinic has kept their data for as long as it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, plans_of
from prep_tracker.desk.erasing import erase
from prep_tracker.domain.days import add_months, civil_day
from prep_tracker.store import patients, retention

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow
    from prep_tracker.store.procedures import ProcedureRow

BATCH = 200
"""So many patients are looked at in one transaction."""
MOST_BATCHES = 5
"""So many batches are looked through for one page of a list; then it ends, full or not."""


@dataclass(frozen=True, slots=True)
class Due:
    """A patient who goes: the clinic's number, and the last day on which anything was done for them or about them."""

    patient_id: str
    reference: str
    last_on: date


@dataclass(frozen=True, slots=True)
class Page:
    """Some of those who go, by id. ``following`` is where to go on, None at the end; a page may be empty before it."""

    patients: list[Due]
    following: str | None


def due(connection: Connection, desk: Desk, months: int, after: str = "") -> Page:
    """List patients who go when data is kept for so many months, a batch by id after ``after``; nothing changes.

    A patient goes when no procedure is to come and more than so many months have passed since the last day of each; one
    without any procedure, since the day on which they were added.
    """
    looked_at = retention.quiet(connection, desk.clinic.id, _back(desk, months), after, BATCH)
    found = _due(connection, desk, months, looked_at)
    return Page(found, looked_at[-1].id if len(looked_at) == BATCH else None)


def list_due(connection: Connection, desk: Desk, months: int, after: str, limit: int) -> Page:
    """List at most ``limit`` of those whom ``due`` lists, as many batches as that takes within reason."""
    found: list[Due] = []
    for _ in range(MOST_BATCHES):
        page = due(connection, desk, months, after)
        found += page.patients
        if len(found) > limit:
            return Page(found[:limit], found[limit - 1].patient_id)
        if page.following is None:
            return Page(found, None)
        after = page.following
    return Page(found, after)


def apply(connection: Connection, desk: Desk, months: int, after: str = "") -> Page:
    """Erase those whom ``due`` lists, and leave a line in the audit for each.

    Each is looked at once more under lock: whoever was booked in this very moment stays.
    """
    page = due(connection, desk, months, after)
    gone = []
    for one in page.patients:
        row = patients.lock(connection, desk.clinic.id, one.patient_id)
        if row.erased_at is None and _due(connection, desk, months, [row]):
            erase(connection, desk, row)
            gone.append(one)
    return Page(gone, page.following)


def _due(connection: Connection, desk: Desk, months: int, looked_at: Sequence[PatientRow]) -> list[Due]:
    theirs = retention.procedures_of(connection, desk.clinic.id, [row.id for row in looked_at])
    rows = [procedure for mine in theirs.values() for procedure in mine]
    plans = dict(zip((row.id for row in rows), plans_of(connection, desk, rows, remember=False), strict=True))
    today = desk.today.toordinal()
    found = []
    for row in looked_at:
        added = civil_day(row.created_at, desk.clinic.time_zone).toordinal()
        last = max((added, *(_last(plans[procedure.id], procedure) for procedure in theirs[row.id])))
        if add_months(last, months) < today:
            found.append(Due(row.id, row.reference, date.fromordinal(last)))
    return found


def _last(plan: Checklist, row: ProcedureRow) -> int:
    """Give the last day of a procedure: of its aftercare as far as it has a known end, or of what was said about it.

    Of one that was cancelled, or to which nobody came, only what was said counts: its day may lie far ahead.
    """
    if row.ended in {"cancelled", "no-show"}:
        return plan.record.last_on
    return max(plan.record.on, plan.record.last_on, *_known(day for i in plan.items for day in (i.due, i.closes)))


def _known(days: Iterable[int | None]) -> list[int]:
    return [day for day in days if day is not None]


def _back(desk: Desk, months: int) -> date:
    """Give the day of so many months ago: who has a procedure after it cannot be due."""
    return date.fromordinal(add_months(desk.today.toordinal(), -months))
