"""Keep the keys of staff and systems: never the secret, only its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from prep_tracker.domain.actor import Role
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.clinics import ClinicRow
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, is_one, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import clinics, keys, procedures


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key of a named person or system. ``id`` is its public part, ``secret_hash`` the keyed hash in hex."""

    id: str
    clinic_id: str
    role: Role
    scopes: Sequence[str]
    person: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Caller(NamedTuple):
    """Who holds a key, with the clinic; and the version of a procedure that was asked for, if the clinic has it."""

    key_id: str
    role: Role
    scopes: Sequence[str]
    person: str
    secret_hash: str
    expires_at: datetime | None
    revoked_at: datetime | None
    version: int | None
    clinic: ClinicRow


_SELECT = select(*columns(keys, KeyRow))
_FIND = Query(_SELECT.where(is_one(keys)), KeyRow)
_CALLER = Query(
    select(
        keys.c.id,
        keys.c.role,
        keys.c.scopes,
        keys.c.person,
        keys.c.secret_hash,
        keys.c.expires_at,
        keys.c.revoked_at,
        procedures.c.version,
        *columns(clinics, ClinicRow),
    )
    .select_from(
        keys.join(clinics, clinics.c.id == keys.c.clinic_id).outerjoin(
            procedures, and_(procedures.c.clinic_id == keys.c.clinic_id, is_one(procedures))
        )
    )
    .where(keys.c.id == bindparam("this_key")),
    lambda *found: Caller._make((*found[:8], ClinicRow(*found[8:]))),
)
_OF_CLINIC = _SELECT.where(of_clinic(keys)).order_by(keys.c.created_at, keys.c.id)
_ADD = Change(insert(keys), names(KeyRow))
_REVOKE = (
    update(keys)
    .where(of_clinic(keys), is_one(keys), keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("this_at"))
)
_EXISTS = select(keys.c.id).where(of_clinic(keys), is_one(keys))
_TOUCH = update(keys).where(of_clinic(keys), is_one(keys)).values(last_used_at=bindparam("this_at"))


def add_key(connection: Connection, clinic_id: str, row: KeyRow) -> None:
    """Add a key; a public part that exists already is a ``ConflictError``: make another one."""
    run_or("This key exists already.", connection, _ADD, {**values(row), "clinic_id": clinic_id})


def find_key(connection: Connection, key_id: str) -> KeyRow | None:
    """Give the key with this public part, of whichever clinic, revoked and expired ones too.

    Without a clinic, on behalf of somebody outside: it tells which clinic the caller belongs to.
    """
    return _FIND.one(connection, {"this_one": key_id})


def find_caller(connection: Connection, key_id: str, procedure_id: str = "") -> Caller | None:
    """Give who holds this key, revoked or not, with the clinic, and the version of one of its procedures, in one query.

    Without a clinic like ``find_key``; the procedure is looked for in the key's own clinic only.
    """
    return _CALLER.one(connection, {"this_key": key_id, "this_one": procedure_id})


def keys_of(connection: Connection, clinic_id: str) -> list[KeyRow]:
    """List the clinic's keys, oldest first, revoked ones too."""
    return [KeyRow(*found) for found in connection.execute(_OF_CLINIC, this(clinic_id))]


def revoke(connection: Connection, clinic_id: str, key_id: str, at: datetime) -> None:
    """End a key from now on; one that was revoked before keeps its instant. Raises ``NotFoundError``."""
    if connection.execute(_REVOKE, {**this(clinic_id, key_id), "this_at": at}).rowcount == 1:
        return
    if connection.execute(_EXISTS, this(clinic_id, key_id)).one_or_none() is None:
        raise NotFoundError


def touch(connection: Connection, clinic_id: str, key_id: str, at: datetime) -> None:
    """Note when a key was last used."""
    connection.execute(_TOUCH, {**this(clinic_id, key_id), "this_at": at})
