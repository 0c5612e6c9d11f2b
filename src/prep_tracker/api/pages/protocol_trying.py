"""Try a version on everything that is booked, with progress and a table of who changes; then move the chosen to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import protocol_schemas as shapes
from prep_tracker.api.pages.actions_forms import taken
from prep_tracker.api.pages.gate import Gate, act, read
from prep_tracker.api.pages.protocols import HERE, version
from prep_tracker.api.pages.rendering import render, words_of_page, written
from prep_tracker.api.pages.streaming import progress, streamed
from prep_tracker.api.pages.uploads import form_of
from prep_tracker.api.problems import ERRORS, KINDS
from prep_tracker.api.staff.publishing import LEADS
from prep_tracker.api.wire import UUID
from prep_tracker.api.witness import showed, showed_more
from prep_tracker.catalog.published import published
from prep_tracker.domain.errors import InvalidError, NotFoundError, PrepError
from prep_tracker.services import migrating, patients, publishing, simulation
from prep_tracker.services.simulation import Effect, Tally

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.rules import Rules
    from prep_tracker.services.migrating import Outcome
    from prep_tracker.store import Connection
    from prep_tracker.store.protocols import ProtocolRow

router = APIRouter(route_class=Gate, include_in_schema=False)
TRY = HERE + "/try"
FOR_LEADS = {"x-roles": LEADS}
MOST_SHOWN = 500
"""Rows of the table; of more, only the number is told."""
MOST_MOVED = 200
"""Procedures that are moved at once, as over the API."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a version would do to one procedure, with whose it is."""

    effect: Effect
    patient: str


@router.get(TRY, openapi_extra=FOR_LEADS)
async def ask(request: Request, name: str) -> Response:
    """Show what trying means, and how many are booked."""
    return await _page(request, name)


@router.post(TRY, openapi_extra=FOR_LEADS)
async def simulate(request: Request, name: str) -> Response:
    """Try a version on everything that is booked; the page comes while it is being done. Nothing is stored."""
    row, total = await _about(request, name)
    rules = published(row.slug, row.number, row.content_hash, row.content)
    steps = _simulated(request, row, rules, total)
    return streamed(request, "staff/protocol_try.html", steps, **_shown(request, row, total) | {"running": True})


@router.post(HERE + "/migrate", openapi_extra=FOR_LEADS)
async def migrate(request: Request, name: str) -> Response:
    """Move the chosen procedures to this version; what cannot move is told and left as it is."""
    slug, number = version(name)
    chosen = [str(one).partition(":") for one in (await form_of(request)).getlist("chosen")]
    body = {
        "version": number,
        "procedures": [
            {"id": one, "version": int(at) if at.isascii() and at.isdecimal() and len(at) < 8 else 0}  # noqa: PLR2004 - no record is longer
            for one, _, at in chosen
        ],
    }
    try:
        asked = await taken(request, shapes.MigrationsIn, body)
    except InvalidError as error:
        return await _page(request, name, error, none_chosen=not chosen)
    wanted = {one.id: one.version for one in asked.procedures if UUID.fullmatch(one.id)}

    def work(connection: Connection, desk: Desk) -> list[Outcome]:
        done = migrating.migrate_many(connection, desk, slug, number, wanted, preview=False)
        showed(request, procedures=[one.procedure_id for one in done if one.outcome != "not-found"])
        return done

    try:
        done = await act(request, work)
    except InvalidError as error:
        return await _page(request, name, error)
    row, total = await _about(request, name)
    became = {"outcomes": done, "moved": sum(one.outcome == "migrated" for one in done)}
    return render(request, "staff/protocol_try.html", **_shown(request, row, total) | became)


async def _about(request: Request, name: str) -> tuple[ProtocolRow, int]:
    slug, number = version(name)
    row = await read(request, lambda c, d: publishing.read_draft(c, d, slug, number))
    return row, await read(request, lambda c, d: simulation.count(c, d, slug))


async def _page(request: Request, name: str, error: PrepError | None = None, *, none_chosen: bool = False) -> Response:
    row, total = await _about(request, name)
    told = None if error is None else {"detail": error.detail, "faults": getattr(error, "faults", ())}
    status = 200 if error is None else KINDS[ERRORS[type(error)]].status
    shown = _shown(request, row, total) | {"told": told, "none_chosen": none_chosen}
    return render(request, "staff/protocol_try.html", status, **shown)


def _shown(request: Request, row: ProtocolRow, total: int) -> dict[str, Any]:
    words = words_of_page(request)
    return {
        "section": "protocols",
        "row": row,
        "name": f"{row.slug}@{row.number}",
        "title": words.text(json.loads(row.content)["title"]),
        "total": total,
        "running": False,
        "told": None,
        "none_chosen": False,
        "outcomes": None,
        "moved": 0,
    }


async def _simulated(request: Request, row: ProtocolRow, rules: Rules, total: int) -> AsyncIterator[str]:
    """Try batch by batch; whatever comes in between is said as the last step."""
    tally, found, after = Tally(), list[Named](), ""
    yield progress(request, 0, max(total, 1))
    try:
        while True:
            named, tried, following = await read(request, lambda c, d, at=after: _batch(c, d, rules, row.slug, at))  # type: ignore[misc]
            tally.add([one.effect for one in named], tried)
            showed_more(request, procedures=[one.effect.row.id for one in named])
            found += named
            yield progress(request, tally.done, max(total, tally.done, 1))
            if following is None:
                break
            after = following
    except PrepError as error:
        yield written(request, "staff/stopped.html", detail=error.detail)
        return
    yield _summed_up(request, row, rules, tally, found)


def _batch(
    connection: Connection, desk: Desk, rules: Rules, slug: str, after: str
) -> tuple[list[Named], int, str | None]:
    effects, tried, following = simulation.try_batch(connection, desk, rules, slug, after)
    return [Named(one, _name(connection, desk, one.row.patient_id)) for one in effects], tried, following


def _name(connection: Connection, desk: Desk, patient_id: str) -> str:
    try:
        return patients.get_patient(connection, desk, patient_id).name
    except NotFoundError:  # erased meanwhile
        return "–"


def _summed_up(request: Request, row: ProtocolRow, rules: Rules, tally: Tally, found: list[Named]) -> str:
    words = words_of_page(request)
    titles = {step.id: words.text(step.title) for step in rules.protocol.steps}
    found.sort(key=lambda one: (not one.effect.worse, one.effect.row.procedure_on))
    lines = [_line(one, titles, row) for one in found[:MOST_SHOWN]]
    movable = row.status == "published"
    chosen = [line["id"] for line in lines if line["other"] and not line["worse"]][:MOST_MOVED]
    return written(
        request,
        "staff/protocol_tried.html",
        tally=tally,
        lines=lines,
        more=len(found) - len(lines),
        movable=movable and any(line["other"] for line in lines),
        chosen=frozenset(chosen),
        most=MOST_MOVED,
        name=f"{row.slug}@{row.number}",
        number=row.number,
    )


def _line(one: Named, titles: Mapping[str, str], row: ProtocolRow) -> dict[str, Any]:
    effect = one.effect
    return {
        "id": effect.row.id,
        "version": effect.row.version,
        "patient": one.patient,
        "on": effect.row.procedure_on,
        "protocol": f"{effect.row.protocol_slug}@{effect.row.protocol_number}",
        "other": effect.row.protocol_number != row.number,
        "before": effect.before,
        "after": effect.after,
        "worse": effect.worse,
        "steps": [
            (what, [titles.get(step, step) for step in steps])
            for what, steps in (("moved", effect.moved), ("added", effect.added), ("removed", effect.removed))
            if steps
        ],
    }
