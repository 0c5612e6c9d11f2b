"""Keep which identity provider a clinic trusts: at most one, known by its issuer and the audience of its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.clinics import ClinicRow
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import clinics, identity_providers

_TAKEN = "Another clinic has this issuer with this audience, or this clinic has a provider already."


@dataclass(frozen=True, slots=True)
class IdentityProviderRow:
    """A clinic's identity provider. ``settings`` are those of ``domain.sign_in``."""

    clinic_id: str
    issuer: str
    audience: str
    client_id: str | None
    settings: Mapping[str, Any]
    created_at: datetime


class Trusted(NamedTuple):
    """An identity provider, and the clinic that trusts it."""

    provider: IdentityProviderRow
    clinic: ClinicRow


_WIDTH = len(names(IdentityProviderRow))
_FIND = Query(
    select(*columns(identity_providers, IdentityProviderRow)).where(of_clinic(identity_providers)), IdentityProviderRow
)
_TRUSTED = Query(
    select(*columns(identity_providers, IdentityProviderRow), *columns(clinics, ClinicRow))
    .select_from(identity_providers.join(clinics, clinics.c.id == identity_providers.c.clinic_id))
    .where(
        identity_providers.c.issuer == bindparam("this_issuer"),
        identity_providers.c.audience == bindparam("this_audience"),
    ),
    lambda *found: Trusted(IdentityProviderRow(*found[:_WIDTH]), ClinicRow(*found[_WIDTH:])),
)
_OFFERED = Query(
    select(*columns(identity_providers, IdentityProviderRow))
    .where(identity_providers.c.client_id.is_not(None))
    .order_by(identity_providers.c.created_at)
    .limit(2),
    IdentityProviderRow,
)
_ADD = Change(insert(identity_providers), names(IdentityProviderRow))
_CHANGE = Change(
    update(identity_providers)
    .where(of_clinic(identity_providers))
    .values({name: bindparam(f"new_{name}") for name in ("issuer", "audience", "client_id", "settings")})
)
_REMOVE = delete(identity_providers).where(of_clinic(identity_providers))


def find(connection: Connection, clinic_id: str) -> IdentityProviderRow | None:
    """Give the clinic's identity provider, or None."""
    return _FIND.one(connection, this(clinic_id))


def find_trusted(connection: Connection, issuer: str, audience: str) -> Trusted | None:
    """Give the provider that issues tokens for this audience, with the clinic that trusts it.

    Without a clinic, on behalf of somebody outside: it tells which clinic the caller belongs to.
    """
    return _TRUSTED.one(connection, {"this_issuer": issuer, "this_audience": audience})


def find_only(connection: Connection) -> IdentityProviderRow | None:
    """Give the provider at which people sign in here, where all of the service's clinics have just one.

    Without a clinic: it is for a page that nobody has signed in to, and says nothing where there are several.
    """
    found = _OFFERED.all(connection, {})
    return found[0] if len(found) == 1 else None


def add(connection: Connection, clinic_id: str, row: IdentityProviderRow) -> None:
    """Add the clinic's provider; ``ConflictError`` when it has one, or another clinic has this issuer and audience."""
    run_or(_TAKEN, connection, _ADD, {**values(row), "clinic_id": clinic_id})


def change(connection: Connection, clinic_id: str, row: IdentityProviderRow) -> None:
    """Keep all of it anew but the instant at which it was added. Raises ``NotFoundError`` and ``ConflictError``."""
    new = {f"new_{name}": getattr(row, name) for name in ("issuer", "audience", "client_id", "settings")}
    if run_or(_TAKEN, connection, _CHANGE, {**this(clinic_id), **new}) != 1:
        raise NotFoundError


def remove(connection: Connection, clinic_id: str) -> None:
    """Trust it no more: the very next request with one of its tokens is refused. Raises ``NotFoundError``."""
    if connection.execute(_REMOVE, this(clinic_id)).rowcount != 1:
        raise NotFoundError
