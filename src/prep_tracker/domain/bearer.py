"""Look at a signed token from outside, and read nothing in it that could be read in two ways."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prep_tracker.domain.errors import UnauthenticatedError
from prep_tracker.domain.sign_in import ALGORITHMS, NAME

LONGEST_TOKEN: Final = 8 * 1024
MOST_AUDIENCES: Final = 20
LONGEST_KID: Final = 255
MOST_BRACKETS: Final = 500
"""How many lists and objects may begin in a document; more are meant to be too deep for whoever reads them."""
_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_BROUGHT_ALONG = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "cty", "enc", "zip", "epk"})
"""What no token of ours has: keys and where to find some, extensions that must be understood, a token inside."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a token says before anybody has vouched for it: enough to find who could, and for nothing else."""

    issuer: str
    audiences: tuple[str, ...]
    kid: str
    algorithm: str
    typ: object


def glimpse(token: str) -> Glimpse:
    """Look at a token (RFC 7515, section 7.1). ``UnauthenticatedError`` for whatever could never be one of ours."""
    parts = _TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
    if parts is None:
        raise refused()
    try:
        header, claims, _ = read_object(read_bytes(parts[1])), read_object(read_bytes(parts[2])), read_bytes(parts[3])
    except ValueError:
        raise refused() from None
    algorithm, kid, issuer, audiences = header.get("alg"), header.get("kid"), claims.get("iss"), claims.get("aud")
    audiences = [audiences] if isinstance(audiences, str) else audiences
    if header.keys() & _BROUGHT_ALONG or algorithm not in ALGORITHMS:
        raise refused()
    if not isinstance(kid, str) or not 1 <= len(kid) <= LONGEST_KID:
        raise refused()
    if not isinstance(issuer, str) or not NAME.fullmatch(issuer):
        raise refused()
    if not isinstance(audiences, list) or len(audiences) > MOST_AUDIENCES:
        raise refused()
    named = dict.fromkeys(one for one in audiences if isinstance(one, str) and NAME.fullmatch(one))
    return Glimpse(issuer, tuple(named), kid, algorithm, header.get("typ"))


def refused() -> UnauthenticatedError:
    """Make the refusal, which never says why."""
    return UnauthenticatedError("Send a valid token as Authorization: Bearer …")


def read_bytes(text: str) -> bytes:
    """Read base64url as it is written in exactly one way (RFC 7515, section 2): no padding, no bits left over.

    Raises ``ValueError``.
    """
    given = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(given).rstrip(b"=") != text.encode():
        raise ValueError("not as one writes it")
    return given


def read_object(text: bytes) -> Mapping[str, Any]:
    """Read a JSON object in UTF-8 with no name twice and only numbers as numbers. Raises ``ValueError``."""
    if text.count(b"[") + text.count(b"{") > MOST_BRACKETS:
        raise ValueError("too deep")
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        found = None
    if isinstance(found, dict):
        return found
    raise ValueError("not an object, or too deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_number(_: str) -> None:
    raise ValueError("not a number")
