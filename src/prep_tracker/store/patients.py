"""Keep the patients of a clinic, each under the clinic's own number for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, is_one, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import patients


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient. ``reference`` is the clinic's number; ``messages`` says by channel whether they may be written to.

    ``version`` counts from 1. Without ``time_zone`` the clinic's holds. An erased patient keeps only id and reference.
    """

    id: str
    reference: str
    name: str
    language: str
    birth_date: date | None
    time_zone: str | None
    email: str | None
    phone: str | None
    messages: Mapping[str, bool]
    version: int
    erased_at: datetime | None
    created_at: datetime


_SELECT = select(*columns(patients, PatientRow)).where(of_clinic(patients))
_ONE = _SELECT.where(is_one(patients))
_GET = Query(_ONE, PatientRow)
_LOCK = Query(_ONE.with_for_update(), PatientRow)
_BY_REFERENCE = _SELECT.where(is_one(patients, "reference"))
_FIND = Query(_BY_REFERENCE, PatientRow)
_FIND_TO_BOOK = Query(_BY_REFERENCE.with_for_update(read=True, key_share=True), PatientRow)
_MANY = _SELECT.where(patients.c.id.in_(bindparam("ids", expanding=True)))
_ADD = Change(insert(patients), names(PatientRow, "clinic_id"))
_ADD_NEW = {
    "sqlite": Change(sqlite.insert(patients).on_conflict_do_nothing(), names(PatientRow, "clinic_id")),
    "postgresql": Change(postgresql.insert(patients).on_conflict_do_nothing(), names(PatientRow, "clinic_id")),
}
_FIXED = {"id", "created_at"}
_CHANGED = names(PatientRow, without=_FIXED)
_CHANGE = Change(
    update(patients).where(of_clinic(patients), is_one(patients)).values({name: bindparam(name) for name in _CHANGED})
)
_TAKEN = "Another patient of the clinic has this reference."


def add(connection: Connection, clinic_id: str, row: PatientRow) -> None:
    """Add a patient; a reference that the clinic has already is a ``ConflictError``."""
    run_or(_TAKEN, connection, _ADD, {"clinic_id": clinic_id, **values(row)})


def add_if_new(connection: Connection, clinic_id: str, row: PatientRow) -> bool:
    """Add a patient and say True, or False where the clinic has the reference already.

    Whoever else is adding the same reference at this moment is waited for.
    """
    return _ADD_NEW[connection.dialect.name].run(connection, {"clinic_id": clinic_id, **values(row)}) == 1


def get(connection: Connection, clinic_id: str, patient_id: str) -> PatientRow:
    """Give the patient, or raise ``NotFoundError``."""
    return _one(_GET.one(connection, this(clinic_id, patient_id)))


def lock(connection: Connection, clinic_id: str, patient_id: str) -> PatientRow:
    """Give the patient, whom nobody else changes until this transaction ends, or raise ``NotFoundError``."""
    return _one(_LOCK.one(connection, this(clinic_id, patient_id)))


def find_by_reference(
    connection: Connection, clinic_id: str, reference: str, *, to_book: bool = False
) -> PatientRow | None:
    """Give the patient with the clinic's own number, if there is one.

    With ``to_book`` nobody erases them until this transaction ends; whoever is at it is waited for.
    """
    return (_FIND_TO_BOOK if to_book else _FIND).one(connection, this(clinic_id, reference))


def named(connection: Connection, clinic_id: str, patient_ids: list[str]) -> dict[str, PatientRow]:
    """Give these patients by id, for a page of the worklist; whoever is not the clinic's is left out."""
    found = connection.execute(_MANY, {**this(clinic_id), "ids": patient_ids})
    return {row.id: row for row in (PatientRow(*each) for each in found)}


def change(connection: Connection, clinic_id: str, row: PatientRow) -> None:
    """Keep what is in ``row``, which was locked before; it brings its new version with it.

    Raises ``ConflictError`` when the reference is another patient's, ``NotFoundError`` when there is no such patient.
    """
    changed = {name: getattr(row, name) for name in _CHANGED}
    if run_or(_TAKEN, connection, _CHANGE, {**this(clinic_id, row.id), **changed}) != 1:
        raise NotFoundError


def _one(found: PatientRow | None) -> PatientRow:
    if found is None:
        raise NotFoundError
    return found
