"""What was sent is sent once more only where it would be sent today; else nothing about it changes."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.services.messages import NO_ADDRESS, NO_CONSENT, NOTHING_LEFT
from tests.api.house import Caller
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_reminding import at


def reminded(office: Office) -> tuple[Caller, str, str]:
    """Let the first reminder go out; give who is at the desk, the procedure and the message."""
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(at("2026-11-25", 8))
    [row] = office.rows(channel="email")
    assert row["status"] == "sent"
    return ana, procedure, row["id"]


@pytest.mark.parametrize(
    ("patient", "why"),
    [
        ({"messages": {"email": False, "sms": False}}, NO_CONSENT),
        ({"messages": {"email": False, "sms": True}}, NO_CONSENT),
        ({"email": None}, NO_ADDRESS),
    ],
)
def test_a_patient_who_wants_none_or_has_no_address_any_more(office: Office, patient: dict[str, Any], why: str) -> None:
    ana, procedure, message = reminded(office)
    before = office.rows()
    who = ana.get(procedure).json()["patient"]["id"]
    assert ana.send("PATCH", f"/v1/patients/{who}", json=patient).status_code == 200
    refusal = ana.post(f"{procedure}/messages/{message}/replay")
    assert (refusal.status_code, refusal.json()["detail"]) == (409, why)
    assert office.rows() == before


def test_a_procedure_that_has_ended(office: Office) -> None:
    ana, procedure, message = reminded(office)
    before = office.rows()
    tag = ana.get(procedure).headers["etag"]
    ana.send("PUT", f"{procedure}/state", json={"state": "cancelled"}, headers={"If-Match": tag})
    refusal = ana.post(f"{procedure}/messages/{message}/replay")
    assert (refusal.status_code, refusal.json()["detail"]) == (409, NOTHING_LEFT)
    assert office.rows() == before


def test_one_that_still_holds(office: Office) -> None:
    ana, procedure, message = reminded(office)
    assert ana.post(f"{procedure}/messages/{message}/replay").status_code == 200
    office.worker.drain()
    assert [one.id for one in office.email.taken()] == [message, message]
