"""Read who is not ready and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker.api import clinic_examples
from prep_tracker.api import clinic_schemas as shapes
from prep_tracker.api.cursors import Cursor, Limit, cursor, link, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, Lang, Service, desk_of, read, respond, words_of
from prep_tracker.api.wire import Answer, Day
from prep_tracker.api.witness import showed
from prep_tracker.desk.memory import Remembered
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.exports.document import reason_document
from prep_tracker.services import worklist
from prep_tracker.store.worklist import LineRow, Place

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.services.worklist import Line
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Worklist"])
FIRST_REASONS = 3
MOST_LINES = 10_000
_lines: Remembered[tuple[str, Calendar, date, str, int, LineRow], bytes] = Remembered(lambda key: key[-1].id)
"""Lines as they were written, by clinic, calendar, day, language, failed messages and row."""


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

    def work(connection: Connection, desk: Desk) -> tuple[worklist.Page, list[bytes]] | None:
        if worklist.needs_refresh(connection, desk):
            return None
        page = worklist.read_worklist(
            connection, desk, within_days=within_days, standing=levels, act_by=act_by, after=after, limit=limit
        )
        showed(request, patients=[row.patient_id for row in page.rows])
        return page, _written(connection, desk, page.rows, words)

    service: Service = request.app.state.service
    while (found := await read(request, work)) is None:
        while await service.store.write(lambda c: worklist.refresh(c, desk), desk.clinic.id):
            pass
    page, lines = found
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
    }
    rest = b',"items":[%b],"next":%b}' % (b",".join(lines), to_json(following))
    headers = {"Content-Language": words.language} | link(request, following)
    return respond(Answer(200, to_json(document)[:-1] + rest, headers))


def _written(connection: Connection, desk: Desk, rows: list[LineRow], words: Words) -> list[bytes]:
    """Write the lines, each once a day: a row brings the versions of everything that its line depends on."""
    today = desk.today
    about = (desk.clinic.id, desk.calendar, today, words.language)
    failed = worklist.failed_messages(connection, desk)
    found = {row.id: _lines.get((*about, failed.get(row.id, 0), row)) for row in rows}
    for line in worklist.judge(connection, desk, [row for row in rows if found[row.id] is None]):
        lost = failed.get(line.row.id, 0)
        found[line.row.id] = _lines[*about, lost, line.row] = to_json(_line(line, today, words, lost))
    while len(_lines) > MOST_LINES:
        _lines.popitem(last=False)
    return [written for row in rows if (written := found[row.id]) is not None]


def _line(line: Line, today: date, words: Words, failed_messages: int) -> dict[str, Any]:
    row = line.row
    return {
        "procedure_id": row.id,
        "patient": {"id": row.patient_id, "reference": row.reference, "name": row.name, "language": row.language},
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
        "failed_messages": failed_messages,
    }
