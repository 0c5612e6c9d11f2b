"""Let people in: make keys for named persons, know them again, and end them."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from prep_tracker.desk.case import Desk, note_other
from prep_tracker.domain.actor import Actor, Role
from prep_tracker.domain.errors import Fault, InvalidError, UnauthenticatedError
from prep_tracker.domain.terms import clean_text
from prep_tracker.store import access, audit, clinics
from prep_tracker.store.access import Caller, KeyRow
from prep_tracker.store.audit import Action, AuditLine
from prep_tracker.store.clinics import ClinicRow

if TYPE_CHECKING:
    from prep_tracker.store import Connection

KEY_ROLES: tuple[Role, ...] = ("coordinator", "clinician", "admin", "integration")
SCOPES = ("procedures:read", "procedures:write", "patients:read", "patients:write", "portal:mint", "scan")
"""What a key for a system may be allowed to do, each by itself."""
LONGEST_NAME = 200
_TOKEN = re.compile(r"prep_([a-z]{2,8})_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
_REFUSED = "Send a valid key as Authorization: Bearer …"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment at which its secret is known: ``token`` is shown once and stored nowhere."""

    row: KeyRow
    token: str


def new_clinic(connection: Connection, name: str, zone: str, *, now: datetime, is_demo: bool = False) -> ClinicRow:
    """Add a clinic. The zone is an IANA name that the caller has checked."""
    name = _named(name, "/clinic")
    row = ClinicRow(str(uuid4()), name, zone, {}, is_demo, now)
    clinics.add(connection, row)
    return row


def add_key(  # noqa: PLR0913 - what a key has, by name, and who makes it
    connection: Connection,
    clinic_id: str,
    role: Role,
    person: str,
    *,
    now: datetime,
    environment: str = "live",
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
    by: Desk | None = None,
) -> NewKey:
    """Make a key for a named person or system of a clinic; without ``by`` whoever runs the service does it."""
    person = _named(person, "/person")
    if role not in KEY_ROLES:
        raise InvalidError(Fault("/role", "unknown-role", f"Choose one of {', '.join(KEY_ROLES)}."))
    key_id = secrets.token_hex(8)
    secret = urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    scopes = sorted(set(scopes))
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise InvalidError(Fault("/scopes", "unknown-scope", f"{unknown[0][:40]}: choose out of {', '.join(SCOPES)}."))
    if (role == "integration") != bool(scopes):
        message = "A key for a system (integration) needs scopes; other keys have none."
        raise InvalidError(Fault("/scopes", "scopes", message))
    row = KeyRow(key_id, clinic_id, role, scopes, person, _hash(key_id, secret), now, expires_at, None, None)
    access.add_key(connection, clinic_id, row)
    _note(connection, clinic_id, by, now, "C", "key.added", key_id)
    return NewKey(row, f"prep_{environment}_{key_id}_{secret}")


def authenticate(connection: Connection, token: str | None, *, now: datetime) -> tuple[Actor, ClinicRow]:
    """Know the caller by a bearer token. Raises ``UnauthenticatedError``, always with the same sentence."""
    caller = recognise(connection, token, now=now)
    return actor_of(caller), caller.clinic


def actor_of(caller: Caller) -> Actor:
    """Give the caller as who acts."""
    return Actor(caller.clinic.id, caller.role, caller.key_id, caller.person, frozenset(caller.scopes))


def recognise(connection: Connection, token: str | None, *, now: datetime, procedure_id: str = "") -> Caller:
    """Know the caller as ``authenticate`` does, and with it the version of one of the clinic's procedures."""
    match = _TOKEN.fullmatch(token or "")
    if match is None:
        raise UnauthenticatedError(_REFUSED)
    _, key_id, secret = match.groups()
    row = access.find_caller(connection, key_id, procedure_id)
    # Compared in constant time, also when there is no such key, so that nothing can be learnt by timing.
    known = hmac.compare_digest(_hash(key_id, secret), row.secret_hash if row else "")
    if row is None or not known or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise UnauthenticatedError(_REFUSED)
    return row


def list_keys(connection: Connection, clinic_id: str) -> list[KeyRow]:
    """List the clinic's keys, oldest first, revoked ones too; never a secret."""
    return access.keys_of(connection, clinic_id)


def revoke_key(connection: Connection, clinic_id: str, key_id: str, *, now: datetime, by: Desk | None = None) -> None:
    """End a key: the very next request with it is refused. Raises ``NotFoundError``."""
    access.revoke(connection, clinic_id, key_id, now)
    _note(connection, clinic_id, by, now, "D", "key.revoked", key_id)


def _note(
    connection: Connection, clinic_id: str, by: Desk | None, now: datetime, action: Action, event: str, key_id: str
) -> None:
    """Write the audit line of a key: who made or ended it, or the system itself."""
    outcome = 201 if action == "C" else 204
    if by is not None:
        note_other(connection, by, action, event, "key", key_id, outcome=outcome)
    else:
        line = AuditLine(now, "system", "", "", action, event, "key", outcome, entity_id=key_id)
        audit.add(connection, clinic_id, line)


def key_document(row: KeyRow) -> dict[str, Any]:
    """Write a key as the API and the command line show it, without its secret."""
    return {
        "id": row.id,
        "role": row.role,
        "person": row.person,
        "scopes": list(row.scopes),
        "created_at": _instant(row.created_at),
        "expires_at": _instant(row.expires_at),
        "revoked_at": _instant(row.revoked_at),
        "last_used_at": _instant(row.last_used_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _hash(key_id: str, secret: str) -> str:
    # 256 random bits cannot be guessed, so a slow hash would only slow down those who may come in. Keyed by the public
    # part, so that equal secrets, or a table made beforehand, are of no use.
    return hmac.digest(key_id.encode(), secret.encode(), "sha256").hex()


def _named(name: str, pointer: str) -> str:
    try:
        name = clean_text(name).strip()
    except ValueError as error:
        raise InvalidError(Fault(pointer, "text", str(error))) from None
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidError(Fault(pointer, "length", f"Write a name of 1 to {LONGEST_NAME} characters."))
    return name
