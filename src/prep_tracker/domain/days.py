"""Count clear days, months and business days: the only arithmetic on dates.

Inside the rules a day is its proleptic Gregorian ordinal (``date.toordinal()``), so that a rule is a sum or a
comparison of whole numbers and neither a clock nor a zone can enter it. ``date`` stands at the edges only.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""Days outside these are taken for slips of the pen; both ends are allowed."""

SATURDAY = 5


def parse_day(text: object) -> date:
    """Read a civil date written ``YYYY-MM-DD``; anything else, and a day that never was, is a ``ValueError``."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        msg = "write the day as YYYY-MM-DD, for example 2026-12-18"
        raise ValueError(msg)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        msg = f"there is no day {text} in the calendar"
        raise ValueError(msg) from None
    if not EARLIEST <= day <= LATEST:
        msg = f"the day must lie between {EARLIEST} and {LATEST}"
        raise ValueError(msg)
    return day


def parse_time(text: object) -> str:
    """Read a wall-clock time written ``HH:MM`` (24 hours); anything else is a ``ValueError``."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        msg = 'write the time as "HH:MM" on the 24-hour clock, for example "09:30"'
        raise ValueError(msg)
    return text


def civil_day(now: datetime, zone: str) -> date:
    """Give the civil date that an aware instant has in an IANA zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def civil_time(now: datetime, zone: str) -> str:
    """Give the wall-clock time that an aware instant has in an IANA zone, as ``HH:MM``."""
    return f"{now.astimezone(ZoneInfo(zone)):%H:%M}"


class Span(NamedTuple):
    """A length in whole days, or in calendar months when ``months`` is not 0; never both."""

    days: int
    months: int = 0


@lru_cache(maxsize=4096)
def add_months(day: int, months: int) -> int:
    """Go ``months`` calendar months forth (or back when negative); a missing day becomes the month's last."""
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def before(day: int, span: Span) -> int:
    """Give the first of the clear days that lie ``span`` before ``day``: 14 days before the 18th is the 4th."""
    return add_months(day, -span.months) if span.months else day - span.days


def after(day: int, span: Span) -> int:
    """Give the last of the days that lie ``span`` after ``day``."""
    return add_months(day, span.months) if span.months else day + span.days


def allowed_from(contact: int, span: Span) -> int:
    """Give the first procedure day with ``span`` clear days after a contact on ``contact``.

    N days: contact + N + 1. Months: the first day whose date N months earlier lies after the contact.
    "Kept since S" is the same as a contact on the day before S.
    """
    if not span.months:
        return contact + span.days + 1
    day = add_months(contact, span.months)
    while add_months(day, -span.months) <= contact:
        day += 1
    return day


@dataclass(frozen=True, slots=True)
class Calendar:
    """The clinic's calendar: its IANA zone and the days on which it is closed beside Saturdays and Sundays."""

    zone: str
    closed: frozenset[int] = frozenset()
    weekend: frozenset[int] = frozenset({SATURDAY, SATURDAY + 1})
    """Weekdays, Monday = 0, on which the clinic never works."""

    def is_business_day(self, day: int) -> bool:
        """Say whether the clinic works on this day."""
        return (day - 1) % 7 not in self.weekend and day not in self.closed

    def business_days(self, day: int, count: int) -> int:
        """Go ``count`` business days forth, or back when negative; 0 stays where it is.

        The start itself is not counted. A clinic that never opens within ten years is a ``ValueError``.
        """
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day += step
            tries = 0
            while not self.is_business_day(day):
                day += step
                tries += 1
                if tries > 3660:  # noqa: PLR2004 - ten years, said in the docstring
                    msg = "the clinic's calendar has no business day within ten years"
                    raise ValueError(msg)
        return day


def wall_time(day: int, at: str, minutes: int) -> tuple[int, str]:
    """Go ``minutes`` forth (or back when negative) on the wall clock, from ``at`` on ``day``.

    The wall clock, not elapsed time: no rule depends on when the clocks change.
    """
    hour, minute = at.split(":")
    days, rest = divmod(int(hour) * 60 + int(minute) + minutes, 24 * 60)
    return day + days, f"{rest // 60:02d}:{rest % 60:02d}"
