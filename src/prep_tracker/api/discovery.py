"""Ask an identity provider (OpenID Connect Discovery 1.0) for its keys and for tokens, and believe little of it.

Only addresses that an operator has settled, or that such an address names, are asked: by https, or by http on this very
machine. Redirects are not followed, and neither slow nor endless answers keep anybody busy.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from prep_tracker.domain.sign_in import is_here, is_issuer, is_reachable
from prep_tracker.services.tokens import read_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from prep_tracker.services.tokens import Keys

SECONDS: Final = 3.0
"""How long one answer may take, from the first byte asked to the last one given."""
MOST_BYTES: Final = 64 * 1024
DOCUMENT: Final = "/.well-known/openid-configuration"


class ProviderError(Exception):
    """The provider's keys cannot be had. The sentence is for operators and names addresses, never what was answered."""


async def fetch_keys(issuer: str) -> Keys:
    """Give the keys that a provider publishes now. Raises ``ProviderError``."""
    async with _client(issuer) as client:
        where = await _address(client, issuer, "jwks_uri")
        document = await _ask(client, "GET", where)
    try:
        keys = read_keys(document)
    except ValueError:
        raise ProviderError(f"{where}: this is no set of keys.") from None
    if not keys.algorithms():
        raise ProviderError(f"{where}: there is no key in it that can be used.")
    return keys


async def fetch_sign_in(issuer: str) -> str:
    """Give the address at which a provider lets people sign in. Raises ``ProviderError``."""
    async with _client(issuer) as client:
        return await _address(client, issuer, "authorization_endpoint")


async def fetch_token(issuer: str, fields: Mapping[str, str]) -> str:
    """Give the access token for what a browser brought back (RFC 6749, section 4.1.3). Raises ``ProviderError``."""
    async with _client(issuer) as client:
        where = await _address(client, issuer, "token_endpoint")
        told = _object(where, await _ask(client, "POST", where, fields))
    token = told.get("access_token")
    if not isinstance(token, str):
        raise ProviderError(f"{where}: there is no access token in its answer.")
    return token


def _client(issuer: str) -> httpx.AsyncClient:
    import httpx

    if not is_issuer(issuer):
        raise ProviderError(f"{issuer}: it is asked by https only, or by http on this very machine.")
    # On this machine nothing stands between; elsewhere the operator's own proxy and certificates count.
    return httpx.AsyncClient(
        timeout=SECONDS, follow_redirects=False, trust_env=not is_here(issuer), headers={"Accept-Encoding": "identity"}
    )


async def _address(client: httpx.AsyncClient, issuer: str, name: str) -> str:
    """Give one of the addresses that the provider's discovery document names."""
    address = issuer.removesuffix("/") + DOCUMENT
    told = _object(address, await _ask(client, "GET", address))
    if told.get("issuer") != issuer:
        raise ProviderError(f"{address}: its document is that of another issuer than {issuer}.")
    where = told.get(name)
    if not isinstance(where, str) or not is_reachable(where, here=is_here(issuer)):
        raise ProviderError(f"{address}: its {name} is no https address.")
    return where


def _object(address: str, found: bytes) -> dict[str, Any]:
    try:
        told = from_json(found)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ProviderError(f"{address}: this is no JSON document.")
    return told


async def _ask(client: httpx.AsyncClient, method: str, address: str, fields: Mapping[str, str] | None = None) -> bytes:
    import httpx

    found = bytearray()
    try:
        async with asyncio.timeout(SECONDS), client.stream(method, address, data=fields) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ProviderError(f"{address}: it answers with status {answer.status_code}.")
            async for chunk in answer.aiter_raw():
                found += chunk
                if len(found) > MOST_BYTES:
                    raise ProviderError(f"{address}: its answer is longer than 64 KiB.")
    except (TimeoutError, httpx.TimeoutException):
        raise ProviderError(f"{address}: it does not answer within {SECONDS:.0f} seconds.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise ProviderError(f"{address}: it cannot be reached ({type(error).__name__}).") from None
    return bytes(found)
