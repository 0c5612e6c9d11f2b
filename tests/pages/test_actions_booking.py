"""A procedure is booked on a page: the patient by number, what the protocol asks, a safe day, and only once."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.api.house import PIA, House
from tests.pages.browser import Browser, text_of
from tests.pages.forms import Form, forms, press

BOOK = "/staff/book"
FIND, CHOOSE, DAYS, GO = ("do", "find"), ("do", "choose"), ("do", "days"), ("do", "book")


@pytest.fixture
def ana(house: House) -> Browser:
    """Sign Ana in."""
    browser = Browser(house)
    browser.sign_in("Ana")
    return browser


def empty(browser: Browser, query: str = "") -> Form:
    """Open the page."""
    answer = browser.get(f"{BOOK}{query}")
    assert answer.status_code == 200
    return forms(answer)["book"]


def booked(house: House, answer_location: str) -> dict[str, object]:
    """Give the procedure to which somebody was led, as the API has it."""
    assert answer_location.endswith("?done=booked")
    procedure = answer_location.partition("?")[0].rsplit("/", 1)[-1]
    document: dict[str, object] = house.person("Ana").get(f"/v1/procedures/{procedure}").json()
    return document


def test_a_new_patient_is_booked_in_one_go(ana: Browser, house: House) -> None:
    answer = press(
        ana,
        empty(ana),
        GO,
        patient__reference="A-7",
        patient__name="Quill Ní Bhriain",
        patient__language="es",
        patient__birth_date="1980-01-31",
        patient__email="q@example.org",
        patient__phone="+31 20 555 0101",
        protocol="laser-resurfacing",
        on="2026-12-18",
        at="10:30",
        more={"bool:patient/messages/email": "true"},
    )
    assert answer.status_code == 303, text_of(answer)
    procedure = booked(house, answer.headers["location"])
    assert (procedure["on"], procedure["at"]) == ("2026-12-18", "10:30")
    found = house.person("Ana").get("/v1/patients", reference="A-7").json()["items"][0]
    assert (found["name"], found["language"], found["birth_date"]) == ("Quill Ní Bhriain", "es", "1980-01-31")
    assert found["messages"] == {"email": True, "sms": False}
    shown = ana.get(answer.headers["location"])
    assert "Booked." in text_of(shown)
    assert 'id="told" role="status"' in shown.text


def test_a_known_patient_is_found_by_number_and_kept_through_every_step(ana: Browser, house: House) -> None:
    known = house.person("Ana").post("/v1/patients", PIA).json()["id"]
    found = press(ana, empty(ana), FIND, patient__reference=" A-1001 ")
    assert "Pia A-1001 , born Wednesday 28 February 1990" in text_of(found)
    form = forms(press(ana, forms(found)["book"], CHOOSE, protocol="laser-ablative"))["book"]
    assert form.value("patient_id") == known
    assert "patient/name" not in form.fields
    answer = press(ana, form, GO, on="2026-12-18", more={"bool:answers/sedation": "true", "answers/area": "perioral"})
    procedure = booked(house, answer.headers["location"])
    assert procedure["patient"]["id"] == known  # type: ignore[index]
    assert procedure["at"] is None
    entries = house.person("Ana").get(f"/v1/procedures/{procedure['id']}/entries").json()["items"]
    assert entries[1]["answers"] == {"sedation": True, "area": "perioral"}


def test_another_person_can_be_taken_instead(ana: Browser, house: House) -> None:
    house.person("Ana").post("/v1/patients", PIA)
    found = forms(press(ana, empty(ana), FIND, patient__reference="A-1001", on="2026-12-18"))["book"]
    again = forms(press(ana, found, ("do", "forget")))["book"]
    assert again.value("patient/reference") == ""
    assert again.value("on") == "2026-12-18"
    assert "patient_id" not in again.fields


def test_a_number_that_nobody_has_asks_for_the_name(ana: Browser) -> None:
    answer = press(ana, empty(ana), FIND, patient__reference="A-9", protocol="laser-resurfacing")
    assert "Nobody has this number yet." in text_of(answer)
    form = forms(answer)["book"]
    assert (form.value("patient/reference"), form.value("protocol")) == ("A-9", "laser-resurfacing")
    nothing = press(ana, form, FIND, patient__reference="")
    assert nothing.status_code == 422
    assert forms(nothing)["book"].wrong == {"patient/reference"}


def test_another_clinics_patient_is_nobody(ana: Browser, house: House) -> None:
    theirs = house.person("Ben").post("/v1/patients", PIA | {"reference": "B-1", "name": "Bo"}).json()["id"]
    assert "Nobody has this number yet." in text_of(press(ana, empty(ana), FIND, patient__reference="B-1"))
    answer = press(ana, empty(ana), GO, protocol="laser-resurfacing", on="2026-12-18", more={"patient_id": theirs})
    assert answer.status_code == 422
    assert "The clinic has no such patient." in text_of(answer)
    assert "Bo" not in text_of(answer).split()


def test_a_number_that_somebody_else_has_is_not_overwritten(ana: Browser, house: House) -> None:
    house.person("Ana").post("/v1/patients", PIA)
    rows = house.rows()["patients"]
    answer = press(
        ana,
        empty(ana),
        GO,
        patient__reference="A-1001",
        patient__name="Quill",
        protocol="laser-resurfacing",
        on="2026-12-18",
    )
    assert answer.status_code == 409
    assert "another name" in text_of(answer)
    assert forms(answer)["book"].value("patient/name") == "Quill"
    assert (house.rows()["patients"], house.rows()["procedures"]) == (rows, [])


def test_everything_wrong_is_said_at_once_beside_its_field_and_nothing_typed_is_lost(
    ana: Browser, house: House
) -> None:
    form = forms(press(ana, empty(ana), CHOOSE, protocol="laser-ablative"))["book"]
    answer = press(
        ana,
        form,
        GO,
        patient__reference="A-8",
        patient__email="nobody",
        patient__birth_date="2030-01-01",
        on="2026-11-01",
        at="25:00",
        products__0__text="Differin",
        products__0__last_used_on="2027-01-01",
        exposures__0__to="sun",
        exposures__0__on="2027-01-01",
        more={"answers/area": "elbow", "kept_since/no-sun": "2027-01-01"},
    )
    assert answer.status_code == 422
    back = forms(answer)["book"]
    assert back.wrong >= {"patient/name", "patient/email", "at"}
    assert (back.value("products/0/text"), back.value("exposures/0/to"), back.value("at")) == (
        "Differin",
        "sun",
        "25:00",
    )
    assert house.rows()["procedures"] == []
    mended = press(
        ana,
        back,
        GO,
        patient__name="Quill",
        patient__email="q@example.org",
        patient__birth_date="1980-01-31",
        at="10:00",
        more={"answers/area": "other"},
    )
    assert mended.status_code == 422
    again = forms(mended)["book"]
    assert again.wrong == {"on", "products/0/last_used_on", "exposures/0/on", "kept_since/no-sun"}
    done = press(
        ana,
        again,
        GO,
        on="2026-12-18",
        products__0__last_used_on="2026-11-20",
        exposures__0__on="2026-11-20",
        more={"kept_since/no-sun": "", "null:kept_since/no-smoking": "never"},
    )
    procedure = booked(house, done.headers["location"])
    entries = house.person("Ana").get(f"/v1/procedures/{procedure['id']}/entries").json()["items"]
    assert [entry["kind"] for entry in entries] == ["booked", "answered", "exposed", "marked", "product-added"]
    assert (entries[3]["step"], entries[3]["on"]) == ("no-smoking", None)


def test_a_past_day_is_booked_only_when_it_is_said_to_be_recorded_afterwards(ana: Browser, house: House) -> None:
    fields = {"patient__reference": "A-1", "patient__name": "Pia", "protocol": "laser-resurfacing", "on": "2026-11-01"}
    assert "bool:backdated" not in empty(ana).choices
    answer = press(ana, empty(ana), GO, **fields)
    assert forms(answer)["book"].wrong == {"on"}
    done = press(ana, forms(answer)["book"], GO, more={"bool:backdated": "true"})
    assert booked(house, done.headers["location"])["on"] == "2026-11-01"


def test_safe_days_are_found_with_what_is_known_and_one_is_taken(ana: Browser, house: House) -> None:
    form = forms(press(ana, empty(ana), CHOOSE, protocol="laser-resurfacing"))["book"]
    answer = press(
        ana,
        form,
        DAYS,
        patient__reference="A-1",
        patient__name="Pia",
        exposures__0__to="sun",
        exposures__0__on="2026-11-21",
    )
    assert answer.status_code == 200
    found = forms(answer)["book"]
    days = [value for name, value in found.buttons if name == "pick"]
    # Fourteen clear days after the 21st, and a Sunday, on which the clinic is closed.
    assert days == ["2026-12-07", "2026-12-08", "2026-12-09", "2026-12-10", "2026-12-11"]
    assert "10 days before that are too early" in text_of(answer)
    assert "It is 13 days short." in text_of(answer)
    taken = forms(press(ana, found, ("pick", "2026-12-08")))["book"]
    assert (taken.value("on"), taken.value("patient/name")) == ("2026-12-08", "Pia")
    done = press(ana, taken, GO)
    procedure = booked(house, done.headers["location"])
    assert procedure["on"] == "2026-12-08"
    assert procedure["standing"]["level"] == "waiting"  # type: ignore[index]


def test_days_can_be_asked_for_from_a_day_on_and_without_a_protocol_they_cannot(ana: Browser) -> None:
    found = press(ana, empty(ana), DAYS, protocol="laser-resurfacing", not_before="2027-02-01")
    assert "pick" in dict(forms(found)["book"].buttons)
    assert min(value for name, value in forms(found)["book"].buttons if name == "pick") >= "2027-02-01"
    nothing = press(ana, empty(ana), DAYS, not_before="2020-01-01")
    assert nothing.status_code == 422
    assert forms(nothing)["book"].wrong == {"protocol"}
    past = press(ana, empty(ana), DAYS, protocol="laser-resurfacing", not_before="2020-01-01")
    assert forms(past)["book"].wrong == {"not_before"}


def test_two_clicks_book_once(ana: Browser, house: House) -> None:
    form = empty(ana)
    fields = {"patient__reference": "A-1", "patient__name": "Pia", "protocol": "laser-resurfacing", "on": "2026-12-18"}
    answers = [press(ana, form, GO, **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(house.rows()["procedures"]) == 1
    house.wait(house.app.state.service.trail.flush(house.store))
    procedure = answers[0].headers["location"].partition("?")[0].rsplit("/", 1)[-1]
    told = [str(row) for row in house.rows()["audit"] if procedure in row]
    assert [sum(event in row for row in told) for event in ("procedure.booked", "book.repeated")] == [1, 1]
    other = press(ana, form, GO, **{**fields, "on": "2026-12-21"})
    assert other.status_code == 422
    assert "sent before and is done" in text_of(other)
    assert len(house.rows()["procedures"]) == 1
    assert press(ana, forms(other)["book"], GO).status_code == 303
    assert len(house.rows()["procedures"]) == 2


def test_two_clicks_at_once_book_once(ana: Browser, house: House) -> None:
    fields = {name: values[0] for name, values in empty(ana).fields.items()}
    fields |= {"patient/reference": "A-1", "patient/name": "Pia", "protocol": "laser-resurfacing", "on": "2026-12-18"}
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in ana.cookies.items())}

    async def both() -> list[httpx.Response]:
        clicks = (house.client.post(BOOK, data={**fields, "do": "book"}, headers=cookie) for _ in range(4))
        return await asyncio.gather(*clicks)

    answers = house.wait(both())
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(house.rows()["procedures"]) == 1


def test_a_strange_form_books_nothing(ana: Browser, house: House) -> None:
    fields = {
        "do": "book",
        "patient/reference": "A-1",
        "patient/name": "Pia",
        "protocol": "laser-resurfacing",
        "on": "2026-12-18",
    }
    ben = Browser(house)
    ben.sign_in("Ben")
    for mark in ({}, {"csrf": ""}, {"csrf": ben.mark("/staff/")}):
        assert ana.post(BOOK, {**fields, **mark}).status_code == 403
    assert house.rows()["procedures"] == []


def test_who_was_looked_up_stands_in_the_audit_and_the_number_in_no_address(ana: Browser, house: House) -> None:
    known = house.person("Ana").post("/v1/patients", PIA).json()["id"]
    answer = press(ana, empty(ana), FIND, patient__reference="A-1001")
    assert "A-1001" not in str(answer.url)
    house.wait(house.app.state.service.trail.flush(house.store))
    assert any(known in str(row) and "book.tried" in row for row in house.rows()["audit"])


def test_names_are_text_and_it_speaks_spanish(ana: Browser, house: House) -> None:
    evil = "<script>alert(1)</script>"
    house.person("Ana").post("/v1/patients", PIA | {"name": evil})
    answer = press(ana, empty(ana), FIND, patient__reference="A-1001")
    assert "<script>alert" not in answer.text
    back = press(ana, empty(ana), FIND, patient__reference=f'"{evil}')
    assert "<script>alert" not in back.text
    assert forms(back)["book"].value("patient/reference") == f'"{evil}'
    ana.get("/staff/language?to=es&next=/staff/")
    said = text_of(ana.get(BOOK))
    for part in ("Anotar una cita", "Fecha de nacimiento", "Buscar un día seguro", "Rejuvenecimiento"):
        assert part in said, part


def test_the_list_of_patients_to_book_is_for_staff_only(house: House) -> None:
    answer = Browser(house).get(BOOK)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in?next=/staff/book")
