"""Erase a patient, whoever decided it: somebody by name, or the clinic's rule on how long data is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, note_other
from prep_tracker.store import erasure

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow


def erase(connection: Connection, desk: Desk, patient: PatientRow) -> None:
    """Erase a patient, locked before, with everything that was said about them; the line in the audit stays."""
    desk.erased.extend(erasure.erase(connection, desk.clinic.id, patient.id, now=desk.now))
    note_other(connection, desk, "D", "patient.erased", "patient", patient.id, patient_id=patient.id, outcome=204)
