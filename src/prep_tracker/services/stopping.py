"""Let whoever got an e-mail or a text message stop all further ones of its kind, without signing in.

The message's own id is what lets them: nobody knows it who did not get the message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, note_other
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store import outbox, patients, procedures

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow

EVENTS = {"email": "patient.emails-stopped", "sms": "patient.texts-stopped"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever got a message, and by which way: e-mail or sms."""

    patient: PatientRow
    channel: str

    @property
    def stopped(self) -> bool:
        """Say whether they get no messages this way any more."""
        return not self.patient.messages.get(self.channel)


def find_reader(connection: Connection, desk: Desk, message_id: str) -> Reader:
    """Give the patient to whom a message was sent, or raise ``NotFoundError``."""
    row = outbox.get(connection, desk.clinic.id, message_id)
    if row.channel not in EVENTS or row.procedure_id is None:
        raise NotFoundError
    procedure = procedures.get(connection, desk.clinic.id, row.procedure_id)
    return Reader(patients.get(connection, desk.clinic.id, procedure.patient_id), row.channel)


def stop_messages(connection: Connection, desk: Desk, message_id: str) -> Reader:
    """Take the consent to messages of this kind back. Done twice, it changes nothing more. Raises ``NotFoundError``."""
    found = find_reader(connection, desk, message_id)
    reader = replace(found, patient=patients.lock(connection, desk.clinic.id, found.patient.id))
    if reader.stopped:
        return reader
    messages = {**reader.patient.messages, reader.channel: False}
    patient = replace(reader.patient, messages=messages, version=reader.patient.version + 1)
    patients.change(connection, desk.clinic.id, patient)
    note_other(connection, desk, "U", EVENTS[reader.channel], "patient", patient.id, patient_id=patient.id)
    return replace(reader, patient=patient)
