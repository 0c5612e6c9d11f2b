"""Say whether the service lives, whether it can work, and what a problem means."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker import __version__
from prep_tracker.api.documenting import shown
from prep_tracker.api.door import Service
from prep_tracker.api.problems import KINDS, problem
from prep_tracker.api.wire import Out
from prep_tracker.domain.errors import NotFoundError, UnavailableError
from prep_tracker.store.migrate import is_current
from prep_tracker.store.session import EVERY

router = APIRouter(tags=["Service"])
_EVERY = {"Cache-Control": "no-store"}
Slug = Annotated[str, Path(description="The end of a problem's type.", json_schema_extra={"enum": sorted(KINDS)})]


def _told(slug: str) -> dict[str, Any]:
    kind = KINDS[slug]
    return {"type": f"/v1/problems/{slug}", "title": kind.title, "status": kind.status, "detail": kind.advice}


class HealthOut(Out):
    """The service lives."""

    status: str
    version: str


class ReadyOut(Out):
    """The service can work."""

    database: str
    migrations: str


class KindOut(Out):
    """What a type of problem means, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str


@router.get(
    "/healthz",
    response_model=HealthOut,
    summary="Is the service alive?",
    responses=shown({"status": "ok", "version": __version__}),
)
async def healthz() -> Response:
    """Answer as long as the process lives; nothing else is touched."""
    return Response(to_json({"status": "ok", "version": __version__}), 200, _EVERY, media_type="application/json")


@router.get(
    "/readyz",
    response_model=ReadyOut,
    summary="Can the service work?",
    responses=shown({"database": "ok", "migrations": "ok"}, 503),
)
async def readyz(request: Request) -> Response:
    """Answer whether the database can be reached and has the schema that this version needs."""
    service: Service = request.app.state.service
    try:
        current = await service.store.read(is_current, EVERY)
    except UnavailableError:
        return problem(request, "unavailable", "The database cannot be reached.", headers={"Retry-After": "2"})
    if not current:
        detail = "The database needs another schema: run prep-tracker migrate."
        return problem(request, "unavailable", detail, headers={"Retry-After": "10"})
    return Response(to_json({"database": "ok", "migrations": "ok"}), 200, _EVERY, media_type="application/json")


@router.get(
    "/v1/problems/{slug}",
    response_model=KindOut,
    summary="What does this problem mean?",
    responses=shown(_told("stale"), 404),
)
async def explain_problem(slug: Slug) -> Response:
    """Explain a type of problem."""
    if slug not in KINDS:
        raise NotFoundError
    return Response(to_json(_told(slug)), 200, media_type="application/json")
