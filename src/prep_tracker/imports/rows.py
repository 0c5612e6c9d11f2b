"""Read the rows of a table as bookings, naming every cell that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from prep_tracker.domain.people import EMAIL, LANGUAGE, LONGEST_EMAIL, LONGEST_NAME, LONGEST_PHONE, PHONE
from prep_tracker.imports.faults import CellFault
from prep_tracker.imports.headers import NAMES, plain
from prep_tracker.imports.values import NotReadableError, Order, day_of, is_empty, order_shown, text_of, time_of

if TYPE_CHECKING:
    from prep_tracker.imports.headers import Layout
    from prep_tracker.imports.table import Row, Table

T = TypeVar("T")
LEFT_OUT: Final = ""
"""What stands for a protocol where the clinic says that a treatment needs no preparation."""
ABOUT_PATIENTS = ("name", "birth_date", "language", "email", "phone")
_LANGUAGES: Mapping[str, str] = {
    name: code
    for code, names in {
        "en": "english ingles engels anglais englisch",
        "es": "spanish espanol castellano spaans espagnol spanisch",
        "nl": "dutch neerlandes holandes nederlands neerlandais niederlandisch",
        "de": "german aleman duits allemand deutsch",
        "fr": "french frances frans francais franzosisch",
        "pt": "portuguese portugues portugees portugais",
        "ar": "arabic arabe arabisch",
    }.items()
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as a row has them; None is what it does not say."""

    reference: str
    name: str
    birth_date: date | None = None
    language: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """A row that could be booked. ``protocol`` is what the file's word for it stands for."""

    row: int
    reference: str
    person: Person
    protocol: str
    on: date
    at: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is not booked although nothing is wrong with it: its number, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """By what the cells are read: the order of dates, what protocols are called, the clinic's day and zone."""

    today: date
    zone: str
    protocols: Mapping[str, str]
    """By the file's words, as ``plain`` writes them; ``LEFT_OUT`` for what is not booked here."""
    known_protocols: str = ""
    """The names that there are, for whoever has to correct one."""
    order: Order | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """Everything that a table says: bookings, rows that are passed over, wrong cells; and the order of its dates."""

    bookings: list[Booking] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    orders: dict[str, Order | None] = field(default_factory=dict)
    references: list[tuple[int, str]] = field(default_factory=list)
    """The booking reference of every row that has one, wrong rows included."""


def language_of(word: str) -> str | None:
    """Give the tag of a language by its name or its tag, as in Spanish, español, es or ES; None for anything else."""
    first, hyphen, rest = word.strip().replace("_", "-").partition("-")
    tag = _LANGUAGES.get(plain(word), f"{first.lower()}{hyphen}{rest}")
    return tag if re.fullmatch(LANGUAGE, tag) else None


def words_for_protocols(table: Table, layout: Layout, fixed: Mapping[str, str]) -> set[str]:
    """List what the file says of protocols, each once, as it is written."""
    words = {fixed["protocol"]} if "protocol" in fixed else set()
    for row in _rows(table, layout):
        if layout.has("protocol"):
            value = row.at(layout.columns["protocol"].index)
            if isinstance(value, str) and value.strip():
                words.add(value.strip())
    return words


def read_rows(table: Table, layout: Layout, reading: Reading) -> Found:
    """Read all rows below the headers. Rows of which only one merged cell has something in it are headings."""
    found = Found()
    for name in ("on", "birth_date"):
        if layout.has(name):
            found.orders[name] = reading.order or _order(table, layout, name)
    for row in _rows(table, layout):
        if row.is_heading:
            found.skipped.append(Skipped(row.number, "heading"))
        else:
            _Reader(table, layout, reading, row, found).read()
    return found


def cell_of(table: Table, layout: Layout, row: int, name: str) -> str:
    """Name the cell of a field in a row; where the file has no such column, the row's first."""
    column = layout.columns.get(name) or (layout.columns.get("family_name") if name == "name" else None)
    return table.address(row, column.index if column else 0)


def _rows(table: Table, layout: Layout) -> Iterator[Row]:
    return (row for row in table.rows if row.number > layout.row)


def _order(table: Table, layout: Layout, name: str) -> Order | None:
    """Find the order that a column proves: some days fit only one, and none only the other."""
    index = layout.columns[name].index
    only = {shown for row in _rows(table, layout) if len(shown := order_shown(row.at(index))) == 1}
    return next(iter(next(iter(only)))) if len(only) == 1 else None


class _Reader:
    """One row on its way to a booking."""

    def __init__(self, table: Table, layout: Layout, reading: Reading, row: Row, found: Found) -> None:
        self._table, self._layout, self._reading, self._row, self._found = table, layout, reading, row, found
        self._faults: list[CellFault] = []

    def read(self) -> None:
        """Read the row; it becomes a booking, is passed over, or has faults."""
        protocol = self._protocol()
        if protocol == LEFT_OUT:
            self._found.skipped.append(Skipped(self._row.number, "left-out"))
            return
        reference = self._text("booking_reference", required=True, most=LONGEST_NAME)
        moment = self._value("on", lambda v: day_of(v, self._found.orders["on"], self._table.epoch), required=True)
        at = self._time(moment.on if moment else None, moment.at if moment else None)
        person = self._person()
        moved = self._has_more_cells()
        # Whatever is wrong in a row of the past can stay so; but where cells have moved, nobody knows which day it is.
        if self._faults and not moved and moment and moment.on < self._reading.today:
            self._found.skipped.append(Skipped(self._row.number, "past"))
            return
        if reference:
            self._found.references.append((self._row.number, reference))
        if self._faults or not (reference and person and protocol and moment):
            self._found.faults += self._faults
        else:
            self._found.bookings.append(Booking(self._row.number, reference, person, protocol, moment.on, at))

    def _protocol(self) -> str | None:
        word = self._reading.fixed.get("protocol") or self._text("protocol", required=True, most=LONGEST_NAME)
        if word is None:
            return None
        named = self._reading.protocols.get(plain(word))
        if named is None:
            self._fault("protocol", "unknown-protocol", protocols=self._reading.known_protocols)
        return named

    def _person(self) -> Person | None:
        reference = self._text("patient_reference", required=True, most=LONGEST_NAME)
        name = self._name()
        day = self._value("birth_date", lambda v: day_of(v, self._found.orders["birth_date"], self._table.epoch))
        if day is not None and day.on > self._reading.today:
            self._fault("birth_date", "future-birth", today=self._reading.today.isoformat())
        language = self._language()
        email = self._shaped("email", EMAIL, LONGEST_EMAIL, "not-an-email")
        phone = self._shaped("phone", PHONE, LONGEST_PHONE, "not-a-phone")
        if reference is None or name is None:
            return None
        return Person(reference, name, day.on if day else None, language, email, phone)

    def _name(self) -> str | None:
        if self._layout.has("name"):
            whole = self._text("name", required=True, most=LONGEST_NAME)
            return " ".join(whole.split()) if whole else None
        parts = [self._text(part, required=False, most=LONGEST_NAME) for part in ("given_name", "family_name")]
        name = " ".join(" ".join(part.split()) for part in parts if part)
        if name and len(name) <= LONGEST_NAME:
            return name
        part = "family_name" if self._layout.has("family_name") else "given_name"
        if not any(fault.field in {"given_name", "family_name"} for fault in self._faults):
            self._fault(part, "too-long" if name else "missing", most=str(LONGEST_NAME))
        return None

    def _language(self) -> str | None:
        word = self._text("language", required=False, most=LONGEST_NAME) or self._reading.fixed.get("language")
        if not word:
            return None
        code = language_of(word)
        if code is None:
            self._fault("language", "not-a-language")
        return code

    def _shaped(self, name: str, pattern: str, most: int, code: str) -> str | None:
        text = self._text(name, required=False, most=most)
        if text is not None and re.fullmatch(pattern, text) is None:
            self._fault(name, code)
        return text

    def _time(self, on: date | None, beside: str | None) -> str | None:
        """Read the time of day: from its own column, or from beside the day where that has none."""
        read = self._value("at", time_of)
        at = read[0] if read else beside
        if read is not None:
            if beside is not None and beside != read[0]:
                self._fault("at", "two-times")
            if on is not None and read[1] not in {None, on}:
                self._fault("at", "other-date")
        if on is not None and at is not None and not _exists(on, at, self._reading.zone):
            self._fault("at" if read else "on", "skipped-time", zone=self._reading.zone)
        return at

    def _has_more_cells(self) -> bool:
        """Refuse a row of CSV with something beyond the last header: a comma in a name has moved all that follows."""
        if self._table.separator is None:
            return False
        for column in range(len(self._layout.headers), len(self._row.cells)):
            if not is_empty(self._row.cells[column]):
                cell = self._table.address(self._row.number, column)
                shown = "tab" if self._table.separator == "\t" else self._table.separator
                self._faults.append(CellFault(self._row.number, None, cell, "more-cells", {"separator": shown}))
                return True
        return False

    def _text(self, name: str, *, required: bool, most: int) -> str | None:
        text = self._value(name, text_of, required=required)
        if text is not None and len(text) > most:
            self._fault(name, "too-long", most=str(most))
            return None
        return text or None

    def _value(self, name: str, read: Callable[[Any], T], *, required: bool = False) -> T | None:
        """Read the cell of a field; an empty one is None, and a fault where it is required."""
        column = self._layout.columns.get(name)
        if column is None:
            return None
        flaw = self._table.flaws.get((self._row.number, column.index))
        value = self._row.at(column.index)
        if flaw is not None:
            self._fault(name, flaw)
        elif is_empty(value):
            if required:
                self._fault(name, "missing")
        else:
            try:
                return read(value)
            except NotReadableError as error:
                self._fault(name, error.code, **error.given)
        return None

    def _fault(self, name: str, code: str, **given: str) -> None:
        cell = cell_of(self._table, self._layout, self._row.number, name)
        self._faults.append(CellFault(self._row.number, name, cell, code, {"field": NAMES[name], **given}))


def _exists(day: date, at: str, zone: str) -> bool:
    """Say whether the clinic's clock ever shows this time on this day."""
    here = datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone))
    return (here.astimezone(ZoneInfo("UTC")).astimezone(here.tzinfo) - here) == timedelta()
