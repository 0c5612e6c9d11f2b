"""Patients: added, found, changed, given out whole, and erased until nothing is left but a bare tombstone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Date, DateTime, Integer, inspect, text

from prep_tracker.store.erasure import ABOUT_PATIENTS
from prep_tracker.store.tables import METADATA
from tests.api.deciding import change
from tests.api.house import BOOKING, PIA, Caller, House, Json, wrong

CANARY = "zxqcanary"
FULL: Json = {
    "reference": f"{CANARY}-ref",
    "name": f"Pia {CANARY}",
    "language": "es",
    "birth_date": "1983-04-05",
    "time_zone": "Europe/Madrid",
    "email": f"{CANARY}@example.org",
    "phone": "+31 20 555 0199",
    "messages": {"email": True, "sms": False},
}
TRACES = (CANARY, "1983-04-05", "555 0199", "Europe/Madrid")
"""Whatever of the patient would be recognised anywhere."""


def add(caller: Caller, **differing: Any) -> Json:  # noqa: ANN401 - any field of a patient
    answer = caller.post("/v1/patients", FULL | differing)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/patients/{answer.json()['id']}"
    found: Json = answer.json()
    return found


def test_a_patient_is_added_found_and_read_as_sent(ana: Caller) -> None:
    made = add(ana)
    assert {name: made[name] for name in FULL} == FULL
    assert made["version"] == 1
    read = ana.get(f"/v1/patients/{made['id']}")
    assert read.json() == made
    assert ana.get("/v1/patients", reference=FULL["reference"]).json() == {"items": [made], "next": None}
    assert ana.get("/v1/patients", reference="nobody").json()["items"] == []
    tag = read.headers["etag"]
    unchanged = ana.get(f"/v1/patients/{made['id']}", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_the_little_that_is_needed_is_enough(ana: Caller) -> None:
    made = ana.post("/v1/patients", {"reference": "A-7", "name": "Mona"}).json()
    assert (made["language"], made["birth_date"], made["messages"]) == ("en", None, {"email": False, "sms": False})


def test_a_reference_that_is_taken_is_a_conflict(ana: Caller, ben: Caller) -> None:
    add(ana)
    again = ana.post("/v1/patients", FULL | {"name": "Somebody else"})
    assert again.status_code == 409
    assert CANARY not in again.text
    assert add(ben)["reference"] == FULL["reference"]
    other = add(ana, reference="A-8")
    answer = ana.send("PATCH", f"/v1/patients/{other['id']}", json={"reference": FULL["reference"]})
    assert answer.status_code == 409
    assert ana.get(f"/v1/patients/{other['id']}").json() == other


def test_only_what_is_sent_changes(ana: Caller) -> None:
    made = add(ana)
    address = f"/v1/patients/{made['id']}"
    changes: tuple[Json, ...] = (
        {"name": "Pia New"},
        {"email": None, "phone": None},
        {"birth_date": None, "time_zone": None},
        {"messages": {"sms": True}},
        {"reference": "A-9", "language": "en"},
    )
    for number, sent in enumerate(changes, 2):
        answer = ana.send("PATCH", address, json=sent)
        assert answer.status_code == 200, answer.text
        made |= sent | {"version": number}
        if "messages" in sent:
            made["messages"] = {"email": False, "sms": True}
        assert answer.json() == made
        assert ana.get(address).json() == made
        assert ana.get(address).headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ({}, {""}),
        ({"name": None, "reference": None, "language": None, "messages": None}, None),
        ({"name": " ", "birth_date": 0, "time_zone": "Mars/Base", "email": "no", "phone": "x", "age": 3}, None),
        ({"birth_date": "1990-02-30"}, None),
        ({"messages": {"email": "yes"}}, {"/messages/email"}),
    ],
)
def test_what_is_wrong_in_a_change_is_named_all_at_once(
    house: House, ana: Caller, sent: Json, pointers: set[str] | None
) -> None:
    address = f"/v1/patients/{add(ana)['id']}"
    rows = house.rows()
    found = wrong(ana.send("PATCH", address, json=sent))
    assert found.keys() == (pointers or {f"/{name}" for name in sent})
    assert house.rows() == rows


def test_a_birth_date_in_the_future_is_refused(ana: Caller) -> None:
    made = add(ana)
    assert "/birth_date" in wrong(ana.post("/v1/patients", FULL | {"reference": "A-2", "birth_date": "2027-01-01"}))
    answer = ana.send("PATCH", f"/v1/patients/{made['id']}", json={"birth_date": "2027-01-01"})
    assert "/birth_date" in wrong(answer)


def test_a_changed_name_is_what_every_page_shows(ana: Caller) -> None:
    procedure = ana.book()
    pia = ana.get(procedure).json()["patient"]["id"]
    assert ana.send("PATCH", f"/v1/patients/{pia}", json={"name": "Pia Renamed"}).status_code == 200
    assert ana.get(procedure).json()["patient"]["name"] == "Pia Renamed"
    (row,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert row["patient"]["name"] == "Pia Renamed"


def test_an_unchanged_procedure_shows_a_changed_name_to_who_has_read_it_before(ana: Caller) -> None:
    """The tag of a procedure covers what the answer shows of the patient."""
    procedure = ana.book()
    read = ana.get(procedure)
    pia = read.json()["patient"]["id"]
    ana.send("PATCH", f"/v1/patients/{pia}", json={"name": "Pia Renamed"})
    again = ana.get(procedure, headers={"If-None-Match": read.headers["etag"]})
    assert again.status_code == 200
    assert again.json()["patient"]["name"] == "Pia Renamed"


def whole_life(house: House) -> tuple[str, str]:
    """Let the canary be said wherever it can be said; give the patient and one of two procedures."""
    cleo = house.person("Cleo")
    booking = BOOKING | {
        "patient": FULL,
        "exposures": [{"to": "sun", "on": "2026-11-20", "note": f"at {CANARY} beach"}],
        "products": [{"text": f"{CANARY} cream", "kind": "skincare"}],
    }
    made = cleo.post("/v1/procedures", booking, Idempotency_Key="canary-1")
    procedure = made.headers["location"]
    pia = made.json()["patient"]["id"]
    cleo.book(patient=None, patient_id=pia, protocol="laser-fractional", on="2027-03-01")
    cleo.post(f"{procedure}/products", {"text": f"{CANARY} pills", "kind": "medicine"}, Idempotency_Key="canary-2")
    change(cleo, "POST", procedure, "products/3/decision", {"decision": "hold", "note": CANARY})
    change(cleo, "POST", procedure, "waivers", {"step": "no-sun", "reason": f"{CANARY} said so"})
    cleo.post(f"{procedure}/entries/2/withdrawal", {"reason": f"{CANARY} mistook it"})
    step = {"id": f"{CANARY}", "kind": "note", "at": {"days": -1}, "title": CANARY, "source": CANARY}
    change(cleo, "POST", procedure, "steps", step)
    cleo.move(procedure, "2026-12-20", reason=f"{CANARY} travels")
    change(cleo, "PUT", procedure, "clearance", {"note": CANARY})
    change(cleo, "PUT", procedure, "state", {"state": "cancelled", "reason": CANARY})
    cleo.send("PATCH", f"/v1/patients/{pia}", json={"name": f"Pia {CANARY} II"})
    assert str(house.rows()).count(CANARY) >= 10
    return pia, procedure


def test_erasing_leaves_a_bare_tombstone_and_nothing_else(house: House) -> None:
    bystander = house.person("Ana").book()
    pia, procedure = whole_life(house)
    answer = house.person("Ada").send("DELETE", f"/v1/patients/{pia}")
    assert (answer.status_code, answer.content) == (204, b"")
    rows = house.rows()
    for table, found in rows.items():
        for row in found:
            assert not any(trace in str(row) for trace in TRACES), table
    own = procedure.rsplit("/", 1)[-1]
    holding = {table for table, found in rows.items() for row in found if pia in str(row) or own in str(row)}
    assert holding == {"patients", "audit"}
    tombstone = dict(
        zip([c.name for c in METADATA.tables["patients"].c], next(r for r in rows["patients"] if pia in r), strict=True)
    )
    assert {name for name, value in tombstone.items() if value} == {
        "clinic_id", "id", "reference", "language", "version", "erased_at", "created_at",
    }  # fmt: skip
    assert tombstone["reference"] == f"erased-{pia}"
    assert house.person("Ana").get(bystander).status_code == 200


def test_nothing_of_an_erased_patient_is_left_in_any_table(house: House) -> None:
    """Every text of every table that the database has, whether the schema of the tests knows it or not."""
    pia, _ = whole_life(house)
    house.person("Ada").send("DELETE", f"/v1/patients/{pia}")

    def find(connection: Connection) -> list[str]:
        found = []
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                found += [
                    table
                    for value in row
                    if CANARY.encode() in bytes(str(value), "utf-8")
                    or (isinstance(value, bytes) and CANARY.encode() in value)
                ]
        return found

    assert house.store.run_read(find) == []


def test_an_erased_patient_is_gone_for_everybody(house: House) -> None:
    pia, procedure = whole_life(house)
    ada = house.person("Ada")
    assert ada.send("DELETE", f"/v1/patients/{pia}").status_code == 204
    address = f"/v1/patients/{pia}"
    gone = [
        ada.get(address),
        ada.send("PATCH", address, json={"name": "Back"}),
        ada.send("DELETE", address),
        ada.get(f"{address}/export"),
        ada.get(procedure),
        ada.get(f"{procedure}/entries"),
        ada.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}),
    ]
    assert {answer.status_code for answer in gone} == {404}
    for reference in (FULL["reference"], f"erased-{pia}"):
        assert ada.get("/v1/patients", reference=reference).json()["items"] == []
    assert ada.get("/v1/worklist", within_days="700").json()["items"] == []
    booking = {"protocol": "laser-resurfacing", "on": "2027-02-01", "patient_id": pia}
    assert "/patient_id" in wrong(ada.post("/v1/procedures", booking))
    again = ada.post("/v1/patients", FULL)
    assert (again.status_code, again.json()["version"]) == (201, 1)


def test_nobody_is_booked_as_the_tombstone_of_another(house: House) -> None:
    pia, _ = whole_life(house)
    ada = house.person("Ada")
    ada.send("DELETE", f"/v1/patients/{pia}")
    answer = ada.post(
        "/v1/procedures", BOOKING | {"patient": {"reference": f"erased-{pia}", "name": ""} | {"name": "X"}}
    )
    assert answer.status_code in {409, 422}, answer.text


def test_the_audit_keeps_that_it_was_done_and_by_whom_without_a_name(house: House) -> None:
    pia, _ = whole_life(house)
    house.person("Ada").get(f"/v1/patients/{pia}/export")
    house.person("Ada").send("DELETE", f"/v1/patients/{pia}")
    names = [column.name for column in METADATA.tables["audit"].columns]
    lines = [dict(zip(names, row, strict=True)) for row in house.rows()["audit"]]
    mine = [line for line in lines if line["patient_id"] == pia]
    assert [line["event"] for line in mine[-2:]] == ["patient.exported", "patient.erased"]
    assert [line["person"] for line in mine[-2:]] == ["Ada", "Ada"]


def test_an_answer_that_was_kept_for_a_repeat_is_not_given_once_the_patient_is_erased(house: House) -> None:
    pia, _ = whole_life(house)
    house.person("Ada").send("DELETE", f"/v1/patients/{pia}")
    again = house.person("Cleo").post("/v1/procedures", BOOKING, Idempotency_Key="canary-1")
    assert again.status_code == 201
    assert CANARY not in again.text


def test_the_export_holds_every_row_about_the_patient_whole(house: House) -> None:
    pia, procedure = whole_life(house)
    house.person("Ana").book(patient=PIA | {"name": "Somebody else"}, on="2027-01-05")
    answer = house.person("Ada").get(f"/v1/patients/{pia}/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    told = answer.json()["tables"]
    own = {pia, *(row["id"] for row in told["procedures"])}
    assert procedure.rsplit("/", 1)[-1] in own
    rows = house.rows()
    for name, table in METADATA.tables.items():
        linked = {"patient_id", "procedure_id"} & {column.name for column in table.columns}
        mine = [row for row in rows[name] if any(one in row for one in own)]
        if not (linked or name == "patients"):
            continue
        assert name in told, f"the export has no {name}"
        assert len(told[name]) == len(mine), name
        columns = {column.name: column for column in table.columns}
        for kept in told[name]:
            assert kept.keys() == columns.keys()
            assert not any(value is ... for value in kept.values())
    assert "Somebody else" not in answer.text
    assert told.keys() == set(ABOUT_PATIENTS)


def test_every_column_that_could_name_somebody_is_erased_or_an_id() -> None:
    """Text columns of the tables that outlive a patient: each is known here, so that a new one is thought about."""
    texts = {
        f"{table.name}.{column.name}"
        for table in (METADATA.tables["audit"], METADATA.tables["patients"])
        for column in table.columns
        if not isinstance(column.type, (Integer, Date, DateTime))
    }
    assert texts == {
        "audit.clinic_id", "audit.at", "audit.actor_role", "audit.credential_id", "audit.person", "audit.on_behalf_of",
        "audit.action", "audit.event", "audit.entity", "audit.entity_id", "audit.patient_id", "audit.request_id",
        "audit.seen",
        "patients.clinic_id", "patients.id", "patients.reference", "patients.name", "patients.language",
        "patients.time_zone", "patients.email", "patients.phone", "patients.messages", "patients.erased_at",
        "patients.created_at",
    }  # fmt: skip
