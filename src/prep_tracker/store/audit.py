"""Keep who saw or changed what, one line each. Lines are only ever added, and no feature reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, insert, select

from prep_tracker.store.hot import Change
from prep_tracker.store.rows import columns, names, of_clinic, this, values
from prep_tracker.store.tables import audit

Action = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute: the letters of FHIR's AuditEvent."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. ``event`` says what was done in a word, ``outcome`` is the HTTP status. Never holds personal data."""

    at: datetime
    actor_role: str
    credential_id: str
    person: str
    action: Action
    event: str
    entity: str
    outcome: int
    entity_id: str | None = None
    patient_id: str | None = None
    on_behalf_of: str | None = None
    request_id: str | None = None


_ADD = Change(insert(audit), names(AuditLine, "clinic_id"))
_LINES = (
    select(audit.c.id, *columns(audit, AuditLine))
    .where(of_clinic(audit), audit.c.id < bindparam("before"))
    .order_by(audit.c.id.desc())
    .limit(bindparam("limit"))
)
_OF_PATIENT = _LINES.where(audit.c.patient_id == bindparam("this_one"))
_END = 2**62


def add(connection: Connection, clinic_id: str | None, *lines: AuditLine) -> None:
    """Add lines in the order given; without a clinic when nobody knows whose the credential was."""
    rows = [{"clinic_id": clinic_id, **values(line)} for line in lines]
    if rows:
        _ADD.run(connection, *rows)


def lines(
    connection: Connection, clinic_id: str, *, limit: int, before: int = _END, patient_id: str | None = None
) -> list[tuple[int, AuditLine]]:
    """Give at most ``limit`` lines with their numbers, newest first, those numbered below ``before`` only."""
    asked = {**this(clinic_id, patient_id), "before": before, "limit": limit}
    found = connection.execute(_LINES if patient_id is None else _OF_PATIENT, asked)
    return [(number, AuditLine(*line)) for number, *line in found]
