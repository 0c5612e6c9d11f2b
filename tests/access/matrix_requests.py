"""Make requests that are accepted, and the same with somebody else's name at one place."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

from tests.access.matrix import GUARDED
from tests.access.matrix_places import NEW, Named, Plain, body_of, in_path, place_of, places
from tests.access.matrix_wire import Request
from tests.access.matrix_world import Whose, World
from tests.api.contract import Operation


def own(world: World, operation: Operation, whose: Whose, *, path: Whose | None = None) -> Request:
    """Give a request about a clinic's own things that is accepted, or the same with ``path`` of somebody else."""
    clinic = world.view(whose)
    body, kind = body_of(operation, clinic)
    query, headers, filled = {}, {}, operation.path
    for where, name in places(operation):
        place = place_of(operation, where, name)
        if where == "path" and place is not None:
            value = place.of(world, path or whose) if isinstance(place, Named) else str(place.value)
            filled = filled.replace(f"{{{name}}}", value)
            if isinstance(body, bytes) and isinstance(place, Named):
                body = body.replace(place.of(world, whose).encode(), value.encode())
        elif where == "query" and (_is_required(operation, name) or (isinstance(place, Plain) and place.always)):
            query[name] = value_of(world, operation, where, name, whose)
        elif where == "header" and name == "if-match":
            headers[name] = value_of(world, operation, where, name, whose)
    return Request(operation.method.upper(), filled, query, headers, body, kind)


def value_of(world: World, operation: Operation, where: str, name: str, whose: Whose) -> str:
    """Give what stands in a query or a header: tags and cursors as that clinic was given them."""
    place = place_of(operation, where, name)
    if not isinstance(place, Named):
        return str(place.value if place is not None else "")
    if whose != "nobody" and place.thing in {"etag", "cursor"}:
        return _asked(world, operation, whose, place.thing)
    return place.of(world, whose)


def _asked(world: World, operation: Operation, whose: Whose, what: str) -> str:
    """Ask as the clinic's admin for the tag of a thing, or for the cursor of the second page of a list."""
    clinic = world.view(whose)
    reading = operation
    if operation.method != "get":  # the tag of the thing about which something is done
        readable = (o for o in GUARDED if o.method == "get" and o.path.endswith("}"))
        reading = next(o for o in readable if f"{operation.path}/".startswith(f"{o.path}/"))
    path = "/".join(own_path(world, operation, whose).split("/")[: len(reading.path.split("/"))])
    known = clinic.things.get(f"{what} of {path}")
    if known is None:
        query = own(world, reading, whose).query if reading.path == operation.path else {}
        asked = Request("GET", path, query).but(query={"limit": "1"} if what == "cursor" else {})
        bearer = clinic.key("admin")
        if "patient" in reading.told.get("x-roles", ()):
            bearer = clinic.session("procedure", "patient")
        answer = world.wire.send(asked, f"Bearer {bearer}")
        known = answer.header("etag") if what == "etag" else answer.json()["next"]
        assert known, (operation.name, what, answer.text())
        clinic.things[f"{what} of {path}"] = known
    return known


def own_path(world: World, operation: Operation, whose: Whose) -> str:
    """Fill in the path with a clinic's own things."""

    def fill(match: re.Match[str]) -> str:
        place = in_path(operation, match[1])
        return place.of(world, whose) if isinstance(place, Named) else str(place.value if place else "")

    return re.sub(r"\{(\w+)\}", fill, operation.path)


def _is_required(operation: Operation, name: str) -> bool:
    return any(p["name"] == name and p.get("required") for p in operation.told.get("parameters", ()))


def with_value(request: Request, named: Named, place: tuple[str, str], value: str) -> Request:
    """Give a request with a value at some place outside the path."""
    where, name = place
    if where == "query":
        return request.but(query={name: value})
    if where == "header":
        return request.but(headers={name: value})
    if isinstance(request.body, bytes):
        return replace(request, body=request.body.replace(NEW.encode(), value.encode()))
    body = copy.deepcopy(request.body)
    *outer, last = name.split(".")
    inside: Any = body
    for part in outer:
        inside = inside.setdefault(part, {})
        inside = inside[0] if isinstance(inside, list) else inside
    inside[last] = value
    inside.pop(named.instead_of, None)
    return replace(request, body=body)
