"""The OpenAPI document: every operation is told whole, and every example is one that could be sent or answered."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from prep_tracker.api import results
from prep_tracker.api.problems import KINDS
from prep_tracker.api.wire import Out
from tests.api.contract import Operation, document, operations, schema_at, validator
from tests.api.house import Caller, House

STORES_NOTHING = ("/simulate", "/feasibility", "/scan")
"""These answer a question that is too long for an address."""
EVERY = pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)


@EVERY
def test_every_operation_is_told_whole(operation: Operation) -> None:
    told = operation.told
    assert re.fullmatch(r"[A-Z].{5,70}", told["summary"])
    assert told["description"].endswith(".")
    assert told["description"] != told["summary"]
    assert told["tags"]
    for parameter in told.get("parameters", []):
        assert parameter.get("description") or parameter["in"] == "path", parameter["name"]
    assert not {"2XX", "default"} & told["responses"].keys()


@EVERY
def test_every_operation_says_who_may_call(operation: Operation) -> None:
    if operation.is_public:
        assert "401" not in operation.told["responses"]
    else:
        assert operation.told["security"] == [{"key": []}]
        assert {"401", "403"} <= operation.told["responses"].keys()
        assert document()["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


@EVERY
def test_every_body_and_every_answer_has_an_example_that_is_valid(operation: Operation) -> None:
    for kind, content in operation.told.get("requestBody", {}).get("content", {}).items():
        if "example" in content or kind == "application/json":
            assert faults(operation, content["example"], "requestBody", "content", kind) == []
    good = [status for status in operation.told["responses"] if status.startswith("2")]
    assert len(good) == 1
    content = operation.told["responses"][good[0]].get("content", {})
    if good == ["204"]:
        assert content == {}
    elif "application/x-ndjson" in content:
        lines = content["application/x-ndjson"]
        place = ("responses", good[0], "content", "application/x-ndjson")
        assert lines["example"].endswith("\n")
        for line in lines["example"].splitlines():
            assert faults(operation, json.loads(line), *place, last="x-line-schema") == []
    else:
        [(kind, told)] = content.items()
        assert faults(operation, told["example"], "responses", good[0], "content", kind) == []


@EVERY
def test_every_refusal_is_told_as_a_problem_document(operation: Operation) -> None:
    for status, told in operation.told["responses"].items():
        if status.startswith(("4", "5")):
            assert list(told["content"]) == ["application/problem+json"], status
            reference = told["content"]["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/ProblemOut"
            titles = {kind.title for kind in KINDS.values() if kind.status == int(status)}
            assert titles <= set(told["description"].split(". "))
    if "requestBody" in operation.told:
        assert {"400", "413", "422"} <= operation.told["responses"].keys()
    parameters = {parameter["name"] for parameter in operation.told.get("parameters", [])}
    assert ("if-none-match" in parameters) == ("304" in operation.told["responses"])
    assert ("if-match" in parameters) == ({"412", "428"} <= operation.told["responses"].keys())


@EVERY
def test_every_post_takes_an_idempotency_key(operation: Operation) -> None:
    parameters = {parameter["name"] for parameter in operation.told.get("parameters", [])}
    is_stored = operation.method == "post" and not operation.path.endswith(STORES_NOTHING)
    is_stored = is_stored or (operation.method, operation.path) == ("patch", "/v1/webhooks/{webhook_id}")  # new secrets
    assert ("idempotency-key" in parameters) == is_stored


def test_the_operations_of_the_contract_are_there() -> None:
    assert {operation.name for operation in operations()} >= {
        "POST /v1/procedures",
        "GET /v1/procedures/{procedure_id}",
        "GET /v1/procedures/{procedure_id}/checklist",
        "POST /v1/procedures/{procedure_id}/moves",
        "POST /v1/procedures/{procedure_id}/marks",
        "POST /v1/procedures/{procedure_id}/exposures",
        "PUT /v1/procedures/{procedure_id}/answers",
        "GET /v1/procedures/{procedure_id}/entries",
        "POST /v1/procedures/{procedure_id}/entries/{n}/withdrawal",
        "GET /v1/protocols",
        "GET /v1/protocols/{name}",
        "GET /healthz",
        "GET /readyz",
        "GET /v1/problems/{slug}",
    }


def test_names_of_operations_are_unique() -> None:
    names = [operation.told["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)


def test_every_schema_is_sound_and_every_reference_leads_somewhere() -> None:
    told = json.dumps(document())
    known = document()["components"]["schemas"]
    for schema in known.values():
        Draft202012Validator.check_schema(schema)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', told))
    assert used <= known.keys()
    assert "HTTPValidationError" not in told


def test_answers_have_no_field_that_is_not_told() -> None:
    for model in vars(results).values():
        if isinstance(model, type) and issubclass(model, Out):
            assert (model.model_config.get("extra") == "forbid") == (model is not results.EntryOut), model


def test_no_day_may_be_anything_but_a_text() -> None:
    for name, schema in document()["components"]["schemas"].items():
        for field, told in schema.get("properties", {}).items():
            if field == "on" or field.endswith("_on"):
                kinds = {option.get("type") for option in told.get("anyOf", [told])}
                assert kinds <= {"string", "null"}, (name, field)


def test_the_document_is_open_to_everybody(house: House) -> None:
    answer = house.stranger().send("GET", "/openapi.json", check=False)
    assert answer.status_code == 200
    assert answer.json() == document()


def test_the_examples_of_bodies_work_as_they_stand(house: House, ana: Caller) -> None:
    house.go_to("2026-12-06")
    told = {operation.name: operation for operation in operations()}

    def example(name: str) -> Any:  # noqa: ANN401 - any body
        return told[name].told["requestBody"]["content"]["application/json"]["example"]

    procedure = ana.post("/v1/procedures", example("POST /v1/procedures")).headers["location"]
    under = "/v1/procedures/{procedure_id}"
    assert ana.post(f"{procedure}/marks", example(f"POST {under}/marks")).status_code == 201
    assert ana.post(f"{procedure}/exposures", example(f"POST {under}/exposures")).status_code == 201
    assert ana.post(f"{procedure}/moves", example(f"POST {under}/moves"), If_Match='"4"').status_code == 200
    withdrawal = example(f"POST {under}/entries/{{n}}/withdrawal")
    assert ana.post(f"{procedure}/entries/3/withdrawal", withdrawal).status_code == 201
    pia = ana.get(procedure).json()["patient"]["id"]
    other = ana.book(patient=None, patient_id=pia, protocol="laser-fractional", on="2027-02-01")
    assert ana.put(f"{other}/answers", example(f"PUT {under}/answers")).status_code == 200


def faults(operation: Operation, example: object, *place: str, last: str = "schema") -> list[str]:
    """Name what an example has that its schema does not allow."""
    found = validator(schema_at(operation, *place).removesuffix("schema") + last).iter_errors(example)
    return [f"{error.json_path}: {error.message}" for error in found]
