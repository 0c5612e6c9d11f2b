"""Read who is not ready and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.cursors import Cursor, Limit, cursor, link, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, Lang, Service, desk_of, read, respond, words_of
from prep_tracker.api.wire import Answer, Day, answer
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.exports.document import reason_document
from prep_tracker.services import worklist
from prep_tracker.store.worklist import Place

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.services.worklist import Line

router = APIRouter(route_class=Door, tags=["Worklist"])
FIRST_REASONS = 3


@router.get(
    "/v1/worklist",
    response_model=shapes.WorklistOut,
    summary="Who is not ready, and why",
    **documented(None, clinic_examples.WORKLIST, scope="procedures:read"),
)
async def get_worklist(
    request: Request,
    within_days: Annotated[int, Query(ge=0, le=730, description="From today up to so many days ahead.")] = 14,
    standing: Annotated[
        str | None,
        Query(max_length=200, description="Levels, separated by commas.", examples=["blocked,at-risk"]),
    ] = None,
    act_by: Annotated[Day | None, Query(description="Only where somebody must act by this day.")] = None,
    limit: Limit = 50,
    given: Cursor = None,
    lang: Lang = None,
) -> Response:
    """List the procedures of the next days, most urgent first, and those of the past that nobody has finished."""
    desk, words = desk_of(request), words_of(request, lang)
    levels = [level.strip() for level in standing.split(",")] if standing else []
    if any(level not in worklist.LEVELS for level in levels):
        message = f"Send levels out of {', '.join(worklist.LEVELS)}, separated by commas."
        raise InvalidError(Fault("/standing", "unknown-level", message))
    after = None
    if given is not None:
        acting, on, last = place(desk.clinic.id, given)
        after = Place(
            None if acting is None else date.fromisoformat(str(acting)), date.fromisoformat(str(on)), str(last)
        )
    if await read(request, worklist.needs_refresh):
        service: Service = request.app.state.service
        while await service.store.write(lambda c: worklist.refresh(c, desk)):
            pass
    page = await read(
        request,
        lambda c, d: worklist.read_worklist(
            c, d, within_days=within_days, standing=levels, act_by=act_by, after=after, limit=limit
        ),
    )
    following = None
    if page.following is not None:
        acting_on = page.following.act_by
        following = cursor(
            desk.clinic.id,
            acting_on.isoformat() if acting_on else None,
            page.following.on.isoformat(),
            page.following.id,
        )
    today = desk.today
    document = {
        "as_of": today,
        "until": today + timedelta(days=within_days),
        "counts": {level: page.counts.get(level, 0) for level in worklist.LEVELS},
        "items": [_line(line, today, words) for line in page.lines],
        "next": following,
    }
    made = answer(200, document, Content_Language=words.language)
    return respond(Answer(200, made.body, made.headers | link(request, following)))


def _line(line: Line, today: date, words: Words) -> dict[str, Any]:
    row, whose = line.row, line.patient
    return {
        "procedure_id": row.id,
        "patient": {"id": whose.id, "reference": whose.reference, "name": whose.name, "language": whose.language},
        "on": row.procedure_on,
        "at": row.start,
        "days_to_go": (row.procedure_on - today).days,
        "protocol": line.checklist.rules.name,
        "standing": {
            "level": line.level,
            "reasons": [reason_document(line.checklist, r, words) for r in line.reasons[:FIRST_REASONS]],
        },
        "act_by": row.act_by,
        "clearance_void": row.clearance_void,
    }
