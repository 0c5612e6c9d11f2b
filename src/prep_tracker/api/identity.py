"""Know people by the tokens of their clinic's identity provider, with few questions to it and none to anybody else.

A provider's keys are kept for ten minutes. While it is away, the last good ones serve for a day; without keys nobody
comes in. An unknown key is asked for at most once a minute, by however many requests. A token that was verified is
known again for a minute by its hash, but whether the clinic still trusts the provider is looked up each time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from prep_tracker.api.discovery import ProviderError, fetch_keys
from prep_tracker.api.logs import log
from prep_tracker.domain.bearer import LONGEST_TOKEN, glimpse, refused
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services.tokens import Keys, verify
from prep_tracker.store.identity import IdentityProviderRow, Trusted, find_trusted
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.domain.actor import Actor
    from prep_tracker.domain.bearer import Glimpse
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.session import Store

K = TypeVar("K")
V = TypeVar("V")
Fetch = Callable[[str], Awaitable[Keys]]
FRESH: Final = timedelta(minutes=10)
GOOD: Final = timedelta(hours=24)
"""How long keys serve while their provider cannot be asked for newer ones."""
AGAIN: Final = timedelta(seconds=60)
"""When a provider is asked again after it failed, and when for a key that it did not have a moment ago."""
AGAIN_WITHOUT_KEYS: Final = timedelta(seconds=5)
KNOWN_FOR: Final = timedelta(seconds=60)
MOST_ISSUERS: Final = 1_000
MOST_TOKENS: Final = 5_000


@dataclass(slots=True)
class _Issuer:
    """What is known of an issuer, and when it was asked."""

    keys: Keys | None = None
    keys_at: datetime | None = None
    asked_at: datetime | None = None
    sought_at: datetime | None = None
    """When a key that was unknown was last asked for."""
    failed: bool = False
    """Whether the last time was in vain."""
    asking: asyncio.Task[None] | None = None

    def has(self, seen: Glimpse) -> bool:
        """Say whether the key that a token names is among those that are known."""
        return self.keys is not None and self.keys.find(seen.kid, seen.algorithm) is not None


@dataclass(frozen=True, slots=True)
class _Known:
    """Who came in with a token, by which provider as it was settled then, and how long that holds."""

    provider: IdentityProviderRow
    actor: Actor
    since: datetime
    until: datetime


class Identities:
    """The identity providers of all clinics, as this process knows them."""

    def __init__(self, fetch: Fetch = fetch_keys) -> None:
        """Begin without any keys; ``fetch`` gives those of an issuer, or raises ``ProviderError``."""
        self._fetch = fetch
        self._issuers: OrderedDict[str, _Issuer] = OrderedDict()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def authenticate(self, store: Store, token: str, now: datetime) -> tuple[Actor, ClinicRow]:
        """Know the person who sends a token.

        Raises ``UnauthenticatedError``, and ``UnavailableError`` when nobody can vouch for the token at the moment.
        """
        if len(token) > LONGEST_TOKEN:
            raise refused()
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._known.get(digest)
        if known is not None and known.since <= now < known.until:
            found = await self._trusted(store, known.provider.issuer, (known.provider.audience,))
            if found is not None and found.provider == known.provider:
                return known.actor, found.clinic
        self._known.pop(digest, None)
        seen = glimpse(token)
        found = await self._trusted(store, seen.issuer, seen.audiences)
        if found is None:
            raise refused()
        keys = await self._keys_for(seen, now)
        verified = verify(token, found.provider, keys, now)
        until = min(now + KNOWN_FOR, verified.expires_at)
        _keep(self._known, digest, _Known(found.provider, verified.actor, now, until), MOST_TOKENS)
        return verified.actor, found.clinic

    @staticmethod
    async def _trusted(store: Store, issuer: str, audiences: tuple[str, ...]) -> Trusted | None:
        """Find the one clinic that a token is for. For two clinics at once is for none: which one, nobody could say."""

        def find(connection: Connection) -> list[Trusted | None]:
            return [find_trusted(connection, issuer, audience) for audience in audiences]

        found = [one for one in await store.read(find, EVERY) if one is not None]
        return found[0] if len(found) == 1 else None

    async def _keys_for(self, seen: Glimpse, now: datetime) -> Keys:
        """Give the issuer's keys, asking for them where they are old, or lack the one that is needed."""
        issuer = self._issuers.get(seen.issuer) or _Issuer()
        _keep(self._issuers, seen.issuer, issuer, MOST_ISSUERS)
        if not _within(issuer.keys_at, now, FRESH):
            pause = AGAIN if _within(issuer.keys_at, now, GOOD) else AGAIN_WITHOUT_KEYS
            if issuer.asking or not _within(issuer.asked_at, now, pause):
                await self._ask(seen.issuer, issuer, now)
        elif not issuer.has(seen) and (issuer.asking or not _within(issuer.sought_at, now, AGAIN)):
            issuer.sought_at = now
            await self._ask(seen.issuer, issuer, now)
        if issuer.keys is None or not _within(issuer.keys_at, now, GOOD) or (issuer.failed and not issuer.has(seen)):
            raise UnavailableError("The clinic's identity provider cannot be reached at the moment.")
        return issuer.keys

    async def _ask(self, address: str, issuer: _Issuer, now: datetime) -> None:
        """Wait for the answer to one question, whoever asked it first; who goes away does not end it for the others."""
        if issuer.asking is None:
            issuer.asked_at = now
            issuer.asking = asyncio.create_task(self._renew(address, issuer, now))
        await asyncio.shield(issuer.asking)

    async def _renew(self, address: str, issuer: _Issuer, now: datetime) -> None:
        try:
            issuer.keys = await self._fetch(address)
            issuer.keys_at, issuer.failed = now, False
        except ProviderError as error:
            issuer.failed = True
            log().warning("an identity provider does not give its keys", reason=str(error))
        finally:
            issuer.asking = None


def _within(at: datetime | None, now: datetime, span: timedelta) -> bool:
    """Say whether something was less than ``span`` ago. What lies ahead, after the clock was set back, was not."""
    return at is not None and timedelta(0) <= now - at < span


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Keep a value as the newest; when there are too many, the oldest goes."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
