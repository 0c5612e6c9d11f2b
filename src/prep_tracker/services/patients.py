"""Keep the patients of a clinic: add, find, change, give out all that is kept, erase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from prep_tracker.desk.answers import day_faults
from prep_tracker.desk.case import Desk, note_other
from prep_tracker.desk.erasing import erase
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError, StaleError
from prep_tracker.store import attending, erasure, patients
from prep_tracker.store.patients import PatientRow

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.erasure import Kept

REMINDED_BY = {"time_zone", "messages", "email", "phone"}
"""What says whether, where and when a patient is reminded."""


def add_patient(connection: Connection, desk: Desk, fields: Mapping[str, Any]) -> PatientRow:
    """Add a patient. A reference that the clinic has already is a ``ConflictError``."""
    _check(desk, fields)
    row = PatientRow(id=str(uuid4()), version=1, erased_at=None, created_at=desk.now, **fields)
    patients.add(connection, desk.clinic.id, row)
    note_other(connection, desk, "C", "patient.added", "patient", row.id, patient_id=row.id, outcome=201)
    return row


def get_patient(connection: Connection, desk: Desk, patient_id: str) -> PatientRow:
    """Read a patient. An erased one is not found."""
    row = patients.get(connection, desk.clinic.id, patient_id)
    if row.erased_at is not None:
        raise NotFoundError
    return row


def find_patient(connection: Connection, desk: Desk, reference: str) -> PatientRow | None:
    """Find a patient by the clinic's own number. An erased one is not found."""
    row = patients.find_by_reference(connection, desk.clinic.id, reference)
    return None if row is None or row.erased_at is not None else row


def change_patient(
    connection: Connection,
    desk: Desk,
    patient_id: str,
    fields: Mapping[str, Any],
    *,
    seen: Mapping[str, Any] | None = None,
) -> PatientRow:
    """Change the fields that are given, and no others.

    ``seen`` is what whoever changes them had before their eyes: where one of these fields is another by now, it is a
    ``StaleError``, and nothing is changed.
    """
    if not fields:
        raise InvalidError(Fault("", "empty", "Send at least one field to change."))
    _check(desk, fields)
    row = patients.lock(connection, desk.clinic.id, patient_id)
    if row.erased_at is not None:
        raise NotFoundError
    if any(_kept(row, name) != was for name, was in (seen or {}).items() if name in fields):
        raise StaleError(row.version)
    row = replace(row, version=row.version + 1, **fields)
    patients.change(connection, desk.clinic.id, row)
    if fields.keys() & REMINDED_BY:
        attending.attend_soon(connection, desk.clinic.id, now=desk.now, patient_id=row.id)
    note_other(connection, desk, "U", "patient.changed", "patient", row.id, patient_id=row.id)
    return row


def export_patient(connection: Connection, desk: Desk, patient_id: str) -> Kept:
    """Give everything that is kept about a patient, table by table. Read in a writing transaction: it is audited."""
    row = get_patient(connection, desk, patient_id)
    note_other(connection, desk, "E", "patient.exported", "patient", row.id, patient_id=row.id)
    return erasure.kept_of(connection, desk.clinic.id, patient_id)


def erase_patient(connection: Connection, desk: Desk, patient_id: str) -> None:
    """Erase a patient with everything that was said about them; a tombstone without personal data stays."""
    row = patients.lock(connection, desk.clinic.id, patient_id)
    if row.erased_at is not None:
        raise NotFoundError
    erase(connection, desk, row)


def _kept(row: PatientRow, name: str) -> object:
    """Give a field as it is kept; a channel about which nothing was said is one by which nobody writes."""
    return {"email": False, "sms": False} | dict(row.messages) if name == "messages" else getattr(row, name)


def _check(desk: Desk, fields: Mapping[str, Any]) -> None:
    """Refuse a day of birth that has not come yet."""
    faults = tuple(day_faults("/birth_date", fields.get("birth_date"), desk.today))
    if faults:
        raise InvalidError(*faults)
