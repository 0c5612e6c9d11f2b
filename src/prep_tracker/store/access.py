"""Keep the keys of staff and systems: never the secret, only its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from prep_tracker.domain.actor import Role
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, is_one, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import keys


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


_SELECT = select(*columns(keys, KeyRow))
_FIND = Query(_SELECT.where(is_one(keys)), KeyRow)
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

    The one query without a clinic on behalf of somebody outside: it tells which clinic the caller belongs to.
    """
    return _FIND.one(connection, {"this_one": key_id})


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
