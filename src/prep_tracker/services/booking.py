"""Book a procedure for a patient, and move it to another day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from prep_tracker.desk.answers import day_faults
from prep_tracker.desk.case import (
    Case,
    Desk,
    keep,
    note,
    note_other,
    open_case,
    open_to_change,
    projected,
    require_match,
    require_open,
)
from prep_tracker.desk.ordering import Known, find_rules, first_entries, known_faults
from prep_tracker.domain import entries as e
from prep_tracker.domain.change import Change, change
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, NotFoundError
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.store import patients, procedures
from prep_tracker.store.patients import PatientRow
from prep_tracker.store.procedures import ProcedureRow

if TYPE_CHECKING:
    from prep_tracker.desk.case import Versions
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A patient as the clinic names them; ``reference`` is the clinic's own number."""

    reference: str
    name: str
    language: str = "en"
    birth_date: date | None = None
    time_zone: str | None = None
    email: str | None = None
    phone: str | None = None
    messages: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be booked, with whatever is known already."""

    protocol: str
    on: date
    at: str | None = None
    patient: NewPatient | None = None
    patient_id: str | None = None
    backdated: bool = False
    known: Known = field(default_factory=Known)


def book(connection: Connection, desk: Desk, order: Order) -> Case:
    """Book a procedure: patient, procedure, record and projection at once, or nothing.

    Raises ``InvalidError`` naming every wrong field, ``ConflictError`` where the patient contradicts the one that the
    clinic has under the same reference.
    """
    rules, faults = check(connection, desk, order)
    if faults or rules is None:
        raise InvalidError(*faults)
    if order.patient_id is not None:
        patient = patients.lock(connection, desk.clinic.id, order.patient_id)  # nobody erases them meanwhile
    else:
        patient = _patient(connection, desk, order.patient)
    new = first_entries(desk, order.on, order.at, rules.name, order.known)
    checklist = plan(rules, fold(new), desk.calendar)
    today = desk.today.toordinal()
    row = ProcedureRow(
        id=str(uuid4()),
        patient_id=patient.id,
        booking_reference=None,
        booked_on=desk.today,
        created_at=desk.now,
        **projected(checklist, today),
    )
    procedures.add(connection, desk.clinic.id, row)
    procedures.add_entries(connection, desk.clinic.id, row.id, new)
    note(connection, desk, "C", "procedure.booked", row, 201)
    desk.planned.append((row, checklist))
    return Case(row, checklist, today, tuple(new))


def check(connection: Connection, desk: Desk, order: Order) -> tuple[Rules | None, list[Fault]]:
    """Check an order against the protocol and the clinic; an empty protocol name is passed over."""
    rules, faults = find_rules(connection, desk, order.protocol) if order.protocol else (None, [])
    faults += past_faults(desk, "/on", order.on, backdated=order.backdated)
    if order.patient is not None:
        faults += day_faults("/patient/birth_date", order.patient.birth_date, desk.today)
    if order.patient_id is not None and _unknown(connection, desk, order.patient_id):
        faults.append(Fault("/patient_id", "unknown-patient", "The clinic has no such patient. Send patient instead."))
    faults += known_faults(rules, order.known, desk.today)
    return rules, faults


def _unknown(connection: Connection, desk: Desk, patient_id: str) -> bool:
    try:
        return patients.get(connection, desk.clinic.id, patient_id).erased_at is not None
    except NotFoundError:
        return True


def past_faults(desk: Desk, pointer: str, day: date, *, backdated: bool) -> list[Fault]:
    """Refuse a day for a procedure that is past, unless it is said to be recorded afterwards."""
    if day >= desk.today or backdated:
        return []
    message = f'This day is past; today is {desk.today}. To record a past procedure, add "backdated": true.'
    return [Fault(pointer, "past", message)]


def _patient(connection: Connection, desk: Desk, wanted: NewPatient | None) -> PatientRow:
    if wanted is None:
        raise InvalidError(Fault("/patient", "missing", "Send patient with reference and name, or patient_id."))
    known = patients.find_by_reference(connection, desk.clinic.id, wanted.reference)
    if known is None:
        row = PatientRow(
            id=str(uuid4()),
            reference=wanted.reference,
            name=wanted.name,
            language=wanted.language,
            birth_date=wanted.birth_date,
            time_zone=wanted.time_zone,
            email=wanted.email,
            phone=wanted.phone,
            messages=dict(wanted.messages),
            version=1,
            erased_at=None,
            created_at=desk.now,
        )
        if patients.add_if_new(connection, desk.clinic.id, row):
            note_other(connection, desk, "C", "patient.added", "patient", row.id, patient_id=row.id, outcome=201)
            return row
        # Somebody added the same reference in this very moment.
        known = patients.find_by_reference(connection, desk.clinic.id, wanted.reference)
    if known is None:  # and changed it again
        raise ConflictError("The patient with this reference is being changed. Send the booking again.")
    _require_same(known, wanted)
    return known


def _require_same(known: PatientRow, wanted: NewPatient) -> None:
    """Refuse a reference that means somebody else; what was not sent contradicts nothing."""
    differing = [
        what
        for what, ours, theirs in (
            ("name", known.name, wanted.name),
            ("birth date", known.birth_date, wanted.birth_date or known.birth_date),
        )
        if ours != theirs
    ]
    if differing:
        msg = f"The clinic has another {' and '.join(differing)} under this reference. Check the reference."
        raise ConflictError(msg)


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
    return _moved(desk, open_case(connection, desk, procedure_id), move)


def apply_move(
    connection: Connection, desk: Desk, procedure_id: str, move: Move, *, if_match: Versions
) -> tuple[Case, Change]:
    """Move a procedure. What was done stays done; what follows from the day follows the new one."""
    case = open_to_change(connection, desk, procedure_id)
    require_match(case, if_match)
    done = _moved(desk, case, move)
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
