"""Decide about a procedure from its page: on the version that was read, for whoever was not the first reads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api import schemas
from prep_tracker.api.pages.actions_doing import CLINICIAN, RETURNED, acted, address, once_done, seen
from prep_tracker.api.pages.actions_forms import sent_by
from prep_tracker.api.pages.gate import Gate
from prep_tracker.api.pages.procedure import HERE, Back, show_procedure
from prep_tracker.catalog import Document, ReadError
from prep_tracker.catalog import read as read_yaml
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.services import clinical, review

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)
STEP = "/rule"
"""The field in which a step is written."""


@router.post(f"{HERE}/products/{{n:int}}/decision", openapi_extra=CLINICIAN)
async def decide(request: Request, procedure_id: str, n: int) -> Response:
    """Decide about a product."""

    def work(connection: Connection, desk: Desk, body: schemas.DecisionIn, sent: Sent) -> object:
        return review.decide(connection, desk, procedure_id, n, body.decision, body.note, if_match=sent.versions)

    return await acted(request, procedure_id, schemas.DecisionIn, work, "decided", at=f"product-{n}")


@router.post(f"{HERE}/waive", openapi_extra=CLINICIAN)
async def waive(request: Request, procedure_id: str) -> Response:
    """Waive a step, with the reason."""

    def work(connection: Connection, desk: Desk, body: shapes.WaiverIn, sent: Sent) -> object:
        return clinical.waive(connection, desk, procedure_id, body.step, body.reason, if_match=sent.versions)

    return await acted(request, procedure_id, shapes.WaiverIn, work, "waived")


@router.post(f"{HERE}/gates/{{step}}", openapi_extra=CLINICIAN)
async def open_gate(request: Request, procedure_id: str, step: str) -> Response:
    """Open a gate that an answer closed."""

    def work(connection: Connection, desk: Desk, body: shapes.GateIn, sent: Sent) -> object:
        return clinical.open_gate(connection, desk, procedure_id, step, body.reason, if_match=sent.versions)

    return await acted(request, procedure_id, shapes.GateIn, work, "opened")


@router.post(f"{HERE}/clear", openapi_extra=CLINICIAN)
async def clear(request: Request, procedure_id: str) -> Response:
    """Say that it may go ahead; what blocks it is accepted by name."""

    def work(connection: Connection, desk: Desk, body: shapes.ClearanceIn, sent: Sent) -> object:
        return clinical.clear(connection, desk, procedure_id, body.accept, body.note, if_match=sent.versions)

    return await acted(request, procedure_id, shapes.ClearanceIn, work, "cleared")


@router.post(f"{HERE}/unclear", openapi_extra=CLINICIAN)
async def remove_clearance(request: Request, procedure_id: str) -> Response:
    """Take a clearance back."""

    def work(connection: Connection, desk: Desk, body: shapes.ReasonIn, sent: Sent) -> object:
        return clinical.remove_clearance(connection, desk, procedure_id, body.reason, if_match=sent.versions)

    return await acted(request, procedure_id, shapes.ReasonIn, work, "uncleared")


@router.post(f"{HERE}/end")
async def set_state(request: Request, procedure_id: str) -> Response:
    """Say how it ended."""

    def work(connection: Connection, desk: Desk, body: shapes.StateIn, sent: Sent) -> object:
        return clinical.set_state(connection, desk, procedure_id, body.state, body.reason, if_match=sent.versions)

    sent = await sent_by(request)
    state = sent.text("state")
    what = state if state in {"completed", "no-show", "cancelled"} else "ended"
    return await acted(request, procedure_id, shapes.StateIn, work, what)


@router.post(f"{HERE}/steps")
async def add_step(request: Request, procedure_id: str) -> Response:
    """Add a step to this procedure, written in the protocol language; faults name their lines."""
    sent = await sent_by(request)

    def work(connection: Connection, desk: Desk) -> object:
        written = _written(sent.text(STEP.removeprefix("/")))
        try:
            return clinical.add_step(connection, desk, procedure_id, written.data, if_match=sent.versions)
        except InvalidError as error:
            raise InvalidError(*(_placed(fault, written) for fault in error.faults)) from None

    try:
        made = await once_done(request, sent, work, address(procedure_id, "step"))
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    return seen(request, made)


def _written(text: str) -> Document:
    """Read a step. Raises ``InvalidError``."""
    try:
        written = read_yaml(text)
    except ReadError as error:
        raise InvalidError(_fault(error.line, f"{error.message}. {error.mend}")) from None
    if not isinstance(written.data, dict):
        raise InvalidError(_fault(1, "Write one step: a line for each key, as in the example."))
    return written


def _placed(fault: Fault, written: Document) -> Fault:
    """Say a fault of a step with the line on which it stands; what is wrong between steps stands on none."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in fault.pointer.split("/")[1:]]
    if fault.code == "unknown-kind":
        parts = ["kind"]
    elif not parts and fault.code != "missing-key":
        return Fault(STEP, "step", fault.message)
    return _fault(written.line(tuple(int(part) if part.isdecimal() else part for part in parts)), fault.message)


def _fault(line: int, message: str) -> Fault:
    return Fault(STEP, "step", f"Line {line}: {message}")
