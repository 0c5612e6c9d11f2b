"""Bookings are imported on a page: looked at first, corrected, then booked with a bar that moves."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx
import pytest

from prep_tracker.api import importing as door
from prep_tracker.api.pages import imports_view
from prep_tracker.api.pages.imports import said_in
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.imports.faults import MESSAGES
from prep_tracker.services import importing
from tests.api.house import House
from tests.importing.made import HEAD, csv_of, row, xlsx_of
from tests.importing.test_door import counts, references
from tests.pages.browser import Browser, text_of

PAGE = "/staff/imports"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def ada(house: House) -> Browser:
    """Give the browser of Aster's admin."""
    browser = Browser(house)
    browser.sign_in("Ada")
    return browser


def send(browser: Browser, data: bytes | None, do: str = "look", **fields: Any) -> httpx.Response:  # noqa: ANN401 - fields of a form
    """Choose a file and press a button; names with a dot are given with two underscores."""
    told = {name.replace("__", "."): value for name, value in fields.items()}
    files = {"file": ("bookings.csv", data, "text/csv")} if data is not None else {"file": ("", b"", "text/csv")}
    return browser.send("POST", PAGE, data={"csrf": browser.mark(PAGE), "do": do, **told}, files=files)


def test_a_file_is_looked_at_first_and_booked_only_then(house: House, ada: Browser) -> None:
    rows = [row(1), row(2, time=""), row(3, date="2026-11-01")]
    before = counts(house)
    looked = send(ada, csv_of(rows))
    told = text_of(looked)
    assert looked.status_code == 200
    assert "To book 2 Day has passed 1" in told
    assert "Book 2 procedures" in told
    assert "choose it above once more" in told
    assert counts(house) == before
    booked = send(ada, csv_of(rows), "book")
    assert booked.status_code == 200
    assert "2 procedures were booked." in text_of(booked)
    assert booked.text.rstrip().endswith("</html>")
    assert references(house) == ["B-1", "B-2"]
    again = send(ada, csv_of(rows))
    assert "Here already 2" in text_of(again)
    assert "There is nothing to book in it." in text_of(again)


def test_a_workbook_is_read_as_well(house: House, ada: Browser) -> None:
    looked = send(ada, xlsx_of([row(1), row(2, email="canary")]))
    assert "Bookings!H3" in text_of(looked)
    assert send(ada, xlsx_of([row(1)]), "book").status_code == 200
    assert references(house) == ["B-1"]


def test_progress_is_shown_batch_by_batch(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    answer = send(ada, csv_of([row(n) for n in range(1, 9)]), "book")
    assert re.findall(r'<progress max="8" value="(\d)">', answer.text) == ["0", "3", "6", "8"]
    assert "8 procedures were booked." in text_of(answer)


def test_cut_off_it_says_how_far_and_goes_on_where_it_stopped(
    house: House, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    book, asked = door._book, []

    async def failing(*given: Any) -> Any:  # noqa: ANN401 - whatever it is given
        asked.append(1)
        if len(asked) == 2:
            raise UnavailableError("The database is away.")
        return await book(*given)

    data = csv_of([row(n) for n in range(1, 6)])
    with monkeypatch.context() as patched:
        patched.setattr(door, "_book", failing)
        answer = send(ada, data, "book")
    told = text_of(answer)
    assert "It was stopped on the way" in told
    assert "2 procedures were booked. 3 were not." in told
    assert "Import the same file again" in told
    assert len(references(house)) == 2
    assert "3 procedures were booked." in text_of(send(ada, data, "book"))
    assert references(house) == [f"B-{n}" for n in range(1, 6)]


@pytest.mark.parametrize(("language", "said"), [("en", "This is no e-mail address."), ("es", "Esto no es un correo")])
def test_faults_are_a_table_with_the_address_of_each_cell(house: House, ada: Browser, language: str, said: str) -> None:
    data = csv_of([row(1, email="canary"), row(2, date="03/04/2027"), row(3)])
    before = counts(house)
    ada.get(f"/staff/language?to={language}&next={PAGE}")
    for do, status in (("look", 200), ("book", 422)):
        answer = send(ada, data, do)
        assert answer.status_code == status
        assert re.findall(r"<code>(\w+)</code>", answer.text) == ["H2", "E3"]
        assert said in text_of(answer)
        assert "canary" not in answer.text
    assert counts(house) == before


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_fault_is_said_in_the_language_of_the_page(language: str) -> None:
    texts = staff_texts(language)
    for code, message in MESSAGES.items():
        named = set(re.findall(r"{(\w+)}", texts[f"imports.fault.{code}"]))
        assert named <= set(re.findall(r"{(\w+)}", message)) | {"field"}, code


def test_columns_are_chosen_and_remembered(ada: Browser) -> None:
    head = [*HEAD[:8], "Mobile 2", "Language"]
    looked = send(ada, csv_of([row(1)], head))
    assert "Not used: Mobile 2" in text_of(looked)
    chosen = send(ada, csv_of([row(1)], head), column__phone="Mobile 2")
    assert "Column I, as you said" in text_of(chosen)
    send(ada, csv_of([row(1)], head), "book", column__phone="Mobile 2")
    later = send(ada, csv_of([row(2)], head))
    assert "Column I, as last time" in text_of(later)
    forgotten = send(ada, csv_of([row(2)], head), forget="true")
    assert "as last time" not in text_of(forgotten)
    assert "Not used: Mobile 2" in text_of(forgotten)


def test_a_missing_column_says_where_to_choose_one(ada: Browser) -> None:
    head = ["Nr", *HEAD[1:]]
    looked = send(ada, csv_of([row(1)], head))
    assert "No column is known for this: booking reference" in text_of(looked)
    assert 'id="column-booking_reference" name="column.booking_reference" aria-invalid="true"' in looked.text
    assert "Book 1 procedure" in text_of(send(ada, csv_of([row(1)], head), column__booking_reference="Nr"))


def test_words_for_protocols_get_a_meaning(ada: Browser) -> None:
    data = csv_of([row(1, treatment="CO2/laser: x"), row(2, treatment="Control"), row(3)])
    looked = send(ada, data)
    assert re.findall(r'name="word" value="([^"]+)"', looked.text) == ["CO2/laser: x", "Control"]
    meant: dict[str, Any] = {"word": ["CO2/laser: x", "Control"], "means": ["laser-ablative", "-"]}
    assert "To book 2 Left out 1" in text_of(send(ada, data, **meant))
    assert "2 procedures were booked." in text_of(send(ada, data, "book", **meant))
    later = send(ada, csv_of([row(4, treatment="CO2/laser: x")]))
    assert "Book 1 procedure" in text_of(later)
    assert "<option selected>laser-ablative</option>" in later.text


def test_what_holds_for_all_rows_needs_no_column(house: House, ada: Browser) -> None:
    head = [*HEAD[:6], "Nothing", *HEAD[7:]]
    data = csv_of([row(1, date="03/04/2027")], head)
    looked = send(ada, data, fixed__protocol="laser-ablative", date_order="dmy")
    assert "Book 1 procedure" in text_of(looked)
    assert '<option value="dmy" selected>' in looked.text
    send(ada, data, "book", fixed__protocol="laser-ablative", date_order="dmy")
    [found] = house.rows()["procedures"]
    assert "laser-ablative" in json.dumps([str(one) for one in found])


def test_what_stood_there_before_is_not_said_anew() -> None:
    class Sent:
        texts = {"word": ["a", "b", "c"], "means": ["x", "-", ""]}  # noqa: RUF012 - one form

        def text(self, name: str) -> str:
            fields = {"column.name": "Name", "was.column.name": "Name", "column.phone": "Tel", "was.column.phone": ""}
            return fields.get(name, "")

    said = said_in(Sent())  # type: ignore[arg-type]
    assert said["columns"] == {"phone": "Tel"}
    assert said["protocols"] == {"a": "x", "b": None}
    assert said["remember"] is True


def test_what_is_here_and_differs_is_told_with_a_way_to_it(house: House, ada: Browser) -> None:
    send(ada, csv_of([row(2)]), "book")
    found = send(ada, csv_of([row(2, time="12:00"), row(3)]))
    assert "Here, but different 1" in text_of(found)
    assert "time of the procedure 10:30" in text_of(found)
    way = re.search(r'href="/staff/procedures/([0-9a-f-]{36})"', found.text)
    assert way is not None
    assert house.row(way[1])["booking_reference"] == "B-2"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"%PDF-1.7", "This is a PDF."),
        (b"PK\x03\x04rubbish", "damaged"),
        (b"<html>", "web page"),
        (b"\xff\xfe\x00", "letters of the file cannot be read"),
        (b'a,b\n"open', "quotation mark"),
    ],
)
def test_what_is_no_such_file_is_refused_kindly(ada: Browser, data: bytes, said: str) -> None:
    answer = send(ada, data)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert "Nothing was booked." in text_of(answer)


def test_without_a_file_it_is_asked_for_again(ada: Browser) -> None:
    for do in ("look", "book"):
        answer = send(ada, None, do)
        assert (answer.status_code, "choose the file once more" in text_of(answer)) == (422, True)
    plain = ada.post(PAGE, {"csrf": ada.mark(PAGE), "file": "a,b", "do": "book"})
    assert plain.status_code == 422


def test_choices_that_there_are_not_are_refused(ada: Browser) -> None:
    for fields in ({"date_order": "xyz"}, {"encoding": "x"}, {"fixed__language": "??"}, {"sheet": "None"}):
        answer = send(ada, csv_of([row(1)]), **fields)
        assert answer.status_code == 422, fields
        assert "Nothing was booked." in text_of(answer)


def test_a_file_that_is_too_large_is_a_page(ada: Browser) -> None:
    answer = send(ada, b"a" * (10 * 1024 * 1024 + 100_000))
    assert (answer.status_code, "too large" in text_of(answer)) == (413, True)
    just = send(ada, b"a" * (10 * 1024 * 1024 + 1))
    assert (just.status_code, "too large" in text_of(just)) == (422, True)


def test_only_an_admin_imports_and_only_by_our_form(house: House, ada: Browser) -> None:
    before = counts(house)
    for person in ("Ana", "Cleo"):
        other = Browser(house)
        other.sign_in(person)
        assert other.get(PAGE).status_code == 403
        files = {"file": ("b.csv", csv_of([row(1)]), "text/csv")}
        assert (
            other.send("POST", PAGE, data={"csrf": other.mark("/staff/"), "do": "book"}, files=files).status_code == 403
        )
    for mark in ("", "00" * 32):
        files = {"file": ("b.csv", csv_of([row(1)]), "text/csv")}
        assert ada.send("POST", PAGE, data={"csrf": mark, "do": "book"}, files=files).status_code == 403
    stranger = Browser(house)
    assert stranger.send("POST", PAGE, files={"file": ("b.csv", b"x", "text/csv")}).status_code == 303
    assert counts(house) == before


def test_script_in_a_file_stays_text(ada: Browser) -> None:
    head = [*HEAD, HOSTILE, '"><img src=x>']
    answer = send(ada, csv_of([[*row(1, treatment=HOSTILE), HOSTILE, "x"]], head))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert html.escape(HOSTILE) in answer.text
    assert "style=" not in answer.text


def test_a_part_of_the_page_comes_without_an_error_status(ada: Browser) -> None:
    """Else the browser would show nothing: what is asked for by a script is put in only when all went well."""
    fields = {"csrf": ada.mark(PAGE), "do": "look"}
    files = {"file": ("b.csv", b"%PDF", "text/csv")}
    answer = ada.send("POST", PAGE, data=fields, files=files, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "This is a PDF." in text_of(answer)


def test_of_many_faults_the_first_are_listed(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_view, "MOST_SHOWN", 2)
    answer = send(ada, csv_of([row(n, email="x") for n in range(1, 6)]))
    assert re.findall(r"<code>(\w+)</code>", answer.text) == ["H2", "H3"]
    assert "and 3 more" in text_of(answer)
