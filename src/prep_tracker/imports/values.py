"""Read the values of cells: texts as they were typed, days and times whatever way a spreadsheet keeps them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from prep_tracker.domain.days import EARLIEST, LATEST
from prep_tracker.domain.terms import clean_text
from prep_tracker.imports.text import lost_letters

if TYPE_CHECKING:
    from prep_tracker.imports.table import Value

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
EXACT = 10**15
"""Numbers below this keep all their digits in a spreadsheet."""
LEAST_SERIAL = 2200
"""Smaller numbers are years, or slips: as a day they would lie before 1906."""
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#####"})
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_PARTS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:\.0+)?)?\s*(?:([ap])\.?\s?m\.?|uur|u|h|hrs?)?", re.ASCII | re.IGNORECASE
)
_ZONED = re.compile(r"\d\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_HALF_A_SECOND = 0.5
_DAY_SECONDS = 86_400
MONTHS = NOON = 12


class NotReadableError(Exception):
    """A cell does not hold what its column is for; ``code`` says why."""

    def __init__(self, code: str, **given: str) -> None:
        """Keep the code and what its sentence names."""
        super().__init__(code)
        self.code, self.given = code, given


@dataclass(frozen=True, slots=True)
class Moment:
    """A day with the time that the same cell may hold, as HH:MM."""

    on: date
    at: str | None = None


def is_empty(value: Value) -> bool:
    """Say whether nothing, or nothing but spaces, stands in a cell."""
    return isinstance(value, str) and not value.strip()


def text_of(value: Value) -> str:
    """Read a text, without the spaces around it. A number is read as its digits: 1001, never 1001.0."""
    if isinstance(value, bool) or not isinstance(value, str | float | int):
        raise NotReadableError("not-a-text")
    if isinstance(value, float | int):
        if not abs(value) < EXACT:  # nor what is no number at all
            raise NotReadableError("long-number")
        return str(int(value)) if value == int(value) else repr(value)
    text = unicodedata.normalize("NFC", value.strip().strip("\ufeff\u200b"))
    if text.upper() in _ERRORS:
        raise NotReadableError("error")
    if lost_letters(text):
        raise NotReadableError("lost-letters")
    try:
        return clean_text(text)
    except ValueError:
        raise NotReadableError("text") from None


def day_of(value: Value, order: Order | None, epoch: date | None) -> Moment:
    """Read a day, with its time where the cell holds one.

    ``order`` is that of day, month and year in the column; without it, a text that can be two days is none. A bare
    number counts from ``epoch``; None: a number is no day here.
    """
    match value:
        case datetime():
            return Moment(_near(value.date()), clock_of(value.time()) if value.time() != time() else None)
        case date():
            return Moment(_near(value))
        case str():
            return _written(text_of(value), order)
        case bool() | time() | timedelta():
            raise NotReadableError("not-a-day")
        case _:
            return _serial(float(value), epoch)


def time_of(value: Value) -> tuple[str, date | None]:
    """Read a time of day as HH:MM, with the day that the cell holds beside it, if any."""
    match value:
        case datetime():
            has_day = value.date() > date(1904, 1, 1)
            return clock_of(value.time()), value.date() if has_day else None
        case time():
            return clock_of(value), None
        case timedelta():
            return _clock(value.total_seconds()), None
        case str():
            return _spoken(text_of(value)), None
        case bool() | date():
            raise NotReadableError("not-a-time")
        case _:
            if not 0 <= value < 1:
                raise NotReadableError("not-a-time")
            return _clock(float(value) * _DAY_SECONDS), None


def clock_of(value: time) -> str:
    """Write a time of day as HH:MM; one with seconds is no time of an appointment."""
    return _clock(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)


def order_shown(value: Value) -> frozenset[Order]:
    """Say which orders of day, month and year a cell leaves possible; none named: it says nothing about it."""
    found = _PARTS.match(value.strip()) if isinstance(value, str) else None
    if found is None or len(found[4]) != 4:  # noqa: PLR2004 - digits of a year
        return frozenset()
    first, second = int(found[1]), int(found[3])
    if first == second:  # the same day either way
        return frozenset()
    fitting: tuple[tuple[Order, int], ...] = (("dmy", second), ("mdy", first))
    return frozenset(order for order, month in fitting if 1 <= month <= MONTHS)


def _written(text: str, order: Order | None) -> Moment:
    day, _, rest = text.replace("T", " ", 1).partition(" ") if re.match(r"\d[\d/.-]*[T ]", text) else (text, "", "")
    if rest and _ZONED.search(text):
        raise NotReadableError("zoned-day")
    on = _day(day, order)
    if not rest:
        return Moment(on)
    at = _spoken(rest.strip())
    return Moment(on, None if at == "00:00" else at)


def _day(text: str, order: Order | None) -> date:
    if found := _ISO.fullmatch(text):
        return _date(int(found[1]), int(found[3]), int(found[4]))
    found = _PARTS.fullmatch(text)
    if found is None:
        raise NotReadableError("serial-day" if _SERIAL.fullmatch(text) else "not-a-day")
    if len(found[4]) == 2:  # noqa: PLR2004 - digits of a year
        raise NotReadableError("two-digit-year")
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    fits_dmy, fits_mdy = 1 <= second <= MONTHS, 1 <= first <= MONTHS
    if first == second:
        return _date(year, second, first)
    if order is None:
        if fits_dmy and fits_mdy:
            raise NotReadableError("ambiguous-day")
        return _date(year, second, first) if fits_dmy else _date(year, first, second)
    if (order == "dmy" and not fits_dmy and fits_mdy) or (order == "mdy" and not fits_mdy and fits_dmy):
        raise NotReadableError("other-order", order=order)
    if order == "ymd":
        raise NotReadableError("other-order", order=order)
    return _date(year, second, first) if order == "dmy" else _date(year, first, second)


def _date(year: int, month: int, day: int) -> date:
    try:
        return _near(date(year, month, day))
    except ValueError:
        raise NotReadableError("no-such-day") from None


def _near(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise NotReadableError("far-day", earliest=EARLIEST.isoformat(), latest=LATEST.isoformat())
    return day


def _serial(value: float, epoch: date | None) -> Moment:
    if epoch is None:
        raise NotReadableError("serial-day")
    if not LEAST_SERIAL <= value < LATEST.toordinal():
        raise NotReadableError("wrong-number-day")
    days, part = divmod(value, 1)
    seconds = part * _DAY_SECONDS
    if seconds > _DAY_SECONDS - 1:  # a whole day, but for what a computer's fractions lose
        days, seconds = days + 1, 0
    on = epoch + timedelta(days=int(days))
    return Moment(_near(on), _clock(seconds) if seconds >= 1 else None)


def _spoken(text: str) -> str:
    found = _CLOCK.fullmatch(text)
    if found is None or (found[3] or "00") != "00" or int(found[2]) > 59:  # noqa: PLR2004 - the last minute of an hour
        raise NotReadableError("not-a-time")
    hour, minute, half = int(found[1]), int(found[2]), (found[4] or "").lower()
    if half:
        if not 1 <= hour <= NOON:
            raise NotReadableError("not-a-time")
        hour = hour % NOON + (NOON if half == "p" else 0)
    return _clock(hour * 3600 + minute * 60)


def _clock(seconds: float) -> str:
    """Write seconds after midnight as HH:MM. Fractions of a day are never exact, so half a second is forgiven."""
    minutes = round(seconds / 60)
    if not 0 <= minutes < 24 * 60 or abs(seconds - minutes * 60) > _HALF_A_SECOND:
        raise NotReadableError("not-a-time")
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
