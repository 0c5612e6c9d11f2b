"""Bad bookings: every wrong field is named at once, with what to send instead, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.house import BOOKING, NOBODY, PIA, Caller, House, refused

NOT_DAYS: tuple[Any, ...] = (
    0,
    1766016000,
    1.5,
    True,
    "",
    "0",
    "2026-02-30",
    "2026-13-01",
    "2026-1-5",
    "2026-12-18T10:30:00Z",
    "2026-12-18 ",
    " 2026-12-18",
    "20261218",
    "18-12-2026",
    "tomorrow",
    "2026-W51-5",
    "٢٠٢٦-١٢-١٨",
    "0000-00-00",
    "9999-12-31",
    "1000-01-01",
    "-2026-12-18",
    ["2026-12-18"],
    {"year": 2026},
)
NOT_TEXTS: tuple[Any, ...] = ("", "   ", "x" * 10_000, "a\x00b", "\ud800", "a\x1bb", 7, True, ["x"], {"x": 1}, None)


def test_what_is_no_day_is_refused_wherever_a_day_is_asked_for(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for day in NOT_DAYS:
        found = refused(
            house,
            ana,
            "/v1/procedures",
            {
                "patient": PIA | {"birth_date": day},
                "protocol": "laser-resurfacing",
                "on": day,
                "exposures": [{"to": "sun", "on": day}],
                "kept_since": {"no-sun": day},
            },
        )
        assert found.keys() == {"/patient/birth_date", "/on", "/exposures/0/on", "/kept_since/no-sun"}, day
        assert found["/on"] == found["/kept_since/no-sun"]
        assert refused(house, ana, f"{procedure}/moves?preview=true", {"to_on": day}).keys() == {"/to_on"}
        assert refused(house, ana, f"{procedure}/exposures", {"to": "sun", "on": day}).keys() == {"/on"}
        mark = {"step": "no-sun", "kind": "since", "on": day}
        assert refused(house, ana, f"{procedure}/marks", mark).keys() == {"/on"}, day


def test_a_missing_day_is_asked_for(house: House, ana: Caller) -> None:
    procedure = ana.book()
    assert refused(house, ana, "/v1/procedures", {k: v for k, v in BOOKING.items() if k != "on"}).keys() == {"/on"}
    assert refused(house, ana, "/v1/procedures", BOOKING | {"on": None}).keys() == {"/on"}
    assert refused(house, ana, f"{procedure}/moves?preview=true", {}).keys() == {"/to_on"}
    assert refused(house, ana, f"{procedure}/exposures", {"to": "sun"}).keys() == {"/on"}


def test_what_is_no_time_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for time in ("24:00", "10:60", "9:30", "10:30:00", "10.30", "", 630, 10.5, True, "noon", ["10:30"]):
        assert refused(house, ana, "/v1/procedures", BOOKING | {"at": time}).keys() == {"/at"}, time
        move = {"to_on": "2026-12-20", "to_at": time}
        assert refused(house, ana, f"{procedure}/moves?preview=true", move).keys() == {"/to_at"}, time


def test_names_that_nobody_can_have_are_refused(house: House, ana: Caller) -> None:
    for text in NOT_TEXTS:
        found = refused(house, ana, "/v1/procedures", BOOKING | {"patient": {"reference": text, "name": text}})
        assert found.keys() == {"/patient/reference", "/patient/name"}, text
    assert ana.post("/v1/procedures", BOOKING | {"patient": PIA | {"name": "x" * 200}}).status_code == 201


def test_other_texts_that_cannot_be_kept_are_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for text in ("x" * 10_000, "a\x00b", "\ud800", "a\x1bb", 7, ["x"]):
        exposure = {"to": "sun", "on": "2026-11-20", "note": text}
        assert refused(house, ana, f"{procedure}/exposures", exposure).keys() == {"/note"}
        move = {"to_on": "2026-12-20", "reason": text}
        assert refused(house, ana, f"{procedure}/moves?preview=true", move).keys() == {"/reason"}
        assert refused(house, ana, f"{procedure}/entries/1/withdrawal", {"reason": text}).keys() == {"/reason"}
        for field in ("email", "phone", "language", "time_zone"):
            body = BOOKING | {"patient": PIA | {field: text}}
            assert list(refused(house, ana, "/v1/procedures", body)) == [f"/patient/{field}"], (field, text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a b@example.org"),
        ("phone", "call me"),
        ("language", "English"),
        ("language", "EN"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("birth_date", "2099-01-01"),
        ("messages", {"email": "yes"}),
        ("messages", {"fax": True}),
        ("nickname", "P"),
    ],
)
def test_a_patient_with_a_wrong_field_is_refused(house: House, ana: Caller, field: str, value: object) -> None:
    found = refused(house, ana, "/v1/procedures", BOOKING | {"patient": PIA | {field: value}})
    (pointer,) = found
    assert pointer.startswith(f"/patient/{field}")


def test_everything_wrong_is_named_at_once(house: House, ana: Caller) -> None:
    found = refused(
        house,
        ana,
        "/v1/procedures",
        {
            "patient": {"reference": "", "name": "\ud800", "birth_date": 7, "shoe_size": 38},
            "protocol": "no-such-protocol",
            "on": "2026-02-30",
            "at": "25:00",
            "backdated": "yes",
            "answers": [],
            "exposures": [{"to": "sun"}, {"to": 3, "on": "2026-11-20", "kind": ""}],
            "kept_since": {"no-sun": 0},
            "bogus": 1,
        },
    )
    assert found.keys() == {
        "/patient/reference",
        "/patient/name",
        "/patient/birth_date",
        "/patient/shoe_size",
        "/protocol",
        "/on",
        "/at",
        "/backdated",
        "/answers",
        "/exposures/0/on",
        "/exposures/1/to",
        "/exposures/1/kind",
        "/kept_since/no-sun",
        "/bogus",
    }


def test_what_is_well_formed_and_wrong_is_named_at_once_too(house: House, ana: Caller) -> None:
    found = refused(
        house,
        ana,
        "/v1/procedures",
        {
            "patient": PIA,
            "protocol": "laser-ablative",
            "on": "2026-11-21",
            "answers": {"sedation": "yes", "shoe-size": 38},
            "exposures": [{"to": "moonlight", "on": "2026-11-23"}, {"to": "sun", "on": "2026-11-20", "kind": "nsaid"}],
            "kept_since": {"no-sun": "2026-11-23", "no-such-step": "2026-11-20", "pregnancy": "2026-11-20"},
        },
    )
    assert found.keys() == {
        "/on",
        "/answers/sedation",
        "/answers/shoe-size",
        "/exposures/0/to",
        "/exposures/0/on",
        "/exposures/1/kind",
        "/kept_since/no-sun",
        "/kept_since/no-such-step",
        "/kept_since/pregnancy",
    }


def test_both_kinds_of_faults_are_named_at_once(house: House, ana: Caller) -> None:
    body = {"protocol": "nope", "on": "2026-11-21", "at": "25:00", "bogus": 1, "kept_since": {"no-sun": "2026-11-23"}}
    assert refused(house, ana, "/v1/procedures", body).keys() == {"/patient", "/protocol", "/on", "/at", "/bogus"}
    body = BOOKING | {"at": "25:00", "on": "2026-11-21", "kept_since": {"no-sun": "2026-11-23", "x": None}}
    assert refused(house, ana, "/v1/procedures", body).keys() == {"/at", "/on", "/kept_since/no-sun", "/kept_since/x"}


def test_nothing_at_all_is_named_field_by_field(house: House, ana: Caller) -> None:
    assert refused(house, ana, "/v1/procedures", {}).keys() == {"/protocol", "/on", "/patient"}


def test_either_a_patient_or_the_id_of_one(house: House, ana: Caller) -> None:
    body = {"protocol": "laser-resurfacing", "on": "2026-12-18"}
    assert refused(house, ana, "/v1/procedures", body).keys() == {"/patient"}
    assert refused(house, ana, "/v1/procedures", body | {"patient": None, "patient_id": None}).keys() == {"/patient"}
    both = body | {"patient": PIA, "patient_id": NOBODY}
    assert refused(house, ana, "/v1/procedures", both).keys() == {"/patient", "/patient_id"}
    for patient in (NOBODY, "not-an-id", "' OR 1=1 --"):
        assert refused(house, ana, "/v1/procedures", body | {"patient_id": patient}).keys() == {"/patient_id"}
    for never in ("", 7, "a\x00b", "x" * 10_000):
        assert refused(house, ana, "/v1/procedures", body | {"patient_id": never}).keys() == {"/patient_id"}


def test_a_procedure_in_the_past_is_refused_unless_it_is_said_to_be_one(house: House, ana: Caller) -> None:
    found = refused(house, ana, "/v1/procedures", BOOKING | {"on": "2026-11-21"})
    assert '"backdated": true' in found["/on"]
    assert "2026-11-22" in found["/on"]
    past = ana.book(on="2026-11-21", backdated=True)
    assert ana.get(past).json()["standing"]["level"] == "past"
    assert ana.get(ana.book(on="2026-11-22")).json()["days_to_go"] == 0


def test_an_unknown_protocol_or_version_is_refused(house: House, ana: Caller) -> None:
    for name in ("nope", "laser-resurfacing@2", "laser-resurfacing@0", "laser-resurfacing@", "laser-resurfacing@x"):
        assert "laser-" in refused(house, ana, "/v1/procedures", BOOKING | {"protocol": name})["/protocol"], name
    for name in ("@1", "Laser-Resurfacing", "laser-resurfacing@1@1", "laser-resurfacing@9999999999", "../x", "a\x00b"):
        assert refused(house, ana, "/v1/procedures", BOOKING | {"protocol": name}).keys() == {"/protocol"}, name
    for never in ("", 7, None, ["laser-resurfacing"], "x" * 10_000):
        assert refused(house, ana, "/v1/procedures", BOOKING | {"protocol": never}).keys() == {"/protocol"}, never
    for name in ("nope", "laser-resurfacing@2", "laser-resurfacing@", "laser-resurfacing@x", "%00", "x" * 3000, "é"):
        assert ana.get(f"/v1/protocols/{name}").status_code == 404, name


def test_an_erased_patient_is_not_booked_again(house: House, ana: Caller) -> None:
    pia = ana.get(ana.book()).json()["patient"]["id"]
    assert house.person("Ada").send("DELETE", f"/v1/patients/{pia}").status_code == 204
    body = {"patient_id": pia, "protocol": "laser-resurfacing", "on": "2026-12-18"}
    assert refused(house, ana, "/v1/procedures", body).keys() == {"/patient_id"}
    anew = ana.get(ana.book()).json()["patient"]
    assert (anew["reference"], anew["id"] != pia) == ("A-1001", True)


def test_nobody_has_to_read_a_pattern(house: House, ana: Caller) -> None:
    wrong = {"email": "a@b.example;c", "phone": "call me", "language": "English"}
    named = {"email": "pia@clinic.example", "phone": "+31 20 123 4567", "language": "pt-BR"}
    for where, path, body in (
        ("/patient", "/v1/procedures", BOOKING | {"patient": PIA | wrong}),
        ("", "/v1/patients", PIA | wrong),
    ):
        found = refused(house, ana, path, body)
        assert found.keys() == {f"{where}/{field}" for field in wrong}
        for field, example in named.items():
            assert example in found[f"{where}/{field}"]
            assert "^" not in found[f"{where}/{field}"]
    sender = {"sender": {"name": "Aster", "email": 'a"b@aster.example'}}
    [message] = refused(house, house.person("Ada"), "/v1/clinic", sender, "PATCH").values()
    assert message.startswith("Send an e-mail address")


def test_no_control_character_hides_in_an_address(house: House, ana: Caller) -> None:
    for never in ("a\x00@b.example", "a@b\x1b.example", "a@b", "a b@c.example"):
        assert refused(house, ana, "/v1/patients", PIA | {"email": never}).keys() == {"/email"}, never
    for never in ("https://a\x00.example", "https://a.example/path", "*"):
        found = refused(house, house.person("Ada"), "/v1/clinic", {"origins": [never]}, "PATCH")
        assert found.keys() == {"/origins/0"}, never
