"""Tell the time. The only module that asks for it; everybody else is given the instant or the day.

Zones come from the ``tzdata`` package, as ``prep_tracker`` itself sees to.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> datetime:
        """Give the instant, aware, in UTC."""

    def today(self, zone: str) -> date:
        """Give the civil day in the zone with this IANA name."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the instant, aware, in UTC."""
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        """Give the civil day in the zone with this IANA name."""
        return self.now().astimezone(zoneinfo.ZoneInfo(zone)).date()


class TravelClock(SystemClock):
    """The machine's clock in a demo, where somebody may go days ahead."""

    def __init__(self) -> None:
        """Begin today."""
        self.days = 0

    def now(self) -> datetime:
        """Give the instant, aware, in UTC, so many days ahead."""
        return self.real() + timedelta(days=self.days)

    def real(self) -> datetime:
        """Give the instant that it really is."""
        return super().now()


class SetClock:
    """A clock that stands where it was set: for demonstrations and tests."""

    def __init__(self, at: datetime) -> None:
        """Set it to this instant, which must be aware."""
        self.set(at)

    def now(self) -> datetime:
        """Give the instant, aware, in UTC."""
        return self._at

    def today(self, zone: str) -> date:
        """Give the civil day in the zone with this IANA name."""
        return self._at.astimezone(zoneinfo.ZoneInfo(zone)).date()

    def set(self, at: datetime) -> None:
        """Go to this instant, which must be aware; a naive one is a ``ValueError``."""
        if at.utcoffset() is None:
            raise ValueError("an instant needs a zone")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Let this much time pass."""
        self._at += by


def assert_zone(name: str) -> None:
    """Raise ``ValueError`` unless this is the IANA name of a time zone, as in "Europe/Amsterdam"."""
    if name not in _zones():
        raise ValueError("write a time zone by its IANA name, for example Europe/Amsterdam")


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
