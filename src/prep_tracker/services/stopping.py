"""Let whoever got an e-mail stop all further ones, without signing in: the message's own id is what lets them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, note_other
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store import outbox, patients, procedures

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow


def find_reader(connection: Connection, desk: Desk, message_id: str) -> PatientRow:
    """Give the patient to whom an e-mail was sent, or raise ``NotFoundError``."""
    row = outbox.get(connection, desk.clinic.id, message_id)
    if row.channel != "email" or row.procedure_id is None:
        raise NotFoundError
    procedure = procedures.get(connection, desk.clinic.id, row.procedure_id)
    return patients.get(connection, desk.clinic.id, procedure.patient_id)


def stop_emails(connection: Connection, desk: Desk, message_id: str) -> PatientRow:
    """Take the patient's consent to e-mails back. Done twice, it changes nothing more. Raises ``NotFoundError``."""
    patient = patients.lock(connection, desk.clinic.id, find_reader(connection, desk, message_id).id)
    if not patient.messages.get("email"):
        return patient
    patient = replace(patient, messages={**patient.messages, "email": False}, version=patient.version + 1)
    patients.change(connection, desk.clinic.id, patient)
    note_other(connection, desk, "U", "patient.emails-stopped", "patient", patient.id, patient_id=patient.id)
    return patient
