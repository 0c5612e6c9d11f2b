"""Days, times, languages and addresses as people write them: read, or refused cell by cell, and never guessed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain.days import EARLIEST, LATEST
from prep_tracker.imports.faults import MESSAGES
from prep_tracker.imports.values import ORDERS, NotReadableError, Order, day_of
from prep_tracker.imports.workbook import EPOCH, EPOCH_1904
from tests.importing.made import csv_of, found_in, row, wrong

DAY = date(2026, 12, 18)


def day(text: str, order: Order | None = None) -> object:
    try:
        return day_of(text, order, None).on
    except NotReadableError as error:
        return error.code


@pytest.mark.parametrize(
    "text",
    ["2026-12-18", "2026/12/18", "2026.12.18", "18/12/2026", "18-12-2026", "18.12.2026", "12/18/2026", " 2026-12-18 "],
)
def test_a_day_that_can_be_only_one_is_read(text: str) -> None:
    assert day(text) == DAY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("03/04/2026", "ambiguous-day"),
        ("03.04.2026", "ambiguous-day"),
        ("18/12/26", "two-digit-year"),
        ("31/02/2026", "no-such-day"),
        ("2026-02-30", "no-such-day"),
        ("2026-13-01", "no-such-day"),
        ("45/45/2026", "no-such-day"),
        ("0/12/2026", "no-such-day"),
        ("18/12-2026", "not-a-day"),
        ("18 December", "not-a-day"),
        ("tomorrow", "not-a-day"),
        ("20261218", "not-a-day"),
        ("46374", "serial-day"),
        ("1899-12-31", "far-day"),
        ("2200-01-01", "far-day"),
        ("2026-12-18T09:30:00Z", "zoned-day"),
        ("2026-12-18 09:30:00+01:00", "zoned-day"),
    ],
)
def test_what_is_no_day_or_more_than_one_is_refused(text: str, code: str) -> None:
    assert day(text) == code
    assert code in MESSAGES


def test_the_order_that_was_said_holds_and_a_day_that_does_not_fit_it_is_refused() -> None:
    assert day("03/04/2026", "dmy") == date(2026, 4, 3)
    assert day("03/04/2026", "mdy") == date(2026, 3, 4)
    assert day("2026-03-04", "dmy") == date(2026, 3, 4)
    assert day("05/05/2026") == date(2026, 5, 5)
    assert day("13/04/2026", "mdy") == "other-order"
    assert day("04/13/2026", "dmy") == "other-order"
    assert day("03/04/2026", "ymd") == "other-order"


def test_a_column_proves_its_order_and_a_mixed_one_proves_nothing() -> None:
    ambiguous = row(1, date="03/12/2026")
    dmy, mdy = row(2, date="18/12/2026"), row(3, date="12/18/2026")
    assert found_in(csv_of([ambiguous, dmy])).bookings[0].on == date(2026, 12, 3)
    assert found_in(csv_of([ambiguous, mdy])).bookings[0].on == date(2026, 3, 12)
    assert wrong(csv_of([ambiguous])) == {"E2": "ambiguous-day"}
    assert wrong(csv_of([ambiguous, dmy, mdy])) == {"E2": "ambiguous-day"}
    assert wrong(csv_of([ambiguous, dmy, mdy]), order="dmy") == {"E4": "other-order"}


def test_one_column_proves_nothing_of_another() -> None:
    found = found_in(csv_of([row(1, birth_date="28/02/1990", date="03/12/2026")]))
    assert [(fault.cell, fault.code) for fault in found.faults] == [("E2", "ambiguous-day")]
    assert found.orders == {"on": None, "birth_date": "dmy"}


@given(st.dates(EARLIEST, LATEST), st.sampled_from(ORDERS), st.sampled_from("-/."))
def test_a_day_comes_back_however_it_was_written(on: date, order: Order, between: str) -> None:
    parts = {"d": f"{on.day:02d}", "m": f"{on.month:02d}", "y": str(on.year)}
    assert day(between.join(parts[letter] for letter in order), order) == on


@given(st.dates(EARLIEST, LATEST), st.sampled_from("-/."))
def test_without_an_order_a_day_is_never_read_as_another(on: date, between: str) -> None:
    for order in ("dmy", "mdy"):
        parts = {"d": str(on.day), "m": str(on.month), "y": str(on.year)}
        assert day(between.join(parts[letter] for letter in order)) in {on, "ambiguous-day"}


@given(st.dates(date(1906, 3, 1), LATEST), st.sampled_from([EPOCH, EPOCH_1904]))
def test_a_spreadsheets_number_gives_its_day(on: date, epoch: date) -> None:
    number = float((on - epoch).days)
    if number < 2200:
        return
    assert day_of(number, None, epoch).on == on
    assert day_of(number + 0.4375, None, epoch).at == "10:30"
    assert day_of(number - 1e-9, None, epoch).on == on


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("10:30", "10:30"),
        ("9:05", "09:05"),
        ("10.30", "10:30"),
        ("10h30", "10:30"),
        ("10:30:00", "10:30"),
        ("10:30 AM", "10:30"),
        ("2:30 pm", "14:30"),
        ("12:00 am", "00:00"),
        ("12:15 p. m.", "12:15"),
        ("10.30 uur", "10:30"),
        ("00:00", "00:00"),
        ("23:59", "23:59"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, at: str) -> None:
    assert found_in(csv_of([row(1, time=text)])).bookings[0].at == at


@pytest.mark.parametrize(
    "text", ["24:00", "10:60", "1030", "10", "13:30 pm", "0:30 am", "10:30:15", "half ten", "10:30Z"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert wrong(csv_of([row(1, time=text)])) == {"F2": "not-a-time"}


@pytest.mark.parametrize(
    ("zone", "on", "at", "code"),
    [
        ("Europe/Amsterdam", "2027-03-28", "02:30", "skipped-time"),
        ("Europe/Amsterdam", "2027-03-28", "03:00", None),
        ("Europe/Amsterdam", "2027-03-27", "02:30", None),
        ("Europe/Amsterdam", "2027-10-31", "02:30", None),
        ("America/New_York", "2027-03-14", "02:30", "skipped-time"),
        ("America/New_York", "2027-03-28", "02:30", None),
        ("Africa/Casablanca", "2027-06-01", "02:30", None),
        ("UTC", "2027-03-28", "02:30", None),
    ],
)
def test_a_time_that_the_clinics_clock_never_shows_is_refused(zone: str, on: str, at: str, code: str | None) -> None:
    data = csv_of([row(1, date=on, time=at)])
    assert wrong(data, zone=zone) == ({} if code is None else {"F2": code})
    beside = csv_of([row(1, date=f"{on} {at}", time="")])
    assert wrong(beside, zone=zone) == ({} if code is None else {"E2": code})


@pytest.mark.parametrize("month", range(1, 13))
def test_the_days_and_times_of_a_whole_year_are_read_as_they_stand(month: int) -> None:
    days = [date(2027, month, 1) + timedelta(n) for n in range(28)]
    rows = [row(n, date=on.isoformat(), time=f"{n % 24:02d}:30") for n, on in enumerate(days) if n % 24 != 2]
    found = found_in(csv_of(rows))
    assert [(b.on.isoformat(), b.at) for b in found.bookings] == [(one[4], one[5]) for one in rows]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "pia", "not-an-email"),
        ("email", "pia@example", "not-an-email"),
        ("email", "a" * 250 + "@example.org", "too-long"),
        ("phone", "call me", "not-a-phone"),
        ("phone", "1", "not-a-phone"),
        ("language", "Klingon!", "not-a-language"),
        ("name", "x" * 201, "too-long"),
        ("name", "Pia\x07", "text"),
        ("name", "Pia \u202e", "text"),
        ("name", "  ", "missing"),
        ("booking_no", "", "missing"),
        ("booking_no", "x" * 201, "too-long"),
        ("patient_no", "", "missing"),
        ("date", "", "missing"),
        ("treatment", "", "missing"),
        ("treatment", "Something else", "unknown-protocol"),
        ("birth_date", "2026-11-23", "future-birth"),
        ("birth_date", "never", "not-a-day"),
    ],
)
def test_a_wrong_cell_is_named_and_what_stands_in_it_is_not(field: str, value: str, code: str) -> None:
    sound = row(1)
    place = sound.index(dict(zip(FIELDS, sound, strict=True))[field])
    (fault,) = found_in(csv_of([row(1, **{field: value})])).faults
    assert (fault.cell, fault.code) == (f"{'ABCDEFGHIJ'[place]}2", code)
    assert fault.message.endswith(".")
    assert not value.strip() or value not in fault.message


FIELDS = ("booking_no", "patient_no", "name", "birth_date", "date", "time", "treatment", "email", "phone", "language")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("Español", "es"),
        ("Spaans", "es"),
        ("nl-BE", "nl-BE"),
        ("pt_BR", "pt-BR"),
        ("", None),
    ],
)
def test_a_language_is_known_by_its_tag_and_by_its_name(text: str, language: str | None) -> None:
    assert found_in(csv_of([row(1, language=text)])).bookings[0].person.language == language


def test_everything_wrong_in_a_file_comes_at_once_from_left_to_right() -> None:
    bad: dict[str, Any] = {"name": "", "date": "46374", "time": "late", "email": "x", "phone": "y"}
    found = found_in(csv_of([row(1), row(2, **bad), row(3, birth_date="03/04/1990")]))
    assert [fault.cell for fault in found.faults] == ["C3", "E3", "F3", "H3", "I3", "D4"]
    assert [booking.row for booking in found.bookings] == [2]
