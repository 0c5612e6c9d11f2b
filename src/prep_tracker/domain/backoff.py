"""Say when a message that was not taken is tried again: after seconds at first, then less and less often, for days."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

WAITS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400)
)
"""How long to wait after the first attempt, the second, and so on: 76 hours in all."""
LONGEST: Final = timedelta(days=1)
SPREAD: Final = 0.2


def wait(attempt: int, chance: float, asked: float | None = None) -> timedelta | None:
    """Give how long to wait after an attempt, counted from 1; None: that was the last one.

    ``chance``, from 0 to 1, spreads those that failed together over a fifth more or less. ``asked`` is for how many
    seconds the other side wants to be left alone: it is never tried sooner, a day at most.
    """
    if attempt > len(WAITS):
        return None
    planned = WAITS[attempt - 1] * (1 - SPREAD + 2 * SPREAD * chance)
    return min(LONGEST, max(planned, timedelta(seconds=min(asked or 0, LONGEST.total_seconds()))))
