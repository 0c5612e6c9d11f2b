"""Say when the worker of the simulation sleeps: every few days, for an hour up to more than a day."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta


def _naps() -> list[tuple[datetime, datetime]]:
    dice, at, found = random.Random(20261122), datetime(2026, 7, 1, tzinfo=UTC), []
    while at.year < 2029:
        begin = at + timedelta(days=dice.uniform(0.5, 7))
        at = begin + timedelta(hours=2 ** dice.uniform(0, 5.4))
        found.append((begin, at))
    return found


NAPS = _naps()
"""From when until when, the end not included, in their order; always the same, so that a seed is all of a life."""
_BEGINS = [begin for begin, _ in NAPS]


def awake_from(at: datetime) -> datetime:
    """Give the first instant from this one on at which the worker is awake."""
    number = bisect_right(_BEGINS, at) - 1
    return max(at, NAPS[number][1]) if number >= 0 else at


def asleep_between(begin: datetime, end: datetime) -> bool:
    """Say whether the worker sleeps at any time from begin to end."""
    return awake_from(begin) > begin or bisect_right(_BEGINS, begin) != bisect_right(_BEGINS, end)
