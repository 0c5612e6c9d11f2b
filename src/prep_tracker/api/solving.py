"""Take a request apart where nothing about it is unusual; whatever is goes FastAPI's way.

FastAPI looks at every parameter's annotation again with every request, which costs more than most answers. It still
documents the routes, and says what is wrong with a request: on the first doubt this gives None, and it begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    from fastapi.routing import APIRoute
    from starlette.requests import Request

Solve = Callable[["Request"], Awaitable[dict[str, Any] | None]]
_PLAIN = {str, int, bool, date, NoneType}


def solver(route: APIRoute) -> Solve | None:
    """Make what takes a route's requests apart; None for a route with more than plain parameters and one JSON body."""
    needs = route.dependant
    plain = [*needs.path_params, *needs.query_params, *needs.header_params]
    others: list[object] = [needs.dependencies, needs.cookie_params, needs.body_params[1:], needs.response_param_name]
    others += [needs.background_tasks_param_name, needs.security_scopes_param_name]
    itself, body = needs.request_param_name, next(iter(needs.body_params), None)
    if any(others) or itself is None or not all(_is_plain(f.field_info.annotation) for f in plain):
        return None

    async def solve(request: Request) -> dict[str, Any] | None:
        found: dict[str, Any] = {itself: request}
        query = request.query_params if request.scope["query_string"] else {}
        given = ((needs.path_params, request.path_params), (needs.query_params, query))
        for fields, sent in (*given, (needs.header_params, request.headers)):
            for field in fields:
                value = sent.get(field.alias)
                if value is not None:
                    found[field.name], wrong = field.validate(value, {}, loc=("", field.alias))
                    if wrong:
                        return None
                elif field.field_info.is_required():
                    return None
                else:
                    found[field.name] = field.get_default()
        if body is not None:
            if request.headers.get("content-type") != "application/json":
                return None
            try:
                document = json.loads(await request.body())
            except (ValueError, RecursionError):
                return None
            found[body.name], wrong = body.validate(document, {}, loc=("body",))
            if wrong:
                return None
        return found

    return solve


def _is_plain(annotation: object) -> bool:
    """Say whether there is one text to look for: no list, and no model of several."""
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind in {Union, UnionType}:
        return all(_is_plain(each) for each in inner)
    return _is_plain(inner[0]) if kind is Annotated else annotation in _PLAIN
