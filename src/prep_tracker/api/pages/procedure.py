"""The page of one procedure: how it stands and why, its checklist, its record, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.pages.actions_forms import Forms, worded
from prep_tracker.api.pages.gate import Gate, read, see
from prep_tracker.api.pages.procedure_view import Found, find, patient_view, view
from prep_tracker.api.pages.rendering import render, words_of_page
from prep_tracker.api.problems import ERRORS, KINDS
from prep_tracker.api.repeating import SHOWN_ONCE
from prep_tracker.domain.errors import InvalidError, StaleError

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.domain.errors import PrepError

router = APIRouter(route_class=Gate, include_in_schema=False)
HERE = "/staff/procedures/{procedure_id}"
DONE = frozenset(
    {
        *("booked", "moved", "marked", "exposed", "answered", "added", "changed", "decided", "withdrawn", "waived"),
        *("opened", "cleared", "uncleared", "step", "event", "completed", "no-show", "cancelled", "ended"),
        *("migrated", "session", "patient", "resent"),
    }
)
"""What may have been done just before: each has its sentence."""


@dataclass(frozen=True, slots=True)
class Back:
    """A form that comes back: as it was sent, and what was wrong; nothing was, where it only asked for a look."""

    sent: Sent
    error: PrepError | None = None


@router.get(HERE)
async def show(request: Request, procedure_id: str) -> Response:
    """Show a procedure."""
    return await show_procedure(request, procedure_id)


@router.get(HERE + "/{rest:path}")
async def go_back(request: Request, procedure_id: str, rest: str) -> Response:
    """Lead to the page: what lies below it is for forms, and somebody opened the address of one."""
    del rest
    return see(request, HERE.format(procedure_id=procedure_id))


async def show_procedure(
    request: Request, procedure_id: str, back: Back | None = None, extra: Mapping[str, Any] | None = None
) -> Response:
    """Show a procedure as it stands now, with the form that comes back filled in; ``extra`` is what that form shows."""
    words = words_of_page(request)
    found = await read(request, lambda c, d: find(c, d, procedure_id))
    error = back.error if back else None
    faults = error.faults if isinstance(error, InvalidError) else ()
    shown = view(found, request.state.desk, words)
    forms = Forms(found.standing.case.row.version, back.sent if back else None, faults)
    wanted = request.query_params if back is None else {}
    is_theirs = wanted.get("view") == "patient"
    return render(
        request,
        "staff/procedure.html",
        200 if error is None else KINDS[ERRORS[type(error)]].status,
        section="worklist",
        here=HERE.format(procedure_id=procedure_id),
        forms=forms,
        worded=lambda fault: worded(words, fault),
        told=None if error is None else _told(error, found, back.sent, shown) if back else None,
        done=wanted.get("done") if wanted.get("done") in DONE else None,
        at=wanted.get("at", ""),
        theirs=patient_view(found) if is_theirs else None,
        **{"change": None, "seen": "", "link": None, **(extra or {})},
        **shown,
    )


def _told(error: PrepError, found: Found, sent: Sent, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Say why a form comes back; to somebody who was not the first, what was said since the page was made."""
    made = max(sent.versions or {found.standing.case.row.version})
    kind = "shown-once" if error.detail == SHOWN_ONCE else ERRORS[type(error)]
    return {
        "kind": kind,
        "detail": error.detail if kind == "conflict" else "",
        "since": [line for line in shown["history"] if line["n"] > made] if isinstance(error, StaleError) else [],
    }
