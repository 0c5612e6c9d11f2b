"""Let nobody ask so often that others wait: so many requests a minute a credential, so many wrong ones an address.

Counted in the memory of this process by ``limits``, over the sixty seconds before each request. The storage in memory
that ``limits`` brings reads the clock on the wall, starts threads, and keeps a key for every address that ever came;
so it counts on the one below. A right credential is never refused for what others send from its address.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil, inf
from time import monotonic
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from prep_tracker.api.logs import log
from prep_tracker.domain.errors import TooOftenError

if TYPE_CHECKING:
    from prep_tracker.domain.actor import Actor

REQUESTS, WRONG = 600, 60
"""What is allowed in a minute, unless the operator says otherwise."""
MINUTE = 60
OWN_BITS = 64
"""How many bits of an IPv6 address whoever has it chooses at will."""
MOST_CALLERS = 10_000
"""How many credentials, and how many addresses, are known at once; when there are more, the quietest go."""
Seconds = Callable[[], float]
"""Whatever tells seconds that never go back."""


class Limits:
    """The limits of one process. 0 stands for no limit."""

    def __init__(self, requests: int = REQUESTS, wrong: int = WRONG, *, seconds: Seconds = monotonic) -> None:
        """Begin with nobody counted."""
        self._requests = _Limit(requests, "requests a minute for one credential", seconds) if requests else None
        self._wrong = _Limit(wrong, "wrong credentials a minute from one address", seconds) if wrong else None

    def count(self, actor: Actor) -> None:
        """Count a request of somebody who is known. Raises ``TooOftenError``; what is refused is not counted."""
        if self._requests is not None:
            self._requests.hit(actor.credential_id, clinic=actor.clinic_id, credential=actor.credential_id)

    def count_wrong(self, host: str | None) -> None:
        """Count a wrong credential from an address as the server knows it. Raises ``TooOftenError``."""
        if self._wrong is not None:
            self._wrong.hit(place_of(host))


class _PerMinute(RateLimitItemPerMinute):
    """So many a minute. Each limit has a storage of its own, so that a caller's name is key enough."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return str(identifiers[0])


class _Limit:
    """One limit, and when it was last logged: once a minute is enough to know of it, and too little to fill a disk."""

    def __init__(self, amount: int, of_what: str, seconds: Seconds) -> None:
        self._item = _PerMinute(amount)
        self._limiter = MovingWindowRateLimiter(Moments(seconds))
        self._name, self._seconds, self._told = f"{amount} {of_what}", seconds, -inf

    def hit(self, who: str, **logged: str) -> None:
        if self._limiter.hit(self._item, who):
            return
        now = self._seconds()
        if now - self._told >= MINUTE:
            self._told = now
            log().warning("a limit is reached", limit=self._name, **logged)
        free_at = self._limiter.get_window_stats(self._item, who).reset_time
        raise TooOftenError(f"There is a limit of {self._name}, and it is reached.", max(1, ceil(free_at - now)))


def place_of(host: str | None) -> str:
    """Give what counts as one address: IPv6 by its first 64 bits, of which one connection has all the rest.

    Without an address, or with a proxy's word instead of one, all are one place.
    """
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> OWN_BITS << OWN_BITS))
    return str(address)


class Moments(Storage, MovingWindowSupport):
    """Keep for each caller when they came, by seconds that never go back, and no longer than it counts.

    It holds one moment for each request of the last minute that was let in. Nothing here waits, so that one event loop
    needs no lock.
    """

    def __init__(self, seconds: Seconds = monotonic, most: int = MOST_CALLERS) -> None:
        """Begin with nobody; ``most`` callers are known at once."""
        super().__init__()
        self._came: OrderedDict[str, deque[float]] = OrderedDict()
        self._seconds, self._most = seconds, most

    @property
    def known(self) -> int:
        """Say how many callers are known."""
        return len(self._came)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Let a caller in who came fewer than ``limit`` times in the last ``expiry`` seconds, and keep the moment."""
        now = self._seconds()
        came = self._last(key, now, expiry)
        if len(came) + amount > limit:
            return False
        came.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - as asked for
        """Give the first of a caller's moments that still count, and how many there are."""
        now = self._seconds()
        came = self._last(key, now, expiry)
        return came[0] if came else now, len(came)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Keep the moment without a limit, and give how many there are: the way of a fixed window."""
        now = self._seconds()
        came = self._last(key, now, expiry)
        came.extend([now] * amount)
        return len(came)

    def get(self, key: str) -> int:
        """Give how often a caller came in the last minute."""
        return len(self._last(key, self._seconds(), MINUTE))

    def get_expiry(self, key: str) -> float:
        """Give when the first of a caller's moments of the last minute stops to count."""
        return self.get_moving_window(key, 0, MINUTE)[0] + MINUTE

    def check(self) -> bool:
        """Say that it works: it is memory."""
        return True

    def reset(self) -> int:
        """Forget everybody; give how many they were."""
        known = self.known
        self._came.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget one caller."""
        self._came.pop(key, None)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Give what memory raises when it fails."""
        return MemoryError

    def _last(self, key: str, now: float, expiry: float) -> deque[float]:
        """Give a caller's moments that still count."""
        came = self._came.get(key)
        if came is None:
            came = self._came[key] = deque()
            self._forget(now - expiry)
        else:
            self._came.move_to_end(key)
        while came and came[0] + expiry <= now:
            came.popleft()
        return came

    def _forget(self, before: float) -> None:
        """Let two of the quietest go for each who is new, so that there are ever fewer and no request does it all."""
        for _ in range(2):
            quietest = next(iter(self._came.values()))
            if len(self._came) <= self._most and quietest and quietest[-1] > before:
                return
            if len(self._came) > 1:
                self._came.popitem(last=False)
