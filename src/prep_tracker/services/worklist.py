"""List who is not ready and why, most urgent first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from prep_tracker.desk.case import BATCH, Desk, plans_of, reproject
from prep_tracker.domain.standing import Level, Reason, level_on, reasons_on
from prep_tracker.store import worklist
from prep_tracker.store.worklist import LineRow, Place, Wanted

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection

LEVELS: tuple[Level, ...] = ("past", "blocked", "at-risk", "waiting", "ready", "on-track")


@dataclass(frozen=True, slots=True)
class Line:
    """One procedure of the list, with how it stands and what is in the way."""

    row: LineRow
    checklist: Checklist
    level: Level
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. ``counts`` speaks of all procedures up to the last day, whatever the page shows."""

    rows: list[LineRow]
    following: Place | None
    counts: dict[str, int]


def needs_refresh(connection: Connection, desk: Desk) -> bool:
    """Say whether the last day to act of some procedure has passed since it was reckoned."""
    return bool(worklist.stale(connection, desk.clinic.id, desk.today, 1))


def refresh(connection: Connection, desk: Desk) -> int:
    """Reckon the next last day to act of those procedures, a few hundred at once; gives how many there were.

    A reason's last day to act may pass while nothing is said, and then another one is next. Only the column moves.
    """
    rows = worklist.stale(connection, desk.clinic.id, desk.today, BATCH)
    reproject(connection, desk, rows)
    return len(rows)


def read_worklist(
    connection: Connection,
    desk: Desk,
    *,
    within_days: int,
    standing: Collection[str] = (),
    act_by: date | None = None,
    after: Place | None = None,
    limit: int = 50,
) -> Page:
    """Read a page: unfinished procedures of the past, and those of today and the next ``within_days`` days."""
    today = desk.today
    wanted = Wanted(today, today + timedelta(days=within_days), standing, act_by)
    found = worklist.page(connection, desk.clinic.id, wanted, after, limit + 1)
    rows = found[:limit]
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = Place(last.act_by, last.procedure_on, last.id)
    return Page(rows, following, worklist.counts(connection, desk.clinic.id, wanted))


def judge(connection: Connection, desk: Desk, rows: Sequence[LineRow]) -> list[Line]:
    """Say of each row how it stands today and what is in the way."""
    day = desk.today.toordinal()
    return [
        Line(row, plan, level_on(plan, day), reasons_on(plan, min(day, plan.record.on)))
        for row, plan in zip(rows, plans_of(connection, desk, rows), strict=True)
    ]
