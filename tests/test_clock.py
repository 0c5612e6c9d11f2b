"""The clock tells instants in UTC and days by the zone; zones come from the package, not from the machine."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from prep_tracker.clock import SetClock, SystemClock, assert_zone

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 12, 31)),
        ("Europe/Amsterdam", date(2027, 1, 1)),
        ("Pacific/Kiritimati", date(2027, 1, 1)),
        ("America/Adak", date(2026, 12, 31)),
    ],
)
def test_today_is_the_zones_day(zone: str, day: date) -> None:
    assert SetClock(NEW_YEAR).today(zone) == day


def test_the_system_clock_tells_utc_and_moves_on() -> None:
    clock = SystemClock()
    first = clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= clock.now() - first < timedelta(minutes=1)
    days = {clock.today("Pacific/Kiritimati"), clock.today("Pacific/Pago_Pago")}
    assert max(days) - min(days) == timedelta(1)  # they are 25 hours apart


def test_a_set_clock_stands_until_it_is_moved() -> None:
    clock = SetClock(NEW_YEAR.astimezone(timezone(timedelta(hours=5))))
    assert (clock.now(), clock.now().tzinfo) == (NEW_YEAR, UTC)
    clock.advance(timedelta(hours=1))
    assert clock.today("UTC") == date(2027, 1, 1)
    clock.set(NEW_YEAR)
    assert clock.now() == NEW_YEAR
    with pytest.raises(ValueError, match="zone"):
        clock.set(NEW_YEAR.replace(tzinfo=None))


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "europe/amsterdam", "../../etc/passwd", "Europe", "+01:00", "a\0b"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        assert_zone(name)


def test_known_zones_pass_and_come_from_the_package() -> None:
    for name in ("Europe/Amsterdam", "America/Argentina/Buenos_Aires", "UTC"):
        assert_zone(name)
    assert zoneinfo.TZPATH == ()
