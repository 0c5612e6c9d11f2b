"""Let a patient, or who cares for them, in to one procedure: by a link of the clinic, or by the clinic's own portal."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from prep_tracker.desk.case import note_other
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError, NotFoundError, UnauthenticatedError
from prep_tracker.store import audit, clinics, idempotency, patients, portal, procedures
from prep_tracker.store.audit import AuditLine
from prep_tracker.store.idempotency import Repeat
from prep_tracker.store.portal import Holder, LinkRow, SessionRow

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

LINK_DAYS, MOST_LINK_DAYS = 14, 90
SESSION_DAYS = 60
"""How long a phone stays signed in: longer than a preparation takes."""
MINTED = timedelta(hours=12)
"""How long a session lasts that the clinic's portal asked for: the portal knows its patient and can ask again."""
AGAIN = timedelta(minutes=10)
"""How long the answer to a link is given again to whoever asks with the same key: it may have been lost on the way."""
SHORTEST_KEY = 20
"""Characters of a key that opens a link again: a shorter one might be guessed, or be the same for everybody."""
MOST_TRIES = 5
_TOKEN = re.compile(r"ps_[A-Za-z0-9_-]{43}", re.ASCII)
REFUSED = "This link or session cannot be used, or not any more. Ask the clinic for a new link."


@dataclass(frozen=True, slots=True)
class Opened:
    """A session at the only moment at which its secret is known; ``again``: to a repeat."""

    token: str
    row: SessionRow
    again: bool = False


Refusal = Literal["refused", "birth-date-needed", "birth-date-wrong"]


def make_link(connection: Connection, desk: Desk, procedure_id: str, days: int, holder: Holder) -> tuple[str, datetime]:
    """Make a link that lets one person in once; gives its secret, shown only now, and until when it works.

    Raises ``NotFoundError``, and ``ConflictError`` for a procedure that will not take place.
    """
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    _require_ahead(row.ended)
    token, expires_at = secrets.token_urlsafe(32), desk.now + timedelta(days=days)
    link = LinkRow(_hash(token), desk.clinic.id, procedure_id, holder, desk.now, expires_at, None, 0)
    portal.add_link(connection, desk.clinic.id, link)
    _note(connection, desk, "portal-link.made", procedure_id, row.patient_id, 201)
    return token, expires_at


def mint(connection: Connection, desk: Desk, procedure_id: str) -> Opened:
    """Open a session for the patient whom the clinic's own portal has signed in. Raises like ``make_link``."""
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    _require_ahead(row.ended)
    opened = _open(connection, desk.clinic.id, procedure_id, row.patient_id, "patient", desk.now, desk.now + MINTED)
    _note(connection, desk, "portal-session.minted", procedure_id, row.patient_id, 201)
    return opened


def find_clinic(connection: Connection, token: str) -> str:
    """Give the id of the clinic that a link leads to. Raises ``UnauthenticatedError``."""
    link = portal.find_link(connection, _hash(token))
    if link is None:
        raise UnauthenticatedError(REFUSED)
    return link.clinic_id


def open_link(
    connection: Connection,
    clinic_id: str,
    token: str,
    birth_date: date | None,
    *,
    key: str | None = None,
    now: datetime,
    request_id: str,
) -> Opened | Refusal:
    """Use a link: the first who comes is let in, with the right date of birth where the clinic asks for it.

    Who comes again within ``AGAIN`` with the ``key`` of the first time is given the same session. A refusal is given
    back, not raised, because a wrong date of birth is counted and has to be kept.
    """
    key = key if key is not None and len(key) >= SHORTEST_KEY else None
    try:
        link = portal.lock_link(connection, clinic_id, _hash(token))
    except NotFoundError:
        return "refused"
    if link.expires_at <= now or link.tries >= MOST_TRIES:
        return "refused"
    known = None if key is None or link.used_at is None else _known(connection, link, token, key, now)
    if link.used_at is not None and known is None:
        return "refused"
    row = procedures.get(connection, clinic_id, link.procedure_id)
    clinic = clinics.get(connection, clinic_id)
    born = patients.get(connection, clinic_id, row.patient_id).birth_date
    if clinic.settings.get("portal_birth_date") and born is not None and birth_date != born:
        if birth_date is None:
            return "birth-date-needed"
        portal.count_try(connection, clinic_id, link.token_hash)
        return "birth-date-wrong" if link.tries + 1 < MOST_TRIES else "refused"
    opened = known or _use(connection, link, row.patient_id, token, key, now)
    line = AuditLine(
        now,
        link.holder,
        opened.row.id,
        "",
        "E",
        "portal-session.repeated" if opened.again else "portal-session.began",
        "procedure",
        201,
        entity_id=link.procedure_id,
        patient_id=row.patient_id,
        request_id=request_id,
    )
    audit.add(connection, clinic_id, line)
    return opened


def _use(connection: Connection, link: LinkRow, patient_id: str, token: str, key: str | None, now: datetime) -> Opened:
    """Spend a link on a session. With a key, what is needed to give the same answer again is kept, and no secret."""
    portal.use_link(connection, link.clinic_id, link.token_hash, now)
    secret = None
    if key is not None:
        salt = secrets.token_bytes(32)
        secret = _derived(token, key, salt)
        repeat = _repeat(link, key)
        kept = json.dumps({"procedure_id": link.procedure_id, "salt": salt.hex()}).encode()
        idempotency.claim(connection, link.clinic_id, repeat, now=now)
        idempotency.finish(connection, link.clinic_id, repeat, 201, {}, kept)
    until = now + timedelta(days=SESSION_DAYS)
    return _open(connection, link.clinic_id, link.procedure_id, patient_id, link.holder, now, until, secret)


def _known(connection: Connection, link: LinkRow, token: str, key: str, now: datetime) -> Opened | None:
    """Give the session that this link began under this key a short while ago, unless it has ended."""
    kept = idempotency.find(connection, link.clinic_id, _repeat(link, key))
    if kept is None or link.used_at is None or now - link.used_at > AGAIN:
        return None
    secret = _derived(token, key, bytes.fromhex(json.loads(kept.body)["salt"]))
    found = portal.find_session(connection, _hash(secret))
    return None if found is None or found[0].revoked_at is not None else Opened(secret, found[0], again=True)


def _repeat(link: LinkRow, key: str) -> Repeat:
    """Name a use of a link. Of the key there is only a hash, for the session's secret follows from it."""
    return Repeat(link.token_hash, "/v1/portal/sessions", _hash(key), link.token_hash)


def _derived(token: str, key: str, salt: bytes) -> str:
    """Make the secret of a session out of the link's, the caller's key, and what is kept here: none will do alone."""
    made = hmac.digest(token.encode(), b"portal-session\0" + salt + key.encode(), "sha256")
    return f"ps_{urlsafe_b64encode(made).rstrip(b'=').decode()}"


def recognise_session(connection: Connection, token: str, *, now: datetime) -> tuple[Actor, ClinicRow]:
    """Know a patient or carer by their session. Raises ``UnauthenticatedError``."""
    found = portal.find_session(connection, _hash(token)) if _TOKEN.fullmatch(token) else None
    if found is None or found[0].revoked_at is not None or found[0].expires_at <= now:
        raise UnauthenticatedError(REFUSED)
    row, clinic = found
    return _actor(row), clinic


def is_session(token: str) -> bool:
    """Say whether a bearer token is written like a session's."""
    return token.startswith("ps_")


def sign_out(connection: Connection, desk: Desk) -> None:
    """End the session that asks for it."""
    portal.revoke_session(connection, desk.clinic.id, desk.actor.credential_id, desk.now)
    _note(connection, desk, "portal-session.ended", desk.actor.procedure_id, desk.actor.patient_id, 204)


def sessions_of(connection: Connection, desk: Desk, procedure_id: str) -> list[SessionRow]:
    """List who is signed in to a procedure, and who was. Raises ``NotFoundError``."""
    procedures.get(connection, desk.clinic.id, procedure_id)
    return portal.sessions_of(connection, desk.clinic.id, procedure_id)


def revoke(connection: Connection, desk: Desk, procedure_id: str, session_id: str) -> None:
    """End a session for whoever holds it, for example a carer who is none any more. Raises ``NotFoundError``."""
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    if all(one.id != session_id for one in portal.sessions_of(connection, desk.clinic.id, procedure_id)):
        raise NotFoundError
    portal.revoke_session(connection, desk.clinic.id, session_id, desk.now)
    _note(connection, desk, "portal-session.revoked", procedure_id, row.patient_id, 204)


def purge(connection: Connection, *, now: datetime) -> None:
    """Forget links and sessions whose time has passed."""
    portal.purge(connection, now=now)


def _open(
    connection: Connection,
    clinic_id: str,
    procedure_id: str,
    patient_id: str,
    holder: Holder,
    now: datetime,
    until: datetime,
    secret: str | None = None,
) -> Opened:
    token = secret or f"ps_{secrets.token_urlsafe(32)}"
    row = SessionRow(_hash(token), secrets.token_hex(8), clinic_id, procedure_id, patient_id, holder, now, until, None)
    portal.add_session(connection, clinic_id, row)
    return Opened(token, row)


def _actor(row: SessionRow) -> Actor:
    return Actor(row.clinic_id, row.holder, row.id, "", patient_id=row.patient_id, procedure_id=row.procedure_id)


def _require_ahead(ended: str | None) -> None:
    if ended in {"cancelled", "no-show"}:
        raise ConflictError(f"This procedure is {ended}; there is nothing to prepare for any more.")


def _note(
    connection: Connection, desk: Desk, event: str, procedure_id: str | None, patient_id: str | None, outcome: int
) -> None:
    note_other(connection, desk, "E", event, "procedure", procedure_id, patient_id=patient_id, outcome=outcome)


def _hash(token: str) -> str:
    # 256 random bits: nothing to guess, so nothing to slow down.
    return hashlib.sha256(token.encode()).hexdigest()
