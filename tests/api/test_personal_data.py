"""Personal data: it is given to its own clinic only, and never stands in a problem document or in the log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.contract import operations
from tests.api.house import BOOKING, PIA, Caller, House

CANARIES: dict[str, Any] = {
    "reference": "canary-reference",
    "name": "Canary Name",
    "birth_date": "1987-06-05",
    "email": "canary@example.org",
    "phone": "+31 6 87654321",
}


def canary_free(text: str) -> None:
    """Hold that nothing personal stands in a text."""
    for canary in (*CANARIES.values(), "anary", "1987-02", "1987-06"):
        assert str(canary) not in text, text


def test_no_problem_repeats_what_was_sent(ana: Caller) -> None:
    procedure = ana.book(patient=CANARIES)
    answers = []
    for field, value in CANARIES.items():
        for wrong in (
            f"{value}\x00",
            f"{value}\ud800",
            f"canary {value} " * 200,
            [value],
            {"is": value},
            f" {value}@ ",
        ):
            content = json.dumps(BOOKING | {"patient": PIA | {field: wrong}}).encode()
            answers.append(ana.send("POST", "/v1/procedures", content=content))
    canary = "Canary Name 1987-06-05"
    requests: list[tuple[str, dict[str, Any]]] = [
        ("/v1/procedures", BOOKING | {"protocol": canary, "on": canary, "at": canary, "patient_id": canary}),
        ("/v1/procedures", BOOKING | {"exposures": [{"to": canary, "on": canary, "kind": canary, "note": 7}]}),
        ("/v1/procedures", BOOKING | {"exposures": [{"to": "sun", "on": "2026-11-20", "note": canary * 200}]}),
        ("/v1/procedures", BOOKING | {"patient": PIA | {"birth_date": "1987-02-30"}}),
        ("/v1/procedures", BOOKING | {"patient": CANARIES | {"name": "Pia"}}),
        ("/v1/procedures", BOOKING | {"patient": CANARIES | {"birth_date": "1990-01-01"}}),
        (f"{procedure}/marks", {"step": canary, "kind": canary, "on": canary, "on_behalf_of": canary}),
        (f"{procedure}/marks", {"step": canary, "kind": "done"}),
        (f"{procedure}/exposures", {"to": canary, "on": "2026-11-20"}),
        (f"{procedure}/moves", {"to_on": "2026-12-20", "reason": canary}),
        (f"{procedure}/moves", {"to_on": canary, "to_at": canary, "reason": canary * 200}),
        (f"{procedure}/entries/1/withdrawal", {"reason": canary}),
    ]
    for path, body in requests:
        answers.append(ana.post(path, body))
        answers.append(ana.post(path, body, Idempotency_Key=canary))
    for query in ("as_of", "limit", "cursor", "lang"):
        for path in ("", "/checklist", "/entries"):
            answer = ana.send("GET", f"{procedure}{path}", params={query: canary * 40})
            if answer.is_error:
                answers.append(answer)
    refusals = [answer for answer in answers if answer.is_error]
    assert len(refusals) == len(answers)
    assert {answer.status_code for answer in refusals} == {409, 422, 428}
    for answer in refusals:
        canary_free(answer.text)


def test_no_problem_of_another_clinic_holds_anything_of_pia(house: House, ana: Caller, ben: Caller) -> None:
    procedure = ana.book(patient=CANARIES)
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20", "note": "Canary note"})
    for operation in operations():
        if not operation.is_public:
            for caller in (ben, house.stranger(), house.person("Iris")):
                answer = caller.send(operation.method, operation.at(procedure_id=procedure.rsplit("/", 1)[-1]))
                canary_free(answer.text)


def test_nothing_personal_is_logged(house: House, ana: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    procedure = ana.book(patient=CANARIES)
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20", "note": "Canary note"})
    ana.post("/v1/procedures", BOOKING | {"patient": CANARIES | {"email": "Canary"}})
    ana.get(f"{procedure}/entries", cursor="Canary")
    said = capfd.readouterr()
    canary_free(said.out + said.err)
    assert house.tokens["Ana"] not in said.out + said.err


def test_the_audit_names_who_and_what_but_nothing_about_the_patient(house: House, ana: Caller) -> None:
    procedure = ana.book(patient=CANARIES)
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20", "note": "Canary note"})
    ana.move(procedure, "2026-12-20", reason="Canary reason")
    lines = house.rows()["audit"]
    assert len(lines) > 3
    canary_free(str(lines))
