"""Finish the OpenAPI document: what FastAPI writes by itself is not quite what is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from prep_tracker.api.documenting import problem_told

Told = dict[str, Any]
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key: prep_<env>_<id>_<secret>."}
_WAIT = {"description": "Whole seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 1}}
_LEFT_OUT = ("HTTPValidationError", "ValidationError")


def finish(document: Told, routers: Iterable[APIRouter]) -> Told:
    """Say how to call and what comes back, operation by operation; the document is changed and given back."""
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {"key": _KEY}
    for name in _LEFT_OUT:  # our own problem documents take their place
        parts.get("schemas", {}).pop(name, None)
    for route, told in _operations(document, routers):
        _finish(route, told)
    return document


def _operations(document: Told, routers: Iterable[APIRouter]) -> Iterator[tuple[APIRoute, Told]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in sorted(route.methods or ()):
                    yield route, document["paths"][route.path_format][method.lower()]


def _finish(route: APIRoute, told: Told) -> None:
    answers: Told = told["responses"]
    # FastAPI leaves every null out of an example; so they are set here, as they were written.
    body = (route.openapi_extra or {}).get("requestBody")
    if body is not None:
        told["requestBody"]["content"]["application/json"]["example"] = body["content"]["application/json"]["example"]
    answers.pop("2XX", None)
    example = route.responses.get("2XX", {}).get("content", {}).get("application/json", {}).get("example")
    for status, answer in answers.items():
        content = answer.get("content", {})
        if status.startswith("2") and "application/json" in content:
            content["application/json"]["example"] = example
        elif "application/problem+json" in content:
            content.pop("application/json", None)
    if "HTTPValidationError" in str(answers.get("422")):
        answers.pop("422")
    taken = {one["name"] for one in told.get("parameters", ())}
    if "cursor" in taken:
        answers["400"] = problem_told(400)
    if "idempotency-key" in taken:
        answers["409"] = problem_told(409)
    if "if-none-match" in taken:
        answers["304"] = {"description": "It has not changed since; there is no body."}
    if told.get("security"):
        answers["429"] = {**problem_told(429), "headers": {"Retry-After": _WAIT}}
    answers["500"] = problem_told(500)
    told["responses"] = dict(sorted(answers.items()))
