"""Clear days, months, business days and the wall clock against counting them one by one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain import days as rules
from prep_tracker.domain.days import Calendar, Span
from tests.domain import oracle_days as slow
from tests.domain.strategies import QUICK, ZONE

ROOT = Path(__file__).parents[2]
DAYS = st.dates(date(1999, 12, 1), date(2037, 12, 31))


def check_clear_days(contact: date, length: int) -> None:
    span = Span(length)
    found = date.fromordinal(rules.allowed_from(contact.toordinal(), span))
    assert found == slow.first_allowed(contact, span)
    assert slow.clear_days(contact, found) == length
    assert date.fromordinal(rules.before(found.toordinal(), span)) == contact + slow.ONE


def check_months(day: date, count: int) -> None:
    number, span = day.toordinal(), Span(0, count)
    assert date.fromordinal(rules.add_months(number, -count)) == slow.months_back(day, count)
    assert date.fromordinal(rules.add_months(number, count)) == slow.months_forth(day, count)
    assert date.fromordinal(rules.allowed_from(number, span)) == slow.first_allowed(day, span)
    assert date.fromordinal(rules.before(number, span)) == slow.opens_on(day, span)


def check_business_days(day: date, count: int, closed: frozenset[date]) -> None:
    calendar = Calendar(ZONE, frozenset(x.toordinal() for x in closed))
    found = date.fromordinal(calendar.business_days(day.toordinal(), count))
    assert found == slow.business(day, count, closed)


@pytest.mark.parametrize(
    ("contact", "length", "allowed"),
    [
        ("2026-12-03", 14, "2026-12-18"),
        ("2026-12-05", 14, "2026-12-20"),
        ("2026-12-17", 0, "2026-12-18"),
        ("2026-12-16", 1, "2026-12-18"),
        ("2028-02-28", 1, "2028-03-01"),
        ("2027-02-28", 1, "2027-03-02"),
        ("2026-12-31", 7, "2027-01-08"),
    ],
)
def test_a_contact_allows_the_day_after_that_many_clear_days(contact: str, length: int, allowed: str) -> None:
    found = rules.allowed_from(date.fromisoformat(contact).toordinal(), Span(length))
    assert date.fromordinal(found).isoformat() == allowed


@pytest.mark.parametrize(
    ("contact", "months", "allowed"),
    [
        ("2026-08-01", 6, "2027-02-02"),
        ("2026-08-28", 6, "2027-03-01"),
        ("2026-08-31", 6, "2027-03-01"),
        ("2027-08-29", 6, "2028-03-01"),
        ("2026-01-31", 1, "2026-03-01"),
        ("2026-12-31", 2, "2027-03-01"),
    ],
)
def test_months_are_the_calendars_and_a_missing_day_is_the_months_last(contact: str, months: int, allowed: str) -> None:
    found = rules.allowed_from(date.fromisoformat(contact).toordinal(), Span(0, months))
    assert date.fromordinal(found).isoformat() == allowed


@QUICK
@given(DAYS, st.integers(0, 60))
def test_clear_days_are_the_days_between(contact: date, length: int) -> None:
    check_clear_days(contact, length)


@QUICK
@given(DAYS, st.integers(1, 24))
def test_months_are_those_that_walking_back_finds(day: date, count: int) -> None:
    check_months(day, count)


@QUICK
@given(DAYS, st.integers(-15, 15), st.lists(st.integers(-20, 20), max_size=6))
def test_business_days_are_counted_one_by_one(day: date, count: int, closed: list[int]) -> None:
    check_business_days(day, count, frozenset(day + n * slow.ONE for n in closed))


@QUICK
@given(DAYS, st.times(), st.integers(-5000, 5000))
def test_the_wall_clock_knows_no_summer_time(day: date, time: object, minutes: int) -> None:
    at = f"{time:%H:%M}"
    then = datetime.fromisoformat(f"{day}T{at}") + timedelta(minutes=minutes)
    found, clock = rules.wall_time(day.toordinal(), at, minutes)
    assert (date.fromordinal(found), clock) == (then.date(), f"{then:%H:%M}")


PICTURE = """
import datetime
from prep_tracker.domain import record
from tests.domain import oracle_laws, test_worked_figures as figures
{seed}
for made in (figures.case(figures.FOURTEEN), figures.case(figures.TASK), figures.case(figures.FLOOR)):
    print(oracle_laws.picture(figures.checklist(made)))
    print(figures.status(made, "5 Dec"))
"""
SEED = """
class Late(record.Record):
    def __setattr__(self, name, value):
        super().__setattr__(name, datetime.date.today().toordinal() if name == "on" else value)
record.Record = Late
"""


def said_under(zone: str, seed: str = "") -> str:
    """Plan the worked figures in a process of its own whose clock stands in another zone."""
    environment = os.environ | {"TZ": zone, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    ran = subprocess.run(
        [sys.executable, "-c", PICTURE.format(seed=seed)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return "\n".join(line.split(" item=")[0] for line in ran.stdout.splitlines())


def test_neither_the_clock_nor_the_servers_zone_moves_a_day() -> None:
    assert said_under("Etc/GMT-14") == said_under("Etc/GMT+12")


def test_a_rule_that_asked_the_clock_would_be_noticed() -> None:
    """The two zones are 26 hours apart: they never agree on what day it is."""
    assert said_under("Etc/GMT-14", SEED) != said_under("Etc/GMT+12", SEED)
