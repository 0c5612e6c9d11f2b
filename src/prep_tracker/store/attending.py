"""Find the procedures about which the service has something to do by itself: a reminder is due, or a day has begun.

The instant stands on the procedure's own row, so that whatever is said about it replaces it in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select, update

from prep_tracker.store.procedures import ProcedureRow
from prep_tracker.store.rows import columns, is_one, of_clinic, this
from prep_tracker.store.tables import ATTENDED, BOOKED, procedures
from prep_tracker.store.types import Instant

_P = procedures.c
_NOW = bindparam("now", type_=Instant)
_DUE = select(_P.clinic_id, _P.id).where(ATTENDED, _P.attend_at <= _NOW).order_by(_P.attend_at).limit(bindparam("most"))
_NEXT = select(func.min(_P.attend_at)).where(ATTENDED, _P.attend_at > _NOW)
_TAKE = (
    select(*columns(procedures, ProcedureRow))
    .where(of_clinic(procedures), is_one(procedures), _P.attend_at <= _NOW)
    .with_for_update(skip_locked=True)
)
_SET = (
    update(procedures)
    .where(of_clinic(procedures), is_one(procedures))
    .values(attend_at=bindparam("attend_at", type_=Instant))
)
_SOON = (
    update(procedures)
    .where(of_clinic(procedures), or_(BOOKED, _P.attend_at.is_not(None)), func.coalesce(_P.attend_at > _NOW, True))
    .values(attend_at=_NOW)
)


def due(connection: Connection, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """List procedures that are to be attended to, as clinic and id, the longest waiting first."""
    found = connection.execute(_DUE, {"now": now, "most": limit})
    return [(str(clinic_id), str(procedure_id)) for clinic_id, procedure_id in found]


def next_due(connection: Connection, *, now: datetime) -> datetime | None:
    """Give the next instant after now at which a procedure is to be attended to; None: there is none."""
    return connection.execute(_NEXT, {"now": now}).scalar()


def take(connection: Connection, clinic_id: str, procedure_id: str, *, now: datetime) -> ProcedureRow | None:
    """Lock a procedure that is to be attended to and give it.

    None: somebody else has it just now, or has attended to it since.
    """
    found = connection.execute(_TAKE, {**this(clinic_id, procedure_id), "now": now}).first()
    return None if found is None else ProcedureRow(*found)


def attend_at(connection: Connection, clinic_id: str, procedure_id: str, at: datetime | None) -> None:
    """Keep when a procedure is to be attended to next; None: never."""
    connection.execute(_SET, {**this(clinic_id, procedure_id), "attend_at": at})


def attend_soon(connection: Connection, clinic_id: str, *, now: datetime, patient_id: str | None = None) -> None:
    """Have the procedures of a clinic, or of one patient, reckoned anew: what they go by has changed.

    Those that are waited for already stay as they are.
    """
    statement = _SOON if patient_id is None else _SOON.where(is_one(procedures, "patient_id"))
    connection.execute(statement, {**this(clinic_id, patient_id), "now": now})
