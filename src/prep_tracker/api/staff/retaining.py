"""Show whom a clinic's setting on how long data is kept would erase."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.cursors import Cursor, Limit, cursor, link, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, desk_of, read, respond
from prep_tracker.api.wire import Answer, answer
from prep_tracker.api.witness import showed
from prep_tracker.desk.retaining import acts_from, months_of
from prep_tracker.services import retention
from prep_tracker.services.retention import Page

router = APIRouter(route_class=Door, tags=["Clinic"])


@router.get(
    "/v1/clinic/retention",
    response_model=shapes.RetentionOut,
    summary="See whom the retention setting erases",
    **documented(None, clinic_examples.RETENTION, roles=("admin",)),
)
async def get_retention(
    request: Request,
    months: Annotated[
        int | None, Query(ge=1, le=1200, description="Try another number of months; left out: the clinic's setting.")
    ] = None,
    limit: Limit = 50,
    given: Cursor = None,
) -> Response:
    """List the patients who would be erased today, and change nothing. Without months and setting that is nobody.

    A page may hold fewer than asked for, or none, while there is a next one.
    """
    desk = desk_of(request)
    tried = months if months is not None else months_of(desk.clinic)
    owner = f"retention:{tried}:{desk.clinic.id}"
    after = "" if given is None else str(place(owner, given)[0])
    page = Page([], None)
    if tried is not None:
        page = await read(request, lambda c, d: retention.list_due(c, d, tried, after, limit))
    showed(request, patients=[due.patient_id for due in page.patients])
    following = None if page.following is None else cursor(owner, page.following)
    document = {
        "retention_months": months_of(desk.clinic),
        "months": tried,
        "acts_from": acts_from(desk.clinic),
        "as_of": desk.today,
        "patients": [{"id": d.patient_id, "reference": d.reference, "last_on": d.last_on} for d in page.patients],
        "next": following,
    }
    return respond(Answer(200, answer(200, document).body, link(request, following)))
