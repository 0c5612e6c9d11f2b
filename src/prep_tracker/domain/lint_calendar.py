"""Lay points on the days around a procedure that nobody has booked: on every day on which it could be."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from prep_tracker.domain.days import Calendar, Span, add_months, wall_time
from prep_tracker.domain.terms import Point

FAR = 10**6
"""So many days off is beyond every calendar."""
_CALENDAR = Calendar("UTC")
_FIRST = date(2027, 3, 1).toordinal()
_WEEK = range(_FIRST, _FIRST + 7)
_YEARS = range(_FIRST, _FIRST + 4 * 366)
"""Four years from a Monday, so every day of every month and one leap year: months differ in length."""
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Days(NamedTuple):
    """The days on which a point can lie, both included: more than one while the time of day is not known."""

    first: int
    last: int


def samples(*used: Point | Span | None) -> range:
    """Give the procedure days that have to be tried for these: one, each weekday, or four years."""
    if any(one is not None and one.months for one in used):
        return _YEARS
    return _WEEK if any(isinstance(one, Point) and one.business_days for one in used) else _WEEK[:1]


def example(on: int, *used: Point | Span | None) -> str:
    """Say on which procedure day it was found, where that matters."""
    match len(samples(*used)):
        case 1:
            return ""
        case 7:
            return f" (when the procedure is on a {_NAMES[(on - 1) % 7]})"
        case _:
            return f" (for a procedure on {date.fromordinal(on)})"


def laid(point: Point, on: int) -> Days | None:
    """Lay a point for a procedure on ``on``; None where only what will be recorded can tell.

    ``healed`` is at the earliest the day after the procedure.
    """
    if point.done is not None or point.event not in {None, "healed"}:
        return None
    if point.event is None:
        return _counted(point, on)
    days = _counted(point, on + 1)
    return Days(days.first, on + FAR) if days.first > on else None


def _counted(point: Point, day: int) -> Days:
    if point.months is not None:
        day = add_months(day, point.months)
    elif point.business_days is not None:
        day = _CALENDAR.business_days(day, point.business_days)
    elif point.by_clock:
        minutes = (point.hours or 0) * 60 + (point.minutes or 0)
        return Days(wall_time(day, "00:00", minutes)[0], wall_time(day, "23:59", minutes)[0])
    else:
        day += point.days or 0
    return Days(day, day)
