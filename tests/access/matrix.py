"""Declare the matrix: who asks, and what each must be answered.

Nothing here is about one operation. The operations are read from the OpenAPI document, who may call from ``x-roles``
and ``x-scope`` in it, and what they take by ``matrix_places``. So a new operation is in the matrix by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prep_tracker.api.door import STAFF
from prep_tracker.domain.actor import Role
from prep_tracker.services.access import SCOPES
from tests.access.matrix_places import Named, in_path
from tests.access.matrix_world import Whose, World
from tests.api.contract import Operation, operations

GUARDED = tuple(operation for operation in operations() if not operation.is_public)


@dataclass(frozen=True, slots=True)
class Credential:
    """Somebody who asks. A new kind is one more line in ``CREDENTIALS``."""

    name: str
    whose: Whose
    role: Role | None = None
    scopes: Literal["none", "all", "this", "others"] = "none"
    """Of a key for a system: all scopes, just the one that the operation needs, or all but that one."""
    state: Literal["valid", "expired", "revoked", "forged"] = "valid"
    by: Literal["key", "token", "session"] = "key"
    """By a key of ours, a token of the clinic's identity provider, or a patient's session."""
    refusals: frozenset[int] = frozenset()
    """How they may be refused of their own as well: a carer takes back nothing that the patient said."""
    header: str | None = None
    """Sent as it is; nobody has such a key."""

    def authorization(self, world: World, operation: Operation) -> str | None:
        """Give the header."""
        if self.role is None:
            return self.header
        clinic = world.view(self.whose)
        if self.by == "token":
            return f"Bearer {clinic.token(self.role, self.state)}"
        if self.by == "session":
            place = in_path(operation, "procedure_id") if self.may(operation) else None
            thing = place.thing if isinstance(place, Named) else "procedure"
            return f"Bearer {clinic.session(thing, self.role, self.state)}"
        return f"Bearer {clinic.key(self.role, self.granted(operation), self.state)}"

    def granted(self, operation: Operation) -> tuple[str, ...]:
        """Give the scopes of the key; a key for a system has at least one."""
        needed = operation.told.get("x-scope")
        match self.scopes:
            case "none":
                return ()
            case "this":
                return (needed or SCOPES[0],)
            case "others":
                return tuple(scope for scope in SCOPES if scope != needed)
        return SCOPES

    def is_known(self) -> bool:
        """Say whether the key opens anything."""
        return self.role is not None and self.state == "valid"

    def may(self, operation: Operation) -> bool:
        """Say what the document says: an admin may do all that a coordinator may, a system what its scopes name."""
        if self.role == "integration":
            return operation.told.get("x-scope") in self.granted(operation)
        roles = operation.told.get("x-roles", STAFF)
        return self.role in roles or (self.role == "admin" and "coordinator" in roles)


CREDENTIALS = (
    Credential("no credential", "nobody"),
    Credential("an empty header", "nobody", header=""),
    Credential("garbage", "nobody", header="Bearer nonsense"),
    Credential("another scheme", "nobody", header="Basic QW5hOnNlY3JldA=="),
    Credential("a key that nobody has", "nobody", header=f"Bearer prep_live_{'0' * 16}_{'A' * 43}"),
    Credential("an expired key", "aster", "admin", state="expired"),
    Credential("a revoked key", "aster", "clinician", state="revoked"),
    Credential("an expired token", "aster", "admin", state="expired", by="token"),
    Credential("a token that the provider did not sign", "aster", "clinician", state="forged", by="token"),
    Credential("an expired session", "aster", "patient", state="expired", by="session"),
    Credential("a session that was ended", "aster", "patient", state="revoked", by="session"),
    Credential("the patient", "aster", "patient", by="session"),
    Credential("the patient's carer", "aster", "carer", by="session", refusals=frozenset({404})),
    Credential("another patient of the clinic", "other", "patient", by="session"),
    Credential("another patient's carer", "other", "carer", by="session", refusals=frozenset({404})),
    Credential("another clinic's patient", "birch", "patient", by="session"),
    Credential("the clinic's coordinator", "aster", "coordinator"),
    Credential("the clinic's clinician", "aster", "clinician"),
    Credential("the clinic's admin", "aster", "admin"),
    Credential("the clinic's clinician by a token", "aster", "clinician", by="token"),
    Credential("the clinic's system", "aster", "integration", scopes="this"),
    Credential("the clinic's system without the scope", "aster", "integration", scopes="others"),
    Credential("another clinic's coordinator", "birch", "coordinator"),
    Credential("another clinic's clinician", "birch", "clinician"),
    Credential("another clinic's admin", "birch", "admin"),
    Credential("another clinic's clinician by a token", "birch", "clinician", by="token"),
    Credential("another clinic's admin by a token", "birch", "admin", by="token"),
    Credential("another clinic's system", "birch", "integration", scopes="all"),
    Credential("another clinic's system without the scope", "birch", "integration", scopes="others"),
)


Answered = Literal["401", "403", "done", "nothing"]


def expected(operation: Operation, who: Credential, whose: Whose) -> Answered:
    """Say what this caller gets for a thing of that clinic. The first line that fits holds."""
    lines: tuple[tuple[bool, Answered], ...] = (
        (not who.is_known(), "401"),
        (not who.may(operation), "403"),
        (who.whose == whose, "done"),
        (True, "nothing"),  # the same as for what nobody has: 404 wherever the document knows a 404
    )
    return next(answered for fits, answered in lines if fits)
