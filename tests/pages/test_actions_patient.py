"""What the clinic keeps about a patient is corrected on a procedure's page, as by the API, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browser import text_of
from tests.pages.forms import Form, forms, press
from tests.pages.staff import Desk

if TYPE_CHECKING:
    import httpx

    from tests.api.house import House, Json

NEW = {
    "name": "Pia Nova",
    "language": "es",
    "birth_date": "1990-05-04",
    "time_zone": "America/New_York",
    "email": "pia@example.org",
    "phone": "+31 6 1234 5678",
}


@pytest.fixture
def desk(house: House) -> Desk:
    """Put Ana in front of Pia's procedure."""
    return Desk(house, "Ana", house.person("Ana").book())


def kept(desk: Desk) -> Json:
    """Give the patient, as the API has her."""
    ana = desk.house.person("Ana")
    found: Json = ana.get(f"/v1/patients/{ana.get(desk.api).json()['patient']['id']}").json()
    return found


def change(desk: Desk, **fields: object) -> None:
    """Change the patient by the API, as somebody else at another screen."""
    address = f"/v1/patients/{kept(desk)['id']}"
    assert desk.house.person("Cleo").send("PATCH", address, json=fields).status_code == 200


def back(answer: httpx.Response, status: int) -> Form:
    """Hold that the form came back, and give it."""
    assert answer.status_code == status, text_of(answer)
    assert answer.text.count('id="told"') == 1
    return forms(answer)["patient"]


@pytest.mark.parametrize("person", ["Ana", "Cleo", "Ada"])
def test_every_field_is_changed_and_shown_again(house: House, desk: Desk, person: str) -> None:
    before = kept(desk)
    at = Desk(house, person, desk.api)
    shown = at.done("patient", "patient", more={**NEW, "bool:messages/email": "true"})
    assert kept(desk) == before | NEW | {"version": before["version"] + 1, "messages": {"email": True, "sms": False}}
    assert "The patient’s details were saved." in text_of(shown)
    form = forms(shown)["patient"]
    assert {name: form.value(name) for name in NEW} == NEW
    assert form.value("bool:messages/email") == "true"
    assert "bool:messages/sms" not in form.fields


def test_only_what_was_touched_is_changed(desk: Desk) -> None:
    change(desk, **NEW, messages={"email": True, "sms": True})
    before, form = kept(desk), desk.form("patient")
    change(desk, email="nova@example.org")
    assert press(desk.browser, form, phone="+31 20 555 0177").status_code == 303
    after = kept(desk)
    assert (after["email"], after["phone"]) == ("nova@example.org", "+31 20 555 0177")
    assert {**after, "email": "", "phone": "", "version": 0} == {**before, "email": "", "phone": "", "version": 0}


def test_a_field_is_emptied_and_consent_is_taken_back(desk: Desk) -> None:
    change(desk, **NEW, messages={"email": True, "sms": True})
    emptied = {"birth_date": "", "time_zone": "", "email": "", "phone": ""}
    desk.done("patient", "patient", more={**emptied, "bool:messages/email": None, "bool:messages/sms": None})
    after = kept(desk)
    assert {name: after[name] for name in emptied} == dict.fromkeys(emptied)
    assert after["messages"] == {"email": False, "sms": False}


def test_what_somebody_else_changed_is_shown_before_it_is_changed_again(desk: Desk) -> None:
    change(desk, **NEW)
    form = desk.form("patient")
    change(desk, email="other@example.org", phone="+31 20 555 0188", messages={"email": True, "sms": False})
    before = kept(desk)
    answer = press(desk.browser, form, email="mine@example.org", more={"bool:messages/sms": "true"})
    again = back(answer, 412)
    assert kept(desk) == before
    assert "Somebody was faster" in text_of(answer)
    assert "Kept now: other@example.org" in text_of(answer)
    assert again.value("email") == "mine@example.org"
    assert again.value("phone") == "+31 20 555 0188", "what was not touched is as it is kept now"
    assert again.value("bool:messages/email") == "true"
    assert press(desk.browser, again).status_code == 303
    after = kept(desk)
    assert (after["email"], after["phone"]) == ("mine@example.org", "+31 20 555 0188")
    assert after["messages"] == {"email": True, "sms": True}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("reference", " "),
        ("language", "Spanish, please"),
        ("birth_date", "2190-01-01"),
        ("birth_date", "soon"),
        ("time_zone", "Europe/Nowhere"),
        ("email", "pia at home"),
        ("phone", "call me"),
    ],
)
def test_what_is_wrong_is_marked_and_nothing_typed_is_lost(desk: Desk, name: str, value: str) -> None:
    before = kept(desk)
    typed = {"phone": "+31 20 555 0199", name: value}
    form = back(desk.do("patient", more=typed), 422)
    assert form.wrong == {name}
    typed.pop("language", None)  # a list has no place for what it does not offer
    assert {one: form.value(one) for one in typed} == typed
    assert kept(desk) == before


def test_another_patients_number_and_an_untouched_form_change_nothing(house: House, desk: Desk) -> None:
    other = house.person("Ana").post("/v1/patients", {"reference": "AX-77", "name": "Quinn Example"})
    assert other.status_code == 201
    before = kept(desk)
    answer = desk.do("patient", more={"reference": "AX-77", "name": "Pia Nova"})
    assert back(answer, 409).value("name") == "Pia Nova"
    assert "does not fit what is stored" in text_of(answer)
    assert "Nothing was filled in or changed." in text_of(desk.do("patient"))
    assert kept(desk) == before


def test_a_patient_of_a_procedure_that_ended_can_still_be_corrected(desk: Desk) -> None:
    desk.done("end", "cancelled", ("state", "cancelled"))
    desk.done("patient", "patient", phone="+31 20 555 0177")
    assert kept(desk)["phone"] == "+31 20 555 0177"


def test_what_no_page_of_ours_says_was_there_only_brings_the_form_back(desk: Desk) -> None:
    form = desk.form("patient")
    before = kept(desk)
    back(press(desk.browser, form, birth_date="1990-05-04", more={"was:birth_date": "x" * 9}), 412)
    assert kept(desk) == before
