"""Keys: made for named persons, replaced without a gap, ended at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prep_tracker.services.access import SCOPES
from tests.api.deciding import key_for
from tests.api.house import BOOKING, CAST, Caller, House, wrong


@pytest.fixture
def ada(house: House) -> Caller:
    """Give Aster's admin."""
    return house.person("Ada")


def test_a_key_is_shown_once_and_listed_without_its_secret(house: House, ada: Caller) -> None:
    made = ada.post("/v1/keys", {"role": "clinician", "person": "Cora"})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    token = made.json()["key"]
    assert token.split("_")[2] == made.json()["id"]
    listed = ada.get("/v1/keys")
    assert token.split("_", 3)[3] not in listed.text
    assert "key" not in {name for row in listed.json()["items"] for name in row}
    assert sorted(row["person"] for row in listed.json()["items"]) == sorted([*CAST, "Cora"])
    assert token.split("_", 3)[3] not in str(house.rows())
    assert Caller(house, token).get("/v1/worklist").status_code == 200


def test_a_key_is_replaced_without_a_gap(house: House, ada: Caller) -> None:
    made = ada.post("/v1/keys", {"role": "coordinator", "person": "Cora"}).json()
    old, old_id = Caller(house, made["key"]), made["id"]
    new = key_for(house, "coordinator", "Cora")
    for caller in (old, new, old):
        assert caller.get("/v1/worklist").status_code == 200
    assert ada.send("DELETE", f"/v1/keys/{old_id}").status_code == 204
    assert old.get("/v1/worklist").status_code == 401
    assert old.post("/v1/procedures", BOOKING).status_code == 401
    assert new.get("/v1/worklist").status_code == 200
    listed = {row["id"]: row["revoked_at"] for row in ada.get("/v1/keys").json()["items"]}
    assert listed[old_id] == house.clock.now().isoformat().replace("+00:00", "Z")


def test_a_key_may_end_itself(house: House, ada: Caller) -> None:
    own = house.tokens["Ada"].split("_")[2]
    assert ada.send("DELETE", f"/v1/keys/{own}").status_code == 204
    assert ada.get("/v1/keys").status_code == 401


def test_a_key_ends_at_its_instant(house: House, ada: Caller) -> None:
    now = house.clock.now()
    body = {"role": "coordinator", "person": "Cora", "expires_at": (now + timedelta(hours=1)).isoformat()}
    cora = Caller(house, ada.post("/v1/keys", body).json()["key"])
    house.clock.set(now + timedelta(minutes=59, seconds=59))
    assert cora.get("/v1/worklist").status_code == 200
    house.clock.set(now + timedelta(hours=1))
    assert cora.get("/v1/worklist").status_code == 401


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/role", "/person"}),
        ({"role": "owner", "person": ""}, {"/role", "/person"}),
        ({"role": "patient", "person": "Pia"}, {"/role"}),
        ({"role": "integration", "person": "portal"}, {"/scopes"}),
        ({"role": "integration", "person": "portal", "scopes": ["all"]}, {"/scopes"}),
        ({"role": "coordinator", "person": "Cora", "scopes": ["scan"]}, {"/scopes"}),
        ({"role": "coordinator", "person": "   "}, {"/person"}),
        ({"role": "coordinator", "person": "Cora", "expires_at": "2026-11-22T09:00:00Z"}, {"/expires_at"}),
        ({"role": "coordinator", "person": "Cora", "expires_at": "2027-01-01T09:00:00"}, {"/expires_at"}),
        ({"role": "coordinator", "person": "Cora", "expires_at": 1_900_000_000}, {"/expires_at"}),
        ({"role": "coordinator", "person": "Cora", "clinic_id": "other"}, {"/clinic_id"}),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    house: House, ada: Caller, body: dict[str, object], pointers: set[str]
) -> None:
    rows = house.rows()
    assert wrong(ada.post("/v1/keys", body)).keys() == pointers
    assert house.rows() == rows


def test_a_repeated_request_makes_one_key_and_never_shows_it_again(house: House, ada: Caller) -> None:
    body = {"role": "integration", "person": "portal", "scopes": list(SCOPES)}
    first = ada.post("/v1/keys", body, Idempotency_Key="make-a-key")
    again = ada.post("/v1/keys", body, Idempotency_Key="make-a-key")
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["key"].split("_", 3)[3] not in again.text + str(house.rows())
    assert len(ada.get("/v1/keys").json()["items"]) == len(CAST) + 1


def test_a_key_of_nobody_cannot_be_revoked_twice_or_by_another_clinic(house: House, ada: Caller) -> None:
    ana = house.tokens["Ana"].split("_")[2]
    assert house.person("Bob").send("DELETE", f"/v1/keys/{ana}").status_code == 404
    assert house.person("Ana").get("/v1/worklist").status_code == 200
    assert ada.send("DELETE", f"/v1/keys/{ana}").status_code == 204
    assert ada.send("DELETE", "/v1/keys/no-such-key").status_code == 404


def test_making_and_ending_a_key_says_in_the_audit_who_did_it(house: House, ada: Caller) -> None:
    made = ada.post("/v1/keys", {"role": "coordinator", "person": "Cora"})
    ada.send("DELETE", f"/v1/keys/{made.json()['id']}")
    lines = [row for row in house.rows()["audit"] if made.json()["id"] in row]
    assert [[word for word in row if word in {"key.added", "key.revoked"}] for row in lines] == [
        ["key.added"],
        ["key.revoked"],
    ]
    assert all("Ada" in row and "admin" in row for row in lines)


def test_what_a_system_says_is_said_by_the_system(house: House) -> None:
    portal = key_for(house, "integration", "patient portal", "procedures:read", "procedures:write")
    procedure = portal.book()
    portal.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    actors = [entry["actor"] for entry in portal.get(f"{procedure}/entries").json()["items"]]
    assert actors == [{"role": "integration", "person": "patient portal", "on_behalf_of": None}] * 2
