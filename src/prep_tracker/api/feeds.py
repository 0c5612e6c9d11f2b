"""Give calendars: by a secret address, since calendars cannot send a credential; or once, to whoever is signed in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    SPOKEN,
    Door,
    IdempotencyKey,
    Lang,
    Service,
    act,
    desk_of,
    not_modified,
    read,
    unchanged,
    words_of,
)
from prep_tracker.api.portal import schemas as shapes
from prep_tracker.api.portal.sessions import PATIENT
from prep_tracker.api.wire import Answer, answer
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.desk import feeding
from prep_tracker.desk.case import Desk
from prep_tracker.desk.letterhead import list_url
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.exports.ics import EDITION, Titles, calendar
from prep_tracker.services import calendars
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import clinics
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.services.calendars import Days
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Portal"])
open_router = APIRouter(include_in_schema=False)
_SHORTEST, _LONGEST = 40, 60
FILE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
EXAMPLE = {"url": "https://prep.example/calendar/Zb4kQ0x7LwT2mV9sD1fR6hJ3nC8gY5pA-uE_iO0aK7q.ics"}


class Calendar(Response):
    """A calendar (RFC 5545)."""

    media_type = "text/calendar"


@router.post(
    "/v1/portal/procedures/{procedure_id}/calendar",
    status_code=201,
    response_model=shapes.CalendarOut,
    summary="Put my days into my calendar",
    **documented(None, EXAMPLE, 404, 409, roles=PATIENT),
)
async def make_feed(
    request: Request, procedure_id: str, lang: Lang = None, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a secret address that a calendar can subscribe to. It is shown now and never again."""
    language = words_of(request, lang).language
    base = request.app.state.public_url or str(request.base_url).rstrip("/")

    def work(connection: Connection, desk: Desk) -> Answer:
        secret = calendars.make_feed(connection, desk, procedure_id, language)
        document = {"url": f"{base}/calendar/{secret}.ics"}
        return answer(201, document, Cache_Control="no-store", Content_Language=language)

    return await act(request, work, keep=False)


@router.delete(
    "/v1/portal/procedures/{procedure_id}/calendar",
    status_code=204,
    response_model=None,
    summary="End my calendars",
    **documented(None, None, 404, roles=PATIENT),
)
async def revoke_feeds(request: Request, procedure_id: str) -> Response:
    """End every calendar of this procedure: their addresses lead nowhere from now on."""

    def work(connection: Connection, desk: Desk) -> Answer:
        calendars.revoke_feeds(connection, desk, procedure_id)
        return Answer(204, b"")

    return await act(request, work)


@router.get(
    "/v1/portal/procedures/{procedure_id}/calendar.ics",
    response_class=Calendar,
    summary="Take my days along once",
    **documented(None, FILE, 404, roles=PATIENT),
)
async def once(request: Request, procedure_id: str, lang: Lang = None) -> Response:
    """Give the days as a file for one's calendar, as they are now."""
    spoken, desk = words_of(request, lang), desk_of(request)
    days = await read(request, lambda c, d: calendars.read_days(c, d, procedure_id))
    headers = {"Content-Disposition": 'attachment; filename="preparation.ics"', "Cache-Control": "no-store"}
    return Calendar(
        _written(request, days, desk, spoken), 200, headers | {"Content-Language": spoken.language, "Vary": SPOKEN}
    )


@open_router.get("/calendar/{secret}.ics")
async def feed(request: Request, secret: str) -> Response:
    """Give a calendar to whoever has its address. Unknown and ended ones look alike."""
    service: Service = request.app.state.service
    now = service.clock.now()
    if not _SHORTEST <= len(secret) <= _LONGEST:
        raise NotFoundError
    found = await service.store.read(lambda c: calendars.find_feed(c, secret), EVERY)
    if found is None:
        request.app.state.limits.count_wrong(request.client and request.client.host)
        raise NotFoundError
    clinic_id, procedure_id = found.clinic_id, found.procedure_id
    spoken = words(choose_language(found.language, None))

    given = request.headers.get("if-none-match")

    def work(connection: Connection) -> tuple[Desk, str, Days | None]:
        clinic = clinics.get(connection, clinic_id)
        actor = Actor(clinic_id, "patient", "calendar", "", procedure_id=procedure_id)
        desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
        # Calendars ask all day long whether anything is new: that is answered before anything is reckoned.
        current = _tag(request, desk, calendars.version_of(connection, desk, procedure_id), spoken.language)
        if unchanged(given, current):
            return desk, current, None
        days = calendars.read_days(connection, desk, procedure_id)
        return desk, _tag(request, desk, days.version, spoken.language), days

    desk, current, days = await service.store.read(work, clinic_id)
    request.state.desk = desk
    if days is None:
        return not_modified(current)
    headers = {"ETag": current, "Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    return Calendar(_written(request, days, desk, spoken), 200, headers)


def _tag(request: Request, desk: Desk, version: int, language: str) -> str:
    """Make the ETag of a calendar of all that it depends on: the record, the clinic's settings, where its list is."""
    place = hashlib.sha256(str(list_url(desk.clinic, request.app.state.public_url)).encode()).hexdigest()[:8]
    return f'"{version}.{feeding.changes(desk.clinic)}.{EDITION}.{language}.{place}"'


def _written(request: Request, days: Days, desk: Desk, spoken: Words) -> bytes:
    clinic = desk.clinic
    titles = Titles(calendars.is_neutral(clinic), clinic.name, list_url(clinic, request.app.state.public_url))
    return calendar(
        days.checklist,
        spoken,
        titles,
        procedure_id=days.procedure_id,
        gone=days.gone,
        sequence=days.sequence,
        changed_at=days.changed_at,
    )
