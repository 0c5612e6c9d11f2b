"""List who is not ready and why, most urgent first."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from prep_tracker.desk.case import BATCH, Desk, plans_of, reproject
from prep_tracker.domain.standing import Level, Reason, level_on, reasons_on
from prep_tracker.store import outbox, worklist
from prep_tracker.store.worklist import LineRow, Place, Wanted

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection

MENTIONED = timedelta(days=7)
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


def failed_messages(connection: Connection, desk: Desk) -> dict[str, int]:
    """Count the messages that could not be sent, by procedure; somebody has to look at these.

    What a patient did not get is mentioned for a week: when its day has passed nobody can send it any more.
    """
    return outbox.failed_by_procedure(connection, desk.clinic.id, since=desk.now - MENTIONED)


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


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to beside standing and days: all of it must hold; None and "" ask for nothing.

    ``text`` is looked for in the patient's name and reference, whatever its case and accents. ``who`` must act on one
    of the reasons.
    """

    since: date | None = None
    protocol: str | None = None
    who: str | None = None
    text: str = ""


def search(
    connection: Connection,
    desk: Desk,
    *,
    until: date,
    standing: Collection[str] = (),
    filters: Filters = Filters(),
    after: Place | None = None,
    limit: int = 50,
) -> tuple[list[Line], Place | None]:
    """Find at most ``limit`` lines, and where the next page begins; the rows between are looked at one by one."""
    wanted = Wanted(desk.today, until, standing, None)
    text = _plain(filters.text)
    found: list[Line] = []
    while True:
        rows = worklist.page(connection, desk.clinic.id, wanted, after, BATCH)
        fitting = [
            row
            for row in rows
            if (filters.since is None or row.procedure_on >= filters.since)
            and filters.protocol in {None, row.protocol_slug}
            and text in f"{_plain(row.name)}\n{_plain(row.reference)}"
        ]
        for line in judge(connection, desk, fitting[: limit + 1 - len(found)] if filters.who is None else fitting):
            if filters.who is None or any(reason.who == filters.who for reason in line.reasons):
                found.append(line)
                if len(found) > limit:
                    last = found[limit - 1].row
                    return found[:limit], Place(last.act_by, last.procedure_on, last.id)
        if len(rows) < BATCH:
            return found, None
        after = Place(rows[-1].act_by, rows[-1].procedure_on, rows[-1].id)


def days_ahead(connection: Connection, desk: Desk, days: int) -> list[tuple[date, dict[str, int]]]:
    """Count the procedures of today and each of the next ``days`` days by how they stand; days without any too."""
    today = desk.today
    found: dict[date, dict[str, int]] = {today + timedelta(days=n): {} for n in range(days + 1)}
    for on, level, number in worklist.by_day(connection, desk.clinic.id, today, today + timedelta(days=days)):
        found[on][level] = number
    return list(found.items())


def counts(connection: Connection, desk: Desk, until: date) -> dict[str, int]:
    """Count the procedures up to a day by how they stand; every level is there."""
    found = worklist.counts(connection, desk.clinic.id, Wanted(desk.today, until))
    return {level: found.get(level, 0) for level in LEVELS}


def _plain(text: str) -> str:
    """Write a name as people type it who look for it: small letters, no accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)).strip()


def judge(connection: Connection, desk: Desk, rows: Sequence[LineRow]) -> list[Line]:
    """Say of each row how it stands today and what is in the way."""
    day = desk.today.toordinal()
    return [
        Line(row, plan, level_on(plan, day), reasons_on(plan, min(day, plan.record.on)))
        for row, plan in zip(rows, plans_of(connection, desk, rows), strict=True)
    ]
