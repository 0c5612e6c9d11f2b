"""Let the cast sign in with identity providers of their clinics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from prep_tracker.api.identity import Identities
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.sign_in import SignIn
from prep_tracker.services.sign_in import trust, trust_no_more
from prep_tracker.store import identity
from prep_tracker.store.identity import IdentityProviderRow
from tests.access.provider import AUDIENCE, Provider
from tests.api.house import Caller, House

BIRCH_AUDIENCE = "prep-tracker-birch"
ROLES = (("doctor", "clinician"), ("boss", "admin"), ("desk", "coordinator"))


class Door:
    """A house whose clinics trust a provider each: Aster ``idp``, Birch ``other``."""

    def __init__(self, house: House, idp: Provider, other: Provider) -> None:
        """Settle both."""
        self.house, self.idp, self.other = house, idp, other
        house.app.state.identities = Identities()  # knows nothing of the tests before
        self.settle()
        self.trust_for_birch(other.issuer)

    @property
    def now(self) -> float:
        """Give the instant in seconds."""
        return self.house.clock.now().timestamp()

    def settle(self, *, issuer: str | None = None, client_id: str | None = None, **rules: Any) -> None:  # noqa: ANN401 - whatever can be settled
        """Settle Aster's provider anew."""
        self._trust("Aster", issuer or self.idp.issuer, AUDIENCE, client_id, rules)

    def trust_for_birch(self, issuer: str) -> None:
        """Settle Birch's provider anew."""
        self._trust("Birch", issuer, BIRCH_AUDIENCE, None, {})

    def _trust(self, clinic: str, issuer: str, audience: str, client_id: str | None, rules: dict[str, Any]) -> None:
        settled = SignIn.model_validate({"roles": ROLES, **rules})
        clinic_id, now = self.house.clinics[clinic], self.house.clock.now()
        self.house.store.run_write(
            lambda c: trust(c, clinic_id, issuer, audience, rules=settled, now=now, client_id=client_id)
        )

    def remove(self) -> None:
        """Let Aster trust nobody any more."""
        clinic_id, now = self.house.clinics["Aster"], self.house.clock.now()
        self.house.store.run_write(lambda c: trust_no_more(c, clinic_id, now=now))

    def row(self, **differing: Any) -> IdentityProviderRow:  # noqa: ANN401 - any field of the row
        """Give the row of Aster's provider, or one that differs from it."""
        found = self.house.store.run_read(lambda c: identity.find(c, self.house.clinics["Aster"]))
        assert found is not None
        return replace(found, **differing)

    async def aask(self, token: str, method: str = "GET", path: str = "/v1/protocols", **rest: Any) -> httpx.Response:  # noqa: ANN401 - handed on
        """Send a request with whatever is given as a token; the id of the request is always the same."""
        headers = {b"Authorization": f"Bearer {token}".encode("latin-1"), b"X-Request-Id": b"the-same"}
        return await self.house.client.request(method, path, headers=headers, **rest)

    def ask(self, token: str, method: str = "GET", path: str = "/v1/protocols", **rest: Any) -> httpx.Response:  # noqa: ANN401 - handed on
        """Send a request and wait for the answer."""
        return self.house.wait(self.aask(token, method, path, **rest))

    def person(self, token: str) -> Caller:
        """Give somebody who sends a token along."""
        return Caller(self.house, token)

    def actor(self, token: str) -> Actor:
        """Give who comes in with a token."""
        identities = self.house.app.state.identities
        actor: Actor
        actor, _ = self.house.wait(identities.authenticate(self.house.store, token, self.house.clock.now()))
        return actor
