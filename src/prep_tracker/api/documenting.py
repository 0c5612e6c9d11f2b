"""Document an operation: examples, problems, and who may call."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.problems import KINDS
from prep_tracker.api.results import ProblemOut


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
