"""Keep who is signed in on the staff pages: only a hash of the secret that the browser holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from prep_tracker.domain.actor import Role
from prep_tracker.store.hot import Query
from prep_tracker.store.rows import columns, of_clinic, values
from prep_tracker.store.tables import staff_sessions


@dataclass(frozen=True, slots=True)
class StaffSession:
    """Somebody who signed in with a key or at the clinic's identity provider, and until when that holds."""

    token_hash: str
    clinic_id: str
    role: Role
    person: str
    credential_id: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


_FIND = Query(
    select(*columns(staff_sessions, StaffSession)).where(staff_sessions.c.token_hash == bindparam("this_hash")),
    StaffSession,
)
_THIS = (of_clinic(staff_sessions), staff_sessions.c.token_hash == bindparam("this_hash"))
_TOUCH = update(staff_sessions).where(*_THIS).values(seen_at=bindparam("this_at"))
_STRETCH = (
    update(staff_sessions)
    .where(of_clinic(staff_sessions))
    .values(seen_at=bindparam("new_seen"), ends_at=bindparam("new_end"))
)
_REMOVE = delete(staff_sessions).where(*_THIS)
_PURGE = delete(staff_sessions).where(
    or_(staff_sessions.c.ends_at <= bindparam("this_at"), staff_sessions.c.seen_at <= bindparam("unseen_since"))
)


def add(connection: Connection, clinic_id: str, row: StaffSession) -> None:
    """Add a session."""
    connection.execute(insert(staff_sessions), {**values(row), "clinic_id": clinic_id})


def find(connection: Connection, token_hash: str) -> StaffSession | None:
    """Give the session of this secret, of whichever clinic, ended ones too: it tells whose the browser is."""
    return _FIND.one(connection, {"this_hash": token_hash})


def touch(connection: Connection, clinic_id: str, token_hash: str, at: datetime) -> None:
    """Note that somebody is still there."""
    connection.execute(_TOUCH, {"this_clinic": clinic_id, "this_hash": token_hash, "this_at": at})


def stretch(connection: Connection, clinic_id: str, seen_at: datetime, ends_at: datetime) -> None:
    """Let everybody who is signed in stay so: for a demo in which days pass in seconds."""
    connection.execute(_STRETCH, {"this_clinic": clinic_id, "new_seen": seen_at, "new_end": ends_at})


def remove(connection: Connection, clinic_id: str, token_hash: str) -> None:
    """End a session; one that is not there is ended already."""
    connection.execute(_REMOVE, {"this_clinic": clinic_id, "this_hash": token_hash})


def purge(connection: Connection, *, now: datetime, unseen_since: datetime) -> None:
    """Forget the sessions that have ended, whosever they were."""
    connection.execute(_PURGE, {"this_at": now, "unseen_since": unseen_since})
