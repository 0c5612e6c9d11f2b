"""Show the shapes of what an admin sees of the audit, with examples."""

from __future__ import annotations

from typing import Any, Literal

from prep_tracker.api.wire import Out

AUDIT_LINE: dict[str, Any] = {
    "id": 4711,
    "recorded_at": "2026-12-04T09:30:00.123456Z",
    "action": "R",
    "type": "rest",
    "subtype": "read",
    "event": "checklist.read",
    "outcome": 0,
    "status": 200,
    "agent": {
        "role": "coordinator",
        "person": "Ana Example",
        "credential_id": "3f2a9c1b7d4e8f60",
        "on_behalf_of": None,
    },
    "entity": {"type": "procedure", "id": "3c232cfe-5216-4958-ad67-ea7f75bfdf63"},
    "patient_id": "8d9bb2a5-5c5b-4b57-9c5b-1c6d1a0c8b11",
    "seen": None,
    "request_id": "5b8f0f3d2f5c4d1e9a7b6c01",
    "sealed": True,
}
AUDIT: dict[str, Any] = {"items": [AUDIT_LINE], "next": None}
AUDIT_EVENT: dict[str, Any] = {
    "resourceType": "AuditEvent",
    "id": "4711",
    "type": {
        "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
        "code": "rest",
        "display": "RESTful Operation",
    },
    "subtype": [
        {"system": "http://hl7.org/fhir/restful-interaction", "code": "read", "display": "read"},
        {"system": "urn:prep-tracker:audit-event", "code": "checklist.read"},
    ],
    "action": "R",
    "recorded": "2026-12-04T09:30:00.123456Z",
    "outcome": "0",
    "outcomeDesc": "HTTP 200",
    "agent": [
        {
            "role": [{"text": "coordinator"}],
            "who": {"display": "Ana Example", "identifier": {"value": "3f2a9c1b7d4e8f60"}},
            "requestor": True,
        }
    ],
    "source": {
        "site": "0e8f7c56-4b0a-4a53-9a3b-6f0e3a1b2c4d",
        "observer": {"display": "prep-tracker"},
        "type": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
                "code": "4",
                "display": "Application Server",
            }
        ],
    },
    "entity": [
        {
            "what": {"reference": "Patient/8d9bb2a5-5c5b-4b57-9c5b-1c6d1a0c8b11"},
            "type": {
                "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type",
                "code": "1",
                "display": "Person",
            },
            "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1", "display": "Patient"},
        }
    ],
}


class AgentOut(Out):
    """Who did it: the role, the named person and the credential; on whose behalf, where somebody spoke for another."""

    role: str
    person: str | None
    credential_id: str | None
    on_behalf_of: str | None


class EntityOut(Out):
    """What it was done to."""

    type: str
    id: str | None


class AuditLineOut(Out):
    """A line of the audit. ``seen``, of a list: the ids of the patients whom it showed."""

    id: int
    recorded_at: str
    action: Literal["C", "R", "U", "D", "E"]
    type: str
    subtype: str
    event: str
    outcome: Literal[0, 4, 8, 12]
    status: int
    agent: AgentOut
    entity: EntityOut
    patient_id: str | None
    seen: list[str] | None
    request_id: str | None
    sealed: bool


class AuditOut(Out):
    """Lines of the audit, newest first."""

    items: list[AuditLineOut]
    next: str | None


class AuditEventOut(Out):
    """A line of the audit as an AuditEvent resource of FHIR R4."""

    resourceType: Literal["AuditEvent"]  # noqa: N815 - FHIR's name
    id: str
    type: dict[str, str]
    subtype: list[dict[str, str]]
    action: Literal["C", "R", "U", "D", "E"]
    recorded: str
    outcome: Literal["0", "4", "8", "12"]
    outcomeDesc: str  # noqa: N815 - FHIR's name
    agent: list[dict[str, Any]]
    source: dict[str, Any]
    entity: list[dict[str, Any]]
