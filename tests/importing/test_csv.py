"""CSV as other programs write it: encodings, separators, quotation marks, and rows numbered as a spreadsheet shows."""

from __future__ import annotations

import codecs
import time

import pytest

from prep_tracker.imports.table import MOST_ROWS
from prep_tracker.imports.text import lost_letters
from tests.importing.made import HEAD, csv_of, found_in, refusal, row, table_of, wrong

NAME = "Zoë Núñez-Škoda"
SOUND = csv_of([row(1, name=NAME)])


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (SOUND, "utf-8"),
        (codecs.BOM_UTF8 + SOUND, "utf-8"),
        (SOUND.decode().encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + SOUND.decode().encode("utf-16-be"), "utf-16"),
    ],
)
def test_a_name_is_read_letter_for_letter(data: bytes, encoding: str) -> None:
    table = table_of(data)
    assert table.encoding == encoding
    assert table.rows[1].cells[2] == NAME
    assert found_in(data).bookings[0].person.name == NAME


def test_letters_that_are_not_utf_8_are_faults_of_their_cells_and_never_guessed() -> None:
    data = csv_of(
        [row(1), row(2, name="Zoë"), row(3), row(4, name="Peña", email="peña@example.org")], encoding="cp1252"
    )
    found = found_in(data)
    assert [(fault.cell, fault.code) for fault in found.faults] == [
        ("C3", "not-text"),
        ("C5", "not-text"),
        ("H5", "not-text"),
    ]
    assert [booking.row for booking in found.bookings] == [2, 4]
    assert "UTF-8" in found.faults[0].message


def test_another_encoding_holds_where_it_is_said_and_only_for_what_is_not_utf_8() -> None:
    windows = csv_of([row(1, name="Zoë €")], encoding="cp1252")
    assert table_of(windows, encoding="windows-1252").rows[1].cells[2] == "Zoë €"
    assert table_of(SOUND, encoding="windows-1252").rows[1].cells[2] == NAME
    undefined = table_of(windows.replace(b"\x80", b"\x81"), encoding="windows-1252")
    assert undefined.flaws == {(2, 2): "not-text"}


def test_letters_in_a_column_that_is_not_used_hurt_nobody() -> None:
    data = csv_of([[*row(1), "Größe"]], [*HEAD, "Notes"], encoding="cp1252")
    assert found_in(data).faults == []


@pytest.mark.parametrize(
    "data",
    [
        SOUND.decode().encode("utf-16-le"),
        SOUND.decode().encode("utf-32"),
        codecs.BOM_UTF16_LE + SOUND.decode().encode("utf-16-le")[:-1],
        bytes(range(256)) * 20,
    ],
    ids=["no mark", "UTF-32", "half a letter", "no text"],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes) -> None:
    code, message = refusal(lambda: table_of(data))
    assert code == "encoding"
    assert "CSV UTF-8" in message


@pytest.mark.parametrize("text", ["ZoÃ«", "NÃºÃ±ez", "PeÃ±a", "Zo\ufffd", "Ã\x81ngel"])
def test_letters_that_were_lost_before_are_a_fault(text: str) -> None:
    assert lost_letters(text)
    assert wrong(csv_of([row(1, name=text)])) == {"C2": "lost-letters"}


@pytest.mark.parametrize(
    "text", ["Zoë", "Núñez", "Ñíguez Ãvila", "Škoda", "İpek Şahin", "Łukasz", "Σοφία", "李娜", "Ãlvaro"]
)
def test_names_of_many_alphabets_are_sound(text: str) -> None:
    assert wrong(csv_of([row(1, name=text)])) == {}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_by_the_headers(separator: str) -> None:
    data = csv_of([row(1, name="Palm, Pia; the | first")], separator=separator)
    assert table_of(data).separator == separator
    assert found_in(data).bookings[0].person.name == "Palm, Pia; the | first"


def test_a_title_with_commas_above_the_headers_misleads_nobody() -> None:
    data = b"Bookings, of all rooms, December\r\n\r\n" + csv_of([row(1)], separator=";")
    found = found_in(data)
    assert [booking.row for booking in found.bookings] == [4]


def test_excels_own_line_for_the_separator_is_not_counted_as_excel_does_not_show_it() -> None:
    data = b"sep=;\r\n" + csv_of([row(1, date="")], separator=";")
    assert wrong(data) == {"E2": "missing"}


def test_a_cell_of_several_lines_is_one_row() -> None:
    data = csv_of([[*row(1), "one\ntwo\r\nthree"], [*row(2, time="25:00"), ""]], [*HEAD, "Notes"])
    assert wrong(data) == {"F3": "not-a-time"}


def test_blank_rows_are_passed_over_and_counted() -> None:
    sound = csv_of([row(1)]).splitlines()
    data = b"\r\n".join([sound[0], b"", b",,,,,,,,,", b"  ,  ,,,,,,,,", sound[1].replace(b"10:30", b"late")])
    assert wrong(data) == {"F5": "not-a-time"}


@pytest.mark.parametrize("text", ["=1+1", "+31 6", "-Pia", "@Pia", "=cmd|' /C calc'!A0", '=HYPERLINK("x")'])
def test_what_looks_like_a_formula_is_plain_text(text: str) -> None:
    found = found_in(csv_of([row(1, name=text, booking_no=text)]))
    assert (found.bookings[0].person.name, found.bookings[0].reference) == (text, text)


def test_a_comma_in_a_name_without_quotation_marks_is_a_fault_of_the_row() -> None:
    broken = csv_of([row(1)]).replace(b"Pia Palm 1", b"Palm, Pia")
    codes = wrong(broken)
    assert codes["K2"] == "more-cells"


@pytest.mark.parametrize("text", ['"Pia', '"Pia" Palm'])
def test_a_quotation_mark_that_does_not_close_is_named_with_its_row(text: str) -> None:
    data = csv_of([row(1), row(2)]).replace(b"Pia Palm 2", text.encode())
    code, message = refusal(lambda: table_of(data))
    assert code == "quotes"
    assert message.startswith("Row 3:")


def test_a_day_number_of_a_spreadsheet_is_refused_cell_by_cell() -> None:
    assert wrong(csv_of([row(1, date="46374"), row(2, date="46374.4375")])) == {"E2": "serial-day", "E3": "serial-day"}


def test_too_many_rows_are_refused_and_as_many_as_may_be_are_read() -> None:
    head, one = csv_of([["a"] * 4], ["a", "b", "c", "d"]).splitlines()
    assert len(table_of(b"\n".join([head, *[one] * MOST_ROWS])).rows) == MOST_ROWS + 1
    code, message = refusal(lambda: table_of(b"\n".join([head, *[one] * (MOST_ROWS + 1)])))
    assert (code, f"{MOST_ROWS} rows" in message) == ("too-many-rows", True)


def test_a_million_rows_are_refused_before_they_are_read() -> None:
    begun = time.monotonic()
    assert refusal(lambda: table_of(b"a,b,c,d\n" + b"1,2,3,4\n" * 1_000_000))[0] == "too-many-rows"
    assert refusal(lambda: table_of(b"a,b,c,d\n" + b",,,\n" * 1_000_000))[0] == "too-many-rows"
    assert time.monotonic() - begun < 10


def test_a_file_that_is_too_large_or_empty_is_refused() -> None:
    assert refusal(lambda: table_of(b"a," * 6_000_000))[0] == "too-large"
    assert refusal(lambda: table_of(b""))[0] == "empty"
    assert refusal(lambda: table_of(b" \r\n\t\n"))[0] == "empty"
    assert refusal(lambda: table_of(b"a," * 300))[0] == "too-many-columns"
    assert refusal(lambda: table_of(b"a,b,c,d\n" + b"x" * 30_000))[0] == "long-cell"


def test_csv_has_no_sheets() -> None:
    assert refusal(lambda: table_of(SOUND, sheet="Bookings"))[0] == "no-sheet"
