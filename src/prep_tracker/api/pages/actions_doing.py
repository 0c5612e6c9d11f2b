"""Do what a form of the procedure page asks: one call of a service, once, in one transaction; or hand the form back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from prep_tracker.api.door import done
from prep_tracker.api.pages.actions_forms import Sent, sent_by, taken
from prep_tracker.api.pages.gate import see
from prep_tracker.api.pages.procedure import HERE, Back, show_procedure
from prep_tracker.api.repeating import once
from prep_tracker.api.wire import Answer
from prep_tracker.domain.errors import (
    BlockedError,
    BusyError,
    ConflictError,
    IdempotencyMismatchError,
    InvalidError,
    StaleError,
)

if TYPE_CHECKING:
    from fastapi import Request

    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

B = TypeVar("B", bound=BaseModel)
RETURNED = (InvalidError, StaleError, ConflictError, BlockedError, IdempotencyMismatchError, BusyError)
"""What somebody can do something about: the form comes back as it was filled in."""
CLINICIAN = {"x-roles": ("clinician",)}


async def acted(
    request: Request,
    procedure_id: str,
    shape: type[B],
    work: Callable[[Connection, Desk, B, Sent], object],
    what: str,
    *,
    operation: str | None = None,
    at: str = "",
) -> Response:
    """Check a form, do ``work``, and lead to the page, which says ``what`` was done, at the place ``at``.

    ``operation`` names the operation of the API that does the same, for the faults that only it looks for.
    """
    sent = await sent_by(request)
    try:
        body = await taken(request, shape, sent.body(), operation)
        made = await once_done(request, sent, lambda c, d: work(c, d, body, sent), address(procedure_id, what, at))
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    return seen(request, made)


async def once_done(
    request: Request, sent: Sent, work: Callable[[Connection, Desk], object], target: str, *, keep: bool = True
) -> Answer:
    """Do something once for this form, however often it is sent; ``target`` is where it leads afterwards."""

    def act(connection: Connection, desk: Desk) -> Answer:
        work(connection, desk)
        return Answer(303, b"", {"Location": target})

    repeat = sent.repeat(request)
    return await done(request, act if repeat is None else once(act, repeat, keep=keep))


def seen(request: Request, made: Answer) -> Response:
    """Lead to the page after something was done."""
    response = see(request, made.headers["Location"])
    if "Idempotent-Replayed" in made.headers:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def address(procedure_id: str, what: str, at: str = "") -> str:
    """Give the address of the page that says what was done."""
    return f"{HERE.format(procedure_id=procedure_id)}?done={what}{f'&at={at}' if at else ''}"
