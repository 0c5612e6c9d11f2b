"""Every change of every clock in the world, 2020 to 2037, against what the C library reads from the same tables."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import available_timezones

from prep_tracker.domain import days, reminders

FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2020, 2038))
MINUTE, HOUR = 60, 3600
STRIDE = 5 * 24 * HOUR
"""Shorter than any clock in these years keeps one offset: Morocco's Ramadan is the shortest."""
AROUND = 6 * HOUR


def tables() -> dict[str, str]:
    """Give the file of each zone, one zone for each different table."""
    found: dict[bytes, tuple[str, str]] = {}
    for name in sorted(available_timezones()):
        file = table(name)
        found.setdefault(sha256(file.read_bytes()).digest(), (name, str(file)))
    return dict(found.values())


def table(name: str) -> Traversable:
    return files("tzdata").joinpath("zoneinfo", *name.split("/"))


@contextmanager
def c_library(file: str) -> Iterator[None]:
    """Let the C library tell local time by a table for as long as the block takes."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = f":{file}"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def changes() -> Iterator[int]:
    """Find each second at which the offset changes, by halving the stretches at whose ends it differs."""
    for start in range(FIRST, LAST, STRIDE):
        low, high = start, start + STRIDE
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        yield high


def offset(second: int) -> int:
    return time.localtime(second).tm_gmtoff


def scanned(change: int) -> dict[tuple[int, int], int]:
    """Walk minute by minute through the hours around a change; give when each wall-clock minute first comes."""
    first: dict[tuple[int, int], int] = {}
    for second in range(change - AROUND, change + AROUND, MINUTE):
        local = time.localtime(second)
        day = date(local.tm_year, local.tm_mon, local.tm_mday).toordinal()
        first.setdefault((day, local.tm_hour * 60 + local.tm_min), second)
    return first


def wrong(zone: str, change: int, instant: Callable[[int, int, str], datetime]) -> Iterator[str]:
    """Say what the rules tell otherwise than the walk, about any quarter of an hour near a change."""
    first = scanned(change)
    gap = offset(change) - offset(change - 1)
    local = time.localtime(change - 1)
    at = datetime(local.tm_year, local.tm_mon, local.tm_mday, local.tm_hour, local.tm_min)  # noqa: DTZ001 - a wall clock
    for quarter in range(-8, 9):
        told = (at + timedelta(minutes=15 * quarter)).replace(second=0)
        day, minute = told.toordinal(), told.hour * 60 + told.minute
        # What the clock leaps over comes as much later as it leaps.
        leapt = told + timedelta(seconds=gap)
        expected = first.get((day, minute)) or first[leapt.toordinal(), leapt.hour * 60 + leapt.minute]
        found = instant(day, minute, zone)
        if found.timestamp() != expected:
            yield f"{zone}: {told} is {found}, not {datetime.fromtimestamp(expected, UTC)}"
        if (day, minute) in first and days.civil_day(found, zone).toordinal() != day:
            yield f"{zone}: {found} lies on another day than {told}"


def all_wrong(instant: Callable[[int, int, str], datetime]) -> tuple[int, list[str]]:
    count = 0
    found: list[str] = []
    for zone, file in tables().items():
        with c_library(file):
            for change in changes():
                count += 1
                found += wrong(zone, change, instant)
    return count, found


def test_every_change_of_every_clock_is_told_as_the_c_library_tells_it() -> None:
    count, found = all_wrong(reminders.instant)
    assert found == []
    assert count > 3500, "the tables were not read"


def elapsed(day: int, minutes: int, zone: str) -> datetime:
    """Count hours that pass, not those of the wall clock: the fault that this test is for."""
    return reminders.instant(day, 0, zone) + timedelta(minutes=minutes)


def test_hours_that_are_counted_instead_of_read_turn_it_red() -> None:
    with c_library(str(table("Europe/Amsterdam"))):
        assert any(found for change in changes() for found in wrong("Europe/Amsterdam", change, elapsed))
