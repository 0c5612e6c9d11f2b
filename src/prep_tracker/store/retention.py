"""Find the patients of a clinic of whom nothing is to come, and whose procedures lie back for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, or_, select

from prep_tracker.store.patients import PatientRow
from prep_tracker.store.procedures import ProcedureRow
from prep_tracker.store.rows import columns, of_clinic, this
from prep_tracker.store.tables import patients, procedures

_LATER = (
    select(procedures.c.id)
    .where(
        procedures.c.clinic_id == patients.c.clinic_id,
        procedures.c.patient_id == patients.c.id,
        procedures.c.procedure_on > bindparam("upto"),
        or_(procedures.c.ended.is_(None), procedures.c.ended == "completed"),
    )
    .exists()
)
_QUIET = (
    select(*columns(patients, PatientRow))
    .where(of_clinic(patients), patients.c.erased_at.is_(None), patients.c.id > bindparam("after"), ~_LATER)
    .order_by(patients.c.id)
    .limit(bindparam("most"))
)
_THEIRS = (
    select(*columns(procedures, ProcedureRow))
    .where(of_clinic(procedures), procedures.c.patient_id.in_(bindparam("these", expanding=True)))
    .order_by(procedures.c.patient_id, procedures.c.procedure_on, procedures.c.id)
)


def quiet(connection: Connection, clinic_id: str, upto: date, after: str, limit: int) -> list[PatientRow]:
    """Give patients without a procedure after ``upto``, by id, those after ``after``; erased ones are left out.

    A procedure that was cancelled, or to which nobody came, does not count, whatever its day.
    """
    given = {**this(clinic_id), "upto": upto, "after": after, "most": limit}
    return [PatientRow(*found) for found in connection.execute(_QUIET, given)]


def procedures_of(connection: Connection, clinic_id: str, patient_ids: Sequence[str]) -> dict[str, list[ProcedureRow]]:
    """Give the procedures of these patients, by patient, each in the order of their days; empty lists included."""
    found: dict[str, list[ProcedureRow]] = {name: [] for name in patient_ids}
    for each in connection.execute(_THEIRS, {**this(clinic_id), "these": list(patient_ids)}):
        row = ProcedureRow(*each)
        found[row.patient_id].append(row)
    return found
