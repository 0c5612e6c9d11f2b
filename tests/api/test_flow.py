"""The main job, end to end: a date goes in, and for any day the answer is what must be kept, done and confirmed."""

from __future__ import annotations

import re

import pytest

from tests.api.house import BOOKING, PIA, Caller, House


def test_a_booking_becomes_a_countdown(house: House, ana: Caller) -> None:
    booked = ana.post("/v1/procedures", BOOKING)
    assert booked.status_code == 201
    told = booked.json()
    assert re.fullmatch(r"/v1/procedures/[0-9a-f-]{36}", booked.headers["location"])
    assert told["days_to_go"] == 26
    assert told["as_of"] == "2026-11-22"
    assert (told["on"], told["at"], told["time_zone"]) == ("2026-12-18", "10:30", "Europe/Amsterdam")
    assert told["patient"] == {"id": told["patient"]["id"], "reference": "A-1001", "name": "Pia", "language": "en"}
    assert told["version"] == 1
    procedure = booked.headers["location"]
    assert ana.get(procedure).content == booked.content

    house.go_to("2026-12-03")
    assert ana.item(procedure, "no-sun")["state"] == "upcoming"
    house.go_to("2026-12-04")
    item = ana.item(procedure, "no-sun")
    assert (item["opens_on"], item["state"], item["act_by"]) == ("2026-12-04", "unknown", "2026-12-04")
    assert item["asks"]["kind"] == "since"
    now = ana.get(procedure).json()
    assert (now["days_to_go"], now["standing"]["level"]) == (14, "waiting")
    assert "no-sun" in [reason["step"] for reason in now["standing"]["reasons"]]


def test_everything_said_makes_it_ready(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-11")
    said = [
        {"step": "no-sun", "kind": "since", "on": "2026-12-02"},
        {"step": "no-retinoids", "kind": "since", "on": None},
        {"step": "no-aha", "kind": "since", "on": "2026-12-11"},
        {"step": "no-bha", "kind": "since", "on": "2026-12-01"},
        {"step": "provider-instructions", "kind": "done", "on": "2026-12-11"},
        {"kind": "no_more_products"},
    ]
    levels = []
    for mark in said:
        answer = ana.post(f"{procedure}/marks", mark)
        assert answer.status_code == 201
        levels.append(answer.json()["standing"]["level"])
    assert levels[-1] == "ready"
    assert set(levels[:-1]) == {"waiting"}
    told = ana.get(procedure).json()
    assert told["standing"] == {"level": "ready", "reasons": []}
    # The sun blocks until 2 + 14; the acids, since the 11th, ask for 7 days.
    assert (told["earliest_safe_on"], told["earliest_preferred_on"]) == ("2026-12-16", "2026-12-18")
    assert told["version"] == 7


def test_a_mark_answers_the_item_as_it_now_stands(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-04")
    answer = ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": "2026-12-02"})
    item = answer.json()
    assert (item["step"], item["state"], item["days_short"]) == ("no-sun", "open", 0)
    assert item["marks"] == [{"entry": 2, "kind": "since", "on": "2026-12-02", "said_on": "2026-12-04"}]
    assert item["entry"] == item["version"] == 2
    shown = {key: value for key, value in item.items() if key not in {"entry", "standing", "version"}}
    assert shown == ana.item(procedure, "no-sun")


def test_a_mark_without_a_day_speaks_of_today(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-04")
    answer = ana.post(f"{procedure}/marks", {"step": "provider-instructions", "kind": "done"})
    assert answer.json()["state"] == "done"
    assert answer.json()["marks"][0]["on"] == "2026-12-04"


def test_never_is_an_answer(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-04")
    answer = ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None})
    assert (answer.json()["state"], answer.json()["days_short"]) == ("open", 0)


def test_no_more_products_answers_the_review(ana: Caller) -> None:
    procedure = ana.book()
    answer = ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    assert (answer.json()["step"], answer.json()["state"]) == ("medication-review", "done")


def test_no_more_products_can_be_said_where_nothing_is_reviewed(ana: Caller) -> None:
    own = [p["slug"] for p in ana.get("/v1/protocols").json()["items"]]
    for slug in own:
        procedure = ana.book(protocol=slug)
        assert ana.post(f"{procedure}/marks", {"kind": "no_more_products"}).status_code == 201, slug


def test_staff_may_say_it_for_the_patient(house: House, ana: Caller) -> None:
    procedure = ana.book()
    mark = {"step": "provider-instructions", "kind": "done", "on_behalf_of": "patient"}
    assert ana.post(f"{procedure}/marks", mark).status_code == 201
    actor = ana.get(f"{procedure}/entries").json()["items"][1]["actor"]
    assert actor == {"role": "coordinator", "person": "Ana", "on_behalf_of": "patient"}
    audit = house.rows()["audit"][-1]
    assert "patient" in audit
    assert "Ana" in audit


def test_a_booking_takes_along_what_is_known(ana: Caller) -> None:
    procedure = ana.book(
        protocol="laser-ablative@1",
        answers={"sedation": True},
        exposures=[{"to": "sun", "on": "2026-10-01", "kind": "sunburn", "note": "a day at the beach"}],
        kept_since={"no-smoking": "2026-01-01", "no-alcohol": None},
    )
    entries = ana.get(f"{procedure}/entries").json()["items"]
    assert [entry["kind"] for entry in entries] == ["booked", "answered", "exposed", "marked", "marked"]
    assert [entry["n"] for entry in entries] == [1, 2, 3, 4, 5]
    assert ana.get(procedure).json()["version"] == 5
    steps = [item["step"] for item in ana.get(f"{procedure}/checklist").json()["items"]]
    assert "no-food" in steps


def test_a_known_patient_is_used_again(house: House, ana: Caller) -> None:
    first = ana.get(ana.book()).json()["patient"]["id"]
    assert ana.get(ana.book(on="2027-03-01")).json()["patient"]["id"] == first
    assert ana.get(ana.book(patient=PIA | {"birth_date": None})).json()["patient"]["id"] == first
    by_id = ana.post("/v1/procedures", {"patient_id": first, "protocol": "laser-resurfacing", "on": "2027-04-01"})
    assert by_id.json()["patient"]["id"] == first
    assert by_id.json()["at"] is None
    assert len(house.rows()["patients"]) == 1


@pytest.mark.parametrize("differing", [{"name": "Pina"}, {"birth_date": "1990-02-27"}])
def test_a_reference_that_means_somebody_else_is_refused(house: House, ana: Caller, differing: dict[str, str]) -> None:
    ana.book()
    before = house.rows()
    answer = ana.post("/v1/procedures", BOOKING | {"patient": PIA | differing})
    assert answer.status_code == 409
    assert house.rows() == before


def test_both_clinics_may_use_the_same_reference(ana: Caller, ben: Caller) -> None:
    ours, theirs = ana.get(ana.book()).json(), ben.get(ben.book(patient=PIA | {"name": "Bo"})).json()
    assert ours["patient"]["id"] != theirs["patient"]["id"]
    assert (ours["patient"]["name"], theirs["patient"]["name"]) == ("Pia", "Bo")


def test_every_shipped_protocol_can_be_booked_and_read(ana: Caller) -> None:
    listed = ana.get("/v1/protocols").json()
    assert [p["slug"] for p in listed["items"]] == [
        "laser-ablative",
        "laser-fractional",
        "laser-nonablative",
        "laser-resurfacing",
    ]
    for protocol in listed["items"]:
        name = f"{protocol['slug']}@{protocol['version']}"
        read = ana.get(f"/v1/protocols/{name}").json()
        assert read["content_hash"] == protocol["content_hash"]
        assert {step["id"] for step in read["content"]["steps"]} >= {"no-sun"}
        procedure = ana.book(protocol=name)
        assert ana.get(procedure).json()["protocol"] == name
        assert ana.get(f"{procedure}/checklist", all="true").status_code == 200


def test_steps_that_do_not_apply_are_left_out_unless_asked_for(ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative", answers={"sedation": False})
    shown = ana.get(f"{procedure}/checklist")
    everything = ana.get(f"{procedure}/checklist", all="true")
    assert "no-food" not in [item["step"] for item in shown.json()["items"]]
    left_out = [item for item in everything.json()["items"] if not item.get("applies", True)]
    assert {"no-food", "no-drink"} <= {item["step"] for item in left_out}
    assert {item["state"] for item in left_out} == {None}
    assert shown.headers["etag"] != everything.headers["etag"]


def test_a_gate_is_answered_safe_or_unsafe(ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    assert ana.item(procedure, "pregnancy")["state"] == "unknown"
    assert ana.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "safe"}).json()["state"] != "unknown"
    closed = ana.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "unsafe"}).json()
    assert (closed["state"], closed["standing"]["level"]) == ("closed", "blocked")
    assert ana.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "safe"}).json()["state"] == "closed"


def test_every_change_leaves_one_audit_line(house: House, ana: Caller) -> None:
    procedure = ana.book()
    count = len(house.rows()["audit"])
    ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"})
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"})
    ana.move(procedure, "2026-12-20")
    ana.post(f"{procedure}/entries/2/withdrawal", {"reason": "a slip"})
    lines = house.rows()["audit"][count:]
    assert len(lines) == 4
    assert all(procedure.rsplit("/", 1)[-1] in line for line in lines)
