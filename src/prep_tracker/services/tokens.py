"""Read what an identity provider says about somebody: its keys, and access tokens signed with them (RFC 9068).

Nothing here talks to anybody: keys come as the provider published them, the instant as an argument. Whatever is wrong
with a token, it is refused with the same error, and nobody is told why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from prep_tracker.domain.actor import Actor
from prep_tracker.domain.bearer import LONGEST_TOKEN, glimpse, read_bytes, read_object, refused
from prep_tracker.domain.sign_in import ALGORITHMS, SignIn
from prep_tracker.domain.terms import clean_text

if TYPE_CHECKING:
    from joserfc.jwk import Key
    from joserfc.jws import JWSRegistry

    from prep_tracker.store.identity import IdentityProviderRow

LEEWAY_SECONDS: Final = 30
LONGEST_PERSON: Final = 200
_LONGEST_SUBJECT = 255
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "events"})
_OF_ACCESS_TOKENS = frozenset({"scope", "scp", "client_id", "azp", "appid", "cid"})
_CLIENT = ("client_id", "azp", "appid", "cid")
_LATEST = 2**53
_SHORTEST_RSA, _LONGEST_RSA = 2048, 8192


@dataclass(frozen=True, slots=True)
class Verified:
    """Who comes in with a token, and how long that holds at most."""

    actor: Actor
    expires_at: datetime


class Keys:
    """The keys of a provider by id and algorithm."""

    def __init__(self, found: Mapping[tuple[str, str], Key]) -> None:
        """Keep them."""
        self._found = dict(found)

    def find(self, kid: str, algorithm: str) -> Key | None:
        """Give the key, or None."""
        return self._found.get((kid, algorithm))

    def algorithms(self) -> frozenset[str]:
        """Say for which algorithms there are keys."""
        return frozenset(algorithm for _, algorithm in self._found)


def read_keys(document: bytes) -> Keys:
    """Take the keys that we can use out of a JWK set (RFC 7517); what we do not understand is left out.

    Raises ``ValueError`` for what is no JWK set.
    """
    told = read_object(document)
    published, found = told.get("keys"), dict[tuple[str, str], "Key"]()
    if isinstance(published, list):
        for one in published:
            for place, key in _usable(one):
                found.setdefault(place, key)
        return Keys(found)
    raise ValueError("no list of keys")


def verify(token: str, provider: IdentityProviderRow, keys: Keys, now: datetime) -> Verified:
    """Know the person by an access token of the clinic's provider. Raises ``UnauthenticatedError``."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    seen = glimpse(token)
    try:
        rules = SignIn.model_validate(provider.settings)
    except ValidationError:  # written by another version of ours: rather nobody comes in than anybody
        raise refused() from None
    key = keys.find(seen.kid, seen.algorithm)
    if key is None or seen.algorithm not in rules.algorithms or not _is_of_kind(seen.typ, rules):
        raise refused()
    try:
        # Only the signature is verified here: an expired token passes.
        claims = jwt.decode(token, key, algorithms=[seen.algorithm], registry=_registry()).claims
        _check(claims, provider, rules, now)
    except (JoseError, ValueError, TypeError):
        raise refused() from None
    return Verified(_actor(claims, provider, rules), datetime.fromtimestamp(claims["exp"], UTC))


def _check(claims: Mapping[str, Any], provider: IdentityProviderRow, rules: SignIn, now: datetime) -> None:
    """Hold what a token says against what was settled. Raises ``ValueError`` or one of joserfc's errors."""
    from joserfc.jwt import JWTClaimsRegistry

    for name in claims.keys() & {"exp", "iat", "nbf"}:
        at = claims[name]
        if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at <= _LATEST:
            raise ValueError(name)
    JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(dict(claims))
    if not 0 < claims["exp"] - claims["iat"] <= rules.longest_minutes * 60:
        raise ValueError("exp")
    if len(claims["sub"]) > _LONGEST_SUBJECT:
        raise ValueError("sub")
    if rules.typ == "JWT" and (claims.keys() & _OF_ID_TOKENS or not claims.keys() & _OF_ACCESS_TOKENS):
        raise ValueError("an ID token")
    if claims.get("typ", "Bearer") != "Bearer" or claims.get("token_use", "access") != "access":
        raise ValueError("typ")  # Keycloak and Cognito say so of all their tokens, in a claim
    if "cnf" in claims:
        raise ValueError("cnf")  # bound to a key of the caller's (RFC 9449, RFC 8705), which we do not ask for
    if provider.client_id is not None:
        clients = [claims[name] for name in _CLIENT if name in claims]
        if not clients or any(client != provider.client_id for client in clients):
            raise ValueError("client_id")


def _is_of_kind(typ: object, rules: SignIn) -> bool:
    """Say whether the header marks the token as an access token, or need not (RFC 9068, section 4)."""
    if typ is None:
        return rules.typ == "JWT"
    kind = typ.lower().removeprefix("application/") if isinstance(typ, str) else ""
    return kind == "at+jwt" or (rules.typ == "JWT" and kind == "jwt")


def _actor(claims: Mapping[str, Any], provider: IdentityProviderRow, rules: SignIn) -> Actor:
    values = _claim(claims, rules.role_claim)
    role = rules.role(values if isinstance(values, list) else [values])
    subject: str = claims["sub"]
    wanted = ("preferred_username", "name") if rules.person_claim is None else (rules.person_claim,)
    named = (_name(_claim(claims, claim)) for claim in (*wanted, "sub"))
    person = next((name for name in named if name), None)
    if role is None or person is None:
        raise refused()
    both = json.dumps([provider.issuer, subject]).encode()
    return Actor(provider.clinic_id, role, f"oidc:{hashlib.sha256(both).hexdigest()[:32]}", person)


def _claim(claims: object, path: str) -> object:
    """Give what stands at a path with dots in it; a name that itself has dots goes before the way into an object."""
    if not isinstance(claims, dict):
        return None
    if path in claims:
        return claims[path]
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:length])
        if head in claims:
            return _claim(claims[head], ".".join(parts[length:]))
    return None


def _name(value: object) -> str | None:
    try:
        name = " ".join(clean_text(value).split()) if isinstance(value, str) else ""
    except ValueError:
        return None
    return name if 1 <= len(name) <= LONGEST_PERSON else None


@cache
def _registry() -> JWSRegistry:
    """Make what decides which algorithms and headers are taken; what is refused has been refused before."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class Registry(JWSRegistry):
        max_header_length = max_signature_length = LONGEST_TOKEN

        def get_alg(self, name: str) -> Any:  # noqa: ANN401 - a model of joserfc's that it does not export
            # Its own warns about EdDSA, whose name RFC 9864 replaces; providers say EdDSA.
            if name not in ALGORITHMS:
                raise UnsupportedAlgorithmError
            return self.algorithms[name]

    return Registry(strict_check_header=False)


def _usable(one: object) -> Iterator[tuple[tuple[str, str], Key]]:
    """Yield a published key for each algorithm that it may be used with: its public half, and nothing said beside."""
    from joserfc.jwk import import_key

    if not isinstance(one, dict) or one.get("use") not in (None, "sig"):
        return
    if "key_ops" in one and not (isinstance(one["key_ops"], list) and "verify" in one["key_ops"]):
        return
    kid, members = one.get("kid"), {name: one[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in one}
    match members:
        case {"kty": "RSA", "n": str(n)} if _SHORTEST_RSA <= _bits(n) <= _LONGEST_RSA:
            fits: tuple[str, ...] = ("RS256", "PS256")
        case {"kty": "EC", "crv": "P-256"}:
            fits = ("ES256",)
        case {"kty": "OKP", "crv": "Ed25519"}:
            fits = ("EdDSA",)
        case _:
            return
    try:
        key = import_key(members)
    except Exception:  # noqa: BLE001 - whatever is wrong with this one, the others are keys all the same
        return
    for algorithm in fits:
        if isinstance(kid, str) and one.get("alg") in (None, algorithm):
            yield (kid, algorithm), key


def _bits(number: str) -> int:
    try:
        return int.from_bytes(read_bytes(number), "big").bit_length()
    except ValueError:
        return 0
