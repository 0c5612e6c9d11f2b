"""Show the reference page: every operation with its fields, examples and problems. No script, nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

router = APIRouter(include_in_schema=False)
WEB = Path(__file__).parent.parent / "web"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=300",
}


class Field(NamedTuple):
    """One field of a body, or one parameter."""

    name: str
    place: str
    kind: str
    required: bool
    text: str


@router.get("/docs")
async def reference(request: Request) -> Response:
    """Give the reference page."""
    return Response(_page(json.dumps(request.app.openapi())), 200, HEADERS, media_type="text/html; charset=utf-8")


@router.get("/docs/reference.css")
async def style() -> Response:
    """Give its style sheet."""
    return Response((WEB / "reference.css").read_bytes(), 200, HEADERS, media_type="text/css; charset=utf-8")


@lru_cache(maxsize=2)
def _page(openapi: str) -> str:
    document = json.loads(openapi)
    environment = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(document, path, method, operation)
            groups.setdefault(operation["tags"][0], []).append(shown)
    return environment.get_template("reference.html").render(info=document["info"], groups=groups)


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [
        {"status": status, "text": response.get("description", ""), "example": _example(response)}
        for status, response in sorted(operation["responses"].items())
    ]
    return {
        "anchor": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "text": operation.get("description", ""),
        "roles": _callers(operation),
        "parameters": [
            Field(p["name"], p["in"], _kind(p["schema"]), p.get("required", False), p.get("description", ""))
            for p in operation.get("parameters", [])
        ],
        "fields": list(_fields(document, body.get("schema", {}))),
        "example": _json(body["example"]) if "example" in body else None,
        "answers": answers,
    }


def _callers(operation: dict[str, Any]) -> str:
    if "security" not in operation:
        return "everybody"
    roles = operation.get("x-roles", ["coordinator", "clinician", "admin"])
    scope = operation.get("x-scope")
    return ", ".join([*roles, *([f"integration with {scope}"] if scope else [])])


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[Field]:
    for option in (schema, *schema.get("anyOf", ())):
        name = option.get("$ref", "").rpartition("/")[2]
        found = document["components"]["schemas"].get(name, option)
        required = found.get("required", ())
        for key, value in found.get("properties", {}).items():
            yield Field(key, "body", _kind(value), key in required, value.get("description", ""))


def _kind(schema: dict[str, Any]) -> str:
    """Say in a few words what a value is."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].removesuffix("In").removesuffix("Out").lower()
    if schema.get("format") == "date":
        return "day"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("const", schema.get("type", "any")))


def _example(response: dict[str, Any]) -> str | None:
    content = response.get("content", {}).get("application/json", {})
    return _json(content["example"]) if content.get("example") is not None else None


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
