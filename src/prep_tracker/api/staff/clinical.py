"""Decide about one procedure: waivers, gates, clearance, steps, how it ended, and events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples, results
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, IfMatch, Lang, act, versions_of, words_of
from prep_tracker.api.examples import SAID
from prep_tracker.api.staff.views import etag, said_document
from prep_tracker.api.wire import Answer, answer
from prep_tracker.services import clinical

if TYPE_CHECKING:
    from prep_tracker.desk.case import Case, Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Decisions"])
CLINICIAN = ("clinician",)
Step = Annotated[str, Path(max_length=64, description="The id of a gate.")]
STRICT = (404, 409, 412, 428)


async def _decide(
    request: Request, lang: str | None, status: int, decide: Callable[[Connection, Desk], Case]
) -> Response:
    """Do what was decided, and answer how the procedure stands now."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        case = decide(connection, desk)
        return answer(status, said_document(case, words), ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.post(
    "/v1/procedures/{procedure_id}/waivers",
    status_code=201,
    response_model=results.SaidOut,
    summary="Waive a step",
    **documented(clinic_examples.WAIVER, SAID, *STRICT, roles=CLINICIAN),
)
async def waive(
    request: Request,
    procedure_id: str,
    body: shapes.WaiverIn,
    lang: Lang = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Waive a step with a reason. It covers what is known now: what comes later reopens the step."""
    match = versions_of(if_match)
    return await _decide(
        request, lang, 201, lambda c, d: clinical.waive(c, d, procedure_id, body.step, body.reason, if_match=match)
    )


@router.put(
    "/v1/procedures/{procedure_id}/gates/{step}",
    response_model=results.SaidOut,
    summary="Open a closed gate",
    **documented(clinic_examples.GATE, SAID, *STRICT, roles=CLINICIAN),
)
async def open_gate(
    request: Request,
    procedure_id: str,
    step: Step,
    body: shapes.GateIn,
    lang: Lang = None,
    if_match: IfMatch = None,
) -> Response:
    """Open a gate that an answer closed; the question is asked again on the day."""
    match = versions_of(if_match)
    return await _decide(
        request, lang, 200, lambda c, d: clinical.open_gate(c, d, procedure_id, step, body.reason, if_match=match)
    )


@router.put(
    "/v1/procedures/{procedure_id}/clearance",
    response_model=results.SaidOut,
    summary="Clear a procedure",
    **documented(clinic_examples.CLEARANCE, SAID, *STRICT, roles=CLINICIAN),
)
async def clear(
    request: Request,
    procedure_id: str,
    body: shapes.ClearanceIn | None = None,
    lang: Lang = None,
    if_match: IfMatch = None,
) -> Response:
    """Say that it may go ahead on its day. It is void as soon as the day moves or something worse becomes known."""
    match, given = versions_of(if_match), body or shapes.ClearanceIn()
    return await _decide(
        request,
        lang,
        200,
        lambda c, d: clinical.clear(c, d, procedure_id, given.accept, given.note, if_match=match),
    )


@router.delete(
    "/v1/procedures/{procedure_id}/clearance",
    response_model=results.SaidOut,
    summary="Take a clearance back",
    **documented(None, SAID, *STRICT, roles=CLINICIAN),
)
async def remove_clearance(
    request: Request, procedure_id: str, lang: Lang = None, if_match: IfMatch = None
) -> Response:
    """Take a clearance back."""
    match = versions_of(if_match)
    return await _decide(
        request, lang, 200, lambda c, d: clinical.remove_clearance(c, d, procedure_id, None, if_match=match)
    )


@router.post(
    "/v1/procedures/{procedure_id}/steps",
    status_code=201,
    response_model=results.SaidOut,
    summary="Add or replace a step",
    **documented(clinic_examples.STEP, SAID, *STRICT),
)
async def add_step(
    request: Request,
    procedure_id: str,
    body: Annotated[dict[str, Any], Body(max_length=40, description="A step in the protocol language.")],
    lang: Lang = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add a step to this one procedure, in the protocol language; the same id replaces the protocol's step."""
    match = versions_of(if_match)
    return await _decide(request, lang, 201, lambda c, d: clinical.add_step(c, d, procedure_id, body, if_match=match))


@router.put(
    "/v1/procedures/{procedure_id}/state",
    response_model=results.SaidOut,
    summary="End a procedure",
    **documented(clinic_examples.STATE, SAID, *STRICT),
)
async def set_state(
    request: Request, procedure_id: str, body: shapes.StateIn, lang: Lang = None, if_match: IfMatch = None
) -> Response:
    """Say that a procedure was cancelled, completed, or that the patient did not come."""
    match = versions_of(if_match)
    return await _decide(
        request,
        lang,
        200,
        lambda c, d: clinical.set_state(c, d, procedure_id, body.state, body.reason, if_match=match),
    )


@router.post(
    "/v1/procedures/{procedure_id}/events",
    status_code=201,
    response_model=results.SaidOut,
    summary="Record an event",
    **documented(clinic_examples.EVENT, SAID, 404, 409, scope="procedures:write"),
)
async def record_event(
    request: Request, procedure_id: str, body: shapes.EventIn, lang: Lang = None, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record that something happened on a day; steps that count from it get their dates."""
    return await _decide(
        request, lang, 201, lambda c, d: clinical.record_event(c, d, procedure_id, body.event, body.on)
    )
