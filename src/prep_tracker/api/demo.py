"""Play with the demo: let days pass, and see what a patient sees in a portal. Only ``serve --demo`` has any of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, Service, desk_of, respond
from prep_tracker.api.pages.rendering import render
from prep_tracker.api.pages.signing_in import Open
from prep_tracker.api.wire import UUID, Day, In, Out, answer
from prep_tracker.catalog.locales import languages
from prep_tracker.clock import TravelClock
from prep_tracker.demo import MOST_DAYS_AHEAD, first_clinic, redate, travelled
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.days import civil_day
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError
from prep_tracker.services import portal, worklist
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

router = APIRouter(route_class=Door, tags=["Demo"])
pages = APIRouter(route_class=Open, include_in_schema=False)
PORTAL = Actor("", "integration", "demo-portal", "patient portal", frozenset({"portal:mint"}))


class TodayIn(In):
    """The day that it shall be."""

    on: Day


class TodayOut(Out):
    """The day that it is in the demo, and the day that it really is."""

    on: Day
    really: Day


@router.put(
    "/v1/demo/today",
    response_model=TodayOut,
    summary="Let it be another day in the demo",
    **documented({"on": "2026-12-04"}, {"on": "2026-12-04", "really": "2026-11-22"}),
)
async def set_today(request: Request, body: TodayIn) -> Response:
    """Go ahead to a day, in the clinic's zone. Going to the real today tells the whole demo from its beginning."""
    desk = desk_of(request)
    return respond(answer(200, await _go(request, desk.clinic, body.on)))


@pages.get("/demo/")
async def show(request: Request) -> Response:
    """Show the portal: its patients, one of them with the checklist, and a way to let days pass."""
    clinic, lines = await _patients(request)
    chosen = request.query_params.get("patient", "")
    rows = [line.row for line in lines]
    lang = request.query_params.get("lang", "en")
    return render(
        request,
        "demo.html",
        clinic_name=clinic.name,
        rows=rows,
        chosen=next((row for row in rows if row.id == chosen), rows[0] if rows else None),
        languages=languages(),
        shown=lang if lang in languages() else "en",
        on=civil_day(_clock(request).now(), clinic.time_zone),
        really=civil_day(_clock(request).real(), clinic.time_zone),
        until=civil_day(_clock(request).real(), clinic.time_zone) + timedelta(days=MOST_DAYS_AHEAD),
    )


@pages.post("/demo/session")
async def mint(request: Request) -> Response:
    """Give the page a session, as a portal's own backend would for its patient who is signed in there."""
    procedure_id = await _field(request, "procedure")
    if not UUID.fullmatch(procedure_id):
        raise NotFoundError
    clinic, _ = await _patients(request)
    service: Service = request.app.state.service
    desk = _desk(request, clinic)
    made = await service.store.write(lambda c: portal.mint(c, desk, procedure_id), clinic.id)
    return Response(to_json({"access_token": made.token}), 201, {"Cache-Control": "no-store"}, "application/json")


@pages.post("/demo/today")
async def pass_days(request: Request) -> Response:
    """Let days pass, from the page."""
    clinic, _ = await _patients(request)
    try:
        on = date.fromisoformat(await _field(request, "on"))
    except ValueError:
        raise InvalidError(Fault("/on", "day", "Write the day as YYYY-MM-DD.")) from None
    document = await _go(request, clinic, on)
    return Response(to_json(document), 200, {"Cache-Control": "no-store"}, "application/json")


async def _go(request: Request, clinic: ClinicRow, on: date) -> dict[str, Any]:
    service: Service = request.app.state.service
    clock = _clock(request)
    really = civil_day(clock.real(), clinic.time_zone)
    today = civil_day(clock.now(), clinic.time_zone)
    if on != really and not today <= on <= really + timedelta(days=MOST_DAYS_AHEAD):
        message = (
            f"Send {today} or a later day up to {really + timedelta(days=MOST_DAYS_AHEAD)}; "
            f"or {really}, to begin again from the start."
        )
        raise InvalidError(Fault("/on", "out-of-reach", message))
    clock.days = (on - really).days
    now: datetime = clock.now()

    def work(connection: Connection) -> None:
        travelled(connection, clinic.id, now=now)
        if on == really:
            redate(connection, now)

    await service.store.write(work, EVERY)
    return {"on": on.isoformat(), "really": really.isoformat()}


async def _patients(request: Request) -> tuple[ClinicRow, list[worklist.Line]]:
    """Give the first invented clinic with its patients, as its worklist has them."""
    service: Service = request.app.state.service
    clinic = await service.store.read(first_clinic, EVERY)
    desk = _desk(request, clinic)
    until = desk.today + timedelta(days=365)
    lines, _ = await service.store.read(lambda c: worklist.search(c, desk, until=until, limit=200), clinic.id)
    return clinic, lines


def _desk(request: Request, clinic: ClinicRow) -> Desk:
    actor = Actor(clinic.id, PORTAL.role, PORTAL.credential_id, PORTAL.person, PORTAL.scopes)
    now = _clock(request).now()
    return Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)


def _clock(request: Request) -> TravelClock:
    clock: TravelClock = request.app.state.travel
    return clock


async def _field(request: Request, name: str) -> str:
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise NotFoundError
    found = parse_qs((await request.body()).decode("utf-8", "replace"))
    return found.get(name, [""])[0]
