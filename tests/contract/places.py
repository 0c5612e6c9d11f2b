"""Find every place of a request where a caller may write something, with what the document says of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.api.contract import Operation, document
from tests.api.house import Json

Where = Literal["query", "header", "body"]
KNOWN: Json = {
    "protocol": "laser-ablative",
    "step": "no-sun",
    "to": "sun",
    "on": "2026-11-20",
    "to_on": "2026-12-22",
    "event": "healed",
    "text": "Differin gel",
    "kind": "skincare",
    "time_zone": "Europe/Amsterdam",
    "email": "pia@example.org",
    "phone": "+31 20 000 0000",
    "reference": "Aster-0",
    "version": 1,
    "from": 1,
}
"""Something sound for fields that no schema describes well enough, by name."""
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a request: a parameter by name, or a field of the body by its path."""

    where: Where
    path: tuple[str | int, ...]
    schema: Json

    def __str__(self) -> str:
        """Write it as people would."""
        return f"{self.where} /{'/'.join(map(str, self.path))}"


def places(operation: Operation) -> list[Place]:
    """List the places of an operation: its query, its headers, and every field of its JSON body, nested ones too."""
    told = [one for one in operation.told.get("parameters", ()) if one["in"] in {"query", "header"}]
    found = [Place(one["in"], (one["name"],), one["schema"]) for one in told]
    schema = body_schema(operation)
    return found if schema is None else [*found, *_fields(schema, ())]


def body_schema(operation: Operation) -> Json | None:
    """Give the schema of the JSON body, or None when there is no such body."""
    content = operation.told.get("requestBody", {}).get("content", {})
    found: Json | None = content.get("application/json", {}).get("schema")
    return found


def body_of(operation: Operation) -> Any:  # noqa: ANN401 - any JSON
    """Give a sound body: the example of the document."""
    content = operation.told.get("requestBody", {}).get("content", {})
    return copy.deepcopy(content.get("application/json", {}).get("example"))


def query_of(operation: Operation) -> dict[str, Any]:
    """Give the parameters of the query that must be there."""
    needed = [one for one in operation.told.get("parameters", ()) if one["in"] == "query" and one.get("required")]
    return {one["name"]: KNOWN.get(one["name"], sample(one["schema"])) for one in needed}


def put(body: Any, path: tuple[str | int, ...], value: object, schema: Json) -> Any:  # noqa: ANN401 - any JSON
    """Write a value into a body; what leads there and is missing is made as the schema says."""
    if not path:
        return copy.deepcopy(value)  # what is written may be written into again
    step, schema = path[0], options(schema)[0]
    if isinstance(step, int):
        body = body if isinstance(body, list) and body else [sample(schema.get("items", {}))]
        body[0] = put(body[0], path[1:], value, schema.get("items", {}))
        return body
    body = body if isinstance(body, dict) else sample(schema)
    inner = schema.get("properties", {}).get(step, schema.get("additionalProperties") or {})
    body[step] = put(body.get(step), path[1:], value, inner if isinstance(inner, dict) else {})
    return body


def sample(schema: Json) -> Any:  # noqa: ANN401 - any JSON
    """Make something sound, with no more than there must be."""
    schema = options(schema)[0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: KNOWN.get(name, sample(fields[name])) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"])] * schema.get("minItems", 0)
        case "string":
            return "2026-11-20" if schema.get("format") == "date" else "abcde"
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def options(schema: Json) -> list[Json]:
    """Give what a value may be, without null: references followed, alternatives side by side."""
    if "$ref" in schema:
        return options(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "anyOf" in schema:
        return [found for one in schema["anyOf"] for found in options(one) if found.get("type") != "null"]
    return [schema]


def _fields(schema: Json, path: tuple[str | int, ...]) -> Iterator[Place]:
    yield Place("body", path, schema)
    if len(path) >= DEEPEST:
        return
    for option in options(schema):
        for name, inner in option.get("properties", {}).items():
            yield from _fields(inner, (*path, name))
        if isinstance(option.get("additionalProperties"), dict):
            yield from _fields(option["additionalProperties"], (*path, "no-sun"))
        if "items" in option:
            yield from _fields(option["items"], (*path, 0))
