"""Find everything that is kept about one patient, and erase it.

The tables are named here once; a test holds them against the schema, so that a new table cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from prep_tracker.store.tables import audit, clinics, entries, idempotency, patients, procedures

Kept = dict[str, list[dict[str, Any]]]

ABOUT_PATIENTS = ("patients", "procedures", "entries", "audit")
"""The tables whose rows are about one patient. Answers kept for repeats hold copies and are erased with them."""


def kept_of(connection: Connection, clinic_id: str, patient_id: str) -> Kept:
    """Give all rows about a patient, by table, oldest first; audit lines included."""
    mine = select(procedures.c.id).where(procedures.c.clinic_id == clinic_id, procedures.c.patient_id == patient_id)
    return {
        "patients": _rows(connection, patients, clinic_id, patients.c.id == patient_id),
        "procedures": _rows(connection, procedures, clinic_id, procedures.c.patient_id == patient_id),
        "entries": _rows(connection, entries, clinic_id, entries.c.procedure_id.in_(mine)),
        "audit": _rows(connection, audit, clinic_id, audit.c.patient_id == patient_id),
    }


def erase(
    connection: Connection, clinic_id: str, patient_id: str, procedure_ids: Sequence[str], *, now: datetime
) -> None:
    """Erase the record of these procedures, the procedures, and whatever names the patient; keep a bare tombstone.

    Answers that were kept for repeats may hold the patient's name: all of the clinic's are forgotten.
    """
    own = entries.c.clinic_id == clinic_id
    connection.execute(delete(entries).where(own, entries.c.procedure_id.in_(procedure_ids)))
    connection.execute(
        delete(procedures).where(procedures.c.clinic_id == clinic_id, procedures.c.id.in_(procedure_ids))
    )
    connection.execute(delete(idempotency).where(idempotency.c.clinic_id == clinic_id))
    tombstone: dict[str, Any] = {
        "reference": f"erased-{patient_id}",
        "name": "",
        "birth_date": None,
        "time_zone": None,
        "email": None,
        "phone": None,
        "messages": {},
        "erased_at": now,
        "version": patients.c.version + 1,
    }
    connection.execute(
        update(patients).where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id).values(tombstone)
    )


def empty(connection: Connection, clinic_id: str) -> None:
    """Take away every patient of a clinic with all that was said: for a demo that is told anew. Raises elsewhere."""
    is_demo = connection.execute(select(clinics.c.is_demo).where(clinics.c.id == clinic_id)).scalar()
    if not is_demo:
        raise ValueError("only a demo may be emptied")
    for table in (entries, procedures, patients, idempotency):
        connection.execute(delete(table).where(table.c.clinic_id == clinic_id))


def _rows(connection: Connection, table: Table, clinic_id: str, mine: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - SQL
    found = connection.execute(select(table).where(table.c.clinic_id == clinic_id, mine).order_by(*table.primary_key))
    return [dict(row) for row in found.mappings()]
