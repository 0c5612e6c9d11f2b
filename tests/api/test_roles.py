"""Who may do what: read from the OpenAPI document, so that no operation can be forgotten."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prep_tracker.api.app import ROUTERS
from prep_tracker.api.door import STAFF, Door
from prep_tracker.services.access import SCOPES
from prep_tracker.store import outbox
from prep_tracker.store.message_rows import NewMessage, new_id
from tests.api.contract import Operation, operations
from tests.api.deciding import key_for
from tests.api.house import BIRCH, CAST, NOBODY, PIA, House

GUARDED = tuple(operation for operation in operations() if not operation.is_public)
PLAIN = (
    *("patient_id", "key", "session", "message", "webhook_id", "delivery", "name", "slug", "step", "procedure_id", "n"),
)
"""Every kind of path parameter; a new one needs a thing of Aster's in ``theirs``."""
OUR_PEEL = """protocol: our-peel
title: Our peel
steps:
  - {id: no-sun, kind: avoid, of: [sun], days_before: 14, severity: blocking, title: No sun, source: Our own sheet}
"""


def may(operation: Operation, role: str) -> bool:
    """Say what the document says of a role: an admin may do all that a coordinator may."""
    roles = operation.told.get("x-roles", STAFF)
    return role in roles or (role == "admin" and "coordinator" in roles)


def test_every_operation_stands_behind_the_door_or_says_that_it_is_public() -> None:
    for router in ROUTERS:
        for route in router.routes:
            if getattr(route, "include_in_schema", False):
                name = f"{min(route.methods)} {route.path_format}"  # type: ignore[attr-defined]
                operation = next(o for o in operations() if o.name == name)
                assert isinstance(route, Door) != operation.is_public, name


@pytest.mark.parametrize("person", ["Ana", "Cleo", "Ada"])
def test_every_operation_is_open_to_the_roles_that_it_names_and_to_no_others(house: House, person: str) -> None:
    caller, role = house.person(person), CAST[person]
    rows = house.rows()
    for operation in GUARDED:
        answer = caller.send(operation.method, operation.at())
        assert (answer.status_code != 403) == may(operation, role), (operation.name, answer.text)
        if answer.status_code == 403:
            named = answer.json()["detail"]
            assert answer.json()["type"] == "/v1/problems/forbidden"
            assert named.endswith(f"; yours is {role}.")
            said, roles = named.split(";")[0], set(operation.told["x-roles"])
            if "patient" in roles:
                assert said == "This is for a patient's own session"
            elif not roles:
                assert said == f"This needs a key for systems with the scope {operation.told['x-scope']}"
            else:
                assert set(re.findall("coordinator|clinician|admin", said)) == roles
    assert house.rows() == rows


@pytest.mark.parametrize("scope", SCOPES)
def test_a_system_does_what_its_scopes_name_and_nothing_else(house: House, scope: str) -> None:
    system = key_for(house, "integration", "portal", scope)
    for operation in GUARDED:
        needed = operation.told.get("x-scope")
        answer = system.send(operation.method, operation.at())
        assert (answer.status_code != 403) == (needed == scope), operation.name
        if answer.status_code == 403:
            named = f"needs the scope {needed}." if needed else "This is for"
            assert named in answer.json()["detail"], operation.name


def test_every_scope_that_an_operation_names_can_be_given() -> None:
    assert {o.told["x-scope"] for o in GUARDED if "x-scope" in o.told} <= set(SCOPES)


def test_a_role_is_looked_at_before_the_request_and_before_what_it_is_about(house: House) -> None:
    """Whoever may not do a thing learns nothing about it: neither whether it is there, nor what is wrong."""
    procedure = house.person("Ana").book().rsplit("/", 1)[-1]
    for operation in GUARDED:
        if may(operation, "coordinator"):
            continue
        answers = [
            house.person("Ana").send(
                operation.method, operation.at(procedure_id=which), headers={"X-Request-Id": "one"}, content=b"{nothing"
            )
            for which in (procedure, NOBODY)
        ]
        assert [answer.status_code for answer in answers] == [403, 403], operation.name
        bodies = {answer.text.replace(procedure, NOBODY) for answer in answers}
        assert len(bodies) == 1, operation.name


def theirs(house: House) -> dict[str, Any]:
    """Let Aster have one of everything; give the names by path parameter."""
    ana, ada = house.person("Ana"), house.person("Ada")
    procedure = ana.book()
    product = ana.post(f"{procedure}/products", {"text": "Differin", "kind": "skincare"}).json()["n"]
    draft = {"content": OUR_PEEL, "headers": {"Content-Type": "application/yaml"}}
    for person in ("Ada", "Ada"):
        assert house.person(person).send("POST", "/v1/protocols/our-peel/drafts", **draft).status_code == 201
    assert house.person("Cleo").post("/v1/protocols/our-peel/drafts/1/publish").status_code == 200
    link = ana.post(f"{procedure}/portal-links").json()["url"]
    house.stranger().post("/v1/portal/sessions", {"token": link.partition("=")[2]})
    [session] = ana.get(f"{procedure}/portal-sessions").json()["items"]
    procedure_id, clinic, now = procedure.rsplit("/", 1)[-1], house.clinics["Aster"], house.clock.now()
    webhook = ada.post("/v1/webhooks", {"url": "https://aster.example/hook"}).json()["id"]
    sent = NewMessage(new_id(), "reminder", "email", {}, now, procedure_id, status="failed")
    told = NewMessage(new_id(), "test", "webhook", {}, now, endpoint_id=webhook, status="failed")
    house.store.run_write(lambda c: outbox.add(c, clinic, [sent, told], now=now))
    return {
        "procedure_id": procedure_id,
        "patient_id": ana.get(procedure).json()["patient"]["id"],
        "key": ada.get("/v1/keys").json()["items"][0]["id"],
        "slug": "our-peel",
        "name": "our-peel",
        "step": "no-sun",
        "n": product,
        "session": session["id"],
        "message": sent.id,
        "webhook_id": webhook,
        "delivery": told.id,
    }


NOWHERE = {
    "procedure_id": NOBODY,
    "patient_id": NOBODY,
    "key": "0" * 16,
    "slug": "no-peel",
    "name": "no-peel",
    "session": "0",
    "message": f"msg_{'0' * 32}",
    "webhook_id": NOBODY,
    "delivery": f"msg_{'0' * 32}",
}


def test_whatever_is_another_clinics_looks_like_nothing_at_all(house: House) -> None:
    """Whoever asks, for whatever, gets byte for byte the answer for what does not exist."""
    known = theirs(house)
    rows = house.rows()
    looked = set()
    for operation in GUARDED:
        parameters = set(re.findall(r"\{(\w+)\}", operation.path))
        assert parameters <= set(PLAIN), operation.name
        if not parameters or operation.name == "POST /v1/protocols/{slug}/drafts":  # begins a protocol of one's own
            continue
        body = operation.told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        query = {"from": "1", "to": "2"} if operation.path.endswith("/diff") else {}
        n = 1 if "{slug}" in operation.path else known["n"]
        for person, role in BIRCH.items():
            if not may(operation, role):
                continue
            request: dict[str, Any] = {"headers": {"X-Request-Id": "the-same", "If-Match": '"2"'}, "params": query}
            request |= {} if body is None else {"json": body}
            answers = [
                house.person(person).send(operation.method, operation.at(**(known | other | {"n": n})), **request)
                for other in ({}, NOWHERE)
            ]
            assert answers[0].status_code == 404, (operation.name, answers[0].text)
            assert answers[0].content == answers[1].content, operation.name
            assert sorted(answers[0].headers.items()) == sorted(answers[1].headers.items()), operation.name
            looked.add(operation.name)
    assert house.rows() == rows
    own = {o.name for o in GUARDED if "patient" in o.told.get("x-roles", ())}  # tests/access has those of patients
    assert {o.name for o in GUARDED if "{" in o.path} - looked - own == {"POST /v1/protocols/{slug}/drafts"}


def test_lists_and_searches_hold_nothing_of_another_clinic(house: House) -> None:
    known = theirs(house)
    bob = house.person("Bob")
    assert bob.get("/v1/patients", reference=PIA["reference"]).json()["items"] == []
    assert bob.get("/v1/worklist", within_days="700").json()["items"] == []
    assert sum(bob.get("/v1/worklist", within_days="700").json()["counts"].values()) == 0
    assert "our-peel" not in {row["slug"] for row in bob.get("/v1/protocols").json()["items"]}
    assert known["key"] not in bob.get("/v1/keys").text
    assert {key["person"] for key in bob.get("/v1/keys").json()["items"]} == set(BIRCH)


def test_both_clinics_may_use_the_same_names(house: House) -> None:
    """Protocols of one's own and patients' numbers belong to a clinic: the other may use the same names."""
    theirs(house)
    draft = {"content": OUR_PEEL.replace("14", "21"), "headers": {"Content-Type": "application/yaml"}}
    made = house.person("Bea").send("POST", "/v1/protocols/our-peel/drafts", **draft)
    assert (made.status_code, made.json()["draft"]) == (201, 1)
    assert house.person("Bob").post("/v1/protocols/our-peel/drafts/1/publish").status_code == 200
    booked = house.person("Ben").book(protocol="our-peel", patient=PIA | {"name": "Bo"})
    assert house.person("Ben").item(booked, "no-sun")["opens_on"] == "2026-11-27"
    assert house.person("Ana").item(house.person("Ana").book(protocol="our-peel"), "no-sun")["opens_on"] == "2026-12-04"
