"""Write lines of the audit in the words of FHIR: as our own short documents, and as AuditEvent resources (R4).

The resource follows the Basic Audit Log Patterns of IHE as far as the lines go: who, what, when, about which patient,
how it ended, and the request's id. It holds ids and no data of a patient, as the lines do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

Document = dict[str, Any]
_TERMS = "http://terminology.hl7.org/CodeSystem"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REST = "http://hl7.org/fhir/restful-interaction"
_OWN = "urn:prep-tracker:audit-event"
_REQUEST = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_INTERACTIONS = {"C": "create", "R": "read", "U": "update", "D": "delete", "E": "operation"}


class Line(Protocol):
    """What is read of a line; see ``store.audit.AuditLine``."""

    @property
    def at(self) -> datetime: ...  # noqa: D102 - named like the fields of a line
    @property
    def actor_role(self) -> str: ...  # noqa: D102
    @property
    def credential_id(self) -> str: ...  # noqa: D102
    @property
    def person(self) -> str: ...  # noqa: D102
    @property
    def action(self) -> str: ...  # noqa: D102
    @property
    def event(self) -> str: ...  # noqa: D102
    @property
    def entity(self) -> str: ...  # noqa: D102
    @property
    def outcome(self) -> int: ...  # noqa: D102
    @property
    def entity_id(self) -> str | None: ...  # noqa: D102
    @property
    def patient_id(self) -> str | None: ...  # noqa: D102
    @property
    def on_behalf_of(self) -> str | None: ...  # noqa: D102
    @property
    def request_id(self) -> str | None: ...  # noqa: D102
    @property
    def seen(self) -> Sequence[str] | None: ...  # noqa: D102


class Coding(NamedTuple):
    """A code with where it comes from, and how it reads."""

    system: str
    code: str
    display: str

    def document(self) -> Document:
        """Write it as FHIR does."""
        return {"system": self.system, "code": self.code, "display": self.display}


REST = Coding(f"{_TERMS}/audit-event-type", "rest", "RESTful Operation")
SIGN_IN = Coding(_DICOM, "110114", "User Authentication")
LOG_USED = Coding(_DICOM, "110101", "Audit Log Used")
EXPORT = Coding(_DICOM, "110106", "Export")
APPLICATION = Coding(_DICOM, "110100", "Application Activity")
SEARCH = Coding(_REST, "search", "search")
_LOGIN = Coding(_DICOM, "110122", "Login")
_PERSON = Coding(f"{_TERMS}/audit-entity-type", "1", "Person")
_THING = Coding(f"{_TERMS}/audit-entity-type", "2", "System Object")
_PATIENT = Coding(f"{_TERMS}/object-role", "1", "Patient")
_RESOURCE = Coding(f"{_TERMS}/object-role", "4", "Domain Resource")
_SERVER = Coding(f"{_TERMS}/security-source-type", "4", "Application Server")


def line_document(number: int, line: Line, *, sealed: bool) -> Document:
    """Write a line as the list shows it."""
    kind, subtype = coded(line)
    return {
        "id": number,
        "recorded_at": instant(line.at),
        "action": line.action,
        "type": kind.code,
        "subtype": subtype.code,
        "event": line.event,
        "outcome": outcome_of(line.outcome),
        "status": line.outcome,
        "agent": {
            "role": line.actor_role,
            "person": line.person or None,
            "credential_id": line.credential_id or None,
            "on_behalf_of": line.on_behalf_of,
        },
        "entity": {"type": line.entity, "id": line.entity_id},
        "patient_id": line.patient_id,
        "seen": None if line.seen is None else list(line.seen),
        "request_id": line.request_id,
        "sealed": sealed,
    }


def audit_event(number: int, line: Line, *, clinic_id: str) -> Document:
    """Write a line as an AuditEvent resource of FHIR R4."""
    kind, subtype = coded(line)
    agents: list[Document] = [_agent(line)]
    if line.on_behalf_of is not None:
        agents.append({"role": [{"text": "on behalf of"}], "who": {"display": line.on_behalf_of}, "requestor": False})
    document: Document = {
        "resourceType": "AuditEvent",
        "id": str(number),
        "type": kind.document(),
        "subtype": [subtype.document(), {"system": _OWN, "code": line.event}],
        "action": line.action,
        "recorded": instant(line.at),
        "outcome": str(outcome_of(line.outcome)),
        "outcomeDesc": f"HTTP {line.outcome}",
        "agent": agents,
        "source": {"site": clinic_id, "observer": {"display": "prep-tracker"}, "type": [_SERVER.document()]},
    }
    return document | {"entity": _entities(line)}


def coded(line: Line) -> tuple[Coding, Coding]:
    """Say what kind of event it was, by FHIR's and DICOM's codes: the kind, and the interaction."""
    interaction = Coding(_REST, _INTERACTIONS[line.action], _INTERACTIONS[line.action])
    if line.entity in {"credential", "requests", "session"}:
        return SIGN_IN, _LOGIN
    if line.entity == "audit" and line.action in {"R", "E"}:
        return LOG_USED, interaction
    if line.event == "patient.exported":
        return EXPORT, interaction
    if line.actor_role == "system":
        return APPLICATION, interaction
    return REST, SEARCH if line.action == "E" and line.seen is not None else interaction


def outcome_of(status: int) -> int:
    """Give FHIR's outcome: 0 done, 4 refused, 8 failed, 12 failed because the database was away."""
    if status < 400:  # noqa: PLR2004 - of HTTP
        return 0
    if status < 500:  # noqa: PLR2004 - of HTTP
        return 4
    return 12 if status == 503 else 8  # noqa: PLR2004 - of HTTP


def instant(at: datetime) -> str:
    """Write an instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _agent(line: Line) -> Document:
    who: Document = {"display": line.person or line.actor_role}
    if line.credential_id:
        who["identifier"] = {"value": line.credential_id}
    return {"role": [{"text": line.actor_role}], "who": who, "requestor": True}


def _entities(line: Line) -> list[Document]:
    patients = dict.fromkeys([*([line.patient_id] if line.patient_id else []), *(line.seen or ())])
    entities: list[Document] = [
        {"what": {"reference": f"Patient/{each}"}, "type": _PERSON.document(), "role": _PATIENT.document()}
        for each in patients
    ]
    if line.entity != "patient" or not patients:
        thing: Document = {"type": _THING.document(), "role": _RESOURCE.document(), "name": line.entity}
        if line.entity_id is not None:
            thing["what"] = {"identifier": {"value": line.entity_id}}
        entities.append(thing)
    if line.request_id is not None:
        kind = {"system": _REQUEST, "code": "XrequestId"}
        entities.append({"what": {"identifier": {"value": line.request_id}}, "type": kind})
    return entities
