"""Let staff stay signed in on the pages: for a working day at most, and not when nobody has been there for a while."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, note_other
from prep_tracker.domain.actor import STAFF, Actor
from prep_tracker.domain.errors import ForbiddenError, UnauthenticatedError
from prep_tracker.store import access, clinics, staff_sessions
from prep_tracker.store.staff_sessions import StaffSession

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
NOTED = timedelta(minutes=1)
"""How precisely it is known when somebody was last there: a write for every page would be too much."""
_ENDED = "Sign in again, please."


def begin(connection: Connection, desk: Desk) -> str:
    """Begin a session for whoever has just shown who they are; gives the secret for the browser, kept nowhere else.

    Raises ``ForbiddenError`` for the key of a system: pages are for people.
    """
    actor = desk.actor
    if actor.role not in STAFF:
        raise ForbiddenError("This key belongs to a system. The pages are for staff: sign in with a key of your own.")
    secret = secrets.token_urlsafe(32)
    row = StaffSession(
        _hash(secret),
        desk.clinic.id,
        actor.role,
        actor.person,
        actor.credential_id,
        desk.now,
        desk.now,
        desk.now + LONGEST,
    )
    staff_sessions.add(connection, desk.clinic.id, row)
    note_other(connection, desk, "E", "session.began", "session", None, outcome=303)
    return secret


def resume(connection: Connection, secret: str, *, now: datetime) -> tuple[StaffSession, Actor, ClinicRow]:
    """Know the browser again. A session ends with its time, with half an hour of silence, and with its key.

    Raises ``UnauthenticatedError``.
    """
    row = staff_sessions.find(connection, _hash(secret))
    if row is None or row.ends_at <= now or row.seen_at + IDLE <= now:
        raise UnauthenticatedError(_ENDED)
    if ":" not in row.credential_id:  # a key of ours; a session of the clinic's own provider runs its time
        key = access.find_key(connection, row.credential_id)
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise UnauthenticatedError(_ENDED)
    clinic = clinics.get(connection, row.clinic_id)
    return row, Actor(row.clinic_id, row.role, row.credential_id, row.person), clinic


def is_due_to_be_noted(row: StaffSession, *, now: datetime) -> bool:
    """Say whether it is worth a write that somebody is still there."""
    return row.seen_at + NOTED <= now


def touch(connection: Connection, row: StaffSession, *, now: datetime) -> None:
    """Note that somebody is still there."""
    staff_sessions.touch(connection, row.clinic_id, row.token_hash, now)


def end(connection: Connection, desk: Desk, secret: str) -> None:
    """Sign out: the secret is worth nothing from now on."""
    staff_sessions.remove(connection, desk.clinic.id, _hash(secret))
    note_other(connection, desk, "E", "session.ended", "session", None, outcome=303)


def purge(connection: Connection, *, now: datetime) -> None:
    """Forget all sessions that have ended."""
    staff_sessions.purge(connection, now=now, unseen_since=now - IDLE)


def _hash(secret: str) -> str:
    # 256 random bits: nothing to guess, so nothing to slow down.
    return hashlib.sha256(secret.encode()).hexdigest()
