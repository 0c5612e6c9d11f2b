"""Book an order: check it, find or add its patient, and keep procedure, record and projection.

Shared by the service that books one procedure and by the one that books a whole file of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from prep_tracker.desk import telling
from prep_tracker.desk.answers import day_faults
from prep_tracker.desk.case import Case, Desk, note, note_other, projected
from prep_tracker.desk.ordering import Known, find_rules, first_entries, known_faults
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, NotFoundError
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.store import patients, procedures
from prep_tracker.store.patients import PatientRow
from prep_tracker.store.procedures import ProcedureRow

if TYPE_CHECKING:
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
    """What is to be booked, with whatever is known already.

    ``booking_reference`` is its number in the clinic's booking system, which no other procedure of the clinic has.
    """

    protocol: str
    on: date
    at: str | None = None
    patient: NewPatient | None = None
    patient_id: str | None = None
    backdated: bool = False
    known: Known = field(default_factory=Known)
    booking_reference: str | None = None


def check_order(connection: Connection, desk: Desk, order: Order) -> tuple[Rules | None, list[Fault]]:
    """Check an order against the protocol and the clinic; an empty protocol name is passed over."""
    rules, faults = find_rules(connection, desk, order.protocol) if order.protocol else (None, [])
    faults += past_faults(desk, "/on", order.on, backdated=order.backdated)
    if order.patient is not None:
        faults += day_faults("/patient/birth_date", order.patient.birth_date, desk.today)
    if order.patient_id is not None and _unknown(connection, desk, order.patient_id):
        faults.append(Fault("/patient_id", "unknown-patient", "The clinic has no such patient. Send patient instead."))
    faults += known_faults(rules, order.known, desk.today)
    return rules, faults


def take(connection: Connection, desk: Desk, order: Order, rules: Rules) -> Case:
    """Keep a checked order: patient, procedure, record and projection at once, or nothing.

    Raises ``ConflictError`` where the patient contradicts the one that the clinic has under the same reference, and
    where the clinic has the booking reference already.
    """
    if order.patient_id is not None:
        patient = patients.lock(connection, desk.clinic.id, order.patient_id)  # nobody erases them meanwhile
        if patient.erased_at is not None:  # since the order was checked
            raise ConflictError("This patient is being erased. Send patient instead of patient_id.")
    else:
        patient = _patient(connection, desk, order.patient)
    new = first_entries(desk, order.on, order.at, rules.name, order.known)
    checklist = plan(rules, fold(new), desk.calendar)
    today = desk.today.toordinal()
    row = ProcedureRow(
        id=str(uuid4()),
        patient_id=patient.id,
        booking_reference=order.booking_reference,
        booked_on=desk.today,
        created_at=desk.now,
        attend_at=telling.attend_at(desk.clinic, checklist, patient.time_zone, desk.now),
        **projected(checklist, today),
    )
    procedures.add(connection, desk.clinic.id, row)
    procedures.add_entries(connection, desk.clinic.id, row.id, new)
    telling.tell(connection, desk, row, None, checklist, new)
    note(connection, desk, "C", "procedure.booked", row, 201)
    desk.planned.append((row, checklist))
    return Case(row, checklist, today, tuple(new))


def past_faults(desk: Desk, pointer: str, day: date, *, backdated: bool) -> list[Fault]:
    """Refuse a day for a procedure that is past, unless it is said to be recorded afterwards."""
    if day >= desk.today or backdated:
        return []
    message = f'This day is past; today is {desk.today}. To record a past procedure, add "backdated": true.'
    return [Fault(pointer, "past", message)]


def contradictions(known: PatientRow, wanted: NewPatient) -> list[str]:
    """Name the fields by which a reference means somebody else; what was not sent contradicts nothing."""
    pairs = (
        ("name", known.name, wanted.name),
        ("birth_date", known.birth_date, wanted.birth_date or known.birth_date),
    )
    return [what for what, ours, theirs in pairs if ours != theirs]


def _unknown(connection: Connection, desk: Desk, patient_id: str) -> bool:
    try:
        return patients.get(connection, desk.clinic.id, patient_id).erased_at is not None
    except NotFoundError:
        return True


def _patient(connection: Connection, desk: Desk, wanted: NewPatient | None) -> PatientRow:
    if wanted is None:
        raise InvalidError(Fault("/patient", "missing", "Send patient with reference and name, or patient_id."))
    known = patients.find_by_reference(connection, desk.clinic.id, wanted.reference, to_book=True)
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
        known = patients.find_by_reference(connection, desk.clinic.id, wanted.reference, to_book=True)
    if known is None:  # and changed it again
        raise ConflictError("The patient with this reference is being changed. Send the booking again.")
    differing = contradictions(known, wanted)
    if differing:
        named = " and ".join(what.replace("_", " ") for what in differing)
        raise ConflictError(f"The clinic has another {named} under this reference. Check the reference.")
    return known
