"""Keep the clinics: name, time zone, and the settings that ``services`` give a meaning to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.hot import Query
from prep_tracker.store.rows import columns, values
from prep_tracker.store.tables import clinics


@dataclass(frozen=True, slots=True)
class ClinicRow:
    """A clinic; ``time_zone`` is an IANA name."""

    id: str
    name: str
    time_zone: str
    settings: Mapping[str, Any]
    is_demo: bool
    created_at: datetime


_ONE = select(*columns(clinics, ClinicRow)).where(clinics.c.id == bindparam("this_clinic"))
_GET = Query(_ONE, ClinicRow)
_LOCK = Query(_ONE.with_for_update(), ClinicRow)
_ALL = select(*columns(clinics, ClinicRow)).order_by(clinics.c.created_at, clinics.c.id)
_ADD = insert(clinics)
_CHANGE = update(clinics).where(clinics.c.id == bindparam("this_clinic"))


def add(connection: Connection, row: ClinicRow) -> None:
    """Add a clinic."""
    connection.execute(_ADD, values(row))


def get(connection: Connection, clinic_id: str, *, lock: bool = False) -> ClinicRow:
    """Give the clinic; with ``lock``, nobody else changes it until this transaction ends."""
    found = (_LOCK if lock else _GET).one(connection, {"this_clinic": clinic_id})
    if found is None:
        raise NotFoundError
    return found


def every(connection: Connection) -> list[ClinicRow]:
    """List all clinics, oldest first: for the worker and for whoever runs the service, never for a clinic."""
    return [ClinicRow(*found) for found in connection.execute(_ALL)]


def change(connection: Connection, clinic_id: str, row: ClinicRow) -> None:
    """Keep a new name, time zone and settings; everything else of a clinic stays."""
    changed = {"name": row.name, "time_zone": row.time_zone, "settings": row.settings}
    if connection.execute(_CHANGE.values(changed), {"this_clinic": clinic_id}).rowcount != 1:
        raise NotFoundError
