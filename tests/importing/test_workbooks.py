"""Excel workbooks: days and times however they are kept, formulas, errors, hidden sheets; and what is hostile."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from prep_tracker.imports.package import MOST_INFLATED
from prep_tracker.imports.table import MOST_ROWS
from tests.importing.made import (
    HEAD,
    SHEET,
    found_in,
    lying,
    part_of,
    refusal,
    row,
    sheet_of,
    table_of,
    with_parts,
    wrong,
    xlsx_of,
)

DAY = date(2026, 12, 18)
MOMENT = datetime.combine(DAY, time(10, 30))
SOUND = xlsx_of([row(1)])


@pytest.mark.parametrize(
    "day",
    [DAY, datetime.combine(DAY, time()), 46374, 46374.0, "2026-12-18", "18/12/2026"],
    ids=["date", "midnight", "number", "float", "ISO", "text"],
)
@pytest.mark.parametrize("at", [time(10, 30), 0.4375, timedelta(hours=10, minutes=30), "10:30", "10.30", MOMENT])
def test_a_day_and_a_time_are_read_however_they_are_kept(day: object, at: object) -> None:
    (booking,) = found_in(xlsx_of([row(1, date=day, time=at)])).bookings
    assert (booking.on, booking.at) == (DAY, "10:30")


@pytest.mark.parametrize("moment", [MOMENT, 46374.4375, "2026-12-18T10:30:00"])
def test_a_day_may_bring_its_time_along(moment: object) -> None:
    (booking,) = found_in(xlsx_of([row(1, date=moment, time=None)])).bookings
    assert (booking.on, booking.at) == (DAY, "10:30")
    assert wrong(xlsx_of([row(1, date=moment, time="11:30")])) == {"Bookings!F2": "two-times"}


def test_workbooks_that_count_from_1904_give_the_same_days() -> None:
    def from_1904(book: Workbook, page: Worksheet) -> None:
        book.epoch = CALENDAR_MAC_1904
        page["E3"] = 46374 - 1462

    found = found_in(xlsx_of([row(1, date=DAY, birth_date=date(1990, 2, 28)), row(2)], change=from_1904))
    assert [booking.on for booking in found.bookings] == [DAY, DAY]
    assert found.bookings[0].person.birth_date == date(1990, 2, 28)


@pytest.mark.parametrize("number", [2026, 0, -5, 20261218, 1e300, True, time(10, 30)])
def test_a_number_that_is_no_day_is_none(number: object) -> None:
    assert wrong(xlsx_of([row(1, date=number)])).keys() == {"Bookings!E2"}


@pytest.mark.parametrize("at", [10, 1030, 1.5, -0.1, True, "25:00", "10:75", time(10, 30, 15), DAY])
def test_what_is_no_time_of_day_is_none(at: object) -> None:
    assert wrong(xlsx_of([row(1, time=at)])) == {"Bookings!F2": "not-a-time"}


def test_every_minute_of_a_day_comes_back_from_its_fraction() -> None:
    rows = [row(n, time=n / 1440, date=46374 + n / 1440) for n in range(1, 1440)]
    found = found_in(xlsx_of(rows))
    assert found.faults == []
    assert [booking.at for booking in found.bookings] == [f"{n // 60:02d}:{n % 60:02d}" for n in range(1, 1440)]
    assert {booking.on for booking in found.bookings} == {DAY}


def test_numbers_are_read_by_their_digits() -> None:
    (booking,) = found_in(xlsx_of([row(1, booking_no=1001, patient_no=7.0, phone=31612345678)])).bookings
    assert (booking.reference, booking.person.reference, booking.person.phone) == ("1001", "7", "31612345678")
    assert wrong(xlsx_of([row(1, booking_no=12345678901234567890)])) == {"Bookings!A2": "long-number"}
    assert wrong(xlsx_of([row(1, booking_no=DAY)])) == {"Bookings!A2": "not-a-text"}
    assert wrong(xlsx_of([row(1, name=True)])) == {"Bookings!C2": "not-a-text"}


@pytest.mark.parametrize("number", ["NaN", "inf", "-1e400", "1e308"])
@pytest.mark.parametrize(
    ("cell", "wrong_as"), [("A2", "long-number"), ("E2", "wrong-number-day"), ("F2", "not-a-time")]
)
def test_what_is_no_number_is_none(number: str, cell: str, wrong_as: str) -> None:
    numbers = xlsx_of([row(1, booking_no=7, date=7, time=7)])
    sheet = part_of(numbers).replace(
        f'<c r="{cell}" t="n"><v>7<'.encode(), f'<c r="{cell}" t="n"><v>{number}<'.encode()
    )
    sheet = sheet.replace(b'"E2" t="n"><v>7<', b'"E2" t="n"><v>46374<').replace(
        b'"F2" t="n"><v>7<', b'"F2" t="n"><v>0.5<'
    )
    assert wrong(with_parts(numbers, {SHEET: sheet})) == {f"Bookings!{cell}": wrong_as}


def test_a_formula_counts_by_its_value_and_without_one_it_is_a_fault() -> None:
    data = xlsx_of([row(1, name="=B2"), row(2), row(3, email='=""')])
    sheet = part_of(data).replace(b"<f>B2</f><v />", b"<f>B2</f><v>77</v>")
    sheet = sheet.replace(b'<c r="H4"><f>""</f><v />', b'<c r="H4" t="str"><f>""</f><v></v>')
    (first, _, third) = found_in(with_parts(data, {SHEET: sheet})).bookings
    assert (first.person.name, third.person.email) == ("77", None)
    found = found_in(data)
    assert {fault.cell: fault.code for fault in found.faults} == {
        "Bookings!C2": "not-calculated",
        "Bookings!H4": "not-calculated",
    }


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!"])
def test_an_error_of_the_spreadsheet_is_a_fault_of_its_cell(error: str) -> None:
    def spoil(_: Workbook, page: Worksheet) -> None:
        page["E2"].value, page["E2"].data_type = error, "e"
        page["H3"].value, page["H3"].data_type = error, "s"

    codes = wrong(xlsx_of([row(1), row(2)], change=spoil))
    assert codes == {"Bookings!E2": "error", "Bookings!H3": "error"}


def test_the_first_sheet_that_can_be_seen_is_read_or_the_one_that_is_named() -> None:
    def hide(book: Workbook, page: Worksheet) -> None:
        page.sheet_state = "veryHidden"
        book.create_chartsheet("A chart")
        second = book.create_sheet("Pia's list")
        for one in (list(HEAD), row(2, date="never")):
            second.append(one)
        book.create_sheet("Last")

    data = xlsx_of([row(1)], change=hide)
    table = table_of(data)
    assert (table.sheet, table.sheets) == ("Pia's list", ("Pia's list", "Last"))
    assert wrong(data) == {"'Pia''s list'!E2": "not-a-day"}
    assert table_of(data, sheet=" bookings ").rows[1].cells[0] == "B-1"
    code, message = refusal(lambda: table_of(data, sheet="Nobody"))
    assert code == "no-sheet"
    assert "Pia's list, Last" in message


def test_a_workbook_of_hidden_sheets_is_refused() -> None:
    hidden = part_of(SOUND, "xl/workbook.xml").replace(b'state="visible"', b'state="hidden"')
    assert refusal(lambda: table_of(with_parts(SOUND, {"xl/workbook.xml": hidden})))[0] == "no-sheet"


def test_headings_that_are_merged_across_the_table_are_passed_over() -> None:
    def merge(_: Workbook, page: Worksheet) -> None:
        page.insert_rows(1, 3)
        page["A1"] = "Bookings of December"
        page.merge_cells("A1:J1")
        page.insert_rows(6)
        page["A6"] = "Second week"
        page.merge_cells("A6:J6")

    found = found_in(xlsx_of([row(1), row(2), row(3)], change=merge))
    assert [booking.row for booking in found.bookings] == [5, 7, 8]
    assert [(one.row, one.reason) for one in found.skipped] == [(6, "heading")]


def test_a_table_that_begins_elsewhere_has_the_addresses_of_its_cells() -> None:
    def move(_: Workbook, page: Worksheet) -> None:
        page.insert_rows(1, 4)
        page.insert_cols(1, 2)

    assert wrong(xlsx_of([row(1, time="late"), row(2)], change=move)) == {"Bookings!H6": "not-a-time"}


def test_notes_to_the_right_of_the_table_hurt_nobody() -> None:
    assert wrong(xlsx_of([[*row(1), "called twice"]])) == {}


def test_as_many_rows_as_may_be_are_read_and_one_more_is_refused() -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, MOST_ROWS + 2))
    table = table_of(with_parts(SOUND, {SHEET: sheet_of(cells)}))
    assert len(table.rows) == MOST_ROWS + 1
    more = f'{cells}<row r="{MOST_ROWS + 2}"><c><v>1</v></c></row>'
    assert refusal(lambda: table_of(with_parts(SOUND, {SHEET: sheet_of(more)})))[0] == "too-many-rows"


def test_a_million_rows_are_refused_while_they_are_unpacked() -> None:
    cells = "<row><c><v>1</v></c></row>" * 1_000_000
    assert refusal(lambda: table_of(with_parts(SOUND, {SHEET: sheet_of(cells)})))[0] == "too-many-rows"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>', "too-many-columns"),
        ('<row r="1"><c r="A1"><v>1</v></c><c r="xfd1"><v>1</v></c></row>', "too-many-columns"),
        ("<row>" + "<c><v>1</v></c>" * 300 + "</row>", "too-many-columns"),
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>', "too-many-rows"),
        ('<row r="1"><c r="A1048576"><v>1</v></c></row>', "too-many-rows"),
        ('<!-- <c x=" --><row><c r="XFD1048576" y="z"><v>1</v></c></row>', "too-many-columns"),
        ('<row><c r="one"><v>1</v></c></row>', "damaged"),
        ("<row><c><v>1</v></c>", "damaged"),
    ],
)
def test_a_cell_far_away_fills_no_memory(cells: str, code: str) -> None:
    assert refusal(lambda: table_of(with_parts(SOUND, {SHEET: sheet_of(cells)})))[0] == code


def test_empty_cells_far_away_are_only_formatted() -> None:
    sheet = part_of(SOUND).replace(b"</sheetData>", b'<row r="99999"><c r="XFD99999" s="0"/></row></sheetData>')
    assert len(table_of(with_parts(SOUND, {SHEET: sheet})).rows) == 2


def test_a_bomb_goes_off_nowhere() -> None:
    bomb = sheet_of(" " * (MOST_INFLATED + 1))
    assert len(with_parts(SOUND, {SHEET: bomb})) < 100_000
    for data in (
        with_parts(SOUND, {SHEET: bomb}),
        with_parts(SOUND, {"xl/sharedStrings.xml": bomb}),
        with_parts(SOUND, {"xl/workbook.xml": bomb}),
    ):
        assert refusal(lambda data=data: table_of(data))[0] == "too-large"  # type: ignore[misc]


def test_what_an_archive_says_of_its_sizes_is_not_believed() -> None:
    data = lying(SOUND, SHEET, sheet_of(" " * (MOST_INFLATED + 1)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.getinfo(SHEET).file_size == 10
    assert refusal(lambda: table_of(data))[0] == "too-large"


def test_parts_that_nobody_needs_are_never_unpacked() -> None:
    data = with_parts(SOUND, {"xl/media/image1.png": b"\0" * (MOST_INFLATED + 1), "xl/vbaProject.bin": b"\0" * 1000})
    assert len(table_of(data).rows) == 2


def test_entities_are_not_expanded() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><workbook>&b;</workbook>'
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><workbook>&a;</workbook>'
    for content in (laughs, outside, laughs.decode().encode("utf-16")):
        assert refusal(lambda c=content: table_of(with_parts(SOUND, {"xl/workbook.xml": c})))[0] == "damaged"  # type: ignore[misc]
        assert refusal(lambda c=content: table_of(with_parts(SOUND, {SHEET: c})))[0] == "damaged"  # type: ignore[misc]


def test_what_is_cut_off_or_spoilt_is_refused() -> None:
    with zipfile.ZipFile(io.BytesIO(SOUND)) as archive:
        at = archive.getinfo(SHEET).header_offset + 200
    stored = with_parts(SOUND, {SHEET: part_of(SOUND)}, packed=False)
    other_day = stored.replace(b"<t>2026-12-18</t>", b"<t>2026-12-19</t>")
    assert other_day != stored
    for data in (SOUND[:1000], SOUND[:-30], SOUND[:at] + b"x" * 100 + SOUND[at + 100 :], other_day, b"PK\x03\x04"):
        assert refusal(lambda data=data: table_of(data))[0] == "damaged"  # type: ignore[misc]
    for part in (SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
        assert refusal(lambda part=part: table_of(with_parts(SOUND, {part: None})))[0] in {"damaged", "no-sheet"}  # type: ignore[misc]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (OLE + "Workbook".encode("utf-16-le"), "xls", "(.xls)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password", "password"),
        (with_parts(SOUND, {"xl/workbook.xml": None, "xl/workbook.bin": b"x"}), "xlsb", "(.xlsb)"),
        (with_parts(SOUND, {"xl/workbook.xml": None, "content.xml": b"x"}), "ods", "(.ods)"),
        (with_parts(SOUND, {"xl/workbook.xml": None, "word/document.xml": b"x"}), "docx", "Word"),
        (with_parts(SOUND, {"xl/workbook.xml": None, "Index/Document.iwa": b"x"}), "numbers", "Numbers"),
        (with_parts(SOUND, {"xl/workbook.xml": None}), "damaged", "damaged"),
        (b"%PDF-1.7 ...", "pdf", "PDF"),
        (b"\r\n<html><table><tr><td>B-1", "html", "web page"),
        (b"<?xml version='1.0'?><Workbook>", "html", "XML"),
    ],
)
def test_what_is_no_workbook_is_refused_with_what_to_do(data: bytes, code: str, says: str) -> None:
    found, message = refusal(lambda: table_of(data))
    assert (found, says in message) == (code, True)


def test_a_part_with_a_password_is_refused() -> None:
    spot = SOUND.index(b"PK\x01\x02")
    while not SOUND[spot + 46 :].startswith(SHEET.encode()):
        spot = SOUND.index(b"PK\x01\x02", spot + 4)
    data = SOUND[: spot + 8] + b"\x01\x00" + SOUND[spot + 10 :]
    assert refusal(lambda: table_of(data))[0] == "password"
