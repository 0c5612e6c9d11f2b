"""The morning page: who is not ready, what is in the way, and who must act by when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.cursors import cursor, place
from prep_tracker.api.door import Service
from prep_tracker.api.pages.chart import Chart, chart
from prep_tracker.api.pages.gate import HOME, Gate, read
from prep_tracker.api.pages.rendering import render, words_of_page
from prep_tracker.api.witness import showed
from prep_tracker.domain.days import civil_time
from prep_tracker.exports.document import reason_document
from prep_tracker.services import worklist
from prep_tracker.services.protocols import list_protocols
from prep_tracker.store.worklist import Place

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.services.worklist import Line
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)
PAGE = 50
DAYS = (0, 7, 14, 30, 60, 120)
WHO = ("patient", "staff", "clinician")
CHART_DAYS = 30


@router.get(HOME)
async def show(request: Request) -> Response:
    """List the procedures of the next days, most urgent first, narrowed as the address says."""
    asked = _Asked(request.query_params)
    desk: Desk = request.state.desk
    words = words_of_page(request)
    service: Service = request.app.state.service

    def work(connection: Connection, desk: Desk) -> dict[str, Any] | None:
        if worklist.needs_refresh(connection, desk):
            return None
        until = asked.until or desk.today + timedelta(days=asked.days)
        lines, following = worklist.search(
            connection,
            desk,
            until=until,
            standing=asked.standing,
            filters=worklist.Filters(asked.since, asked.protocol, asked.who, asked.text),
            after=_place(desk, asked.cursor),
            limit=PAGE,
        )
        showed(request, patients=[line.row.patient_id for line in lines])
        unsent = worklist.failed_messages(connection, desk)
        return {
            "lines": [_shown(line, desk.today, words) | {"unsent": unsent.get(line.row.id, 0)} for line in lines],
            "following": following,
            "counts": worklist.counts(connection, desk, until),
            "chart": _chart(connection, desk, words),
            "protocols": sorted({row.slug for row in list_protocols(connection, desk)}),
            "until": until,
        }

    while (found := await read(request, work)) is None:
        while await service.store.write(lambda c: worklist.refresh(c, desk), desk.clinic.id):
            pass
    return render(
        request,
        "staff/worklist.html",
        headers={"HX-Push-Url": asked.address(cursor=asked.cursor)} if _narrowing(request) else {},
        section="worklist",
        asked=asked,
        levels=worklist.LEVELS,
        days=DAYS,
        who=WHO,
        more=_more(asked, desk, found["following"]),
        refreshed=civil_time(desk.now, desk.clinic.time_zone),
        **found,
    )


def _narrowing(request: Request) -> bool:
    """Say whether the list was narrowed in place, and not only refreshed: then the address changes with it."""
    return "hx-request" in request.headers and "x-refresh" not in request.headers


class _Asked:
    """What the address asks for; what cannot be read is left aside, for a link may be old."""

    def __init__(self, query: QueryParams) -> None:
        days = query.get("days", "")
        self.days = int(days) if days.isascii() and days.isdecimal() and int(days[:4]) in DAYS else 14
        self.standing = [level for level in query.getlist("standing") if level in worklist.LEVELS]
        self.who = query.get("who") if query.get("who") in WHO else None
        self.protocol = query.get("protocol") or None
        self.text = query.get("q", "").strip()[:100]
        self.since, self.until = _day(query.get("from", "")), _day(query.get("to", ""))
        self.cursor = query.get("cursor") or None

    @property
    def narrowed(self) -> bool:
        """Say whether anything but the number of days was asked for."""
        return bool(self.standing or self.who or self.protocol or self.text or self.since or self.until)

    def address(self, **change: object) -> str:
        """Give the address of this list with something changed; None leaves it out."""
        given: dict[str, Any] = {
            "days": self.days if self.days != 14 else None,  # noqa: PLR2004 - two weeks are the rule
            "standing": self.standing,
            "who": self.who,
            "protocol": self.protocol,
            "q": self.text or None,
            "from": self.since,
            "to": self.until,
            **change,
        }
        kept = {name: value for name, value in given.items() if value not in (None, [], "")}
        return f"{HOME}?{urlencode(kept, doseq=True)}" if kept else HOME


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-12-18") else None
    except ValueError:
        return None


def _place(desk: Desk, given: str | None) -> Place | None:
    if given is None:
        return None
    acting, on, last = place(desk.clinic.id, given)
    return Place(None if acting is None else date.fromisoformat(str(acting)), date.fromisoformat(str(on)), str(last))


def _more(asked: _Asked, desk: Desk, following: Place | None) -> str | None:
    if following is None:
        return None
    acting = following.act_by
    return asked.address(
        cursor=cursor(desk.clinic.id, acting.isoformat() if acting else None, following.on.isoformat(), following.id)
    )


def _shown(line: Line, today: date, words: Words) -> dict[str, Any]:
    row = line.row
    reasons = [reason_document(line.checklist, reason, words) for reason in line.reasons]
    return {
        "id": row.id,
        "name": row.name,
        "reference": row.reference,
        "on": row.procedure_on,
        "at": row.start,
        "days_to_go": (row.procedure_on - today).days,
        "title": words.text(line.checklist.rules.protocol.title),
        "level": line.level,
        "reason": reasons[0] if reasons else None,
        "others": len(reasons) - 1,
        "act_by": row.act_by,
        "clearance_void": row.clearance_void,
    }


def _chart(connection: Connection, desk: Desk, words: Words) -> Chart:
    return chart(worklist.days_ahead(connection, desk, CHART_DAYS), words)
