"""The clinic's settings: holidays and closing days move what counts business days, for everybody at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from prep_tracker.services.clinic import DEFAULTS
from prep_tracker.store.tables import clinics
from tests.api.house import BOOKING, Caller, House, Json, wrong

CALL: Json = {
    "id": "call-back",
    "kind": "do",
    "due": {"business_days": -3},
    "severity": "clinician",
    "title": "Call us back",
    "source": "Ours",
}


@pytest.fixture
def ada(house: House) -> Caller:
    """Give Aster's admin."""
    return house.person("Ada")


def settle(ada: Caller, **settings: Any) -> Json:  # noqa: ANN401 - any setting
    answer = ada.send("PATCH", "/v1/clinic", json=settings)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    assert ada.get("/v1/clinic").json() == found
    return found


def with_call(ada: Caller, on: str = "2026-12-18") -> str:
    """Book a procedure before which somebody calls back, three business days before."""
    procedure = ada.book(on=on, kept_since=dict.fromkeys(("no-sun", "no-retinoids", "no-aha", "no-bha")))
    answer = ada.post(f"{procedure}/steps", CALL, If_Match=ada.get(procedure).headers["etag"])
    assert answer.status_code == 201, answer.text
    ada.post(f"{procedure}/marks", {"kind": "no_more_products"})
    ada.post(f"{procedure}/marks", {"step": "provider-instructions", "kind": "done"})
    return procedure


def test_a_new_clinic_has_the_defaults(house: House) -> None:
    told = house.person("Ana").get("/v1/clinic").json()
    assert {name: told[name] for name in DEFAULTS} == dict(DEFAULTS)
    assert (told["id"], told["name"], told["time_zone"]) == (house.clinics["Aster"], "Aster", "Europe/Amsterdam")


def test_only_what_is_sent_changes(house: House, ada: Caller) -> None:
    told = ada.get("/v1/clinic").json()
    for sent in (
        {"name": "Aster Skin"},
        {"contact": {"phone": "+31 20 555 0100", "email": None, "address": "Dam 1"}},
        {"holidays": {"country": "DE", "region": "BY"}},
        {"closing_days": ["2026-12-24", "2026-12-31"]},
        {"sender": {"name": "Aster", "email": "hello@aster.example"}},
        {"origins": ["https://portal.aster.example"]},
        {"chase_days": 5},
        {"reminders": False},
        {"remind_at": "10:30", "quiet": {"from": "20:00", "to": "09:00"}},
        {"quiet": None},
        {"most_messages": 5, "plain_subjects": False},
        {"holidays": None, "sender": None},
        {"patient_url": "https://portal.aster.example/my-list#today"},
        {"patient_url": None},
    ):
        told |= sent
        assert settle(ada, **sent) == told
    assert house.person("Bob").get("/v1/clinic").json()["name"] == "Birch"


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({}, ""),
        ({"name": None}, "/name"),
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"holidays": {"country": "XX"}}, "/holidays/country"),
        ({"holidays": {"country": "NL", "region": "ZZ"}}, "/holidays/region"),
        ({"closing_days": ["24-12-2026"]}, "/closing_days/0"),
        ({"closing_days": [20261224]}, "/closing_days/0"),
        ({"origins": ["portal.example"]}, "/origins/0"),
        ({"origins": ["*"]}, "/origins/0"),
        ({"origins": ["https://portal.example/path"]}, "/origins/0"),
        ({"chase_days": -1}, "/chase_days"),
        ({"chase_days": True}, "/chase_days"),
        ({"remind_at": "9:00"}, "/remind_at"),
        ({"remind_at": "21:00"}, "/remind_at"),
        ({"remind_at": "07:59"}, "/remind_at"),
        ({"quiet": {"from": "08:00", "to": "09:01"}}, "/quiet"),
        ({"quiet": {"from": "21:00"}}, "/quiet/to"),
        ({"most_messages": 0}, "/most_messages"),
        ({"calendar": 7}, "/calendar"),
        ({"calendars_changed": 7}, "/calendars_changed"),
        ({"patient_url": "http://portal.aster.example/"}, "/patient_url"),
        ({"patient_url": "javascript:alert(1)"}, "/patient_url"),
        ({"patient_url": f"https://portal.aster.example/{'x' * 500}"}, "/patient_url"),
        ({"patient_url": 7}, "/patient_url"),
        ({"patient_url": "https://portal.example", "holidays": {"country": "XX"}}, "/holidays/country"),
        ({"is_demo": True}, "/is_demo"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(house: House, ada: Caller, sent: Json, pointer: str) -> None:
    rows = house.rows()
    assert wrong(ada.send("PATCH", "/v1/clinic", json=sent)).keys() == {pointer}
    assert house.rows() == rows


def test_only_a_demo_sends_its_patients_to_an_address_without_encryption(house: House, ada: Caller) -> None:
    house.store.run_write(lambda c: c.execute(update(clinics).values(is_demo=True)))
    assert settle(ada, patient_url="http://127.0.0.1:8000/")["patient_url"] == "http://127.0.0.1:8000/"
    house.store.run_write(lambda c: c.execute(update(clinics).values(is_demo=False)))
    said = wrong(ada.send("PATCH", "/v1/clinic", json={"patient_url": "http://127.0.0.1:8000/"}))
    assert said["/patient_url"].startswith("Send an address that begins with https://")


def test_a_closing_day_moves_what_is_due_so_many_business_days_before(house: House, ada: Caller) -> None:
    """18 December 2026 is a Friday; three business days before it is Tuesday, and Monday once Tuesday is closed."""
    procedure = with_call(ada)
    assert ada.item(procedure, "call-back")["due_on"] == "2026-12-15"
    assert house.row(procedure)["waiting_on"] == date(2026, 12, 16)
    house.go_to("2026-12-15")
    assert ada.get("/v1/worklist").json()["counts"]["waiting"] == 0
    before = ada.get(f"{procedure}/checklist")
    settle(ada, closing_days=["2026-12-16"])
    assert ada.item(procedure, "call-back")["due_on"] == "2026-12-14"
    assert house.row(procedure)["waiting_on"] == date(2026, 12, 15)
    (row,) = ada.get("/v1/worklist", standing="waiting").json()["items"]
    assert [reason["step"] for reason in row["standing"]["reasons"]] == ["call-back"]
    again = ada.get(f"{procedure}/checklist", headers={"If-None-Match": before.headers["etag"]})
    assert again.status_code == 200
    settle(ada, closing_days=[])
    assert ada.item(procedure, "call-back")["due_on"] == "2026-12-15"
    assert house.row(procedure)["waiting_on"] == date(2026, 12, 16)


def test_the_projection_of_every_booked_procedure_follows_the_calendar(house: House, ada: Caller) -> None:
    days = [date(2026, 12, 14) + timedelta(days=n) for n in range(12)]
    booked = [with_call(ada, on=day.isoformat()) for day in days if day.weekday() < 5]
    settle(ada, holidays={"country": "NL"}, closing_days=["2026-12-16", "2026-12-17"])
    for procedure in booked:
        due = ada.item(procedure, "call-back")["due_on"]
        day, open_days = date.fromisoformat(ada.get(procedure).json()["on"]), 0
        while open_days < 3:
            day -= timedelta(days=1)
            closed = day.weekday() >= 5 or day.isoformat() in {"2026-12-16", "2026-12-17", "2026-12-25"}
            open_days += not closed
        assert due == day.isoformat()
        assert house.row(procedure)["waiting_on"] == day + timedelta(days=1)


def test_holidays_of_a_region_are_no_business_days(ada: Caller) -> None:
    """6 January is a holiday in Bavaria and not in Berlin."""
    procedure = with_call(ada, on="2027-01-08")
    for region, due_on in ((None, "2027-01-05"), ("BE", "2027-01-05"), ("BY", "2027-01-04")):
        settle(ada, holidays={"country": "DE", "region": region})
        assert ada.item(procedure, "call-back")["due_on"] == due_on, region


def test_another_clinics_calendar_is_its_own(house: House, ada: Caller) -> None:
    ours, theirs = with_call(ada), with_call(house.person("Bob"))
    settle(ada, closing_days=["2026-12-16"])
    assert ada.item(ours, "call-back")["due_on"] == "2026-12-14"
    assert house.person("Bob").item(theirs, "call-back")["due_on"] == "2026-12-15"


def test_a_clinic_that_moves_to_another_zone_has_another_today(house: House, ada: Caller) -> None:
    procedure = ada.book()
    assert ada.get(procedure).json()["as_of"] == "2026-11-22"
    settle(ada, time_zone="Pacific/Kiritimati")
    told = ada.get(procedure).json()
    assert (told["as_of"], told["time_zone"], told["on"]) == ("2026-11-22", "Pacific/Kiritimati", "2026-12-18")
    house.go_to("2026-11-22", hour=11)
    assert ada.get(procedure).json()["as_of"] == "2026-11-23"


def test_a_portal_calls_from_an_origin_once_the_clinic_has_named_it(house: House, ada: Caller) -> None:
    origin = f"https://portal-{house.clinics['Aster'][:8]}.example"  # what one test allows, another may still know
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    def allowed(sent: str = origin) -> list[str | None]:
        read = house.person("Ana").get("/v1/protocols", headers={"Origin": sent})
        asked = house.stranger().send("OPTIONS", "/v1/procedures", check=False, headers=preflight | {"Origin": sent})
        return [answer.headers.get("access-control-allow-origin") for answer in (read, asked)]

    assert allowed() == [None, None]
    settle(ada, origins=[origin])
    assert allowed() == [origin, origin]
    for other in (f"{origin}.evil.example", origin.replace("https", "http"), "null", f"{origin}:8443"):
        assert allowed(other) == [None, None], other
    refused = house.stranger().send("GET", "/v1/protocols", headers={"Origin": origin})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)


def test_changing_the_clinic_is_told_in_the_audit(house: House, ada: Caller) -> None:
    answer = ada.send("PATCH", "/v1/clinic", json={"chase_days": 4})
    (line,) = [row for row in house.rows()["audit"] if "clinic.changed" in row]
    assert {"Ada", "admin", house.clinics["Aster"], answer.headers["x-request-id"]} <= set(line)


def test_booking_on_a_closing_day_is_the_clinics_own_affair(ada: Caller) -> None:
    settle(ada, closing_days=["2026-12-18"])
    assert ada.post("/v1/procedures", BOOKING).status_code == 201
