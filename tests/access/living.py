"""Let Pia live through everything that can be said about a patient, with a word in every field that nobody else has."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import yaml
from sqlalchemy import Boolean, Connection, Integer, Table, insert

from prep_tracker.store.erasure import OF_PROCEDURES
from prep_tracker.store.types import Instant
from prep_tracker.store.types import Json as Json_
from tests.api.house import Caller, House, Json

CANARY = "zqcanary"
"""Stands in every word that Pia brings along."""
BORN = date(1931, 3, 7)
PHONE, ZONE = "+31 20 555 0173", "Antarctica/Troll"
TRACES = (CANARY, BORN.isoformat(), "555 0173", ZONE)
"""Whatever of Pia would be recognised anywhere."""
TREATMENT: Json = {
    "protocol": "our-treatment",
    "title": "Our treatment",
    "clearance": "required",
    "facts": [{"id": "work", "type": "text", "ask": "What is your work?"}],
    "events": [{"id": "patch-tested", "by": "staff", "ask": "When was the patch tested?"}],
    "steps": [
        {"id": "no-sun", "kind": "avoid", "of": ["sun"], "days_before": 14, "floor_days": 7, "severity": "blocking"},
        {"id": "fever", "kind": "gate", "ask": "Do you have a fever?", "safe": False, "severity": "blocking"},
        {"id": "call", "kind": "do", "due": {"days": -3}, "severity": "advisory"},
        {"id": "cream", "kind": "daily", "from": {"days": -9}, "to": {"days": 14}, "severity": "advisory"},
        {"id": "medicines", "kind": "review", "of": ["medicine"], "severity": "clinician"},
        {"id": "read", "kind": "note", "at": {"days": -5}, "confirm": True, "severity": "clinician"},
    ],
}


def treatment(**differing: object) -> Json:
    """Give the protocol with whatever every step has to have."""
    steps = [{"title": f"About {step['id']}", "source": "Our own sheet"} | step for step in TREATMENT["steps"]]
    return TREATMENT | {"steps": steps} | differing


def word(where: str) -> str:
    """Give a word that stands in one place only."""
    return f"{CANARY}-{where}"


PIA: Json = {
    "reference": word("reference"),
    "name": f"Pia {word('name')}",
    "language": "es",
    "birth_date": BORN.isoformat(),
    "time_zone": ZONE,
    "email": f"{word('email')}@example.org",
    "phone": PHONE,
    "messages": {"email": True, "sms": False},
}


@dataclass(slots=True)
class Life:
    """What became of Pia: her id, the addresses of her procedures, and every answer, in order."""

    house: House
    patient: str = ""
    procedures: list[str] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """Give the ids of the patient and of the procedures."""
        return [self.patient, *(address.rsplit("/", 1)[-1] for address in self.procedures)]

    def say(self, who: str, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request that must succeed, under a key of its own that has the word in it too."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Idempotency-Key", word(f"key-{len(self.answers)}"))
        request: dict[str, Any] = {"headers": named} | ({} if body is None else {"json": body})
        answer = self.house.person(who).send(method, path, **request)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        self.answers.append(answer)
        return answer

    def decide(self, who: str, method: str, procedure: str, what: str, body: object = None) -> httpx.Response:
        """Change a procedure as it now stands."""
        tag = self.house.person(who).get(procedure).headers["etag"]
        return self.say(who, method, f"{procedure}/{what}", body, If_Match=tag)


def publish(house: House, content: Json) -> None:
    """Let Cleo draft a protocol and Ada publish it."""
    drafts = f"/v1/protocols/{content['protocol']}/drafts"
    sent = {"content": yaml.safe_dump(content), "headers": {"Content-Type": "application/yaml"}}
    made = house.person("Cleo").send("POST", drafts, **sent)
    assert made.status_code == 201, made.text
    answer = house.person("Ada").post(f"{drafts}/{made.json()['draft']}/publish")
    assert answer.status_code == 200, answer.text


def whole_life(house: House) -> Life:
    """Say everything that can be said of a patient, in two procedures; what the API cannot do yet is put in by hand."""
    publish(house, treatment())
    publish(house, treatment(summary="Now with a summary."))
    life = Life(house)
    life.patient = life.say("Ana", "POST", "/v1/patients", PIA).json()["id"]
    booking: Json = {
        "patient_id": life.patient,
        "protocol": "our-treatment@1",
        "on": "2026-12-18",
        "answers": {"work": word("work")},
        "exposures": [{"to": "sun", "on": "2026-11-20", "kind": "sunburn", "note": word("exposure")}],
        "products": [{"text": f"{word('cream')} with retinol", "kind": "skincare"}],
    }
    for on in ("2026-12-18", "2027-02-12"):
        made = life.say("Ana", "POST", "/v1/procedures", booking | {"on": on})
        life.procedures.append(made.headers["location"])
    for _ in _said(life, life.procedures[0]):
        pass
    life.say("Ana", "PATCH", f"/v1/patients/{life.patient}", {"name": f"Pia {word('new-name')}"})
    life.decide("Ana", "PUT", life.procedures[1], "state", {"state": "cancelled", "reason": word("end")})
    life.procedures.append(_imported(house))
    house.store.run_write(lambda connection: _fill(connection, life))
    return life


def _imported(house: House) -> str:
    """Book once more, from a file; give the procedure's address."""
    row = {"Patient reference": PIA["reference"], "Name": f"Pia {word('new-name')}", "Birth date": PIA["birth_date"]}
    row |= {"Date": "2027-04-09", "Procedure": "our-treatment", "Booking": word("booking"), "Phone": PHONE}
    answer = house.person("Ada").send(
        "POST",
        "/v1/imports",
        params={"dry_run": "false"},
        content=f"{','.join(row)}\n{','.join(row.values())}\n".encode(),
        headers={"Content-Type": "text/csv", "Idempotency-Key": word("import")},
    )
    assert answer.json()["booked"] == 1, answer.text
    return f"/v1/procedures/{answer.json()['procedures'][0]['procedure_id']}"


def _said(life: Life, procedure: str) -> Iterator[httpx.Response]:
    """Say whatever there is to say of a procedure before it ends."""
    marks: tuple[Json, ...] = (
        {"step": "no-sun", "kind": "since", "on": "2026-11-21"},
        {"step": "call", "kind": "done"},
        {"step": "cream", "kind": "kept"},
        {"step": "cream", "kind": "missed", "on": "2026-11-21"},
        {"step": "read", "kind": "understood"},
        {"step": "fever", "kind": "unsafe", "on_behalf_of": "patient"},
        {"kind": "no_more_products"},
    )
    for mark in marks:
        yield life.say("Ana", "POST", f"{procedure}/marks", mark)
    exposure = {"to": "sun", "on": "2026-11-22", "note": word("note")}
    entry = life.say("Ana", "POST", f"{procedure}/exposures", exposure).json()["entry"]
    yield life.say("Ana", "POST", f"{procedure}/entries/{entry}/withdrawal", {"reason": word("withdrawal")})
    yield life.say("Ana", "PUT", f"{procedure}/answers", {"work": word("other-work")})
    medicine = {"text": f"{word('pills')} tretinoin", "kind": "medicine", "prescribed": True}
    number = life.say("Ana", "POST", f"{procedure}/products", medicine).json()["n"]
    yield life.say("Ana", "PATCH", f"{procedure}/products/{number}", {"stopped_on": "2026-11-21"})
    decision = {"decision": "hold", "note": word("decision")}
    yield life.decide("Cleo", "POST", procedure, f"products/{number}/decision", decision)
    yield life.decide("Cleo", "POST", procedure, "waivers", {"step": "no-sun", "reason": word("waiver")})
    yield life.decide("Cleo", "PUT", procedure, "gates/fever", {"open": True, "reason": word("gate")})
    step = {"id": word("step"), "kind": "note", "at": {"days": -1}, "title": word("title"), "source": word("source")}
    yield life.decide("Ana", "POST", procedure, "steps", step | {"detail": word("detail")})
    yield life.say("Ana", "POST", f"{procedure}/events", {"event": "patch-tested", "on": "2026-11-21"})
    yield life.decide("Ana", "POST", procedure, "moves", {"to_on": "2026-12-21", "reason": word("move")})
    yield life.decide("Cleo", "POST", procedure, "protocol", {"version": 2})
    blocking = life.house.person("Cleo").get(procedure).json()["standing"]["reasons"]
    accept = [reason["step"] for reason in blocking if reason.get("step")]
    yield life.decide("Cleo", "PUT", procedure, "clearance", {"accept": accept, "note": word("clearance")})
    yield life.decide("Cleo", "DELETE", procedure, "clearance")


def _fill(connection: Connection, life: Life) -> None:
    """Put a row about Pia's first procedure into every table that hangs on procedures and has none yet."""
    patient, procedure, *_ = life.ids
    for table in OF_PROCEDURES:
        mine = table.select().where(table.c.procedure_id == procedure)
        if connection.execute(mine).first() is None:
            known = {"clinic_id": life.house.clinics["Aster"], "procedure_id": procedure, "patient_id": patient}
            connection.execute(insert(table), _row(table, known))


CHOSEN: Json = {"holder": "patient", "language": "es", "channel": "email", "status": "planned"}
"""Columns in which not everything may stand."""


def _row(table: Table, known: dict[str, str]) -> Json:
    """Make a row up: a word in every column in which one may stand."""
    made: Json = CHOSEN | known
    for column in table.columns:
        if column.name in made or column.nullable or column.autoincrement is True:
            continue
        if isinstance(column.type, Json_):
            made[column.name] = [word("made-up")]
        elif isinstance(column.type, Instant):
            made[column.name] = datetime(2026, 11, 22, tzinfo=UTC)
        elif isinstance(column.type, Integer | Boolean):
            made[column.name] = 0
        elif column.name == "id" or column.name.endswith("_hash"):
            made[column.name] = secrets.token_hex(8)
        else:
            made[column.name] = word("made-up")[: getattr(column.type, "length", None)]
    return {name: value for name, value in made.items() if name in table.columns}


__all__ = ["BORN", "CANARY", "PIA", "TRACES", "Caller", "Life", "publish", "treatment", "whole_life", "word"]
