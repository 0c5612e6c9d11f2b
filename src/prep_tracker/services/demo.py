"""Make an invented clinic to try the service with. The one use that is made of others: it does what people do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from prep_tracker.domain.errors import ConflictError
from prep_tracker.services.access import SCOPES, add_key, new_clinic
from prep_tracker.store import clinics

if TYPE_CHECKING:
    from prep_tracker.domain.actor import Role
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

NAME = "Aster Skin Clinic (demo)"
ZONE = "Europe/Amsterdam"
PEOPLE: Mapping[Role, str] = MappingProxyType(
    {"coordinator": "Ana Aster", "clinician": "Cleo Aster", "admin": "Ada Aster", "integration": "Aster patient portal"}
)
DAYS_VALID = 30
"""How long a demo's key lets in: each start makes new ones, since old ones are stored as hashes only."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The invented clinic with new keys by role; ``is_new`` says whether it was made just now."""

    clinic: ClinicRow
    keys: Mapping[str, str]
    is_new: bool


def open_demo(connection: Connection, *, now: datetime) -> Demo:
    """Make the demo in an empty database, or find the one that is there, and give new keys to it.

    Raises ``ConflictError`` in a database that has clinics of its own: invented patients do not go
    beside real ones.
    """
    found = clinics.every(connection)
    if any(not clinic.is_demo for clinic in found):
        msg = "This database has clinics of its own. A demo needs an empty one: name another in PREP_DATABASE_URL."
        raise ConflictError(msg)
    clinic = found[0] if found else new_clinic(connection, NAME, ZONE, now=now, is_demo=True)
    until = now + timedelta(days=DAYS_VALID)
    keys: dict[str, str] = {}
    for role, person in PEOPLE.items():
        scopes = SCOPES if role == "integration" else ()
        made = add_key(
            connection, clinic.id, role, person, now=now, environment="demo", scopes=scopes, expires_at=until
        )
        keys[role] = made.token
    return Demo(clinic, keys, not found)
