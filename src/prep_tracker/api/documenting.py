"""Document an operation: examples, problems, and who may call."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.problems import KINDS
from prep_tracker.api.results import ProblemOut

HEADERS: dict[str, dict[str, Any]] = {
    name: {"description": description, "schema": {"type": "string", "pattern": pattern}}
    for name, description, pattern in (
        ("X-Request-Id", "Names this request in the logs: your own, if it was well-formed.", "^[A-Za-z0-9._-]{1,64}$"),
        ("ETag", "The version of what was answered, for If-Match and If-None-Match.", '^"[^"]+"$'),
        ("Location", "Where to find what was made.", "^/v1/"),
        ("Link", "The next page.", '^<[^>]+>; rel="next"$'),
        ("Content-Language", "The language of the texts.", "^[a-z]{2,3}(-[A-Za-z]{2,8})?$"),
        ("Retry-After", "After how many seconds to try again.", "^[0-9]+$"),
        ("WWW-Authenticate", "How to say who you are.", "^Bearer "),
    )
}
"""The headers of answers by name."""
LINES = frozenset({"export_audit", "simulate"})
"""Operations that answer with one JSON document a line."""


def documented(
    body: object, answer: object, *problems: int, roles: tuple[str, ...] | None = None, scope: str | None = None
) -> dict[str, Any]:
    """Document an operation: an example of its body and its answer, the problems that it may meet, and who may call.

    ``roles``: left out, all staff. ``scope``: what a key of the role integration needs; left out, none may.
    """
    extra: dict[str, Any] = {"security": [{"key": []}]}
    if body is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": body}}}
    if roles is not None:
        extra["x-roles"] = list(roles)
    if scope is not None:
        extra["x-scope"] = scope
    general = (401, 403, 422, 503, *((400, 413) if body is not None else ()))
    return {"responses": shown(answer, *general, *problems), "openapi_extra": extra}


def shown(answer: object, *problems: int) -> dict[int | str, dict[str, Any]]:
    """Document what an operation answers: an example, and the problems that it may meet."""
    responses: dict[int | str, dict[str, Any]] = {"2XX": {"content": {"application/json": {"example": answer}}}}
    return responses | {status: {"model": ProblemOut, **problem_told(status)} for status in sorted({*problems})}


def problem_told(status: int) -> dict[str, Any]:
    """Document the problems of one status."""
    return {
        "description": ". ".join(kind.title for kind in KINDS.values() if kind.status == status),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }


def header_told(name: str, *, always: bool) -> dict[str, Any]:
    """Document a header of an answer: one that always comes, or one that may come."""
    reference = {"$ref": f"#/components/headers/{name}"}
    return HEADERS[name] | {"required": True} if always else reference
