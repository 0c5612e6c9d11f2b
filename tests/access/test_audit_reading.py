"""An admin reads the audit, page by page, by what was asked for, or as FHIR's AuditEvents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from prep_tracker.api.staff import auditing
from prep_tracker.exports.auditing import audit_event
from prep_tracker.services import auditing as service
from prep_tracker.store import audit
from prep_tracker.store.audit import AuditLine
from tests.access.auditing import NOW, a_line, events, flush, lines_of
from tests.api.contract import validator
from tests.api.house import BOOKING, NOBODY, Caller, House, Json, wrong

FHIR_REQUIRED = {"resourceType", "type", "recorded", "agent", "source"}
"""Whatever an AuditEvent of R4 must have: the resource itself, its agents and its source."""


@pytest.fixture
def ada(house: House) -> Caller:
    """Give Aster's admin."""
    return house.person("Ada")


def pages(caller: Caller, path: str) -> Iterator[Json]:
    """Walk along all pages by their Link headers; give the lines."""
    while True:
        answer = caller.get(path)
        assert answer.status_code == 200, answer.text
        yield from answer.json()["items"]
        following = answer.links.get("next", {}).get("url")
        assert (following is None) == (answer.json()["next"] is None)
        if following is None:
            return
        path = following


def told(line: AuditLine) -> tuple[object, ...]:
    """Give what tells a line from others."""
    return (line.person, line.event, line.entity_id, line.outcome)


def test_it_is_read_newest_first_and_reading_it_leaves_a_line(house: House, ada: Caller) -> None:
    procedure = ada.book()
    ada.get(f"{procedure}/checklist")
    flush(house)
    items = ada.get("/v1/audit").json()["items"]
    assert [item["event"] for item in items[:3]] == ["checklist.read", "procedure.booked", "patient.added"]
    assert items[0]["agent"] == {
        "role": "admin",
        "person": "Ada",
        "credential_id": house.tokens["Ada"].split("_")[2],
        "on_behalf_of": None,
    }
    assert items[0]["entity"] == {"type": "procedure", "id": procedure.rsplit("/", 1)[-1]}
    assert (items[0]["type"], items[0]["subtype"], items[0]["outcome"], items[0]["status"]) == ("rest", "read", 0, 200)
    assert items[0]["recorded_at"] == "2026-11-22T09:00:00Z"
    flush(house)
    assert ada.get("/v1/audit").json()["items"][0]["event"] == "audit.read"


def test_nobody_reads_the_audit_of_another_clinic(house: House, ada: Caller) -> None:
    ada.book()
    flush(house)
    theirs = house.person("Bob").get("/v1/audit?limit=200").json()["items"]
    assert {item["event"] for item in theirs} <= {"key.added", "audit.read"}
    following = ada.get("/v1/audit?limit=1").json()["next"]
    assert house.person("Bob").get("/v1/audit", cursor=following).status_code == 400
    patient = next(item["patient_id"] for item in pages(ada, "/v1/audit") if item["patient_id"])
    assert house.person("Bob").get(f"/v1/audit?patient_id={patient}").json()["items"] == []


def test_every_filter_gives_just_what_fits(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """By dice, against a plain search in memory; few lines are looked at in one go, so that pages end in between."""
    monkeypatch.setattr(service, "WITHIN", 7)
    monkeypatch.setattr(auditing, "ROUNDS", 2)
    dice = Random(7)
    pia, bo = ("11111111" + NOBODY[8:], "22222222" + NOBODY[8:])
    lines = [
        a_line(
            0,
            at=NOW + timedelta(minutes=dice.randrange(60 * 24 * 4)),
            person=dice.choice(["Ana", "Cleo"]),
            credential_id=dice.choice(["key-1", "key-2"]),
            action=dice.choice("CRUDE"),
            event=dice.choice(["checklist.read", "item.marked", "checklist.read.more"]),
            entity=dice.choice(["procedure", "patient"]),
            entity_id=dice.choice(["one", "two", None]),
            patient_id=dice.choice([pia, bo, None]),
            outcome=dice.choice([200, 304, 404, 422, 500, 503]),
            seen=dice.choice([None, [], [pia], [bo, pia]]),
        )
        for _ in range(150)
    ]
    house.store.run_write(lambda c: audit.add(c, house.clinics["Aster"], *lines))
    house.store.run_write(lambda c: audit.add(c, house.clinics["Birch"], *lines))
    asked: tuple[tuple[str, Any], ...] = (
        ("person=Ana", lambda one: one.person == "Ana"),
        ("credential_id=key-2", lambda one: one.credential_id == "key-2"),
        ("action=D", lambda one: one.action == "D"),
        ("event=checklist.read", lambda one: one.event == "checklist.read"),
        ("entity=patient&entity_id=two", lambda one: (one.entity, one.entity_id) == ("patient", "two")),
        (f"patient_id={pia}", lambda one: one.patient_id == pia or pia in (one.seen or ())),
        ("outcome=0", lambda one: one.outcome < 400),
        ("outcome=4", lambda one: 400 <= one.outcome < 500),
        ("outcome=8", lambda one: one.outcome == 500),
        ("outcome=12", lambda one: one.outcome == 503),
        # 4 December in Amsterdam ends an hour before it does in UTC.
        ("from=2026-12-05&to=2026-12-05", lambda one: "2026-12-04T23:00" <= one.at.isoformat() < "2026-12-05T23:00"),
        ("from=2026-12-05T10:00:00Z", lambda one: one.at.isoformat() >= "2026-12-05T10:00"),
        ("to=2026-12-05T10:00:00%2B01:00", lambda one: one.at.isoformat() < "2026-12-05T09:00"),
        ("person=Ana&outcome=4&to=2026-12-06", lambda one: one.person == "Ana" and 400 <= one.outcome < 500),
        ("person=Zoe", lambda one: one.person == "Zoe"),
    )
    for query, fits in asked:
        within = f"/v1/audit?from=2026-12-01&limit=4&{query}" if "from=" not in query else f"/v1/audit?limit=4&{query}"
        got = [
            (item["agent"]["person"], item["event"], item["entity"]["id"], item["status"])
            for item in pages(ada, within)
        ]
        expected = [
            one
            for one in lines
            if fits(one) and not ("to=2026-12-06" in query and one.at.isoformat() >= "2026-12-06T23:00")
        ]
        assert sorted(map(str, got)) == sorted(str(told(one)) for one in expected), query
    everything = list(pages(ada, "/v1/audit?limit=9&from=2026-12-01"))
    assert [item["recorded_at"] for item in everything] == sorted(
        (item["recorded_at"] for item in everything), reverse=True
    )
    assert len({item["id"] for item in everything}) == len(everything) == 150


def test_whoever_saw_a_patient_is_found_by_the_patient(house: House, ada: Caller) -> None:
    procedure = ada.book()
    patient = ada.get(procedure).json()["patient"]["id"]
    ana, cleo = house.person("Ana"), house.person("Cleo")
    ana.get("/v1/worklist?within_days=60")
    cleo.get(f"{procedure}/questions")
    ana.book(patient={"reference": "2", "name": "Bo"})
    house.person("Ben").book()
    flush(house)
    ada.send("DELETE", f"/v1/patients/{patient}")
    flush(house)
    found = list(pages(ada, f"/v1/audit?patient_id={patient}"))
    assert {(item["agent"]["person"], item["event"]) for item in found} == {
        ("Ada", "patient.added"),
        ("Ada", "procedure.booked"),
        ("Ada", "procedure.read"),
        ("Ana", "worklist.read"),
        ("Cleo", "questions.read"),
        ("Ada", "patient.erased"),
    }


def test_what_cannot_be_asked_is_said(ada: Caller) -> None:
    for query, pointer in (
        ("from=yesterday", "/from"),
        ("from=2026-02-30", "/from"),
        ("to=2026-12-04T10:00:00", "/to"),
        ("to=0001-01-01T00:00:00%2B14:00", "/to"),
        ("action=X", "/action"),
        ("outcome=200", "/outcome"),
        ("patient_id=Pia", "/patient_id"),
        ("person=%00", "/person"),
        ("event=", "/event"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
    ):
        assert list(wrong(ada.get(f"/v1/audit?{query}"))) == [pointer], query
    assert ada.get("/v1/audit?cursor=nonsense").status_code == 400


def test_it_is_taken_away_as_audit_events(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PAGE", 3)
    procedure = ada.book()
    patient = ada.get(procedure).json()["patient"]["id"]
    ada.get("/v1/worklist?within_days=60")
    ada.get(f"/v1/procedures/{NOBODY}")
    ada.post("/v1/procedures", BOOKING | {"protocol": "no-such"})
    token = house.tokens["Ada"]
    house.stranger(f"Bearer {token[:-1]}{'A' if token[-1] != 'A' else 'B'}").get("/v1/worklist")
    lines = [line for line in lines_of(house) if line["clinic_id"] == house.clinics["Aster"]]
    answer = ada.send("GET", "/v1/audit/export", check=False)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-2026-11-22.ndjson"'
    found = events(answer)
    assert [int(event["id"]) for event in found] == sorted((line["id"] for line in lines), reverse=True)
    for event in found:
        check_event(event)
    by_event = {event["subtype"][1]["code"]: event for event in found}
    shown = {
        each["what"]["reference"] for each in by_event["worklist.read"]["entity"] if "reference" in each.get("what", {})
    }
    assert shown == {f"Patient/{patient}"}
    assert (by_event["worklist.read"]["action"], by_event["worklist.read"]["subtype"][0]["code"]) == ("E", "search")
    assert by_event["credential.refused"]["type"]["code"] == "110114"
    assert by_event["key.added"]["type"]["code"] == "110100"
    assert by_event["book.tried"]["outcome"] == "4"
    kept = events(ada.send("GET", "/v1/audit/export?event=checklist.read&outcome=8", check=False))
    assert kept == []


def test_a_resource_has_all_that_fhir_requires() -> None:
    """Whatever a line holds or lacks."""
    for line in (
        a_line(1),
        a_line(1, patient_id=None, seen=None, request_id=None, entity_id=None),
        a_line(1, entity="patient", entity_id=NOBODY, patient_id=NOBODY, on_behalf_of="patient"),
        a_line(1, entity="patient", entity_id=NOBODY, patient_id=None, seen=None, request_id=None),
        a_line(1, actor_role="unknown", credential_id="", person="", entity="credential", action="E", outcome=401),
        a_line(1, actor_role="system", credential_id="", person="", action="D", outcome=503),
    ):
        check_event(audit_event(7, line, clinic_id=NOBODY))


def check_event(event: Json) -> None:
    """Hold an AuditEvent against what R4 requires, and against our own OpenAPI document."""
    assert event.keys() >= FHIR_REQUIRED
    assert event["resourceType"] == "AuditEvent"
    assert event["type"]["system"].startswith("http")
    assert event["type"]["code"]
    assert event["recorded"].endswith("Z")
    assert event["outcome"] in {"0", "4", "8", "12"}
    assert event["action"] in {"C", "R", "U", "D", "E"}
    assert event["agent"]
    assert all(isinstance(agent["requestor"], bool) for agent in event["agent"])
    assert sum(agent["requestor"] for agent in event["agent"]) == 1
    assert event["source"]["observer"]
    assert event["entity"], "an empty list is none in FHIR"
    for entity in event["entity"]:
        assert not {"name", "query"} <= entity.keys()
    assert not list(nothing(event)), "FHIR knows neither null nor empty texts"
    assert list(validator("/components/schemas/AuditEventOut").iter_errors(event)) == []


def nothing(value: object) -> Iterator[object]:
    """Find what is null, empty, or a list without anything in it."""
    if value is None or value in ("", [], {}):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nothing(inner)


def test_the_link_keeps_what_was_asked(house: House, ada: Caller) -> None:
    for number in range(4):
        house.clock.advance(timedelta(seconds=number))
        ada.get("/v1/clinic")
    flush(house)
    answer = ada.get("/v1/audit?event=clinic.read&limit=1")
    asked = dict(parse_qsl(urlsplit(answer.links["next"]["url"]).query))
    assert (asked["event"], asked["limit"], asked["cursor"]) == ("clinic.read", "1", answer.json()["next"])
