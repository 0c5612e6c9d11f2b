"""Book a procedure for a patient, and move it to another day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk import telling
from prep_tracker.desk.booking import NewPatient, Order, check_order, past_faults, take
from prep_tracker.desk.case import (
    Case,
    Desk,
    keep,
    note,
    open_case,
    open_to_change,
    require_match,
    require_open,
)
from prep_tracker.domain import entries as e
from prep_tracker.domain.change import Change, change
from prep_tracker.domain.errors import InvalidError
from prep_tracker.domain.plan import plan

if TYPE_CHECKING:
    from prep_tracker.desk.case import Versions
    from prep_tracker.store import Connection

__all__ = ["Move", "NewPatient", "Order", "apply_move", "book", "check_order", "past_faults", "preview_move"]


def book(connection: Connection, desk: Desk, order: Order) -> Case:
    """Book a procedure: patient, procedure, record and projection at once, or nothing.

    Raises ``InvalidError`` naming every wrong field, ``ConflictError`` where the patient contradicts the one that the
    clinic has under the same reference.
    """
    rules, faults = check_order(connection, desk, order)
    if faults or rules is None:
        raise InvalidError(*faults)
    return take(connection, desk, order, rules)


@dataclass(frozen=True, slots=True)
class Move:
    """To which day and time a procedure moves. ``keep_time``: no time was sent, so the old one stays."""

    to_on: date
    to_at: str | None = None
    keep_time: bool = True
    reason: str | None = None
    backdated: bool = False


def preview_move(connection: Connection, desk: Desk, procedure_id: str, move: Move) -> Change:
    """Say what a move would do, and change nothing."""
    case = open_case(connection, desk, procedure_id)
    return telling.with_messages(connection, desk, case.row.patient_id, _moved(desk, case, move))


def apply_move(
    connection: Connection, desk: Desk, procedure_id: str, move: Move, *, if_match: Versions
) -> tuple[Case, Change]:
    """Move a procedure. What was done stays done; what follows from the day follows the new one."""
    case = open_to_change(connection, desk, procedure_id)
    require_match(case, if_match)
    done = telling.with_messages(connection, desk, case.row.patient_id, _moved(desk, case, move))
    start = done.after.record.start
    entry = e.Moved(**desk.said(case.row.version + 1), on=move.to_on, start=start, reason=move.reason)
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "U", "procedure.moved", after.row)
    return after, done


def _moved(desk: Desk, case: Case, move: Move) -> Change:
    require_open(case)
    faults = past_faults(desk, "/to_on", move.to_on, backdated=move.backdated)
    if faults:
        raise InvalidError(*faults)
    before = case.checklist
    start = before.record.start if move.keep_time else move.to_at
    after = plan(before.rules, replace(before.record, on=move.to_on.toordinal(), start=start), before.calendar)
    return change(before, after, case.today)
