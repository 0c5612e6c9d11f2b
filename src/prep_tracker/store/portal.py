"""Keep the links by which patients come in, and who came: of every secret only a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import BindParameter, Connection, String, bindparam, delete, insert, select, update

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.clinics import ClinicRow
from prep_tracker.store.hot import Query
from prep_tracker.store.rows import columns, is_one, names, of_clinic, this, values
from prep_tracker.store.tables import clinics, portal_links, portal_sessions

Holder = Literal["patient", "carer"]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link that lets somebody in once, to one procedure. ``tries``: how often a wrong date of birth came with it."""

    token_hash: str
    clinic_id: str
    procedure_id: str
    holder: Holder
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    tries: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Somebody who is signed in to one procedure. ``id`` names the session in the audit and is no secret."""

    token_hash: str
    id: str
    clinic_id: str
    procedure_id: str
    patient_id: str
    holder: Holder
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_HASH: BindParameter[str] = bindparam("this_hash", type_=String)
_LINK = select(*columns(portal_links, LinkRow)).where(portal_links.c.token_hash == _HASH)
_FIND_LINK = Query(_LINK, LinkRow)
_LOCK_LINK = Query(_LINK.where(of_clinic(portal_links)).with_for_update(), LinkRow)
_THIS_LINK = (of_clinic(portal_links), portal_links.c.token_hash == _HASH)
_WIDTH = len(names(SessionRow))
_FIND_SESSION = Query(
    select(*columns(portal_sessions, SessionRow), *columns(clinics, ClinicRow))
    .select_from(portal_sessions.join(clinics, clinics.c.id == portal_sessions.c.clinic_id))
    .where(portal_sessions.c.token_hash == _HASH),
    lambda *found: (SessionRow(*found[:_WIDTH]), ClinicRow(*found[_WIDTH:])),
)
_OF_PROCEDURE = (of_clinic(portal_sessions), portal_sessions.c.procedure_id == bindparam("this_procedure"))
_SESSIONS = (
    select(*columns(portal_sessions, SessionRow))
    .where(*_OF_PROCEDURE)
    .order_by(portal_sessions.c.created_at, portal_sessions.c.id)
)
_REVOKE = (
    update(portal_sessions)
    .where(of_clinic(portal_sessions), is_one(portal_sessions), portal_sessions.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("this_at"))
)
_PURGE_LINKS = delete(portal_links).where(portal_links.c.expires_at <= bindparam("this_at"))
_PURGE_SESSIONS = delete(portal_sessions).where(portal_sessions.c.expires_at <= bindparam("this_at"))


def add_link(connection: Connection, clinic_id: str, row: LinkRow) -> None:
    """Add a link."""
    connection.execute(insert(portal_links), {**values(row), "clinic_id": clinic_id})


def find_link(connection: Connection, token_hash: str) -> LinkRow | None:
    """Give a link, of whichever clinic, used and expired ones too: it tells where somebody wants to come in."""
    return _FIND_LINK.one(connection, {"this_hash": token_hash})


def lock_link(connection: Connection, clinic_id: str, token_hash: str) -> LinkRow:
    """Give a link that nobody else uses until this transaction ends. Raises ``NotFoundError``."""
    found = _LOCK_LINK.one(connection, {**this(clinic_id), "this_hash": token_hash})
    if found is None:
        raise NotFoundError
    return found


def use_link(connection: Connection, clinic_id: str, token_hash: str, at: datetime) -> None:
    """Note that a link has done its work."""
    connection.execute(update(portal_links).where(*_THIS_LINK).values(used_at=at), _named(clinic_id, token_hash))


def count_try(connection: Connection, clinic_id: str, token_hash: str) -> None:
    """Count a wrong date of birth."""
    more = update(portal_links).where(*_THIS_LINK).values(tries=portal_links.c.tries + 1)
    connection.execute(more, _named(clinic_id, token_hash))


def add_session(connection: Connection, clinic_id: str, row: SessionRow) -> None:
    """Add a session."""
    connection.execute(insert(portal_sessions), {**values(row), "clinic_id": clinic_id})


def find_session(connection: Connection, token_hash: str) -> tuple[SessionRow, ClinicRow] | None:
    """Give a session, of whichever clinic, ended ones too, with the clinic: it tells who calls."""
    return _FIND_SESSION.one(connection, {"this_hash": token_hash})


def sessions_of(connection: Connection, clinic_id: str, procedure_id: str) -> list[SessionRow]:
    """List the sessions of a procedure, oldest first, ended ones too."""
    found = connection.execute(_SESSIONS, {**this(clinic_id), "this_procedure": procedure_id})
    return [SessionRow(*row) for row in found]


def revoke_session(connection: Connection, clinic_id: str, session_id: str, at: datetime) -> bool:
    """End a session from now on; gives whether there was one that had not ended."""
    return connection.execute(_REVOKE, {**this(clinic_id, session_id), "this_at": at}).rowcount == 1


def purge(connection: Connection, *, now: datetime) -> None:
    """Forget links and sessions whose time has passed, whosever they were."""
    connection.execute(_PURGE_LINKS, {"this_at": now})
    connection.execute(_PURGE_SESSIONS, {"this_at": now})


def _named(clinic_id: str, token_hash: str) -> dict[str, str]:
    return {**this(clinic_id), "this_hash": token_hash}
