"""Give calendars: by a secret address, since calendars cannot send a credential; or once, to whoever is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
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
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.exports.ics import Titles, calendar
from prep_tracker.services import calendars
from prep_tracker.services.clinic import calendar_of, settings_of
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
    return Calendar(_written(request, days, desk, spoken), 200, headers | {"Content-Language": spoken.language})


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

    def work(connection: Connection) -> tuple[Desk, Days]:
        clinic = clinics.get(connection, clinic_id)
        actor = Actor(clinic_id, "patient", "calendar", "", procedure_id=procedure_id)
        desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
        return desk, calendars.read_days(connection, desk, procedure_id)

    desk, days = await service.store.read(work, clinic_id)
    request.state.desk = desk
    neutral = settings_of(desk.clinic)["calendar_titles"]
    tag = f'"{days.checklist.record.version}.{spoken.language}.{neutral}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    if unchanged(request.headers.get("if-none-match"), tag):
        return not_modified(tag)
    return Calendar(_written(request, days, desk, spoken), 200, headers)


def _written(request: Request, days: Days, desk: Desk, spoken: Words) -> bytes:
    base = request.app.state.public_url
    titles = Titles(
        settings_of(desk.clinic)["calendar_titles"] == "neutral", desk.clinic.name, f"{base}/p/" if base else None
    )
    return calendar(
        days.checklist,
        spoken,
        titles,
        procedure_id=days.procedure_id,
        gone=days.gone,
        changed_at=days.changed_at,
    )
