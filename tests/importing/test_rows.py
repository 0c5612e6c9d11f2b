"""Rows beside one another: no booking twice, one patient is one person, and what is passed over."""

from __future__ import annotations

from datetime import date

import pytest

from tests.importing.made import HEAD, csv_of, found_in, row, wrong


def test_two_rows_with_one_reference_name_each_other() -> None:
    found = found_in(csv_of([row(1), row(2), row(1, name="Zoë"), row(1), row(2, time="late")]))
    assert [(f.cell, f.code, f.given.get("row")) for f in found.faults if f.code == "same-reference"] == [
        ("A2", "same-reference", "4"),
        ("A3", "same-reference", "6"),
        ("A4", "same-reference", "2"),
        ("A5", "same-reference", "2"),
        ("A6", "same-reference", "3"),
    ]
    assert found.bookings == []


def test_references_are_compared_letter_for_letter() -> None:
    assert wrong(csv_of([row(1, booking_no="b1"), row(2, booking_no="B1"), row(3, booking_no="0B1")])) == {}


@pytest.mark.parametrize(
    ("field", "value", "cell"),
    [
        ("name", "Zoë", "C3"),
        ("birth_date", "1991-01-01", "D3"),
        ("email", "zoe@example.org", "H3"),
        ("phone", "+32 123456", "I3"),
        ("language", "nl", "J3"),
    ],
)
def test_a_patient_who_is_two_people_is_a_fault_of_the_later_row(field: str, value: str, cell: str) -> None:
    rows = [row(1), row(2, patient_no="P-1", **({"name": "Pia Palm 1"} | {field: value}))]
    found = found_in(csv_of(rows))
    assert [(fault.cell, fault.code) for fault in found.faults] == [(cell, "contradiction")]
    assert found.faults[0].message.startswith("Row 2 has another ")
    assert value not in found.faults[0].message


def test_what_one_row_knows_of_a_patient_holds_in_all_of_theirs() -> None:
    bare = {"birth_date": "", "email": "", "phone": "", "language": ""}
    rows = [
        row(1, **bare),
        row(2, patient_no="P-1", name="Pia Palm 1", birth_date="", language="nl"),
        row(3, patient_no="P-1", name="Pia  Palm 1 "),
    ]
    first, second, third = found_in(
        csv_of([*rows[:2], row(3, patient_no="P-1", name="Pia  Palm 1", language="")])
    ).bookings
    assert first.person == second.person == third.person
    assert first.person.birth_date == date(1990, 2, 28)
    assert (first.person.language, first.person.email) == ("nl", "pia@example.org")


def test_names_that_differ_only_in_how_accents_are_kept_are_one() -> None:
    rows = [row(1, name="Zoe\u0308"), row(2, patient_no="P-1", name="Zo\u00eb")]
    assert [b.person.name for b in found_in(csv_of(rows)).bookings] == ["Zo\u00eb", "Zo\u00eb"]


def test_what_is_wrong_in_a_row_of_the_past_can_stay_so() -> None:
    found = found_in(
        csv_of([row(1, date="2026-11-21", email="x"), row(2, date="2026-11-21"), row(3, date="2026-11-22")])
    )
    assert found.faults == []
    assert [(one.row, one.reason) for one in found.skipped] == [(2, "past")]
    assert [booking.row for booking in found.bookings] == [3, 4]


def test_treatments_without_preparation_are_left_out_whatever_stands_in_their_rows() -> None:
    found = found_in(csv_of([row(1, treatment="Peel", date="", name=""), row(2)]))
    assert [(one.row, one.reason) for one in found.skipped] == [(2, "left-out")]
    assert [booking.row for booking in found.bookings] == [3]


def test_first_and_last_names_are_put_together() -> None:
    head = [*HEAD[:2], "First name", "Last name", *HEAD[3:]]
    rows = [
        [*row(n)[:2], first, last, *row(n)[3:]]
        for n, (first, last) in enumerate([("Pia", "Palm"), ("", "Palm"), ("Pia", ""), ("", "")])
    ]
    found = found_in(csv_of(rows, head))
    assert [booking.person.name for booking in found.bookings] == ["Pia Palm", "Palm", "Pia"]
    assert [(fault.cell, fault.code) for fault in found.faults] == [("D5", "missing")]


def test_a_row_that_is_cut_short_lacks_what_is_behind() -> None:
    data = csv_of([row(1)])
    assert found_in(data[: data.index(b"pia@")]).bookings[0].person.email is None
    assert wrong(data[: data.index(b",laser")]) == {"G2": "missing"}
