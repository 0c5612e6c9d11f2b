"""Change what the clinic keeps about the patient of a procedure: the same fields as ``PATCH /v1/patients/{id}``."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.clinic_schemas import PatientChangeIn
from prep_tracker.api.pages.actions_doing import RETURNED, address, once_done, seen
from prep_tracker.api.pages.actions_forms import WAS, sent_by, taken
from prep_tracker.api.pages.gate import Gate
from prep_tracker.api.pages.procedure import HERE, Back, show_procedure
from prep_tracker.services import checklist, patients

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)
FIELDS = ("name", "reference", "language", "birth_date", "time_zone", "email", "phone")
CHANNELS = ("email", "sms")


@router.post(f"{HERE}/patient")
async def change_patient(request: Request, procedure_id: str) -> Response:
    """Change the fields that are not as they were when the page was made, unless somebody else has changed them."""
    sent = await sent_by(request)
    try:
        body = await taken(request, PatientChangeIn, _body(sent))
        fields = body.model_dump(include=set(body.model_fields_set))
        before = _before(sent)

        def work(connection: Connection, desk: Desk) -> None:
            _, patient = checklist.find_versions(connection, desk, procedure_id)
            patients.change_patient(connection, desk, patient.id, fields, seen=before)

        made = await once_done(request, sent, work, address(procedure_id, "patient"))
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    return seen(request, made)


def _body(sent: Sent) -> dict[str, Any]:
    """Give what was changed. Both channels go along when one was, for they are kept together."""
    body = sent.body()
    body.pop("messages", None)
    agreed, before = _agreed(sent), _agreed(sent, WAS)
    return body if agreed == before else body | {"messages": agreed}


def _before(sent: Sent) -> dict[str, Any]:
    """Give the fields as the page showed them."""
    texts = {name: sent.texts.get(f"{WAS}{name}", [""])[0] or None for name in FIELDS}
    return texts | {"birth_date": _day(texts["birth_date"]), "messages": _agreed(sent, WAS)}


def _day(text: str | None) -> date | str | None:
    """Read a day; what is none is no patient's day of birth, so that the form only comes back."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return text


def _agreed(sent: Sent, before: str = "") -> dict[str, bool]:
    return {channel: sent.text(f"{before}bool:messages/{channel}") == "true" for channel in CHANNELS}
