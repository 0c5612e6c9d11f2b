"""Say who acts: a named person or a system of one clinic, and what their role lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["coordinator", "clinician", "admin", "integration", "patient", "carer", "system"]
STAFF: frozenset[Role] = frozenset({"coordinator", "clinician", "admin"})
OWN: frozenset[Role] = frozenset({"patient", "carer"})
"""Who speaks for themselves, in a session of one procedure."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, for which clinic. ``person`` is the named person behind the credential."""

    clinic_id: str
    role: Role
    credential_id: str
    person: str
    scopes: frozenset[str] = frozenset()
    patient_id: str | None = None
    """Set for the session of a patient or carer: whose procedure it is."""
    procedure_id: str | None = None
    """Set with it: nothing but this procedure exists for the session."""

    def may(self, *roles: Role) -> bool:
        """Say whether this role is among ``roles``; an admin may do all that a coordinator may."""
        return self.role in roles or (self.role == "admin" and "coordinator" in roles)

    def may_withdraw(self, said_by: str) -> bool:
        """Say whether an entry that this role said may be taken back: by a patient or carer only what they said."""
        return self.role not in OWN or self.role == said_by
