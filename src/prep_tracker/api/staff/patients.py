"""Add, find, change, give out and erase patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    Door,
    IdempotencyKey,
    IfNoneMatch,
    act,
    desk_of,
    not_modified,
    read,
    respond,
    unchanged,
)
from prep_tracker.api.retention import cleanse
from prep_tracker.api.schemas import PatientIn
from prep_tracker.api.wire import Answer, Name, answer
from prep_tracker.api.witness import showed
from prep_tracker.services import patients

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow

router = APIRouter(route_class=Door, tags=["Patients"])
READ, WRITE = "patients:read", "patients:write"


@router.post(
    "/v1/patients",
    status_code=201,
    response_model=shapes.PatientOut,
    summary="Add a patient",
    **documented(clinic_examples.NEW_PATIENT, clinic_examples.FULL_PATIENT, 409, scope=WRITE),
)
async def add_patient(request: Request, body: PatientIn, idempotency_key: IdempotencyKey = None) -> Response:
    """Add a patient under the clinic's own number."""

    def work(connection: Connection, desk: Desk) -> Answer:
        row = patients.add_patient(connection, desk, body.model_dump())
        return answer(201, _document(row), Location=f"/v1/patients/{row.id}", ETag=_tag(row))

    return await act(request, work)


@router.get(
    "/v1/patients",
    response_model=shapes.PatientsOut,
    summary="Find a patient by reference",
    **documented(None, {"items": [clinic_examples.FULL_PATIENT], "next": None}, scope=READ),
)
async def find_patient(
    request: Request, reference: Annotated[Name, Query(description="The clinic's own number for the patient.")]
) -> Response:
    """Find the patient with a reference; nobody is an empty list."""
    row = await read(request, lambda c, d: patients.find_patient(c, d, reference))
    showed(request, patients=[] if row is None else [row.id])
    return respond(answer(200, {"items": [] if row is None else [_document(row)], "next": None}))


@router.get(
    "/v1/patients/{patient_id}",
    response_model=shapes.PatientOut,
    summary="Read a patient",
    **documented(None, clinic_examples.FULL_PATIENT, 404, scope=READ),
)
async def get_patient(request: Request, patient_id: str, if_none_match: IfNoneMatch = None) -> Response:
    """Read a patient."""
    row = await read(request, lambda c, d: patients.get_patient(c, d, patient_id))
    if unchanged(if_none_match, _tag(row)):
        return not_modified(_tag(row), spoken=False)
    return respond(answer(200, _document(row), ETag=_tag(row)))


@router.patch(
    "/v1/patients/{patient_id}",
    response_model=shapes.PatientOut,
    summary="Change a patient",
    **documented({"email": "pia@example.org"}, clinic_examples.FULL_PATIENT, 404, 409, scope=WRITE),
)
async def change_patient(request: Request, patient_id: str, body: shapes.PatientChangeIn) -> Response:
    """Change the fields that are sent; null empties one that may be empty."""
    fields = body.model_dump(include=set(body.model_fields_set))

    def work(connection: Connection, desk: Desk) -> Answer:
        row = patients.change_patient(connection, desk, patient_id, fields)
        return answer(200, _document(row), ETag=_tag(row))

    return await act(request, work)


@router.delete(
    "/v1/patients/{patient_id}",
    status_code=204,
    summary="Erase a patient",
    **documented(None, None, 404, roles=("admin",)),
)
async def erase_patient(request: Request, patient_id: str) -> Response:
    """Erase a patient, their procedures and all that was said about them. A line in the audit stays, without a name.

    It is answered once the database's own file holds nothing of it either (SQLite).
    """

    def work(connection: Connection, desk: Desk) -> Answer:
        patients.erase_patient(connection, desk, patient_id)
        return Answer(204, b"")

    made = await act(request, work)
    await cleanse(request.app.state.service.store)
    return made


@router.get(
    "/v1/patients/{patient_id}/export",
    response_model=shapes.ExportOut,
    summary="Give out everything that is kept",
    **documented(None, clinic_examples.EXPORT, 404, roles=("admin",)),
)
async def export_patient(request: Request, patient_id: str) -> Response:
    """Give everything that is kept about a patient, table by table, as it is kept."""
    desk = desk_of(request)

    def work(connection: Connection, desk: Desk) -> Answer:
        kept = patients.export_patient(connection, desk, patient_id)
        return answer(200, {"patient_id": patient_id, "exported_at": _instant(desk), "tables": kept})

    made = await act(request, work)
    made.headers["Content-Disposition"] = f'attachment; filename="patient-{patient_id}-{desk.today}.json"'
    return made


def _instant(desk: Desk) -> str:
    return desk.now.isoformat().replace("+00:00", "Z")


def _tag(row: PatientRow) -> str:
    return f'"{row.version}.patient"'


def _document(row: PatientRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "reference": row.reference,
        "name": row.name,
        "language": row.language,
        "birth_date": row.birth_date,
        "time_zone": row.time_zone,
        "email": row.email,
        "phone": row.phone,
        "messages": {"email": False, "sms": False} | dict(row.messages),
        "version": row.version,
    }
