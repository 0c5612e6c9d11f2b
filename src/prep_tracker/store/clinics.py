"""Keep the clinics: name, time zone, and the settings that ``services`` give a meaning to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from prep_tracker.domain.errors import NotFoundError
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


_GET = select(*columns(clinics, ClinicRow)).where(clinics.c.id == bindparam("this_clinic"))
_LOCK = _GET.with_for_update()
_ALL = select(*columns(clinics, ClinicRow)).order_by(clinics.c.created_at, clinics.c.id)
_ADD = insert(clinics)
_CHANGE = update(clinics).where(clinics.c.id == bindparam("this_clinic"))


def add(connection: Connection, row: ClinicRow) -> None:
    """Add a clinic."""
    connection.execute(_ADD, values(row))


def get(connection: Connection, clinic_id: str, *, lock: bool = False) -> ClinicRow:
    """Give the clinic; with ``lock``, nobody else changes it until this transaction ends."""
    found = connection.execute(_LOCK if lock else _GET, {"this_clinic": clinic_id}).one_or_none()
    if found is None:
        raise NotFoundError
    return ClinicRow(*found)


def every(connection: Connection) -> list[ClinicRow]:
    """List all clinics, oldest first: for the worker and for whoever runs the service, never for a clinic."""
    return [ClinicRow(*found) for found in connection.execute(_ALL)]


def change(connection: Connection, clinic_id: str, row: ClinicRow) -> None:
    """Keep a new name, time zone and settings; everything else of a clinic stays."""
    changed = {"name": row.name, "time_zone": row.time_zone, "settings": row.settings}
    if connection.execute(_CHANGE.values(changed), {"this_clinic": clinic_id}).rowcount != 1:
        raise NotFoundError
