"""Settle which identity provider a clinic trusts. Only whoever runs the service does: it decides who is who."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.sign_in import NAME, SignIn, is_issuer
from prep_tracker.store import audit, identity
from prep_tracker.store.audit import Action, AuditLine
from prep_tracker.store.identity import IdentityProviderRow

if TYPE_CHECKING:
    from prep_tracker.store import Connection


def trust(
    connection: Connection,
    clinic_id: str,
    issuer: str,
    audience: str,
    *,
    rules: SignIn,
    now: datetime,
    client_id: str | None = None,
) -> IdentityProviderRow:
    """Let a clinic's people come in with tokens of this issuer from the next request on; an earlier provider goes.

    Raises ``InvalidError``, and ``ConflictError`` when another clinic has this issuer with this audience.
    """
    faults = issuer_faults(issuer)
    for pointer, name in (("/audience", audience), ("/client-id", client_id)):
        if name is not None and not NAME.fullmatch(name):
            faults.append(Fault(pointer, "name", "Write it as the provider shows it: visible ASCII, without spaces."))
    if faults:
        raise InvalidError(*faults)
    before = identity.find(connection, clinic_id)
    row = IdentityProviderRow(
        clinic_id, issuer, audience, client_id, rules.model_dump(mode="json"), before.created_at if before else now
    )
    if before is None:
        identity.add(connection, clinic_id, row)
    else:
        identity.change(connection, clinic_id, row)
    _note(connection, clinic_id, "U" if before else "C", "sign-in.set", now)
    return row


def provider_to_offer(connection: Connection, clinic_id: str | None) -> IdentityProviderRow | None:
    """Give the provider that the sign-in page offers: that of the clinic it was asked for, else the only one."""
    found = identity.find(connection, clinic_id) if clinic_id else identity.find_only(connection)
    return found if found is not None and found.client_id is not None else None


def trust_no_more(connection: Connection, clinic_id: str, *, now: datetime) -> None:
    """Let nobody in with the provider's tokens from the next request on. Raises ``NotFoundError``."""
    identity.remove(connection, clinic_id)
    _note(connection, clinic_id, "D", "sign-in.removed", now)


def issuer_faults(issuer: str) -> list[Fault]:
    """Say what is wrong with the address of an issuer."""
    if is_issuer(issuer):
        return []
    message = "Write the issuer's address as its tokens name it, with https:// (http:// only on this machine)."
    return [Fault("/issuer", "issuer", message)]


def provider_document(row: IdentityProviderRow) -> dict[str, Any]:
    """Write a clinic's provider as the command line shows it; there is nothing secret in it."""
    rules = SignIn.model_validate(row.settings).model_dump(mode="json")
    return {
        "clinic_id": row.clinic_id,
        "issuer": row.issuer,
        "audience": row.audience,
        "client_id": row.client_id,
        **rules,
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
    }


def _note(connection: Connection, clinic_id: str, action: Action, event: str, now: datetime) -> None:
    outcome = 201 if action == "C" else 200
    audit.add(connection, clinic_id, AuditLine(now, "system", "", "", action, event, "sign-in", outcome, clinic_id))
