"""Move a procedure to another day, or to a newer version of its protocol: look at what it would do, then do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import protocol_schemas, schemas
from prep_tracker.api.pages.actions_doing import RETURNED, address, once_done, seen
from prep_tracker.api.pages.actions_forms import sent_by, taken
from prep_tracker.api.pages.gate import Gate, read
from prep_tracker.api.pages.procedure import HERE, Back, show_procedure
from prep_tracker.api.pages.procedure_changes import change_view
from prep_tracker.api.pages.rendering import words_of_page
from prep_tracker.domain.errors import PrepError, StaleError
from prep_tracker.services import booking, migrating
from prep_tracker.services.booking import Move

if TYPE_CHECKING:
    from collections.abc import Callable

    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.change import Change
    from prep_tracker.store import Connection

    Look = Callable[[Connection, Desk], Change]
    Do = Callable[[Connection, Desk], object]

router = APIRouter(route_class=Gate, include_in_schema=False)


@router.post(f"{HERE}/move")
async def move(request: Request, procedure_id: str) -> Response:
    """Show what a move would do; the second time, with nothing about the day changed, move."""
    sent = await sent_by(request)
    if sent.text("pick"):
        sent.texts["to_on"] = [sent.text("pick")]
    try:
        body = await taken(request, schemas.MoveIn, sent.body(), "move")
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    wanted = Move(body.to_on, body.to_at, "to_at" not in body.model_fields_set, body.reason, body.backdated)
    return await _previewed(
        request,
        procedure_id,
        sent,
        f"{wanted.to_on}|{'' if wanted.keep_time else wanted.to_at}|{wanted.keep_time}",
        "moved",
        lambda c, d: booking.preview_move(c, d, procedure_id, wanted),
        lambda c, d: booking.apply_move(c, d, procedure_id, wanted, if_match=sent.versions),
    )


@router.post(f"{HERE}/migrate")
async def migrate(request: Request, procedure_id: str) -> Response:
    """Show what another version of the protocol would do; the second time, move to it."""
    sent = await sent_by(request)
    try:
        body = await taken(request, protocol_schemas.MigrationIn, sent.body())
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    return await _previewed(
        request,
        procedure_id,
        sent,
        str(body.version),
        "migrated",
        lambda c, d: migrating.preview(c, d, procedure_id, body.version),
        lambda c, d: migrating.migrate(c, d, procedure_id, body.version, if_match=sent.versions),
    )


async def _previewed(
    request: Request, procedure_id: str, sent: Sent, asked: str, what: str, look: Look, do: Do
) -> Response:
    """Do what was looked at before, on the version on which it was looked at; anything else is only shown.

    Who comes second sees what was said since, and what it would do now.
    """
    wrong: PrepError | None = None
    try:
        if sent.do == "apply" and sent.seen == asked:
            return seen(request, await once_done(request, sent, do, address(procedure_id, what)))
    except StaleError as error:
        wrong = error
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    try:
        change = await read(request, look)
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, wrong or error))
    extra: dict[str, Any] = {
        "change": change_view(change, words_of_page(request), request.state.desk.today),
        "seen": asked,
    }
    return await show_procedure(request, procedure_id, Back(sent, wrong), extra)
