"""Book, read and move procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker.api import results, schemas
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    ALSO_CHECKED,
    AsOf,
    Door,
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    Lang,
    act,
    desk_of,
    not_modified,
    read,
    respond,
    tag,
    unchanged,
    versions_of,
    words_of,
)
from prep_tracker.api.examples import BOOKING, CHECKLIST, MOVE, MOVED, PROCEDURE
from prep_tracker.api.staff.views import etag, known_of, own_of, procedure_document, view_of
from prep_tracker.api.wire import Answer, answer
from prep_tracker.domain.days import parse_day
from prep_tracker.domain.errors import Fault
from prep_tracker.domain.standing import on
from prep_tracker.exports.document import change_document, checklist_document
from prep_tracker.services import booking, checklist
from prep_tracker.services.booking import Move, NewPatient, Order
from prep_tracker.services.checklist import Standing
from prep_tracker.store import patients

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Procedures"])
PREVIEW = Annotated[bool, Query(description="Answer what it would do, and change nothing.")]
EVERYTHING = Annotated[bool, Query(description="Show the steps that do not apply as well, with why.")]


@router.post(
    "/v1/procedures",
    status_code=201,
    response_model=results.ProcedureOut,
    summary="Book a procedure",
    **documented(BOOKING, PROCEDURE, 409, scope="procedures:write"),
)
async def book(
    request: Request, body: schemas.ProcedureIn, lang: Lang = None, idempotency_key: IdempotencyKey = None
) -> Response:
    """Book a procedure for a patient on a day, with whatever is known already. All of it is kept, or nothing."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        case = booking.book(connection, desk, order_of(body))
        found = Standing(case, on(case.checklist, case.today))
        patient = patients.get(connection, desk.clinic.id, case.row.patient_id)
        location = f"/v1/procedures/{case.row.id}"
        document = procedure_document(found, patient, words)
        return answer(201, document, Location=location, ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.get(
    "/v1/procedures/{procedure_id}",
    response_model=results.ProcedureOut,
    summary="Read a procedure and how it stands",
    **documented(None, PROCEDURE, 404, scope="procedures:read"),
)
async def get_procedure(
    request: Request,
    procedure_id: str,
    as_of: AsOf = None,
    lang: Lang = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Read a procedure: its day, its standing with the reasons, and the earliest safe day."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer | str:
        row, patient = checklist.find_versions(connection, desk, procedure_id)
        # The answer shows the patient, so a changed name is a changed answer.
        view = "staff" if patient.version == 1 else f"staff.p{patient.version}"
        current = tag(desk, row.version, as_of, words.language, view)
        if unchanged(if_none_match, current):
            return current
        found = checklist.read_checklist(connection, desk, procedure_id, as_of)
        current = tag(desk, found.case.row.version, as_of, words.language, view)
        return answer(200, procedure_document(found, patient, words), ETag=current, Content_Language=words.language)

    made = await read(request, work)
    return not_modified(made) if isinstance(made, str) else respond(made)


@router.get(
    "/v1/procedures/{procedure_id}/checklist",
    response_model=results.ChecklistOut,
    summary="Read the countdown checklist",
    **documented(None, CHECKLIST, 404, scope="procedures:read"),
)
async def get_checklist(
    request: Request,
    procedure_id: str,
    as_of: AsOf = None,
    lang: Lang = None,
    everything: Annotated[bool, Query(alias="all", description="Show the steps that do not apply as well.")] = False,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Read what the patient must keep, do and confirm, as it stands on a day, with every item's timeline."""
    words = words_of(request, lang)
    view = f"{view_of(desk_of(request))}{'-all' if everything else ''}"

    def work(connection: Connection, desk: Desk) -> Answer | str:
        row = checklist.find_version(connection, desk, procedure_id)
        current = tag(desk, row.version, as_of, words.language, view)
        if unchanged(if_none_match, current):
            return current
        found = checklist.read_checklist(connection, desk, procedure_id, as_of)
        current = tag(desk, found.case.row.version, as_of, words.language, view)
        document = checklist_document(
            found.case.checklist,
            found.status,
            words,
            procedure_id=procedure_id,
            everything=everything,
            own=own_of(desk),
        )
        return answer(200, document, ETag=current, Content_Language=words.language)

    made = await read(request, work)
    return not_modified(made) if isinstance(made, str) else respond(made)


@router.post(
    "/v1/procedures/{procedure_id}/moves",
    response_model=results.MoveOut,
    summary="Move a procedure, or see what moving would do",
    **documented(MOVE, MOVED, 404, 409, 412, 428, scope="procedures:write"),
)
async def move(
    request: Request,
    procedure_id: str,
    body: schemas.MoveIn,
    preview: PREVIEW = False,
    lang: Lang = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Move a procedure to another day. With preview the same body says what would happen, and nothing changes."""
    words = words_of(request, lang)
    wanted = Move(body.to_on, body.to_at, "to_at" not in body.model_fields_set, body.reason, body.backdated)
    if preview:
        made = await read(request, lambda c, d: booking.preview_move(c, d, procedure_id, wanted))
        return respond(Answer(200, to_json(change_document(made, words)), {"Content-Language": words.language}))

    def work(connection: Connection, desk: Desk) -> Answer:
        case, done = booking.apply_move(connection, desk, procedure_id, wanted, if_match=versions_of(if_match))
        document = change_document(done, words)
        return answer(200, document, ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


def _also(connection: Connection, desk: Desk, sound: dict[str, Any], _: dict[str, str]) -> list[Fault]:
    """Check the well-formed fields of a booking in which others are not."""
    try:
        order = order_of(schemas.SoundProcedureIn.model_validate(sound, extra="ignore"))
    except ValidationError:  # faults inside a field that is sound by itself were named already
        return []
    return booking.check_order(connection, desk, order)[1]


def _also_moved(_: Connection, desk: Desk, sound: dict[str, Any], _path: dict[str, str]) -> list[Fault]:
    """Check the well-formed day of a move in which something else is not."""
    if "to_on" not in sound:
        return []
    return booking.past_faults(desk, "/to_on", parse_day(sound["to_on"]), backdated=sound.get("backdated") is True)


ALSO_CHECKED["book"] = _also
ALSO_CHECKED["move"] = _also_moved


def order_of(body: schemas.ProcedureIn) -> Order:
    """Take the order out of a body."""
    patient = body.patient
    return Order(
        protocol=body.protocol,
        on=body.on,
        at=body.at,
        patient=None
        if patient is None
        else NewPatient(
            patient.reference,
            patient.name,
            patient.language,
            patient.birth_date,
            patient.time_zone,
            patient.email,
            patient.phone,
            patient.messages.model_dump(),
        ),
        patient_id=body.patient_id,
        backdated=body.backdated,
        known=known_of(body),
    )
