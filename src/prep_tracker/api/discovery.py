"""Fetch the keys of an identity provider (OpenID Connect Discovery 1.0), and believe as little as possible.

Only addresses that an operator has settled, or that such an address names, are asked: by https, or by http on this very
machine. Redirects are not followed, and neither slow nor endless answers keep anybody busy.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from prep_tracker.domain.sign_in import is_here, is_issuer, is_reachable
from prep_tracker.services.tokens import read_keys

if TYPE_CHECKING:
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
    import httpx

    if not is_issuer(issuer):
        raise ProviderError(f"{issuer}: keys are fetched by https only, or by http from this very machine.")
    address = issuer.removesuffix("/") + DOCUMENT
    # On this machine nothing stands between; elsewhere the operator's own proxy and certificates count.
    async with httpx.AsyncClient(
        timeout=SECONDS, follow_redirects=False, trust_env=not is_here(address), headers={"Accept-Encoding": "identity"}
    ) as client:
        found = await _get(client, address)
        try:
            told = from_json(found)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ProviderError(f"{address}: this is no discovery document.")
        if told.get("issuer") != issuer:
            raise ProviderError(f"{address}: its document is that of another issuer than {issuer}.")
        where = told.get("jwks_uri")
        if not isinstance(where, str) or not is_reachable(where, here=is_here(issuer)):
            raise ProviderError(f"{address}: its jwks_uri is no https address.")
        document = await _get(client, where)
    try:
        keys = read_keys(document)
    except ValueError:
        raise ProviderError(f"{where}: this is no set of keys.") from None
    if not keys.algorithms():
        raise ProviderError(f"{where}: there is no key in it that can be used.")
    return keys


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    import httpx

    found = bytearray()
    try:
        async with asyncio.timeout(SECONDS), client.stream("GET", address) as answer:
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
