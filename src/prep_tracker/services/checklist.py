"""Read a procedure and its checklist as they stand on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Case, Desk, open_case, plan_at
from prep_tracker.domain.standing import Status, on
from prep_tracker.store import patients, procedures

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow
    from prep_tracker.store.procedures import ProcedureRow


@dataclass(frozen=True, slots=True)
class Standing:
    """A procedure with its plan, judged on a day."""

    case: Case
    status: Status


def find_version(connection: Connection, desk: Desk, procedure_id: str) -> ProcedureRow:
    """Read only the procedure's row, to see whether anything has changed. Raises ``NotFoundError``."""
    return procedures.get(connection, desk.clinic.id, procedure_id)


def read_checklist(connection: Connection, desk: Desk, procedure_id: str, as_of: date | None) -> Standing:
    """Read the checklist of a day: today in the clinic's zone, a later one, or an earlier one as it was known then."""
    case = open_case(connection, desk, procedure_id, as_of=as_of)
    return Standing(case, on(case.checklist, case.today))


def read_today(connection: Connection, desk: Desk, procedure_id: str, version: int) -> tuple[int, Checklist, Status]:
    """Read today's checklist of a procedure whose version is known; what comes back may belong to a newer one."""
    version, checklist = plan_at(connection, desk, procedure_id, version)
    return version, checklist, on(checklist, desk.today.toordinal())


def find_versions(connection: Connection, desk: Desk, procedure_id: str) -> tuple[ProcedureRow, PatientRow]:
    """Read only the rows of a procedure and its patient, to see whether either has changed."""
    row = find_version(connection, desk, procedure_id)
    return row, patients.get(connection, desk.clinic.id, row.patient_id)
