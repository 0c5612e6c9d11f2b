"""Say how people come in with the clinic's identity provider: which tokens count, and which group is which role."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictInt, StringConstraints

from prep_tracker.domain.terms import Model, clean_text

Algorithm = Literal["RS256", "PS256", "ES256", "EdDSA"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("RS256", "PS256", "ES256", "EdDSA")
"""How a token may be signed: only with a key of which the provider publishes the other half."""
StaffRole = Literal["coordinator", "clinician", "admin"]
LONGEST_MINUTES: Final = 24 * 60
NAME: Final = re.compile(r"[!-\[\]-~]{1,1000}")
"""What an issuer or an audience is made of: signs that one can see, in ASCII, without the backslash."""

Claim = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(clean_text)]
Value = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(clean_text)]


class SignIn(Model):
    """What a clinic has settled about the tokens of its identity provider."""

    roles: Annotated[tuple[tuple[Value, StaffRole], ...], Field(min_length=1, max_length=100)]
    """Which value of the claim gives which role; of several that a person has, the first one here counts."""
    role_claim: Claim = "roles"
    """Where the values stand, with dots on the way into an object: ``realm_access.roles``."""
    person_claim: Claim | None = None
    """Where the person's name stands; None: ``preferred_username``, else ``name``."""
    scope: Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~ ]{1,500}$")] = "openid profile"
    """What a browser asks for that is sent to the provider to sign in; with some, it names the audience."""
    typ: Literal["at+jwt", "JWT"] = "at+jwt"
    """The kind of token (RFC 9068, section 2.1). "JWT" also takes providers that do not mark access tokens as such."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ALGORITHMS
    longest_minutes: Annotated[StrictInt, Field(ge=1, le=LONGEST_MINUTES)] = LONGEST_MINUTES
    """How long a token may be good for from when it was issued; a longer one is refused altogether."""

    def role(self, values: Iterable[object]) -> StaffRole | None:
        """Give the role of somebody who has these values: the first that is settled, whatever order they come in."""
        given = {value for value in values if isinstance(value, str)}
        return next((role for value, role in self.roles if value in given), None)


def is_issuer(address: str) -> bool:
    """Say whether an identity provider may be known by this address (OpenID Connect Discovery 1.0, section 3)."""
    return is_reachable(address) and "?" not in address


def is_reachable(address: str, *, here: bool = True) -> bool:
    """Say whether keys may be fetched from an address: by https, or, if ``here``, by http from this very machine."""
    if not NAME.fullmatch(address) or "#" in address:
        return False
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (here and parts.scheme == "http" and _is_loopback(host))


def is_here(address: str) -> bool:
    """Say whether an address that is reachable is one of this machine, by plain http."""
    return address.startswith("http:")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
