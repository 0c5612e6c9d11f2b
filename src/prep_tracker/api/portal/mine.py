"""Give patients and carers their own procedure: the staff operations that they have too, under their own address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from prep_tracker.api import schemas as bodies
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    ALSO_CHECKED,
    AsOf,
    Door,
    IfNoneMatch,
    Lang,
    desk_of,
    not_modified,
    read,
    respond,
    tag,
    unchanged,
    words_of,
)
from prep_tracker.api.portal import examples
from prep_tracker.api.portal import schemas as shapes
from prep_tracker.api.portal.sessions import PATIENT
from prep_tracker.api.staff import looking, procedures, products, saying
from prep_tracker.api.wire import Answer, answer
from prep_tracker.desk.products import scan
from prep_tracker.domain.concern import concerns
from prep_tracker.domain.explain import Day, Phrase
from prep_tracker.exports.document import iso, standing_document
from prep_tracker.exports.scanning import scan_document
from prep_tracker.services import checklist
from prep_tracker.services.clinic import settings_of

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.concern import Concern
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Portal"])
HERE = "/v1/portal/procedures/{procedure_id}"
THERE = "/v1/procedures/{procedure_id}"
_TAKEN = (
    (procedures.router, procedures.get_checklist),
    (saying.router, saying.mark),
    (saying.router, saying.expose),
    (saying.router, saying.put_answers),
    (saying.router, saying.withdraw),
    (products.router, products.list_products),
    (products.router, products.add_product),
    (products.router, products.change_product),
    (looking.router, looking.get_questions),
)
"""The staff operations that a patient has too: the same shapes, for the one procedure of the session."""


@router.get(
    "/v1/portal/procedures",
    response_model=shapes.AllMineOut,
    summary="Read my procedure",
    **documented(None, {"items": [examples.MINE], "next": None}, roles=PATIENT),
)
async def get_mine(request: Request, lang: Lang = None, if_none_match: IfNoneMatch = None) -> Response:
    """Read the procedure of this session: its day, how it stands, and how to reach the clinic."""
    words, desk = words_of(request, lang), desk_of(request)
    procedure_id = desk.actor.procedure_id or ""

    def work(connection: Connection, desk: Desk) -> Answer:
        found = checklist.read_checklist(connection, desk, procedure_id, None)
        plan, settings = found.case.checklist, settings_of(desk.clinic)
        mine = {
            "id": procedure_id,
            "on": iso(plan.record.on),
            "at": plan.record.start,
            "time_zone": plan.calendar.zone,
            "title": words.text(plan.rules.protocol.title),
            "days_to_go": plan.record.on - found.status.day,
            "standing": standing_document(plan, found.status, words),
            "clinic": {"name": desk.clinic.name, "contact": settings["contact"]},
        }
        current = tag(desk, found.case.row.version, None, words.language, "patient")
        return answer(200, {"items": [mine], "next": None}, ETag=current, Content_Language=words.language)

    made = await read(request, work)
    return not_modified(made.headers["ETag"]) if unchanged(if_none_match, made.headers["ETag"]) else respond(made)


@router.post(
    f"{HERE}/scan",
    response_model=shapes.MyScanOut,
    summary="May I use this?",
    **documented({"text": "Differin gel"}, examples.MY_SCAN, 404, roles=PATIENT),
)
async def may_i_use(
    request: Request, procedure_id: str, body: bodies.ScanIn, as_of: AsOf = None, lang: Lang = None
) -> Response:
    """Say what a text contains and what the own checklist says about it. It never says that something is safe."""
    words = words_of(request, lang)
    found = scan(body.text)

    def work(connection: Connection, desk: Desk) -> dict[str, Any]:
        stands = checklist.read_checklist(connection, desk, procedure_id, as_of)
        verdict, seen = concerns(stands.case.checklist, found, stands.status.day)
        return {
            "verdict": verdict,
            "text": words.say(Phrase(f"may.{verdict}")),
            "concerns": [_concern(one, stands.status.day, words) for one in seen],
        }

    document = scan_document(found) | await read(request, work)
    return respond(answer(200, document, Content_Language=words.language))


def _concern(one: Concern, day: int, words: Words) -> dict[str, Any]:
    item = one.item
    title = words.text(item.rule.step.title)
    values: dict[str, Any] = {"title": title}
    if one.verdict == "later" and item.opens is not None:
        values["opens"] = Day(item.opens)
    return {
        "step": item.rule.step.id,
        "title": title,
        "state": item.state_on(day),
        "verdict": one.verdict,
        "opens_on": iso(item.opens),
        "closes_on": iso(item.closes),
        "words": list(one.words),
        "text": words.say(Phrase(f"may.step.{one.verdict}", values)),
    }


def _take(from_router: APIRouter, endpoint: Callable[..., Any]) -> None:
    """Offer a staff operation to patients, under their own address and name."""
    [route] = [one for one in from_router.routes if isinstance(one, APIRoute) and one.endpoint is endpoint]
    name = f"my_{route.name}"
    extra = {key: value for key, value in (route.openapi_extra or {}).items() if key != "x-scope"}
    router.add_api_route(
        route.path.replace(THERE, HERE),
        endpoint,
        methods=sorted(route.methods or ()),
        name=name,
        response_model=route.response_model,
        status_code=route.status_code,
        summary=route.summary,
        responses=route.responses,
        openapi_extra={**extra, "x-roles": list(PATIENT)},
        tags=[],
    )
    if route.name in ALSO_CHECKED:
        ALSO_CHECKED[name] = ALSO_CHECKED[route.name]


for _router, _endpoint in _TAKEN:
    _take(_router, _endpoint)
