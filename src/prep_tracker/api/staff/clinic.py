"""Read and change the clinic's settings, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.cursors import Cursor, Limit, link, page_of
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, act, desk_of, read, respond
from prep_tracker.api.wire import Answer, answer
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.services import access, clinic

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

router = APIRouter(route_class=Door, tags=["Clinic"])
ADMIN = ("admin",)
KeyId = Annotated[str, Path(max_length=64, description="The public part of a key.")]


@router.get(
    "/v1/clinic", response_model=shapes.ClinicOut, summary="Read the clinic", **documented(None, clinic_examples.CLINIC)
)
async def get_clinic(request: Request) -> Response:
    """Read the clinic's settings."""
    return respond(answer(200, _document(desk_of(request).clinic)))


@router.patch(
    "/v1/clinic",
    response_model=shapes.ClinicOut,
    summary="Change the clinic",
    **documented(clinic_examples.CLINIC_CHANGE, clinic_examples.CLINIC, roles=ADMIN),
)
async def change_clinic(request: Request, body: shapes.ClinicChangeIn) -> Response:
    """Change the settings that are sent. Holidays and closing days are no business days; checklists follow at once."""
    fields = body.model_dump(mode="json", by_alias=True, include=set(body.model_fields_set))

    def work(connection: Connection, desk: Desk) -> Answer:
        return answer(200, _document(clinic.change_clinic(connection, desk, fields)))

    made = await act(request, work)
    request.app.state.origins.update(fields.get("origins", ()))
    return made


@router.get(
    "/v1/keys",
    response_model=shapes.KeysOut,
    summary="List the keys",
    **documented(None, clinic_examples.KEYS, roles=ADMIN),
)
async def list_keys(request: Request, limit: Limit = 50, given: Cursor = None) -> Response:
    """List the clinic's keys, oldest first, revoked ones too; never a secret."""
    rows = await read(request, lambda c, d: access.list_keys(c, d.clinic.id))
    page, following = page_of(f"keys:{desk_of(request).clinic.id}", rows, limit, given)
    made = answer(200, {"items": [access.key_document(row) for row in page], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.post(
    "/v1/keys",
    status_code=201,
    response_model=shapes.MadeKeyOut,
    summary="Make a key",
    **documented(clinic_examples.NEW_KEY, clinic_examples.MADE_KEY, roles=ADMIN),
)
async def add_key(request: Request, body: shapes.KeyIn, idempotency_key: IdempotencyKey = None) -> Response:
    """Make a key for a named person, or for a system with scopes. It is shown now and never again.

    To replace a key, make a new one, put it to use, and revoke the old one: both work in between.
    """

    def work(connection: Connection, desk: Desk) -> Answer:
        if body.expires_at is not None and body.expires_at <= desk.now:
            raise InvalidError(Fault("/expires_at", "past", "Send an instant that has not passed, or leave it out."))
        made = access.add_key(
            connection,
            desk.clinic.id,
            body.role,
            body.person,
            now=desk.now,
            scopes=body.scopes,
            expires_at=body.expires_at,
            by=desk,
        )
        return answer(201, access.key_document(made.row) | {"key": made.token}, Cache_Control="no-store")

    # A repeated request may not bring the secret to light again, so this answer is not kept.
    return await act(request, work, keep=False)


@router.delete(
    "/v1/keys/{key}",
    response_model=None,
    status_code=204,
    summary="Revoke a key",
    **documented(None, None, 404, roles=ADMIN),
)
async def revoke_key(request: Request, key: KeyId) -> Response:
    """Revoke a key: the very next request with it is refused."""

    def work(connection: Connection, desk: Desk) -> Answer:
        access.revoke_key(connection, desk.clinic.id, key, now=desk.now, by=desk)
        return Answer(204, b"")

    return await act(request, work)


def _document(row: ClinicRow) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "time_zone": row.time_zone, **clinic.settings_of(row)}
