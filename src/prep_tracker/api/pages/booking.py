"""Book a procedure on a page: find the patient, answer what the protocol asks, look for a safe day, book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import schemas
from prep_tracker.api.door import done
from prep_tracker.api.pages.actions_doing import RETURNED, address, seen
from prep_tracker.api.pages.actions_forms import Forms, Sent, listed, sent_by, taken, worded
from prep_tracker.api.pages.booking_view import asked_by, days_view, languages_of, protocols_view
from prep_tracker.api.pages.gate import Gate, read
from prep_tracker.api.pages.procedure_changes import short
from prep_tracker.api.pages.rendering import render, words_of_page
from prep_tracker.api.problems import ERRORS, KINDS
from prep_tracker.api.repeating import once
from prep_tracker.api.staff.procedures import order_of
from prep_tracker.api.staff.views import known_of
from prep_tracker.api.wire import UUID, Answer
from prep_tracker.api.witness import showed
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError, PrepError
from prep_tracker.services import booking, feasibility, patients
from prep_tracker.services.protocols import list_protocols

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.feasible import Feasible
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow

router = APIRouter(route_class=Gate, include_in_schema=False)
BOOK = "/staff/book"
WISHED = ("protocol", "answers", "exposures", "kept_since", "products", "not_before")
"""What a wish for a day says."""
NAME, REFERENCE, PATIENT = "book", "patient/reference", "patient_id"


@router.get(BOOK)
async def show(request: Request) -> Response:
    """Show an empty form."""
    return await _page(request, None)


@router.post(BOOK)
async def fill_in(request: Request) -> Response:
    """Go one step further: find the patient, show what the protocol asks, look for days, or book."""
    sent = await sent_by(request)
    sent.form = NAME
    days: Feasible | None = None
    try:
        if sent.text("pick"):
            sent.texts["on"] = [sent.text("pick")]
        elif sent.do == "find" and not sent.text(REFERENCE):
            raise InvalidError(Fault(f"/{REFERENCE}", "missing", "Send the reference."))
        elif sent.do == "forget":
            sent.texts = {name: texts for name, texts in sent.texts.items() if name not in {PATIENT, REFERENCE}}
        elif sent.do == "days":
            days = await _find_days(request, sent)
        elif sent.do == "book":
            return seen(request, await _book(request, sent))
    except RETURNED as error:
        return await _page(request, sent, error)
    return await _page(request, sent, days=days)


async def _book(request: Request, sent: Sent) -> Answer:
    """Book, once for this form."""
    body = _body(sent)
    body.pop("not_before", None)
    order = order_of(await taken(request, schemas.ProcedureIn, body, "book"))

    def work(connection: Connection, desk: Desk) -> Answer:
        case = booking.book(connection, desk, order)
        return Answer(303, b"", {"Location": address(case.row.id, "booked")})

    repeat = sent.repeat(request)
    return await done(request, work if repeat is None else once(work, repeat))


async def _find_days(request: Request, sent: Sent) -> Feasible:
    """Look for the first safe days with what is known; nothing is kept."""
    wish = {name: value for name, value in _body(sent).items() if name in WISHED}
    body = await taken(request, schemas.FeasibilityIn, wish)
    wanted = feasibility.Wish(body.protocol, known_of(body), body.not_before, body.count)
    return await read(request, lambda c, d: feasibility.find_days(c, d, wanted))


def _body(sent: Sent) -> dict[str, Any]:
    """Give what was typed as the body of a booking; rows in which nothing stands are none."""
    body = sent.body()
    body["exposures"] = listed(body.get("exposures"), "to")
    body["products"] = listed(body.get("products"), "text")
    if PATIENT in body:
        body.pop("patient", None)
    return body


async def _page(
    request: Request, sent: Sent | None, error: PrepError | None = None, days: Feasible | None = None
) -> Response:
    words = words_of_page(request)
    slug = sent.text("protocol") if sent else request.query_params.get("protocol", "")

    def work(connection: Connection, desk: Desk) -> dict[str, Any]:
        rows = list_protocols(connection, desk)
        patient = None if sent is None else _patient(connection, desk, sent)
        showed(request, patients=[] if patient is None else [patient.id])
        return {
            "patient": patient,
            "protocols": protocols_view(rows, words),
            "asked": asked_by(rows, slug, words),
        }

    found: Mapping[str, Any] = await read(request, work)
    faults = error.faults if isinstance(error, InvalidError) else ()
    kind = None if error is None else ERRORS[type(error)]
    return render(
        request,
        "staff/book.html",
        200 if kind is None else KINDS[kind].status,
        section="worklist",
        here=BOOK,
        forms=Forms(None, sent, faults),
        worded=lambda fault: worded(words, fault),
        told=None
        if error is None
        else {"kind": kind, "detail": error.detail if kind == "conflict" else "", "since": []},
        slug=slug,
        step="" if sent is None else sent.do,
        days=None if days is None else days_view(days, words),
        languages=languages_of(words),
        short=lambda on: short(on, words, request.state.desk.today),
        **found,
    )


def _patient(connection: Connection, desk: Desk, sent: Sent) -> PatientRow | None:
    """Find the patient who was chosen before, or whose number was just looked up."""
    chosen = sent.text(PATIENT)
    if UUID.fullmatch(chosen):
        try:
            return patients.get_patient(connection, desk, chosen)
        except NotFoundError:
            return None
    if sent.do != "find" or not sent.text(REFERENCE):
        return None
    return patients.find_patient(connection, desk, sent.text(REFERENCE))
