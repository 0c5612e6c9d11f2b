"""Let an admin look into the clinic's audit, page by page, or take it away as FHIR's AuditEvents."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from prep_tracker.api import audit_results as shapes
from prep_tracker.api.cursors import MOST, cursor, link, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, desk_of, read, respond
from prep_tracker.api.wire import CLEAN, UUID, Answer, Name, answer
from prep_tracker.desk.case import Desk
from prep_tracker.domain.days import parse_day
from prep_tracker.domain.terms import clean_text
from prep_tracker.exports.auditing import audit_event, line_document
from prep_tracker.services import auditing
from prep_tracker.store.audit import Found, Place, Wanted

router = APIRouter(route_class=Door, tags=["Audit"])
ADMIN = ("admin",)
ROUNDS = 10
"""How many times some thousand lines are looked at for one page."""
PAGE = 500
"""How many lines an export writes at once."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def _is_moment(text: str) -> str:
    """Refuse what is neither a day nor an instant; it is read by ``_since`` and ``_until``."""
    _moment(text, "UTC", days=0)
    return text


def _moment(text: str, zone: str, *, days: int) -> datetime:
    """Read an instant, or the beginning of a civil day in a zone, so many days later."""
    if _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            msg = "there is no such instant"
            raise ValueError(msg) from None
    try:
        day = parse_day(text)
    except ValueError as error:
        msg = f"{error}, or an instant, for example 2026-12-18T09:30:00Z"
        raise ValueError(msg) from None
    return datetime.combine(day + timedelta(days=days), time(0), ZoneInfo(zone)).astimezone(UTC)


_DAY = (
    r"(19|2[01])[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
Moment = Annotated[
    str,
    AfterValidator(_is_moment),
    # Of leap days a pattern knows nothing; they are taken all the same.
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY}({_TIME})?$", "examples": ["2026-12-04"]}),
]
Word = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean_text), Field(json_schema_extra=CLEAN)
]
Id = Annotated[str, StringConstraints(pattern=f"^{UUID.pattern}$")]


class Filters(BaseModel):
    """Which lines to give; what is left out says nothing."""

    since: Moment | None = Field(None, alias="from", description="From this day on, or from this instant on.")
    until: Moment | None = Field(
        None, alias="to", description="Up to this day, the day included, or before this instant."
    )
    person: Name | None = Field(None, description="Whose name the credential bears.")
    credential_id: Word | None = Field(None, description="The id of the credential.")
    action: Literal["C", "R", "U", "D", "E"] | None = Field(
        None, description="Create, read, update, delete, or execute: search, list, try, give out."
    )
    event: Word | None = Field(None, description="What was done, in a word.", examples=["checklist.read"])
    entity: Word | None = Field(None, description="What kind of thing it was done to.", examples=["procedure"])
    entity_id: Word | None = Field(None, description="The id of what it was done to.")
    patient_id: Id | None = Field(
        None, description="What was done to this patient and the patient's procedures, and every list that showed them."
    )
    outcome: Literal["0", "4", "8", "12"] | None = Field(
        None, description="0 done, 4 refused, 8 failed, 12 failed because the database was away."
    )

    def wanted(self, desk: Desk) -> Wanted:
        """Say it in the store's words; days are the clinic's."""
        zone = desk.clinic.time_zone
        return Wanted(
            None if self.since is None else _moment(self.since, zone, days=0),
            None if self.until is None else _moment(self.until, zone, days=1),
            self.person,
            self.credential_id,
            self.action,
            self.event,
            self.entity,
            self.entity_id,
            self.patient_id,
            None if self.outcome is None else int(self.outcome),
        )


class Asked(Filters):
    """One page of lines."""

    limit: int = Field(50, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(None, max_length=500, description="The next of the page before.")


@router.get(
    "/v1/audit",
    response_model=shapes.AuditOut,
    summary="Read who saw or changed what",
    **documented(None, shapes.AUDIT, roles=ADMIN),
)
async def list_audit(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """List the lines of the clinic's audit, newest first. Reading it leaves a line as well.

    A page may hold fewer than asked for, or none, while there is a next one.
    """
    desk = desk_of(request)
    wanted, owner, after = asked.wanted(desk), f"audit:{desk.clinic.id}", None
    if asked.cursor is not None:
        at, number = place(owner, asked.cursor)
        after = Place(datetime.fromisoformat(str(at)), int(number or 0))
    items: list[Found] = []
    for _ in range(ROUNDS):
        found, after = await _next(request, wanted, after, asked.limit - len(items))
        items += found
        if after is None or len(items) == asked.limit:
            break
    following = None if after is None else cursor(owner, after.at.isoformat(), after.number)
    lines = [line_document(one.number, one.line, sealed=one.seal is not None) for one in items]
    made = answer(200, {"items": lines, "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.get(
    "/v1/audit/export",
    response_model=shapes.AuditEventOut,
    summary="Take the audit away as FHIR AuditEvents",
    **documented(None, shapes.AUDIT_EVENT, roles=ADMIN),
)
async def export_audit(request: Request, asked: Annotated[Filters, Query()]) -> Response:
    """Give all lines that fit, newest first: one AuditEvent resource of FHIR R4 a line."""
    desk = desk_of(request)
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="audit-{desk.today}.ndjson"',
    }
    written = _written(request, desk, asked.wanted(desk))
    return StreamingResponse(written, headers=headers, media_type="application/x-ndjson")


async def _written(request: Request, desk: Desk, wanted: Wanted) -> AsyncIterator[bytes]:
    after: Place | None = None
    while True:
        found, after = await _next(request, wanted, after, PAGE)
        events = (audit_event(one.number, one.line, clinic_id=desk.clinic.id) for one in found)
        yield b"".join(to_json(event) + b"\n" for event in events)
        if after is None:
            return


async def _next(request: Request, wanted: Wanted, after: Place | None, limit: int) -> tuple[list[Found], Place | None]:
    """Look at some thousand lines; a query that looked at all of them would let everybody wait."""
    return await read(request, lambda c, d: auditing.find_lines(c, d, wanted, after, limit))
