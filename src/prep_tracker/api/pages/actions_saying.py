"""Say something about a procedure from its page: marks, contacts, answers, products, events; and take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import RootModel
from starlette.responses import Response

from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api import schemas
from prep_tracker.api.pages.actions_doing import acted
from prep_tracker.api.pages.actions_forms import sent_by
from prep_tracker.api.pages.gate import Gate
from prep_tracker.api.pages.procedure import HERE
from prep_tracker.desk.ordering import NewProduct
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.services import clinical, marking, review

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)


class AnswersIn(RootModel[dict[str, Any]]):
    """The answers of a form; what may be answered, and how, is known by the protocol."""


@router.post(f"{HERE}/mark")
async def mark(request: Request, procedure_id: str) -> Response:
    """Mark a step, for the clinic or for a patient who told it."""

    def work(connection: Connection, desk: Desk, body: schemas.MarkIn, _: Sent) -> object:
        desk = replace(desk, on_behalf_of=body.on_behalf_of)
        on = desk.today if body.on is None and body.kind != "since" else body.on
        return marking.mark(connection, desk, procedure_id, body.kind, body.step, on)

    step = (await sent_by(request)).text("step")
    return await acted(
        request,
        procedure_id,
        schemas.MarkIn,
        work,
        "marked",
        operation="mark",
        at=_place("item", step),
    )


@router.post(f"{HERE}/expose")
async def expose(request: Request, procedure_id: str) -> Response:
    """Report a contact with something to be avoided."""

    def work(connection: Connection, desk: Desk, body: schemas.ExposureIn, _: Sent) -> object:
        return marking.expose(connection, desk, procedure_id, body.to, body.on, body.kind, body.note)

    return await acted(request, procedure_id, schemas.ExposureIn, work, "exposed", operation="expose")


@router.post(f"{HERE}/answer")
async def answer(request: Request, procedure_id: str) -> Response:
    """Answer what the protocol asks: only what was changed on the form."""

    def work(connection: Connection, desk: Desk, body: AnswersIn, _: Sent) -> object:
        given = body.root.get("answers", {})
        try:
            return marking.answer(connection, desk, procedure_id, given if isinstance(given, Mapping) else {})
        except InvalidError as error:  # the fields of the form stand one deeper than those of the service
            deeper = (Fault(f.pointer and f"/answers{f.pointer}", f.code, f.message) for f in error.faults)
            raise InvalidError(*deeper) from None

    return await acted(request, procedure_id, AnswersIn, work, "answered")


@router.post(f"{HERE}/event")
async def record_event(request: Request, procedure_id: str) -> Response:
    """Record that something happened on a day."""

    def work(connection: Connection, desk: Desk, body: shapes.EventIn, _: Sent) -> object:
        return clinical.record_event(connection, desk, procedure_id, body.event, body.on)

    return await acted(request, procedure_id, shapes.EventIn, work, "event")


@router.post(f"{HERE}/products")
async def add_product(request: Request, procedure_id: str) -> Response:
    """Name a product or medicine."""

    def work(connection: Connection, desk: Desk, body: schemas.ProductIn, _: Sent) -> object:
        product = NewProduct(body.text, body.kind, body.prescribed, body.last_used_on)
        return review.add_product(connection, desk, procedure_id, product)

    return await acted(request, procedure_id, schemas.ProductIn, work, "added", at="products")


@router.post(f"{HERE}/products/{{n:int}}")
async def change_product(request: Request, procedure_id: str, n: int) -> Response:
    """Say more about a product, and what it is or is not."""

    def work(connection: Connection, desk: Desk, body: schemas.ProductChangeIn, _: Sent) -> object:
        more = review.More(body.prescribed, body.last_used_on, body.stopped_on, tuple(body.confirm), tuple(body.reject))
        return review.change_product(connection, desk, procedure_id, n, more)

    return await acted(request, procedure_id, schemas.ProductChangeIn, work, "changed", at=_place("product", n))


@router.post(f"{HERE}/entries/{{n:int}}/withdrawal")
async def withdraw(request: Request, procedure_id: str, n: int) -> Response:
    """Take an entry back that was a mistake."""

    def work(connection: Connection, desk: Desk, body: schemas.WithdrawalIn, _: Sent) -> object:
        return marking.withdraw(connection, desk, procedure_id, n, body.reason)

    return await acted(request, procedure_id, schemas.WithdrawalIn, work, "withdrawn")


def _place(what: str, which: object) -> str:
    """Name the place on the page at which it is said that something was done."""
    named = str(which or "")
    return f"{what}-{named}" if named.isascii() and named.replace("-", "").isalnum() else ""
