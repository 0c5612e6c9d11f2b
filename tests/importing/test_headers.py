"""Which column holds what: recognised in three languages, chosen, or remembered."""

from __future__ import annotations

import pytest

from prep_tracker.imports.headers import NAMES, Layout, find_columns, plain
from prep_tracker.imports.table import letters
from tests.importing.made import HEAD, csv_of, layout_of, row, table_of

ENGLISH = "Booking reference,Patient ID,Full name,Date of birth,Appointment date,Start time,Procedure,E-mail,Mobile"
SPANISH = (
    "Nº de reserva,N.º paciente,Nombre y apellidos,Fecha de nacimiento,Fecha,Hora,Tratamiento,"
    "Correo electrónico,Teléfono"
)
DUTCH = (
    "Afspraaknummer,Patiëntnummer,Naam patiënt,Geboortedatum,Datum afspraak,Aanvangstijd,Behandeling,E-mailadres,GSM"
)
FIELDS = ["booking_reference", "patient_reference", "name", "birth_date", "on", "at", "protocol", "email", "phone"]


def columns(layout: Layout) -> dict[str, str]:
    return {name: letters(column.index) for name, column in layout.columns.items()}


def head(text: str) -> Layout:
    return layout_of(table_of(f"{text}\n".encode()))


def faults(layout: Layout) -> dict[str, tuple[str, str]]:
    return {fault.field or "": (fault.cell, fault.code) for fault in layout.faults}


@pytest.mark.parametrize("line", [ENGLISH, SPANISH, DUTCH, ENGLISH.upper(), ",".join(FIELDS), " , ".join(FIELDS)])
def test_headers_are_recognised_in_three_languages_and_by_our_own_words(line: str) -> None:
    layout = head(line)
    assert layout.faults == ()
    assert list(layout.columns) == FIELDS
    assert {column.source for column in layout.columns.values()} == {"recognised"}


def test_no_header_means_two_things() -> None:
    for name in NAMES:
        assert head(f"{name},x,y,z").columns[name].index == 0
    assert plain("  N.º de  Reserva: ") == "n de reserva"


def test_what_is_not_recognised_is_named_with_how_to_say_it() -> None:
    layout = head("Booking no.,Client code,Name,When,What")
    assert faults(layout) == {
        "patient_reference": ("A1", "missing-column"),
        "on": ("A1", "missing-column"),
        "protocol": ("A1", "missing-column"),
    }
    assert all(f"{fault.field}=its header" in fault.message for fault in layout.faults)
    assert layout.unused == ("Client code", "When", "What")


def test_what_is_chosen_goes_before_what_is_remembered_and_that_before_what_is_recognised() -> None:
    table = table_of(csv_of([row(1)], [*HEAD[:4], "Date", "Planned", "Moved to", *HEAD[7:]]))
    remembered = {"on": "planned", "at": "Gone", "phone": "Phone"}
    layout = find_columns(table, {"on": "Moved to", "protocol": "Language"}, remembered, {})
    assert (layout.columns["on"].header, layout.columns["on"].source) == ("Moved to", "chosen")
    assert layout.columns["phone"].source == "remembered"
    again = find_columns(table, {"protocol": "Language"}, remembered, {})
    assert (again.columns["on"].header, again.columns["on"].source) == ("Planned", "remembered")
    assert "at" not in again.columns


def test_a_header_that_is_chosen_and_not_there_is_a_fault() -> None:
    layout = layout_of(table_of(csv_of([row(1)])), on="Day of days")
    assert faults(layout) == {"on": ("A1", "unknown-column")}


def test_a_header_whose_letters_are_lost_is_a_fault_and_its_column_is_not_quietly_left_out() -> None:
    head = [*HEAD[:8], "Teléfono", "Notiz für später"]
    layout = layout_of(table_of(csv_of([row(1)], head, encoding="cp1252")))
    assert [(fault.cell, fault.code) for fault in layout.faults] == [("I1", "not-text"), ("J1", "not-text")]
    assert layout.headers[8] == "Tel?fono"
    lost = layout_of(table_of(csv_of([row(1)], [*HEAD[:8], "TelÃ©fono"])))
    assert [(fault.cell, fault.code) for fault in lost.faults] == [("I1", "lost-letters")]


def test_two_columns_for_one_thing_are_asked_about() -> None:
    table = table_of(csv_of([[*row(1), "1"]], [*HEAD, "Mobile"]))
    assert faults(layout_of(table)) == {"phone": ("I1", "two-columns")}
    assert "Columns I and K" in layout_of(table).faults[0].message
    assert columns(layout_of(table, phone="Mobile"))["phone"] == "K"


def test_a_first_and_a_last_name_make_a_name() -> None:
    assert set(head("Booking,Patient no.,First name,Last name,Date,Protocol").columns) >= {"given_name", "family_name"}
    spanish = head("Reserva,Nº paciente,Nombre,Apellidos,Fecha,Tratamiento")
    assert spanish.faults == ()
    assert {"given_name": "C", "family_name": "D"}.items() <= columns(spanish).items()
    assert "name" not in spanish.columns


def test_what_holds_for_all_rows_needs_no_column() -> None:
    table = table_of(b"Booking,Patient no.,Name,Date,Treatment\n")
    layout = find_columns(table, {}, {}, {"protocol": "laser-resurfacing"})
    assert layout.faults == ()
    assert layout.unused == ("Treatment",)


def test_headers_below_titles_are_found_and_a_file_without_any_is_told_so() -> None:
    data = b"Clinic Aster\n\nName,of the report\n" + csv_of([row(1)])
    assert layout_of(table_of(data)).row == 4
    layout = layout_of(table_of(csv_of([row(2)], row(1))))
    assert layout.row == 1
    assert {code for _, code in faults(layout).values()} == {"missing-column"}
