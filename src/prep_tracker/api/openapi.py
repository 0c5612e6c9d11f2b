"""Finish the OpenAPI document: what FastAPI writes by itself is not quite what is taken and answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from prep_tracker.api.documenting import HEADERS, LINES, header_told, problem_told
from prep_tracker.api.links import links_of

Told = dict[str, Any]
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key: prep_<env>_<id>_<secret>."}
_LEFT_OUT = ("HTTPValidationError", "ValidationError")
_NULL = {"type": "null"}
_LOCATED = ("book", "add_patient", "draft")
"""Operations that say in Location where to find what they made."""
_REPEAT = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
"""What an Idempotency-Key may look like."""


def finish(document: Told, routers: Iterable[APIRouter]) -> Told:
    """Say how to call and what comes back, operation by operation; the document is changed and given back."""
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {"key": _KEY}
    parts["headers"] = HEADERS
    for name in _LEFT_OUT:  # our own problem documents take their place
        parts.get("schemas", {}).pop(name, None)
    for told in parts.get("schemas", {}).values():
        _name_keys(told)
    for route, told in _operations(document, routers):
        _finish(route, told)
        _name_keys(told)
    return document


def _operations(document: Told, routers: Iterable[APIRouter]) -> Iterator[tuple[APIRoute, Told]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in sorted(route.methods or ()):
                    yield route, document["paths"][route.path_format][method.lower()]


def _name_keys(told: Any) -> None:  # noqa: ANN401 - any part of a schema
    """Say of objects with any keys what all their keys look like; Pydantic says it of some keys only."""
    if isinstance(told, dict):
        if "propertyNames" in told and len(told.get("patternProperties", ())) == 1:
            [(pattern, values)] = told.pop("patternProperties").items()
            told["propertyNames"]["pattern"] = pattern
            told["additionalProperties"] = values or True
        told = list(told.values())
    if isinstance(told, list):
        for part in told:
            _name_keys(part)


def _finish(route: APIRoute, told: Told) -> None:
    answers: Told = told["responses"]
    # FastAPI leaves every null out of an example; so they are set here, as they were written.
    body = (route.openapi_extra or {}).get("requestBody")
    if body is not None and "application/json" in body["content"]:
        told["requestBody"]["content"]["application/json"]["example"] = body["content"]["application/json"]["example"]
    answers.pop("2XX", None)
    example = route.responses.get("2XX", {}).get("content", {}).get("application/json", {}).get("example")
    for status, answer in answers.items():
        content = answer.get("content", {})
        if status.startswith("2"):
            for told_kind in content.values():
                told_kind["example"] = example
        elif "application/problem+json" in content:
            answer["content"] = {"application/problem+json": content["application/problem+json"]}
    if "HTTPValidationError" in str(answers.get("422")):
        answers.pop("422")
    taken = {one["name"] for one in told.get("parameters", ())}
    if "cursor" in taken:
        answers["400"] = problem_told(400)
    if "idempotency-key" in taken:
        answers["409"], answers["413"] = problem_told(409), problem_told(413)
    if "if-none-match" in taken:
        answers["304"] = {"description": "It has not changed since; there is no body."}
    if told.get("security"):
        answers["429"] = problem_told(429)
    answers["500"] = problem_told(500)
    told["responses"] = dict(sorted(answers.items()))
    for parameter in told.get("parameters", ()):
        _finish_parameter(parameter)
    for status, answer in told["responses"].items():
        _finish_answer(told["operationId"], taken, status, answer)


def _finish_parameter(told: Told) -> None:
    """Say what can be sent: an address and a header have no null."""
    schema = told["schema"]
    if _NULL in schema.get("anyOf", ()):
        rest = [one for one in schema.pop("anyOf") if one != _NULL]
        schema |= rest[0] if len(rest) == 1 else {"anyOf": rest}
    if told["name"] == "idempotency-key":
        schema |= _REPEAT


def _finish_answer(operation: str, taken: set[str], status: str, told: Told) -> None:
    """Say which headers come with an answer, what may follow it, and where there is one document a line."""
    headers = {"X-Request-Id": True}
    if status == "401":
        headers["WWW-Authenticate"] = True
    if status in {"429", "503"}:
        headers["Retry-After"] = True
    if status.startswith("2"):
        headers |= {"Content-Language": True} if "lang" in taken else {}
        headers |= {"Link": False} if "cursor" in taken else {}
        headers |= {"Location": True} if operation in _LOCATED else {}
        headers |= {"ETag": False} if {"lang", "idempotency-key"} <= taken or "if-match" in taken else {}
    if status in {"200", "304"} and "if-none-match" in taken:
        headers["ETag"] = True
    told["headers"] = {name: header_told(name, always=always) for name, always in sorted(headers.items())}
    if status.startswith("2") and (found := links_of(operation)):
        told["links"] = found
    if status.startswith("2") and operation in LINES:
        line = told["content"].pop("application/json")
        told["content"]["application/x-ndjson"] = {
            "schema": {"type": "string", "description": "One JSON document a line."},
            "x-line-schema": line["schema"],
            "example": json.dumps(line["example"]) + "\n",
        }
