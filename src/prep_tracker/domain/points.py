"""Lay the points of a protocol on the calendar of one procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.domain.days import Calendar, add_months, wall_time

if TYPE_CHECKING:
    from prep_tracker.domain.record import Record
    from prep_tracker.domain.terms import Point

MINUTES_A_DAY = 24 * 60


class Moment(NamedTuple):
    """A day, with the time or the part of the day where the protocol names one."""

    day: int
    time: str | None = None
    part: str | None = None
    to_follow: bool = False
    """It counts in hours from a time that nobody has set yet: it is shown, but changes no standing."""


def resolve(point: Point, record: Record, calendar: Calendar) -> Moment | None:
    """Lay a point on the calendar; None while the event or task from which it counts is not recorded."""
    day, start = record.on, record.start
    if point.event is not None or point.done is not None:
        start = None
        if point.event is not None:
            found = record.events.get(point.event)
        else:
            found = max((d.on for d in record.done.get(point.done or "", ())), default=None)
        if found is None:
            return None
        day = found
    if point.days is not None:
        day += point.days
    elif point.months is not None:
        day = add_months(day, point.months)
    elif point.business_days is not None:
        day = calendar.business_days(day, point.business_days)
    elif point.by_clock:
        minutes = (point.hours or 0) * 60 + (point.minutes or 0)
        if start is None:
            return Moment(day + minutes // MINUTES_A_DAY if minutes else day, to_follow=True)
        return Moment(*wall_time(day, start, minutes))
    return Moment(day, point.time, point.part)
