"""The cast: clinic Aster has Ana and her patient Pia; clinic Birch has Ben, who must never see Pia."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from prep_tracker.domain.entries import Booked, Entry, Marked
from prep_tracker.store import Connection, access, audit, clinics, patients, procedures
from prep_tracker.store.access import KeyRow
from prep_tracker.store.audit import AuditLine
from prep_tracker.store.clinics import ClinicRow
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.patients import PatientRow
from prep_tracker.store.procedures import ProcedureRow

NOW = datetime(2026, 12, 4, 9, 30, 0, 123456, tzinfo=UTC)
TODAY = date(2026, 12, 4)
DAY = date(2026, 12, 18)


@dataclass(frozen=True, slots=True)
class Cast:
    """The ids of a clinic with one patient who has one procedure."""

    clinic: str
    patient: str
    procedure: str
    key: str


def said(seq: int) -> dict[str, Any]:
    """Give what every entry has."""
    return {
        "seq": seq,
        "said_on": TODAY,
        "at": NOW,
        "by": "coordinator",
        "person": "Ana",
        "credential_id": "key",
        "on_behalf_of": "patient",
    }


def booked() -> Entry:
    """Give the first entry of a record."""
    return Booked(**said(1), on=DAY, start="10:30", protocol="laser-resurfacing@1")


def kept(seq: int) -> Entry:
    """Give a later entry."""
    return Marked(**said(seq), step="no-sun", mark="kept", on=TODAY)


def clinic_row(name: str) -> ClinicRow:
    """Give a new clinic."""
    return ClinicRow(
        str(uuid4()), name, "Europe/Amsterdam", {"chase_days": 3, "note": "prêt"}, is_demo=False, created_at=NOW
    )


def patient_row(reference: str, name: str) -> PatientRow:
    """Give a new patient."""
    messages = {"email": True, "sms": False}
    return PatientRow(
        str(uuid4()), reference, name, "es", date(1990, 2, 28), None, "pia@example.org", None, messages, 1, None, NOW
    )


def procedure_row(patient_id: str, booking_reference: str | None = None) -> ProcedureRow:
    """Give a new procedure with one entry."""
    return ProcedureRow(
        id=str(uuid4()),
        patient_id=patient_id,
        protocol_slug="laser-resurfacing",
        protocol_number=1,
        version=1,
        booking_reference=booking_reference,
        procedure_on=DAY,
        start="10:30",
        booked_on=TODAY,
        waiting_on=TODAY,
        at_risk_on=None,
        blocked_on=DAY,
        ready=False,
        act_by=TODAY,
        ended=None,
        clearance_void=False,
        created_at=NOW,
    )


def settle(connection: Connection, clinic_name: str, person: str, patient_name: str) -> Cast:
    """Put a clinic with its key, patient, procedure and a line of the audit into the database."""
    clinic, patient = clinic_row(clinic_name), patient_row("1001", patient_name)
    procedure = procedure_row(patient.id, "B-7")
    key = KeyRow(f"key-of-{person}", clinic.id, "coordinator", ["read"], person, "0" * 64, NOW, None, None, None)
    clinics.add(connection, clinic)
    access.add_key(connection, clinic.id, key)
    patients.add(connection, clinic.id, patient)
    procedures.add(connection, clinic.id, procedure)
    procedures.add_entries(connection, clinic.id, procedure.id, [booked()])
    line = AuditLine(NOW, "coordinator", key.id, person, "C", "booked", "procedure", 201, procedure.id, patient.id)
    audit.add(connection, clinic.id, line)
    return Cast(clinic.id, patient.id, procedure.id, key.id)


def settle_aster(connection: Connection) -> Cast:
    """Put Aster, Ana and Pia into the database."""
    return settle(connection, "Aster", "Ana", "Pia")


def settle_birch(connection: Connection) -> Cast:
    """Put Birch and Ben into the database."""
    return settle(connection, "Birch", "Ben", "Bo")


def append(connection: Connection, cast: Cast) -> int:
    """Say one thing more about the procedure, the way that services do; give its number."""
    found = procedures.lock_and_load(connection, cast.clinic, cast.procedure)
    seq = found.row.version + 1
    procedures.add_entries(connection, cast.clinic, cast.procedure, [kept(seq)])
    procedures.save(connection, cast.clinic, replace(found.row, version=seq), was=found.row)
    return seq


def owner(connection: Connection, sql: str) -> None:
    """Run a statement in a transaction of the service as whoever signed in; the next transaction steps down again."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL ROLE NONE"))
    connection.execute(text(sql))


def as_owner(url: str, sql: str) -> None:
    """Run a statement as whoever signed in, not as the role that the service steps down to."""
    engine = lasting_engine(database_url(url))
    with engine.connect() as connection:
        connection.execute(text(sql))
        connection.commit()
    engine.dispose()
