"""Keep the procedures: what was said about each, and the days that follow from it for the worklist.

A change goes ``lock``, decide, ``add_entries``, ``save``. The lock is the row: whoever else wants to change the same
procedure waits there, so the entries read after it are the whole record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, insert, select, update

from prep_tracker.domain.entries import ENTRIES, ENTRY, Entry
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, is_one, joined, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import entries as said
from prep_tracker.store.tables import patients, procedures

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProcedureRow:
    """A procedure as the worklist sees it. ``version`` is the number of its last entry.

    ``waiting_on``, ``at_risk_on`` and ``blocked_on`` are the first days on which it stands so if nothing more is said.
    ``attend_at`` is the instant at which the service has something to do about it by itself; None: never.
    """

    id: str
    patient_id: str
    protocol_slug: str
    protocol_number: int
    version: int
    booking_reference: str | None
    procedure_on: date
    start: str | None
    booked_on: date
    waiting_on: date | None
    at_risk_on: date | None
    blocked_on: date | None
    ready: bool
    act_by: date | None
    ended: str | None
    clearance_void: bool
    created_at: datetime
    attend_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A procedure with its record as kept: a JSON list, read only by whoever needs it.

    ``zone`` is the time zone in which the patient lives, if it is not the clinic's.
    """

    row: ProcedureRow
    said: str
    zone: str | None

    def entries(self) -> tuple[Entry, ...]:
        """Read the record, in the order in which it was said."""
        return ENTRIES.validate_json(self.said)


_COLUMNS = columns(procedures, ProcedureRow)
_ONE = select(*_COLUMNS).where(of_clinic(procedures), is_one(procedures))
_GET = Query(_ONE, ProcedureRow)
_LOCK = Query(_ONE.with_for_update(), ProcedureRow)
_OF_PATIENT = (
    select(*_COLUMNS)
    .where(of_clinic(procedures), is_one(procedures, "patient_id"))
    .order_by(procedures.c.procedure_on, procedures.c.id)
)
_BY_BOOKING = Query(
    select(*_COLUMNS).where(of_clinic(procedures), is_one(procedures, "booking_reference")), ProcedureRow
)
_RECORD = (
    select(said.c.body)
    .where(said.c.clinic_id == procedures.c.clinic_id, said.c.procedure_id == procedures.c.id)
    .order_by(said.c.seq)
    .correlate(procedures)
    .subquery("record")
)
_SAID = select(joined(_RECORD.c.body)).scalar_subquery()
_LAST = (
    select(func.max(said.c.seq))
    .where(said.c.clinic_id == procedures.c.clinic_id, said.c.procedure_id == procedures.c.id)
    .correlate(procedures)
    .scalar_subquery()
)
_ZONE = (
    select(patients.c.time_zone)
    .where(patients.c.clinic_id == procedures.c.clinic_id, patients.c.id == procedures.c.patient_id)
    .correlate(procedures)
    .scalar_subquery()
)
_WHOLE = select(*_COLUMNS, _ZONE, _SAID).where(of_clinic(procedures), is_one(procedures))
_LOAD = Query(_WHOLE, lambda *found: _kept(found))
_LOCK_LOAD = Query(
    _WHOLE.add_columns(_LAST).with_for_update(of=procedures), lambda *found: (_kept(found[:-1]), found[-1])
)
_ENTRIES = select(said.c.body).where(of_clinic(said), is_one(said, "procedure_id")).order_by(said.c.seq)
_ADD = Change(insert(procedures), names(ProcedureRow, "clinic_id"))
_FIXED = {"id", "patient_id", "booked_on", "created_at"}
_CHANGING = names(ProcedureRow, without=_FIXED)
_SAY = Change(insert(said), [column.name for column in said.c])
_TAKEN = "The clinic has a procedure with this booking reference."


def add(connection: Connection, clinic_id: str, row: ProcedureRow) -> None:
    """Add a procedure; its entries come with ``add_entries``.

    A booking reference that the clinic has already, or a patient who is not the clinic's, is a ``ConflictError``.
    """
    run_or(_TAKEN, connection, _ADD, {"clinic_id": clinic_id, **values(row)})


def get(connection: Connection, clinic_id: str, procedure_id: str) -> ProcedureRow:
    """Give the row, without the record, or raise ``NotFoundError``."""
    return _there(_GET.one(connection, this(clinic_id, procedure_id)))


def find_by_booking(connection: Connection, clinic_id: str, booking_reference: str) -> ProcedureRow | None:
    """Give the procedure with this number in the clinic's booking system, if there is one."""
    return _BY_BOOKING.one(connection, this(clinic_id, booking_reference))


def of_patient(connection: Connection, clinic_id: str, patient_id: str) -> list[ProcedureRow]:
    """List a patient's procedures in the order of their days, ended ones included."""
    return [ProcedureRow(*found) for found in connection.execute(_OF_PATIENT, this(clinic_id, patient_id))]


def load(connection: Connection, clinic_id: str, procedure_id: str) -> Kept:
    """Give row and record as of one moment, in one query, or raise ``NotFoundError``."""
    return _there(_LOAD.one(connection, this(clinic_id, procedure_id)))


def lock(connection: Connection, clinic_id: str, procedure_id: str) -> ProcedureRow:
    """Give the row, which nobody else changes until this transaction ends, or raise ``NotFoundError``."""
    return _there(_LOCK.one(connection, this(clinic_id, procedure_id)))


def lock_and_load(connection: Connection, clinic_id: str, procedure_id: str) -> Kept:
    """Lock the row and give it with its whole record, in one query as a rule, or raise ``NotFoundError``.

    Whoever waited for the lock gets the newest row, but a record from before the wait (PostgreSQL reads the rest of
    the query as of its beginning). Such a record ends before the row's version; then it is read again.
    """
    kept, last = _there(_LOCK_LOAD.one(connection, this(clinic_id, procedure_id)))
    if last != kept.row.version:
        return Kept(kept.row, _record(connection, clinic_id, procedure_id), kept.zone)
    return kept


def entries(connection: Connection, clinic_id: str, procedure_id: str) -> tuple[Entry, ...]:
    """Read the record, in the order in which it was said; empty when there is no such procedure."""
    return ENTRIES.validate_json(_record(connection, clinic_id, procedure_id))


def add_entries(connection: Connection, clinic_id: str, procedure_id: str, new: Sequence[Entry]) -> None:
    """Add to the end of the record. A number that is taken is a ``ConflictError``: the row had not been locked."""
    rows = [
        {
            "clinic_id": clinic_id,
            "procedure_id": procedure_id,
            "seq": entry.seq,
            "kind": entry.kind,
            "said_on": entry.said_on,
            "at": entry.at,
            "body": ENTRY.dump_json(entry).decode(),
        }
        for entry in new
    ]
    if rows:
        run_or("This entry has been made already.", connection, _SAY, *rows)


def save(connection: Connection, clinic_id: str, row: ProcedureRow, *, was: ProcedureRow | None = None) -> None:
    """Keep the row with its new version and days; it must have been locked in this transaction.

    With ``was``, as locked, only what differs is written: SQLite rewrites the indexes of whatever is named.
    """
    changed = tuple(name for name in _CHANGING if was is None or getattr(row, name) != getattr(was, name))
    if not changed:
        return
    given = {**this(clinic_id, row.id), **{name: getattr(row, name) for name in changed}}
    if run_or(_TAKEN, connection, _save(changed), given) != 1:
        raise NotFoundError


@cache
def _save(changed: tuple[str, ...]) -> Change:
    """Build the statement that sets these columns; a handful of combinations occur."""
    one = update(procedures).where(of_clinic(procedures), is_one(procedures))
    return Change(one.values({name: bindparam(name) for name in changed}))


def _record(connection: Connection, clinic_id: str, procedure_id: str) -> str:
    bodies = connection.execute(_ENTRIES, this(clinic_id, procedure_id)).scalars()
    return f"[{','.join(bodies)}]"


def _kept(found: tuple[Any, ...]) -> Kept:
    return Kept(ProcedureRow(*found[:-2]), f"[{found[-1] or ''}]", found[-2])


def _there(found: T | None) -> T:
    if found is None:
        raise NotFoundError
    return found
