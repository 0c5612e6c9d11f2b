"""Hold answers against the OpenAPI document: whatever was answered has the shape that was promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from prep_tracker.api.app import create_app
from prep_tracker.api.limits import Limits
from prep_tracker.api.problems import KINDS
from prep_tracker.clock import SetClock
from prep_tracker.store.session import Store

METHODS = ("get", "put", "post", "delete", "patch")
PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "request_id"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def name(self) -> str:
        """Give the method and the path."""
        return f"{self.method.upper()} {self.path}"

    @property
    def is_public(self) -> bool:
        """Say whether it asks for no credential."""
        return not self.told.get("security")

    def at(self, **values: object) -> str:
        """Give an address of this operation; what is not named is filled with something that nobody has."""
        return re.sub(r"\{(\w+)\}", lambda m: str(values.get(m[1], _MADE_UP.get(m[1], "nobody"))), self.path)


_MADE_UP = {"procedure_id": "5f0c1d7e-2a64-4c0f-9a55-0d4b8f1f3c21", "n": 1}


@cache
def app() -> FastAPI:
    """Make the app once: its routes take longer to get ready than most tests. Each house puts its own store in."""
    return create_app(
        Store.open("sqlite:///never-opened.db"), SetClock(datetime(2026, 12, 4, tzinfo=UTC)), limits=Limits(0, 0)
    )


@cache
def document() -> dict[str, Any]:
    """Give the OpenAPI document; it depends on no database."""
    return app().openapi()


@cache
def operations() -> tuple[Operation, ...]:
    """List the operations."""
    return tuple(
        Operation(method, path, told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
        if method in METHODS
    )


def operation_of(method: str, path: str) -> Operation | None:
    """Find the operation that a request is for; one without parameters comes first."""
    for operation in sorted(operations(), key=lambda o: o.path.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
        if operation.method == method.lower() and re.fullmatch(pattern, path):
            return operation
    return None


@cache
def validator(pointer: str) -> Draft202012Validator:
    """Make the validator of a schema that stands somewhere in the document."""
    schema = {"$ref": f"#{pointer}", "components": document()["components"], "paths": document()["paths"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def schema_at(operation: Operation, *place: str) -> str:
    """Give the JSON pointer of a schema of an operation."""
    parts = ("paths", operation.path, operation.method, *place, "schema")
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def faults(answer: httpx.Response) -> Iterator[str]:
    """Name what an answer has that it should not have, or lacks."""
    operation = operation_of(answer.request.method, answer.request.url.path)
    kind = answer.headers.get("content-type", "")
    if not answer.headers.get("x-request-id"):
        yield "no X-Request-Id"
    if operation is not None and str(answer.status_code) not in operation.told["responses"]:
        if answer.status_code not in {405, 500}:
            yield f"{answer.status_code} is not documented"
    elif answer.status_code == 204:
        if answer.content:
            yield "a body where there is none"
        return
    elif operation is not None and answer.is_success and kind == "application/json":
        place = schema_at(operation, "responses", str(answer.status_code), "content", "application/json")
        yield from (f"{e.json_path}: {e.message}" for e in validator(place).iter_errors(answer.json()))
    told = {} if operation is None else operation.told["responses"].get(str(answer.status_code), {})
    if answer.is_success and kind != "application/json" and kind not in told.get("content", {}):
        yield f"a body of type {kind}"
    if answer.is_error:
        yield from problem_faults(answer)


def problem_faults(answer: httpx.Response) -> Iterator[str]:
    """Name what is wrong with a problem document."""
    if answer.headers.get("content-type") != "application/problem+json":
        yield f"a problem of type {answer.headers.get('content-type')}"
        return
    told = answer.json()
    if not told.keys() >= PROBLEM_FIELDS:
        yield f"it lacks {PROBLEM_FIELDS - told.keys()}"
        return
    yield from (e.message for e in validator("/components/schemas/ProblemOut").iter_errors(told))
    slug = told["type"].removeprefix("/v1/problems/")
    if slug not in KINDS or KINDS[slug].status != answer.status_code or told["status"] != answer.status_code:
        yield f"{told['type']} does not fit {answer.status_code}"
    if told["request_id"] != answer.headers.get("x-request-id"):
        yield "another request_id than the header's"
    if not told["detail"] or not told["instance"].startswith("/"):
        yield "no detail, or no instance"
    if (slug == "invalid") != ("errors" in told) or told.get("errors") == []:
        yield "errors belong to what is invalid, and only there"
