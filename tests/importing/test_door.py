"""``POST /v1/imports``: look first, then book; whoever sends a file twice books it once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from prep_tracker.api.staff.imports import LINES
from prep_tracker.store import audit, clinics
from prep_tracker.store.tables import METADATA
from tests.api.house import BOOKING, PIA, Caller, House, Json, wrong
from tests.importing.made import HEAD, csv_of, row, xlsx_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOTHING = ("procedures", "patients", "entries")


def send(caller: Caller, data: bytes, kind: str = "text/csv", *, check: bool = True, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
    """Send a file as the body."""
    headers = {"Content-Type": kind, **request.pop("headers", {})}
    return caller.send("POST", "/v1/imports", content=data, headers=headers, params=request, check=check)


def form(caller: Caller, data: bytes, options: object = None, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
    """Send a file in a form, with what is said about it."""
    parts: dict[str, Any] = {"file": ("bookings.csv", data, "text/csv")}
    if options is not None:
        text = options if isinstance(options, str) else json.dumps(options)
        parts["options"] = (None, text, "application/json")
    headers = request.pop("headers", {})
    return caller.send("POST", "/v1/imports", files=parts, params=request, headers=headers)


def counts(house: House) -> dict[str, int]:
    """Count what an import could have made."""
    rows = house.rows()
    return {name: len(rows[name]) for name in NOTHING}


def references(house: House) -> list[str | None]:
    """List the booking references of all procedures."""
    table = METADATA.tables["procedures"]
    query = select(table.c.booking_reference).order_by(table.c.booking_reference)
    return house.store.run_read(lambda c: list(c.execute(query).scalars()))


def places(faults: Sequence[Json]) -> dict[str, str]:
    return {fault["cell"]: fault["code"] for fault in faults}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_looked_at_first_and_booked_only_then(house: House, ada: Caller, kind: str) -> None:
    rows = [row(1), row(2, time=""), row(3, treatment="Laser resurfacing"), row(4, date="2026-11-01")]
    data, media = (csv_of(rows), "text/csv") if kind == "csv" else (xlsx_of(rows), XLSX)
    before = house.rows()
    looked = send(ada, data, media)
    assert looked.status_code == 200
    assert house.rows() == before
    told = looked.json()
    assert (told["dry_run"], told["done"], told["rows"], told["to_book"], told["booked"]) == (True, False, 4, 3, 0)
    assert [(one["row"], one["reason"]) for one in told["skipped"]] == [(5, "past")]
    booked = send(ada, data, media, dry_run="false").json()
    assert (booked["dry_run"], booked["done"], booked["to_book"], booked["booked"]) == (False, True, 0, 3)
    assert references(house) == ["B-1", "B-2", "B-3"]
    assert [one["row"] for one in booked["procedures"]] == [2, 3, 4]
    first = ada.get(f"/v1/procedures/{booked['procedures'][0]['procedure_id']}").json()
    assert (first["on"], first["at"], first["protocol"]) == ("2026-12-18", "10:30", "laser-resurfacing@1")
    assert (first["patient"]["reference"], first["patient"]["name"]) == ("P-1", "Pia Palm 1")


def test_a_booking_from_a_file_is_a_booking_like_any_other(house: House, ada: Caller) -> None:
    imported = send(ada, csv_of([row(1)]), dry_run="false").json()["procedures"][0]["procedure_id"]
    booked = ada.book(patient=PIA | {"reference": "P-2", "messages": {"email": False, "sms": False}})
    one, other = house.row(imported), house.row(booked)
    own = {"id", "patient_id", "booking_reference"}
    assert {name: one[name] for name in one.keys() - own} == {name: other[name] for name in other.keys() - own}
    for part in ("", "/checklist"):
        mine, theirs = ada.get(f"/v1/procedures/{imported}{part}").json(), ada.get(f"{booked}{part}").json()
        assert mine["standing"] == theirs["standing"]
        assert mine.get("items") == theirs.get("items")
    entries = [ada.get(f"{path}/entries").json()["items"] for path in (f"/v1/procedures/{imported}", booked)]
    assert [(e["kind"], e["actor"]["person"]) for e in entries[0]] == [
        (e["kind"], e["actor"]["person"]) for e in entries[1]
    ]


def test_a_file_with_a_fault_books_nothing(house: House, ada: Caller) -> None:
    data = csv_of([row(1), row(2, email="canary"), row(3, date="03/04/2027"), row(4)])
    before = house.rows()
    looked = send(ada, data)
    assert looked.status_code == 200
    assert places(looked.json()["faults"]) == {"H3": "not-an-email", "E4": "ambiguous-day"}
    assert (looked.json()["to_book"], looked.json()["faults_total"]) == (2, 2)
    refused = wrong(send(ada, data, dry_run="false"))
    assert set(refused) == {"/rows/3/email", "/rows/4/on"}
    assert refused["/rows/3/email"].startswith("H3: ")
    assert house.rows() == before
    assert send(ada, data, dry_run="false", date_order="dmy").status_code == 422


def test_a_file_sent_again_books_nothing_again(house: House, ada: Caller) -> None:
    data = csv_of([row(n) for n in range(1, 251)])
    assert send(ada, data, dry_run="false").json()["booked"] == 250
    was = {name: rows for name, rows in house.rows().items() if name in NOTHING}
    again = send(ada, data, dry_run="false").json()
    assert (again["done"], again["booked"], again["known"], again["differing"]) == (True, 0, 250, [])
    assert {name: rows for name, rows in house.rows().items() if name in NOTHING} == was
    more = send(ada, csv_of([row(n) for n in range(200, 261)]), dry_run="false").json()
    assert (more["booked"], more["known"]) == (10, 51)
    assert len(references(house)) == 260


def test_what_is_here_and_differs_is_told_and_never_moved(house: House, ada: Caller) -> None:
    booked = send(ada, csv_of([row(n) for n in range(1, 6)]), dry_run="false").json()
    second = f"/v1/procedures/{booked['procedures'][1]['procedure_id']}"
    ada.move(second, "2026-12-20")
    fifth = f"/v1/procedures/{booked['procedures'][4]['procedure_id']}"
    tag = ada.get(fifth).headers["etag"]
    gone = ada.send("PUT", f"{fifth}/state", json={"state": "cancelled"}, headers={"If-Match": tag})
    assert gone.status_code == 200
    changed = [
        row(1, time=""),
        row(2),
        row(3, treatment="laser-fractional", time="11:00"),
        row(4, patient_no="P-9", name="Somebody else"),
        row(5),
    ]
    was = {name: rows for name, rows in house.rows().items() if name in NOTHING}
    told = send(ada, csv_of(changed), dry_run="false").json()
    assert {name: rows for name, rows in house.rows().items() if name in NOTHING} == was
    assert (told["known"], told["booked"], told["faults"]) == (5, 0, [])
    assert {one["cell"]: one["differs"] for one in told["differing"]} == {
        "A3": ["on"],
        "A4": ["at", "protocol"],
        "A5": ["patient_reference"],
        "A6": ["ended"],
    }
    assert told["differing"][0]["here"]["on"] == "2026-12-20"
    assert told["differing"][3]["here"]["ended"] == "cancelled"


def test_a_patient_of_the_clinic_is_taken_and_another_under_the_reference_is_a_fault(house: House, ada: Caller) -> None:
    ada.book(patient=PIA | {"reference": "P-1", "name": "Pia Palm 1"})
    same = send(ada, csv_of([row(1)]), dry_run="false").json()
    assert same["booked"] == 1
    assert counts(house)["patients"] == 1
    data = csv_of([row(2, patient_no="P-1"), row(3, patient_no="P-1", name="Pia Palm 1", birth_date="1991-01-01")])
    told = send(ada, csv_of([row(2, patient_no="P-1")])).json()
    assert places(told["faults"]) == {"C2": "other-patient"}
    one = csv_of([row(3, patient_no="P-1", name="Pia Palm 1", birth_date="1991-01-01")])
    assert places(send(ada, one).json()["faults"]) == {"D2": "other-patient"}
    assert send(ada, data, dry_run="false").status_code == 422
    assert counts(house)["procedures"] == 2


def test_a_day_that_has_passed_since_is_known_and_a_new_one_is_passed_over(house: House, ada: Caller) -> None:
    data = csv_of([row(1), row(2)])
    assert send(ada, csv_of([row(1)]), dry_run="false").json()["booked"] == 1
    house.go_to("2026-12-19")
    told = send(ada, data, dry_run="false").json()
    assert (told["known"], told["booked"]) == (1, 0)
    assert [(one["row"], one["reason"]) for one in told["skipped"]] == [(3, "past")]
    house.go_to("2026-12-18", hour=22)
    assert send(ada, data).json()["to_book"] == 1, "today in Amsterdam has an hour left"


def test_what_was_said_for_one_file_holds_for_the_next(house: House, ada: Caller) -> None:
    head = ["Code", "Client code", "Who", "Born", "When", "At", "What", "Email", "Mobile", "Language"]
    rows = [row(1, date="03/12/2026", treatment="CO2"), row(2, date="04/12/2026", treatment="Consultation")]
    options = {
        "columns": {"booking_reference": "Code", "patient_reference": "Client code", "name": "Who", "on": "When"}
        | {"birth_date": "Born", "at": "At", "protocol": "What"},
        "protocols": {"CO2": "laser-ablative", "consultation": None},
        "date_order": "dmy",
    }
    unsaid = send(ada, csv_of(rows, head)).json()
    assert {fault["code"] for fault in unsaid["faults"]} == {"missing-column"}
    assert form(ada, csv_of(rows, head), options).json()["to_book"] == 1
    assert send(ada, csv_of(rows, head)).json()["faults"] != [], "a dry run keeps nothing"
    told = form(ada, csv_of(rows, head), options, dry_run="false").json()
    assert (told["booked"], [one["reason"] for one in told["skipped"]]) == (1, ["left-out"])
    assert told["date_orders"] == {"on": "dmy", "birth_date": "dmy"}
    later = csv_of([row(3, date="05/12/2026", treatment="co2")], head)
    again = send(ada, later).json()
    assert (again["to_book"], again["columns"]["on"]["source"]) == (1, "remembered")
    assert send(ada, later, remember="false").json()["to_book"] == 0
    bob = house.person("Bob")
    assert send(bob, later).json()["to_book"] == 0, "another clinic remembers nothing of it"


def test_a_protocol_for_all_rows_is_kept_and_a_column_goes_before_it(ada: Caller) -> None:
    head = [*HEAD[:6], "Email", "Phone", "Language"]
    bare = csv_of([[*row(1)[:6], *row(1)[7:]]], head)
    assert send(ada, bare, dry_run="false", protocol="laser-fractional").json()["booked"] == 1
    bare = csv_of([[*row(2)[:6], *row(2)[7:]]], head)
    assert send(ada, bare).json()["fixed"] == {"protocol": "laser-fractional"}
    told = send(ada, csv_of([row(3)])).json()
    assert (told["fixed"], told["to_book"]) == ({}, 1)
    over = send(ada, csv_of([row(4)]), protocol="laser-ablative", dry_run="false").json()
    procedure = over["procedures"][0]["procedure_id"]
    assert ada.get(f"/v1/procedures/{procedure}").json()["protocol"].startswith("laser-ablative@")


def test_what_is_remembered_stays_out_of_the_clinics_own_settings(house: House, ada: Caller) -> None:
    assert send(ada, csv_of([row(1)]), dry_run="false", protocol="laser-ablative").status_code == 200
    before = ada.get("/v1/clinic").json()
    assert "imports" not in before
    assert ada.send("PATCH", "/v1/clinic", json={"chase_days": 5}).status_code == 200
    clinic = house.store.run_read(lambda c: clinics.get(c, house.clinics["Aster"]))
    assert clinic.settings["imports"]["fixed"] == {"protocol": "laser-ablative"}
    assert clinic.settings["chase_days"] == 5


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"columns": {"size": "Size"}}, "/columns"),
        ({"fixed": {"name": "Pia"}}, "/fixed"),
        ({"fixed": {"language": "!"}}, "/fixed/language"),
        ({"fixed": {"protocol": "no-peel"}}, "/fixed/protocol"),
        ({"fixed": {"protocol": "laser-ablative"}, "columns": {"protocol": "Treatment"}}, "/fixed/protocol"),
        ({"protocols": {"laser-resurfacing": "no-peel"}}, "/protocols"),
        ({"date_order": "dym"}, "/date_order"),
        ({"encoding": "latin-1"}, "/encoding"),
        ({"sheet": "Bookings"}, "/file"),
        ({"more": 1}, "/more"),
        ({"columns": {"name": 7}}, "/columns/name"),
        ([], ""),
        ("{", "/options"),
    ],
)
def test_what_cannot_be_said_is_refused(house: House, ada: Caller, options: object, pointer: str) -> None:
    before = house.rows()
    assert pointer in wrong(form(ada, csv_of([row(1)]), options, dry_run="false"))
    assert house.rows() == before


def test_a_column_that_is_chosen_and_not_there_is_a_fault_of_the_headers(ada: Caller) -> None:
    told = form(ada, csv_of([row(1)]), {"columns": {"phone": "Mobile 7"}}).json()
    assert places(told["faults"]) == {"A1": "unknown-column"}


def test_a_file_that_cannot_be_read_is_refused(house: House, ada: Caller) -> None:
    before = house.rows()
    for data in (b"", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04 broken", csv_of([row(1)]) + b'"'):
        for dry_run in ("true", "false"):
            assert "/file" in wrong(send(ada, data, dry_run=dry_run))
    assert "/file" in wrong(ada.post("/v1/imports", {"file": "bookings.csv"}))
    assert "/file" in wrong(ada.send("POST", "/v1/imports", files={"other": b"x"}))
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert "" in wrong(ada.send("POST", "/v1/imports", content=b"no form at all", headers=broken))
    assert "" in wrong(ada.send("POST", "/v1/imports", content=b"x", headers={"Content-Type": "multipart/form-data"}))
    assert house.rows() == before


def test_headers_in_another_encoding_are_faults_and_the_report_can_be_read(ada: Caller) -> None:
    told = send(ada, csv_of([row(1)], [*HEAD[:8], "Teléfono", "Größe"], encoding="cp1252")).json()
    assert places(told["faults"]) == {"I1": "not-text", "J1": "not-text"}
    assert "/rows/1" in wrong(send(ada, csv_of([row(1)], [*HEAD[:9], "Größe"], encoding="cp1252"), dry_run="false"))


def test_a_file_may_have_ten_mebibytes_and_nothing_else_may(house: House, ada: Caller) -> None:
    big = csv_of([[*row(n), "x" * 2000] for n in range(500)], [*HEAD, "Notes"])
    assert len(big) > 2**20
    assert send(ada, big).json()["to_book"] == 500
    assert send(ada, b"x" * (11 * 1024 * 1024)).status_code == 413
    assert ada.post("/v1/procedures", BOOKING | {"protocol": "x" * 300_000}).status_code == 413
    assert house.stranger().send("POST", "/v1/imports", content=b"x" * 1000).status_code == 401


@pytest.mark.parametrize("person", ["Ana", "Cleo", "Iris"])
def test_only_an_admin_imports(house: House, person: str) -> None:
    before = house.rows()
    assert send(house.person(person), csv_of([row(1)]), dry_run="false").status_code == 403
    assert {name: house.rows()[name] for name in NOTHING} == {name: before[name] for name in NOTHING}


def test_both_clinics_may_have_the_same_references(house: House, ada: Caller) -> None:
    data = csv_of([row(1), row(2)])
    assert send(ada, data, dry_run="false").json()["booked"] == 2
    bob = house.person("Bob")
    theirs = send(bob, csv_of([row(1, patient_no="P-2", name="Bo"), row(2, patient_no="P-1", name="Bea")])).json()
    assert (theirs["to_book"], theirs["known"], theirs["faults"]) == (2, 0, [])
    assert send(bob, data, dry_run="false").json()["booked"] == 2


def test_an_answer_that_was_given_is_given_again(house: House, ada: Caller) -> None:
    data = csv_of([row(1), row(2)])
    key = {"Idempotency-Key": "monday"}
    first = form(ada, data, {"date_order": "dmy"}, dry_run="false", headers=key)
    again = form(ada, data, {"date_order": "dmy"}, dry_run="false", headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    assert again.json()["booked"] == 2
    before = {name: house.rows()[name] for name in NOTHING}
    other = form(ada, csv_of([row(3)]), {"date_order": "dmy"}, dry_run="false", headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/v1/problems/key-reused")
    assert {name: house.rows()[name] for name in NOTHING} == before
    assert form(ada, data, headers=key).json()["dry_run"] is True, "a dry run takes no key"


def test_progress_comes_line_by_line_and_the_answer_last(house: House, ada: Caller) -> None:
    data = csv_of([row(n) for n in range(1, 231)])
    by_lines = {"Accept": LINES}
    looked = send(ada, data, headers=by_lines, check=False)
    assert looked.headers["content-type"] == LINES
    assert [json.loads(line)["line"] for line in looked.text.splitlines()] == ["summary"]
    told = send(ada, data, headers=by_lines, dry_run="false", check=False)
    lines = [json.loads(line) for line in told.text.splitlines()]
    assert [(one["line"], one.get("done"), one.get("total")) for one in lines[:-1]] == [
        ("progress", 100, 230),
        ("progress", 200, 230),
        ("progress", 230, 230),
    ]
    assert (lines[-1]["line"], lines[-1]["done"], lines[-1]["booked"]) == ("summary", True, 230)
    assert send(ada, csv_of([row(1, time="x")]), headers=by_lines, dry_run="false").status_code == 422
    assert len(references(house)) == 230


def test_the_audit_has_a_line_of_the_import_and_one_of_each_booking(house: House, ada: Caller) -> None:
    send(ada, csv_of([row(1), row(2), row(3, patient_no="P-1", name="Pia Palm 1")]), dry_run="false")
    lines = house.store.run_read(lambda c: audit.lines(c, house.clinics["Aster"], limit=20))
    events = [line.event for _, line in lines]
    assert events.count("procedure.booked") == 3
    assert events.count("patient.added") == 2
    assert events.count("bookings.imported") == 1
    ours = [line for _, line in lines if line.event in {"procedure.booked", "patient.added", "bookings.imported"}]
    assert {line.person for line in ours} == {"Ada"}
    assert len({line.request_id for line in ours}) == 1


def test_nothing_personal_is_repeated_or_logged(house: House, ada: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "Canary 1987-06-05"
    for field in ("booking_no", "patient_no", "name", "birth_date", "date", "time", "treatment", "email", "phone"):
        for value in (f"{canary}\x07", f"{canary}, {canary}" * 30, canary):
            data = csv_of([row(1), row(2, **{field: value}), row(2, name=canary)])
            looked, refused = send(ada, data), send(ada, data, dry_run="false")
            assert (looked.status_code, refused.status_code) == (200, 422)
            assert "anary" not in looked.text + refused.text
    moved = csv_of([row(1)]).replace(b"Pia Palm 1", b"Canary, Pia")
    assert "anary" not in send(ada, moved).text + send(ada, moved, dry_run="false").text
    said = capfd.readouterr()
    assert "anary" not in said.out + said.err
    assert "anary" not in str(house.rows()["audit"])
