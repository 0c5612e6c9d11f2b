"""Count days the slow way, by walking over dates: the oracle's calendar. It shares no code with the rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prep_tracker.domain.days import Span as Length  # the protocol's value; nothing is computed by it

ONE = timedelta(days=1)


def walk(first: date, last: date) -> Iterator[date]:
    """Yield every day from first to last, both included."""
    while first <= last:
        yield first
        first += ONE


def months_back(day: date, count: int) -> date:
    """Step over the ends of ``count`` months; a missing day becomes the month's last."""
    end = day
    for _ in range(count):
        end = end.replace(day=1) - ONE
    return end if count and end.day < day.day else end.replace(day=day.day)


def months_forth(day: date, count: int) -> date:
    """Step over the beginnings of ``count`` months towards the future."""
    first = day.replace(day=1)
    for _ in range(count):
        first = (first + 31 * ONE).replace(day=1)
    last = (first + 31 * ONE).replace(day=1) - ONE
    return last if last.day < day.day else first.replace(day=day.day)


def months(day: date, count: int) -> date:
    """Forth, or back when negative."""
    return months_forth(day, count) if count >= 0 else months_back(day, -count)


def clear_days(contact: date, day: date) -> int:
    """Count the days strictly between a contact and the procedure."""
    return sum(1 for _ in walk(contact + ONE, day - ONE))


def allowed(contact: date, day: date, length: Length) -> bool:
    """Say whether a contact leaves this day possible (law 3, and months as in the protocol language)."""
    if contact >= day:
        return False
    if length.months:
        return months_back(day, length.months) > contact
    return clear_days(contact, day) >= length.days


@lru_cache(maxsize=100_000)
def first_allowed(contact: date, length: Length) -> date:
    """Try every day after the contact."""
    day = contact + ONE
    while not allowed(contact, day, length):
        day += ONE
    return day


def opens_on(day: date, length: Length) -> date:
    """Find the first day of the window: the day after the last harmless contact, by walking back."""
    if length.months:
        return months_back(day, length.months)
    contact = day - ONE
    while not allowed(contact, day, length):
        contact -= ONE
    return contact + ONE


def last_after(day: date, length: Length) -> date:
    """Give the last day of a window that follows ``day``."""
    return months_forth(day, length.months) if length.months else day + length.days * ONE


def business(day: date, count: int, closed: frozenset[date]) -> date:
    """Walk until that many business days have been passed."""
    step = ONE if count > 0 else -ONE
    passed = 0
    while passed < abs(count):
        day += step
        if day.strftime("%a") not in {"Sat", "Sun"} and day not in closed:
            passed += 1
    return day
